r"""The forms in which an answer may be asked for, each with its parser.

An answer is a list of rows, a row a few non-empty strings, and whatever the strings are, ``parse_rows`` gives back what
``format_rows`` was given:

=========  ==========================================  =====================================
form       a row of three                              no rows
=========  ==========================================  =====================================
json       ``{"head": "a", "relation": "b", …}``       ``[]``
tuple      ``(a, b, c)``                               ``none`` or ``无``
bracket    ``[a, b, c]``                               the same
angle      ``<a><b><c>``                               the same
colon      ``b: a, c`` (the label leads)               the same
=========  ==========================================  =====================================

In all but JSON a backslash protects what would end a field, ``\n`` and ``\r`` are line breaks, and ``\uXXXX`` is a
character that would be lost otherwise. The rows of ``colon`` are rotated by `finetune.instructions.answers`; here their
first field is what leads. What is no row is counted by reason, never raised.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from kg_builder.types import Language

__all__ = ["FORMS", "NOTHING", "Form", "Rows", "format_json", "format_rows", "parse_json", "parse_rows"]

Form = Literal["json", "tuple", "bracket", "angle", "colon"]
FORMS: tuple[Form, ...] = get_args(Form)
NOTHING = {"en": "none", "zh": "无"}
"""What a line says when there is no row; JSON says ``[]``."""

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an answer, and what was none, verbatim, with its reason: ``no-brackets``, ``no-label``,
    ``too-few-fields``, ``empty-field``, ``json``, ``json-fields``."""

    rows: tuple[Row, ...]
    malformed: tuple[tuple[str, str], ...]


# --- lines -----------------------------------------------------------------------------------------------------------

_BRACKETS = {"tuple": ("(", ")"), "bracket": ("[", "]"), "angle": ("<", ">")}
_WIDE = {"（": "(", "）": ")", "【": "[", "】": "]", "［": "[", "］": "]", "＜": "<", "＞": ">", "《": "<", "》": ">"}
_LOST = r"\\\x00-\x1f\x7f\x85\u2028\u2029\ufeff\ud800-\udfff"  # breaks a line, or does not survive a file
_SPECIAL = {ends: re.compile(rf"[{_LOST}{ends}]|\A\s|\s\Z") for ends in (",", ":", "<>")}
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_FENCE = re.compile(r"(?:```|~~~)[\w+-]*")
_BULLET = re.compile(r"(?:[-*•–+]|\d{1,4}[.)、）])[ \t]+")
_NONE = re.compile(r"(?i)(?:none|无)[.。]?")


def format_rows(rows: Iterable[Sequence[str]], form: Form, *, language: Language = "en") -> str:
    """The lines of an answer, for every form but JSON; one that says so where there are no rows."""
    return "\n".join(_line(row, form) for row in rows) or NOTHING["zh" if language == "zh" else "en"]


def parse_rows(text: str, form: Form) -> Rows:
    """The rows of an answer in any form but JSON. Blank lines, code fences and bullets are passed over, and full-width
    brackets, colons and commas are read as the others."""
    rows: list[Row] = []
    malformed: list[tuple[str, str]] = []
    for line in re.split(r"\r\n|\n|\r", text):
        content = _BULLET.sub("", line.strip(), count=1) if _BULLET.match(line.strip()) else line.strip()
        if not content or _FENCE.fullmatch(content) or _NONE.fullmatch(content):
            continue
        fields, reason = _fields(content, form)
        if reason:
            malformed.append((line, reason))
        else:
            rows.append(tuple(fields))
    return Rows(tuple(rows), tuple(malformed))


def _line(row: Sequence[str], form: Form) -> str:
    if form == "colon":
        line = f"{_escape(row[0], ':')}: {', '.join(_escape(each, ',') for each in row[1:])}"
        return f"\\{line}" if _BULLET.match(line) else line
    before, after = _BRACKETS[form]
    ends, between = ("<>", "><") if form == "angle" else (",", ", ")
    return f"{before}{between.join(_escape(each, ends) for each in row)}{after}"


def _fields(content: str, form: Form) -> tuple[list[str], str]:
    """The fields of a line, or why it has none."""
    if form == "colon":
        lead, *rest = _split(content, ":", most=1)
        comma = ","
        if not rest:
            lead, *rest = _split(content, "：", most=1)
            comma = "，" if rest and "," not in rest[0] else ","
        if not rest:
            return [], "no-label"
        raw = [lead, *_split(rest[0], comma)]
    else:
        before, after = _BRACKETS[form]
        if len(content) < 2 or _narrow(content[0]) != before or _narrow(content[-1]) != after:
            return [], "no-brackets"
        raw = _split(content[1:-1], "><" if form == "angle" else ",")
        if len(raw) == 1 and content[0] in _WIDE:
            raw = re.split("》《|＞＜" if form == "angle" else "，", raw[0])
    cleaned = [_unescape(each.strip()) for each in raw]
    if len(cleaned) < 2:
        return [], "too-few-fields"
    return cleaned, "" if all(cleaned) else "empty-field"


def _narrow(bracket: str) -> str:
    return _WIDE.get(bracket, bracket)


def _split(text: str, separator: str, *, most: int = 0) -> list[str]:
    """`text` cut at each separator that no backslash protects, at `most` so often."""
    parts: list[str] = []
    start = 0
    for found in re.finditer(rf"\\.|{re.escape(separator)}", text, re.DOTALL):
        if found[0] == separator and (not most or len(parts) < most):
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _escape(field: str, ends: str) -> str:
    def escaped(found: re.Match[str]) -> str:
        at = found[0]
        if at in ends or at == "\\":
            return "\\" + at
        return {"\n": "\\n", "\r": "\\r"}.get(at) or f"\\u{ord(at):04x}"

    return _SPECIAL[ends].sub(escaped, field)


def _unescape(field: str) -> str:
    def plain(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else {"n": "\n", "r": "\r"}.get(found[2], found[2])

    return _ESCAPED.sub(plain, field)


# --- JSON ------------------------------------------------------------------------------------------------------------


def format_json(objects: Iterable[dict[str, Any]]) -> str:
    """An answer in JSON: one list of objects."""
    return json.dumps(list(objects), ensure_ascii=False)


def parse_json(text: str, row_of: Callable[[dict[str, Any]], Row | None]) -> Rows:
    """The rows of the objects of an answer, as `row_of` reads them. A fence or words around the list are passed over,
    and of an answer that was cut off the objects that are whole are kept; the rest is counted (``json``)."""
    rows: list[Row] = []
    malformed: list[tuple[str, str]] = []
    objects, rest = _objects(text)
    for found, written in objects:
        row = row_of(found)
        if row is None or not all(row):
            malformed.append((written, "json-fields" if row is None else "empty-field"))
        else:
            rows.append(row)
    if rest:
        malformed.append((rest, "json"))
    return Rows(tuple(rows), tuple(malformed))


def _objects(text: str) -> tuple[list[tuple[dict[str, Any], str]], str]:
    """The objects of a list in `text`, each with how it is written, and what of the text is no JSON."""
    if _NONE.fullmatch(text.strip()):
        return [], ""
    start, lone = text.find("["), text.find("{")
    listed = start >= 0 and not 0 <= lone < start
    if start < 0 and lone < 0:
        return [], text.strip()
    at = _past_space(text, start + 1) if listed else lone
    found: list[tuple[dict[str, Any], str]] = []
    decoder = json.JSONDecoder()
    while text[at : at + 1] == "{":
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return found, text[at:].strip()
        found.append((value, text[at:end]))
        at = _past_space(text, end)
    whole = text[at : at + 1] == "]" if listed else not text[at:].strip(" \t\r\n`")
    return found, "" if whole else text[at:].strip() or text.strip()


def _past_space(text: str, at: int) -> int:
    """Where in `text` something other than spaces and commas stands next."""
    while text[at : at + 1] in (" ", "\t", "\r", "\n", ","):
        at += 1
    return at

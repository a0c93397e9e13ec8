"""How examples write what a text says: "Akron" as "Akron, Ohio", "May 2nd, 1908" as "1908-05-02", "89" as "89.0".

Alignment finds the words of a text that an example's name stands for; what it took to see them as one is remembered,
by relation and side, and done again for other words of the same kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from kg_builder.dates import unified_date
from kg_builder.ontology.phrases import folded
from kg_builder.ontology.spans import MOST_TOKENS, Text

__all__ = ["Forms", "align", "form_between", "spelled"]

_MONTHS: tuple[str, ...] = ("January", "February", "March", "April", "May", "June", "July")
_MONTHS += ("August", "September", "October", "November", "December")
_BRACKET = re.compile(r"\s*\([^()]*\)\s*\Z")
_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LEAST_SHARE = 0.6
_LEAST_SURFACES = 3


def spelled(name: str) -> str:
    """A name of an example as people write it: underscores as spaces."""
    return " ".join(name.replace("_", " ").split())


class Index:
    """Where each folded run of tokens of a text stands."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.spans: dict[str, list[tuple[int, int]]] = {}
        keys = [folded(token) for token in text.tokens]
        for first, key in enumerate(keys):
            joined = ""
            for last in range(first, min(first + MOST_TOKENS, len(keys))):
                joined += keys[last]
                if key and keys[last]:
                    self.spans.setdefault(joined, []).append((first, last + 1))
        self.values: dict[str, list[tuple[int, int]]] = {}

    def value(self, key: str) -> list[tuple[int, int]]:
        """Where a date (ISO) or a number (``#1.5``) stands, however it is written."""
        if not self.values:
            from kg_builder.ontology.spans import candidates

            for candidate in candidates(self.text, (), lambda _: False):
                if candidate.kind in ("date", "number", "year"):
                    start, end = self.text.starts[candidate.first], self.text.ends[candidate.last - 1]
                    made = value_key(self.text.text[start:end])
                    self.values.setdefault(made, []).append((candidate.first, candidate.last))
            self.values.setdefault("", [])
        return self.values.get(key, []) if key else []


def value_key(words: str) -> str:
    """``2014-05-03`` for a day, ``1999`` for a year, ``#1.5`` for a number; empty for anything else."""
    text = words.strip("\"'").strip().casefold()
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text)
    date = unified_date(text)
    if date is not None:
        return date
    if re.fullmatch(r"[12]\d{3}", text):
        return text
    if _NUMBER.fullmatch(text):
        return f"#{float(text.replace(',', '')):g}"
    return ""


def align(name: str, index: Index) -> list[tuple[int, int]]:
    """The token spans of a text that the name of an example stands for, as literally as possible; none where it is
    not there."""
    plain = spelled(name)
    for words in _variants(plain):
        if (key := folded(words)) and (found := index.spans.get(key)):
            return found
    bare = plain.strip('"')
    key = value_key(bare)
    if found := index.value(key):
        return found
    if key.endswith("-01-01") and (found := index.spans.get(key[:4])):
        return found
    ends = [folded(word) for word in plain.split()]
    if len(ends) == 2 and (found := _around(ends[0], ends[1], index)):
        return found
    number = _NUMBER.match(bare)
    if number and (found := index.value(value_key(number.group()))):
        return found
    return []


def _around(first: str, last: str, index: Index) -> list[tuple[int, int]]:
    """Names with more in the middle: "Tatyana Viktorovna Lysenko" for "Tatyana Lysenko"."""
    found = []
    for start, _ in index.spans.get(first, ()):
        for _, end in index.spans.get(last, ()):
            between = index.text.tokens[start:end]
            if 2 < len(between) <= 5 and all(word[0].isupper() or word == "." for word in between):
                found.append((start, end))
    return found


def _variants(name: str) -> Iterator[str]:
    yield name
    bare = _BRACKET.sub("", name)
    yield bare
    if "," in bare:
        yield bare.split(",")[0]
    words = bare.split()
    if len(words) > 1:
        if words[-1][0].islower():
            yield " ".join(words[:-1])
        if len(words) > 2 and words[0] in ("The", "A"):
            yield " ".join(words[1:])
    if len(bare) > 3:
        yield bare + "s"
        if bare.endswith("s"):
            yield bare[:-1]
    if len(words) > 2 and words[-1] in ("Party", "River", "Airport", "University", "F.C.", "Club", "Company"):
        yield " ".join(words[:-1])


def form_between(surface: str, name: str) -> str:
    """What turns `surface` into `name`, to be done to other words: empty for nothing, ``?`` for nothing general."""
    name = spelled(name)
    if folded_same(surface, name):
        return ""
    key = value_key(surface)
    for form in ("iso", "isoq", "long", "year-long", "year-iso", "float"):
        if key and written_as(form, surface) == name:
            return form
    if kind_of(surface) == "long name" and folded_same(written_as("ends", surface), name):
        return "ends"
    at = name.casefold().find(surface.casefold())
    if at >= 0:
        return f"{name[:at]}{{}}{name[at + len(surface) :]}"
    return "?"


def folded_same(a: str, b: str) -> bool:
    """Equal but for case and spaces."""
    return "".join(a.split()).casefold() == "".join(b.split()).casefold()


def written_as(form: str, surface: str) -> str:
    """`surface` in that form; as it is where the form does not apply."""
    if not form or form == "?":
        return surface
    if form == "ends":
        words = surface.split()
        return f"{words[0]} {words[-1]}" if len(words) > 2 else surface
    if "{}" in form:
        return form.replace("{}", surface)
    key = value_key(surface)
    day = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", key)
    if form in ("iso", "isoq") and day:
        return key if form == "iso" else f'"{key}"'
    if form == "long" and day:
        return f"{day[3]} {_MONTHS[int(day[2]) - 1]} {day[1]}"
    if form in ("year-long", "year-iso") and re.fullmatch(r"\d{4}", key):
        return f"01 January {key}" if form == "year-long" else f"{key}-01-01"
    if form == "float" and key.startswith("#"):
        return f"{float(key[1:])}" if "e" not in key else surface
    if form == "float" and re.fullmatch(r"\d{4}", key):
        return f"{float(key)}"
    return surface


class Forms:
    """What was remembered of how the examples write names and values."""

    def __init__(self, said: Mapping[str, Any] | None = None) -> None:
        said = said or {}
        self.names: dict[str, str] = dict(said.get("names", {}))  # slot + tab + folded surface -> name
        self.common: dict[str, str] = dict(said.get("common", {}))  # folded surface -> name
        self.rules: dict[str, list[str]] = {k: list(v) for k, v in said.get("rules", {}).items()}  # slot -> forms

    def to_dict(self) -> dict[str, Any]:
        """For a file."""
        return {"names": self.names, "common": self.common, "rules": self.rules}

    @classmethod
    def of(cls, pairs: Mapping[str, Counter[tuple[str, str]]]) -> Forms:
        """From how often each surface stood for each name, by slot (``relation`` + tab + ``h`` or ``t``)."""
        made = cls()
        common: dict[str, Counter[str]] = {}
        otherwise: set[str] = set()  # keys of surfaces that some example writes in another way
        for slot, counts in pairs.items():
            by_key: dict[str, Counter[str]] = {}
            rules: dict[str, Counter[str]] = {}
            surfaces: dict[tuple[str, str], set[str]] = {}
            for (surface, name), n in counts.items():
                key, kind, form = folded(surface), kind_of(surface), form_between(surface, name)
                by_key.setdefault(key, Counter())[spelled(name)] += n
                common.setdefault(key, Counter())[spelled(name)] += n
                rules.setdefault(kind, Counter())[form] += n
                surfaces.setdefault((kind, form), set()).add(key)
                if form:
                    otherwise.add(key)
            for key, names in by_key.items():
                if key in otherwise and not re.fullmatch(r"[12]\d{3}", key):
                    made.names[f"{slot}\t{key}"] = _most(names)[0]
            for kind, forms in rules.items():
                form, n = _most(forms)
                usual = form not in ("", "?") and n >= _LEAST_SHARE * forms.total()
                if usual and len(surfaces[kind, form]) >= _LEAST_SURFACES:
                    made.rules.setdefault(slot, []).append(f"{kind}\t{form}")
        for key, names in common.items():
            name, n = _most(names)
            if key in otherwise and n >= 0.8 * names.total():
                made.common[key] = name
        return made

    def write(self, slot: str, surface: str) -> str:
        """`surface` as the examples of that slot would write it."""
        key = folded(surface)
        known = self.names.get(f"{slot}\t{key}")
        if known is None and not value_key(surface):
            known = self.common.get(key)
        if known is not None:
            return surface if folded_same(known, surface) else known
        kind = kind_of(surface)
        for rule in self.rules.get(slot, ()):
            of, _, form = rule.partition("\t")
            if of == kind:
                return written_as(form, surface)
        return surface


def kind_of(surface: str) -> str:
    """``day``, ``month``, ``year``, ``number``, ``long name`` or ``words``: what a form applies to."""
    key = value_key(surface)
    if not key:
        words = surface.split()
        return "long name" if len(words) > 2 and all(w[0].isupper() and "." not in w[1:-1] for w in words) else "words"
    if key.startswith("#"):
        return "number"
    return "year" if len(key) == 4 else "day" if re.fullmatch(r"\d{4}-\d\d-\d\d", key) else "month"


def _most(counts: Counter[str]) -> tuple[str, int]:
    return min(counts.items(), key=lambda item: (-item[1], item[0]))

"""rst. Nothing is included, run or fetched: file insertion and raw text are off, whatever a document asks for."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from docutils import ApplicationError, nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Parser
from docutils.readers.standalone import Reader
from docutils.transforms.references import Substitutions
from docutils.utils import SystemMessage

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.markup import require_size
from kg_builder.loaders.paragraphs import is_tangled, prose_pieces, soft_lines, text_pieces
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean, join_lines
from kg_builder.loaders.tables import table_pieces

__all__ = ["parse_text"]

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": io.StringIO(),
    "input_encoding": "unicode",
    "line_length_limit": 10_000_000,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "docinfo_xform": False,
    "pep_references": False,
    "rfc_references": False,
}
_DEEPEST = 60
_MOST_SUBSTITUTED = 1_000_000
_INLINE_MARKS = re.compile(r"[`*|]\w|[\w\]`]_(?!\w)")
_MARKS = re.compile(r"\s*(?:[-*+•|>] +){2,}")
_HEADER = re.compile(r"(?>[A-Z][A-Za-z-]*:(?:[ \t].*)?\n(?>[ \t]+\S.*\n)*){2,}+(?:\s*\n|$)")
_ROLE = re.compile(
    r":[A-Za-z][\w.+:-]{0,80}:`([^`]{0,999}?)(?:\s*<[^>`]{0,999}>)?`"
    r"|`([^`]{0,999}?)(?:\s*<[^>`]{0,999}>)?`:[A-Za-z][\w.+:-]{0,80}:"
)
_UNSEEN = (
    nodes.comment, nodes.substitution_definition, nodes.raw, nodes.system_message, nodes.pending, nodes.image,
    nodes.target, nodes.footnote_reference, nodes.citation_reference, nodes.label, nodes.math_block, nodes.meta,
    nodes.decoration,
)  # fmt: skip


def parse_text(source: Source, text: str) -> Parsed:
    """Sections, paragraphs, lists and tables; comments, directives' options and code are left out."""
    require_size(len(text), source)
    _require_shallow(text, source)
    if is_tangled(text, _INLINE_MARKS):
        return Parsed(list(text_pieces(text)), source.path.stem)
    has_header = _HEADER.match(text.lstrip("\n")) is not None
    try:
        document = publish_doctree(
            text.lstrip("\n") if has_header else text,
            source_path=None,
            reader=_Reader(),
            parser=Parser(rfc2822=has_header),
            settings_overrides=_SETTINGS,
        )
    except OverflowError as exc:
        raise LoadError(f"{exc}: {shown(source.path)}", reason="too-large") from exc
    except (SystemMessage, ApplicationError) as exc:
        raise LoadError(f"expected reStructuredText, found: {exc}: {shown(source.path)}", reason="corrupt") from exc
    titled = any(isinstance(node, nodes.title) for node in document.children)
    pieces = list(_blocks(document, int(titled), 0))
    title = str(document.get("title") or "")
    for field in document.findall(nodes.field):
        name, body = field.children
        if has_header and name.astext() == "Title":
            title = clean(body.astext())
            break
    return Parsed(pieces, title)


class _Reader(Reader):  # type: ignore[type-arg]
    """The library's own, with a bound on what substitutions may grow to."""

    def get_transforms(self) -> list[Any]:
        return [_Substitutions if t is Substitutions else t for t in super().get_transforms()]


class _Substitutions(Substitutions):
    def apply(self) -> None:
        """Refuse substitutions of substitutions of substitutions before any is made: ten short lines make gigabytes."""
        sizes: dict[str, int] = {}

        def size(node: Any) -> int:
            return len(node.astext()) + sum(map(named, node.findall(nodes.substitution_reference)))

        def named(reference: Any) -> int:
            name = self.document.substitution_names.get(str(reference.get("refname", "")).lower(), "")
            if name not in sizes:
                sizes[name] = 0  # a circle is the library's to report
                definition = self.document.substitution_defs.get(name)
                sizes[name] = 0 if definition is None else size(definition)
            return sizes[name]

        if size(self.document) > max(_MOST_SUBSTITUTED, 2 * len(self.document.astext())):
            raise OverflowError(f"expected substitutions of at most {_MOST_SUBSTITUTED:,} characters, found more")
        super().apply()


def _require_shallow(text: str, source: Source) -> None:
    """Refuse nesting that the parser would take minutes to give up on, by the indentation of the lines."""
    indents: list[int] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        while indents and indents[-1] > indent:
            indents.pop()
        if not indents or indents[-1] < indent:
            indents.append(indent)
        marks = _MARKS.match(line)
        if len(indents) + (len(marks[0].split()) if marks else 0) > _DEEPEST:
            raise LoadError(
                f"expected blocks nested at most {_DEEPEST} deep, found deeper ones in {shown(source.path)}",
                reason="too-deep",
            )


def _blocks(parent: Any, level: int, lists: int) -> Iterator[Piece]:
    for node in parent.children:
        yield from _block(node, level, lists)


def _block(node: Any, level: int, lists: int) -> Iterator[Piece]:
    match node:
        case nodes.section():
            yield from _blocks(node, level + 1, 0)
        case nodes.title() | nodes.subtitle() | nodes.rubric():
            yield Piece("heading", _inline(node), level=max(1, level + isinstance(node, nodes.subtitle)))
        case nodes.bullet_list() | nodes.enumerated_list():
            yield from _blocks(node, level, lists + 1)
        case nodes.definition_list() | nodes.option_list():
            for item in node.children:
                yield from _definition(item, level, lists + 1)
        case nodes.field_list():
            pairs: list[Any] = [field.children for field in node.children]
            fields = [(_inline(name), clean(_all_text(body))) for name, body in pairs]
            statement = "; ".join(f"{name}: {body}" for name, body in fields if body)
            yield Piece("table_row", statement)
        case nodes.table():
            yield from _table(node)
        case nodes.literal_block() | nodes.doctest_block():
            yield from prose_pieces(node.astext())
        case nodes.line_block():
            lines = [_inline(line) for line in node.findall(nodes.line)]
            for text in soft_lines(lines):
                yield Piece("paragraph", text)
        case _ if isinstance(node, _UNSEEN):
            return
        case nodes.TextElement():
            text = _inline(node)
            yield Piece("list_item", text, level=lists) if lists else Piece("paragraph", text)
        case nodes.Element():  # quotes, admonitions, sidebars, topics, list items, notes, containers
            yield from _blocks(node, level, lists)


def _definition(item: Any, level: int, lists: int) -> Iterator[Piece]:
    """A term with the first paragraph of its definition, as one item."""
    terms = [_inline(child) for child in item.children if not isinstance(child, nodes.definition | nodes.description)]
    bodies = [child for child in item.children if isinstance(child, nodes.definition | nodes.description)]
    pieces = [piece for body in bodies for piece in _blocks(body, level, lists)]
    term = ", ".join(filter(None, terms)).rstrip(":：")
    if pieces and pieces[0].kind == "list_item":
        yield Piece("list_item", f"{term}: {pieces[0].text}", level=lists)
        yield from pieces[1:]
    else:
        yield Piece("list_item", term, level=lists)
        yield from pieces


def _table(table: Any) -> Iterator[Piece]:
    for title in table.findall(nodes.title):
        yield Piece("paragraph", _inline(title))
    header = next(iter(table.findall(nodes.thead)), None) is not None
    rows: list[list[str]] = []
    for row in table.findall(nodes.row):
        cells: list[str] = []
        for entry in row.children:
            cells += [_all_text(entry), *[""] * min(int(entry.get("morecols", 0)), 200)]
        rows.append(cells)
    yield from table_pieces(rows, header=header)


def _all_text(node: Any) -> str:
    return join_lines(piece.text for piece in _blocks(node, 0, 0))


def _inline(node: Any) -> str:
    parts: list[str] = []
    _collect(node, parts)
    return clean(join_lines("".join(parts).splitlines()))


def _collect(node: Any, parts: list[str]) -> None:
    for child in node.children:
        if isinstance(child, nodes.problematic):  # a role of some other program: keep its words
            parts.append(_ROLE.sub(lambda match: match[1] or match[2] or "", child.astext()))
        elif isinstance(child, nodes.Text):
            parts.append(str(child))
        elif not isinstance(child, _UNSEEN) or (isinstance(child, nodes.target) and child.children):
            _collect(child, parts)

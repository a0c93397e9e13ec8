"""md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.markup import require_size
from kg_builder.loaders.paragraphs import is_tangled, prose_pieces, soft_lines, text_pieces
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean, join_lines
from kg_builder.loaders.tables import table_pieces
from kg_builder.types import BlockKind

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["parse_text"]

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z\u4e00-\u9fff][\w \-]{0,40}):[ \t]+(\S.*)$")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,40}\](?::[ \t]*)?")
_INLINE_MARKS = re.compile(r"[\[*_`<!~]")
_HTML_BREAK = re.compile(r"<br\s*/?>$", re.IGNORECASE)


def parse_text(source: Source, text: str) -> Parsed:
    """Headings, paragraphs, list items and tables of Markdown; code blocks are left out unless they read as prose."""
    from markdown_it import MarkdownIt

    require_size(len(text), source)
    fields, body = _front_matter(text)
    depth = source.limits.max_depth
    if is_tangled(body, _INLINE_MARKS, most=10_000):
        return Parsed(list(text_pieces(body)), fields.get("title", source.path.stem))
    parser = MarkdownIt("commonmark", {"maxNesting": depth}).enable(["table", "strikethrough"])
    tokens = parser.parse(body)
    if any(token.level >= depth - 2 for token in tokens):  # beyond, the parser leaves text out
        raise LoadError(
            f"expected blocks nested at most {depth} deep, found deeper ones in {shown(source.path)}", reason="too-deep"
        )
    pieces = [Piece("table_row", "; ".join(f"{name}: {value}" for name, value in fields.items()))] if fields else []
    pieces += _blocks(tokens, source)
    return Parsed(pieces, fields.get("title", ""))


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The simple ``name: value`` lines of YAML at the top, and the rest of the text."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    fields = (_FIELD.match(line) for line in match[1].split("\n"))
    return {field[1]: field[2].strip().strip("\"'") for field in fields if field}, text[match.end() :]


def _blocks(tokens: Sequence[Token], source: Source) -> Iterator[Piece]:
    kind: BlockKind = "paragraph"
    level: int | None = None
    lists = 0
    rows: list[list[str]] | None = None
    for token in tokens:
        match token.type:
            case "heading_open":
                kind, level = "heading", int(token.tag[1:])
            case "heading_close":
                kind, level = ("list_item", lists) if lists else ("paragraph", None)
            case "bullet_list_open" | "ordered_list_open":
                lists += 1
                kind, level = "list_item", lists
            case "bullet_list_close" | "ordered_list_close":
                lists -= 1
                kind, level = ("list_item", lists) if lists else ("paragraph", None)
            case "table_open":
                rows = []
            case "tr_open" if rows is not None:
                rows.append([])
            case "table_close" if rows is not None:
                yield from table_pieces(rows, header=True)
                rows = None
            case "inline" if rows:
                rows[-1].append(join_lines(_lines(token)))
            case "inline":
                lines = _lines(token)
                for line in [join_lines(lines)] if kind == "heading" else soft_lines(lines):
                    yield Piece(kind, line, level=level)
            case "fence" | "code_block":
                yield from prose_pieces(token.content)
            case "html_block":
                yield from _html(token.content, source)
            case _:
                pass


def _lines(token: Token) -> list[str]:
    """The text of an inline token; a new line only where the author broke it by hand."""
    lines: list[list[list[str]]] = [[[]]]
    for child in token.children or ():
        if child.type == "hardbreak" or (child.type == "html_inline" and _HTML_BREAK.match(child.content)):
            lines.append([[]])
        elif child.type == "softbreak":
            lines[-1].append([])
        elif child.type in ("text", "code_inline", "text_special"):
            lines[-1][-1].append(child.content)
    return [clean(_FOOTNOTE.sub("", join_lines(map("".join, line)))) for line in lines]


def _html(content: str, source: Source) -> list[Piece]:
    from kg_builder.loaders.hypertext import page_pieces
    from kg_builder.loaders.markup import parse_html

    if not re.sub(r"<!--.*?(?:-->|$)", "", content, flags=re.DOTALL).strip():
        return []
    return page_pieces(parse_html(f"<body>{content}</body>", source), source)

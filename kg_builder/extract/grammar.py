r"""The grammar of answers about one text, in Lark's notation as llguidance takes it.

It admits zero or more lines ``head|relation|tail`` whose heads and tails are runs of whole words of the text (of single
characters in scripts that put no space between words), written as `kg_builder.prompt` escapes them. White space counts
as one space wherever it stands, so that a name may run over the end of a line; between Chinese characters a line break
is nothing at all. Whatever is admitted parses, and `kg_builder.extract.anchoring` finds its heads and tails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from kg_builder.extract.anchoring import UNSPACED
from kg_builder.prompt import escape_field

__all__ = ["MOST_TRIPLES", "grammar_for"]

MOST_TRIPLES = 64
"""Lines of one answer."""

_MOST_RELATION = 60  # characters
_SPACE = re.compile(r"\s+")
_WRAP = re.compile(rf"(?<={UNSPACED})[^\S\n]*\n\s*(?={UNSPACED})")
_CHUNK = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})\w)+|.", re.DOTALL)

# A head opens its line: nothing that would be taken for a bullet, a number of a list or a bracket around the line.
_HEAD = r"/([^ \d(*•–+\-]|\d+[^ \d.)、）]|\d+[.)、）][^ ])(?s:.*)|\d+/"
_TAIL = r"/[^ ](?s:.*)/"
# Ranges rather than Unicode's classes, which take three times as long to build.
_SPACES = r"\x20\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
_NEVER = r"|\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff"
_FREE = rf"/[^{_NEVER}{_SPACES}][^{_NEVER}]{{0,{_MOST_RELATION - 1}}}/"


def grammar_for(text: str, *, relations: Sequence[str] = ()) -> str:
    """The grammar of what may be answered about `text`: with `relations` no others, else any few words."""
    chunks = [escape_field(chunk) if chunk != " " else " " for chunk in _chunks(text)]
    if not any(chunk.strip() for chunk in chunks):
        return '%llguidance {}\nstart: ""\n'
    named = " | ".join(json.dumps(escape_field(each)) for each in relations if each)
    return "\n".join(
        (
            "%llguidance {}",
            f'start: (line ("\\n" line){{0,{MOST_TRIPLES - 1}}})?',
            'line: HEAD "|" RELATION "|" TAIL',
            f"HEAD: SPAN & {_HEAD}",
            f"TAIL: SPAN & {_TAIL}",
            f"RELATION: {named or _FREE}",
            f"SPAN: %regex {json.dumps({'substring_chunks': chunks})}",
            "",
        )
    )


def _chunks(text: str) -> list[str]:
    """The words and signs of a text, and one space for each stretch of white space."""
    return _CHUNK.findall(_SPACE.sub(" ", _WRAP.sub("", text)).strip())

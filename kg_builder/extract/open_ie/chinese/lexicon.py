"""What a dictionary knows about the words that could start or end at each unit of a sentence."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

__all__ = [
    "FEATURES",
    "LONGEST",
    "TAGS",
    "dictionary_features",
    "load_lexicon",
    "load_names",
    "named_spans",
    "names_pattern",
]

LONGEST = 6
FEATURES = 5  # longest word that starts here, ends here, runs over here; tag of the first; tag of the second
TAGS = tuple("- n nr ns nt nz v vn vd a ad an b d i l j m q mq t s f r p c u y z o x".split(" "))  # noqa: SIM905
_TAG_ID = {tag: i for i, tag in enumerate(TAGS)}
_TAG_OF_NAMES = {"Organization": "nt", "Place": "ns"}


def tag_id(tag: str) -> int:
    """The number of a dictionary tag; finer tags fall back to their first letters, unknown ones to 0."""
    for size in (2, 1):
        if tag[:size] in _TAG_ID:
            return _TAG_ID[tag[:size]]
    return 0


@lru_cache(maxsize=2)
def load_lexicon(path: Path) -> Mapping[str, int]:
    """Word -> tag number from an xz file of lines ``tag<TAB>word word word``, and from the names beside it."""
    words: dict[str, int] = {}
    for line in lzma.decompress(path.read_bytes()).decode("utf-8").splitlines():
        tag, _, forms = line.partition("\t")
        number = tag_id(tag)
        words.update((form, number) for form in forms.split(" "))
    for name, type_ in load_names(path.with_name("names.txt")).items():
        words[name] = tag_id(_TAG_OF_NAMES.get(type_, "nz"))
    return words


@lru_cache(maxsize=2)
def load_names(path: Path) -> Mapping[str, str]:
    """Well-known name -> its type, from a file of words under ``[type]``; none where there is no such file."""
    names: dict[str, str] = {}
    type_ = ""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        if line.startswith("["):
            type_ = line.strip("[] ").capitalize()
        elif not line.startswith("#"):
            names.update(dict.fromkeys(line.split(), type_))
    return names


def names_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """What finds these names, of several that begin together the longest; with none it finds nothing."""
    return re.compile("|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name))) or r"(?!)")


def named_spans(symbols: Sequence[str], names: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where names stand, as (first unit, last unit), from left to right."""
    for found in names.finditer(_line(symbols)):
        yield found.start(), found.end() - 1


def _line(symbols: Sequence[str]) -> str:
    """The symbols as one text with a character for each; what is no single character is none of a word."""
    return "".join(s if len(s) == 1 else "\0" for s in symbols)


def dictionary_features(symbols: Sequence[str], lexicon: Mapping[str, int]) -> list[tuple[int, ...]]:
    """`FEATURES` small numbers for each unit; lengths count units and stop at `LONGEST`, 0 where there is no word."""
    n = len(symbols)
    starts, ends, inside = [0] * n, [0] * n, [0] * n
    start_tags, end_tags = [0] * n, [0] * n
    line = _line(symbols)
    find = lexicon.get
    for i, char in enumerate(line):
        if char == "\0":
            continue
        tag = find(char)
        if tag is not None:
            start_tags[i] = tag
            if not ends[i]:
                end_tags[i] = tag
        for stop in range(min(i + LONGEST, n), i + 1, -1):
            tag = find(line[i:stop])
            if tag is None:
                continue
            size, last = stop - i, stop - 1
            if not starts[i]:  # the longest word that starts here comes first
                starts[i], start_tags[i] = size, tag
                for k in range(i + 1, last):
                    if size > inside[k]:
                        inside[k] = size
            if size > ends[last]:
                ends[last], end_tags[last] = size, tag
    return list(zip(starts, ends, inside, start_tags, end_tags, strict=True))

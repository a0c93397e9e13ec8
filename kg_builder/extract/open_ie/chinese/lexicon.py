"""What a dictionary knows about the words that could start or end at each unit of a sentence."""

from __future__ import annotations

import lzma
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

__all__ = ["FEATURES", "LONGEST", "TAGS", "dictionary_features", "load_lexicon"]

LONGEST = 6
FEATURES = 5  # longest word that starts here, ends here, runs over here; tag of the first; tag of the second
TAGS = tuple("- n nr ns nt nz v vn vd a ad an b d i l j m q mq t s f r p c u y z o x".split(" "))  # noqa: SIM905
_TAG_ID = {tag: i for i, tag in enumerate(TAGS)}


def tag_id(tag: str) -> int:
    """The number of a dictionary tag; finer tags fall back to their first letters, unknown ones to 0."""
    for size in (2, 1):
        if tag[:size] in _TAG_ID:
            return _TAG_ID[tag[:size]]
    return 0


@lru_cache(maxsize=2)
def load_lexicon(path: Path) -> Mapping[str, int]:
    """Word -> tag number from an xz file of lines ``tag<TAB>word word word``."""
    words: dict[str, int] = {}
    for line in lzma.decompress(path.read_bytes()).decode("utf-8").splitlines():
        tag, _, forms = line.partition("\t")
        number = tag_id(tag)
        words.update((form, number) for form in forms.split(" "))
    return words


def dictionary_features(symbols: Sequence[str], lexicon: Mapping[str, int]) -> list[tuple[int, ...]]:
    """`FEATURES` small numbers for each unit; lengths count units and stop at `LONGEST`, 0 where there is no word."""
    n = len(symbols)
    starts, ends, inside = [0] * n, [0] * n, [0] * n
    start_tags, end_tags = [0] * n, [0] * n
    line = "".join(s if len(s) == 1 else "\0" for s in symbols)
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

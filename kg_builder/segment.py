"""Sentences packed into segments, as few as a budget allows.

A segment is a run of whole sentences in one language. It may cross headings and pages, since few and full segments are
what extraction wants, and it says where it starts.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from kg_builder.errors import ConfigError
from kg_builder.language import detect_language
from kg_builder.sentences import Region, sentences_of, skip_space, split_regions, split_sentences, trim_space
from kg_builder.types import Block, Document, Language, Segment

__all__ = ["segment_document", "split_sentences"]


@dataclass(slots=True)
class _Run:
    """Neighbouring regions of one language."""

    language: Language
    regions: list[Region] = field(default_factory=list)
    weight: int = 0  # words and Chinese characters, up to `_RUN_MIN_WEIGHT` of each region


class _Atom(NamedTuple):
    """A sentence, or a piece of one that is too long; `opens` and `closes` say that it starts and ends a sentence."""

    start: int
    end: int
    opens: bool = True
    closes: bool = True


Length = Callable[[str], int]
# A run with less to it than this, such as one short heading in another language, stays with its neighbours.
_RUN_MIN_WEIGHT = 8
_UNITS = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]|[^\W\d_㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]+")
_MAX_LEVEL = 9
_MAX_HEADING = 200


def segment_document(document: Document, *, budget: int = 1024, length: Length = len) -> list[Segment]:
    """The segments of `document`: whole sentences, packed so that there are as few segments as possible.

    `length` measures a text in the unit of `budget` (characters, or tokens of a model's tokenizer) and should not fall
    as text is added. Only a change of language between blocks forces a new segment. A sentence over the budget is cut
    at a semicolon, else a comma, colon or dash, else a space, else between two characters, and the segments on both
    sides of the cut have ``split`` set. A single character may exceed the budget.
    """
    if budget < 1:
        raise ConfigError(f"A segment's budget must be at least 1, found {budget!r}; the default is 1024 characters.")
    text = document.text
    regions = list(split_regions(text, document.blocks))
    sections = _Sections(text, document.blocks)
    segments: list[Segment] = []
    for run in _language_runs(text, regions, document.language):
        atoms = [
            atom
            for region in run.regions
            for start, end in sentences_of(text, region.start, region.end)
            for atom in _atoms(text, start, end, budget, length)
        ]
        for first, last in _pack(text, atoms, budget, length):
            start = atoms[first].start
            split = not (atoms[first].opens and atoms[last].closes)
            page, section = sections.at(start)
            index = len(segments)
            segments.append(Segment(document, index, start, atoms[last].end, page, run.language, section, split))
    return segments


def _pack(text: str, atoms: Sequence[_Atom], budget: int, length: Length) -> Iterator[tuple[int, int]]:
    """Greedy packing as index pairs (first, last): each segment takes all it can, which makes them as few as can be."""
    ends = [atom.end for atom in atoms]
    first = 0
    while first < len(atoms):
        start = atoms[first].start
        if length is len:
            last = bisect_right(ends, start + budget, lo=first) - 1
        else:
            last = _last_fitting(text, start, ends, first, budget, length)
        last = max(first, last)
        yield first, last
        first = last + 1


def _last_fitting(text: str, start: int, ends: Sequence[int], first: int, budget: int, length: Length) -> int:
    """The last index whose end keeps the span from `start` within the budget, by doubling steps and then halving.

    Only spans about as long as the answer are measured, so that the whole stays linear.
    """
    good, step = first, 1
    while good + step < len(ends) and length(text[start : ends[good + step]]) <= budget:
        good += step
        step *= 2
    bad = min(good + step, len(ends))
    while bad - good > 1:
        middle = (good + bad) // 2
        if length(text[start : ends[middle]]) <= budget:
            good = middle
        else:
            bad = middle
    return good


def _atoms(text: str, start: int, end: int, budget: int, length: Length) -> Iterator[_Atom]:
    """The sentence as it is, or cut into pieces within the budget."""
    if (end - start if length is len else length(text[start:end])) <= budget:
        yield _Atom(start, end)
        return
    opens = True
    while start < end:
        limit = _limit(text, start, end, budget, length)
        cut = _cut(text, start, limit) if limit < end else end
        yield _Atom(start, trim_space(text, start, cut), opens, cut == end)
        start, opens = skip_space(text, cut, end), False


def _limit(text: str, start: int, end: int, budget: int, length: Length) -> int:
    """The furthest position that keeps the span from `start` within the budget; at least one character on."""
    if length is len:
        return min(end, start + budget)
    good, step = start + 1, max(1, budget)
    while good < end and length(text[start : min(end, good + step)]) <= budget:
        good = min(end, good + step)
        step *= 2
    bad = min(end, good + step) if good < end else end
    while bad - good > 1:
        middle = (good + bad) // 2
        if length(text[start:middle]) <= budget:
            good = middle
        else:
            bad = middle
    return good


_BOUNDARIES = (";；", ",，、：:—–…")


def _cut(text: str, start: int, limit: int) -> int:
    """Where to cut the long sentence that starts at `start`, at most at `limit`: the last of the best boundaries."""
    half = start + (limit - start) // 2
    for marks in _BOUNDARIES:
        # A comma or colon inside a number or a name (10,000 or std::map) is no boundary.
        found = max(_last_mark(text, mark, half, limit) for mark in marks)
        if found > half:
            return found
    space = next((i for i in range(limit, half, -1) if text[i].isspace()), 0)
    return space or _between_characters(text, start, limit)


def _last_mark(text: str, mark: str, lo: int, hi: int) -> int:
    at = text.rfind(mark, lo, hi)
    while at >= 0 and mark in ";,:" and at + 1 < len(text) and text[at + 1].isalnum():
        at = text.rfind(mark, lo, at)
    return at + 1


_JOINED = re.compile(r"[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff]")


def _between_characters(text: str, start: int, limit: int) -> int:
    """The last position up to `limit` that divides no combining sequence or surrogate pair, if there is one."""
    for at in range(limit, start, -1):
        if not _joins(text[at - 1], text[at]):
            return at
    return limit


def _joins(before: str, after: str) -> bool:
    if before == "\u200d" or _JOINED.match(after) or "\udc00" <= after <= "\udfff":
        return True
    if "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff":
        return True
    return unicodedata.combining(after) != 0 or unicodedata.category(after) in ("Mn", "Me", "Mc")


def _language_runs(text: str, regions: Sequence[Region], default: Language) -> list[_Run]:
    """Regions grouped by language, where runs too small to judge join the run before them (or the first after them)."""
    raw: list[_Run] = []
    for region in regions:
        piece = text[region.start : region.end]
        weight = sum(1 for _ in islice(_UNITS.finditer(piece), _RUN_MIN_WEIGHT))
        language = detect_language(piece) if weight else (raw[-1].language if raw else default)
        if not raw or raw[-1].language != language:
            raw.append(_Run(language))
        raw[-1].regions.append(region)
        raw[-1].weight += weight
    runs: list[_Run] = []
    for run in raw:
        if runs and (run.language == runs[-1].language or run.weight < _RUN_MIN_WEIGHT):
            runs[-1].regions += run.regions
            runs[-1].weight += run.weight
        elif len(runs) == 1 and runs[0].weight < _RUN_MIN_WEIGHT:
            runs[0] = _Run(run.language, runs[0].regions + run.regions, runs[0].weight + run.weight)
        else:
            runs.append(run)
    return runs


class _Sections:
    """Page and heading path of every position, asked for in ascending order."""

    def __init__(self, text: str, blocks: Sequence[Block]) -> None:
        self._text = text
        self._blocks = blocks
        self._next = 0
        self._page: int | None = None
        self._path: list[tuple[int, str]] = []
        self._pending: tuple[int, str] | None = None

    def at(self, position: int) -> tuple[int | None, str]:
        """The page that `position` is on, and the headings above it, outermost first."""
        while self._next < len(self._blocks) and self._blocks[self._next].start <= position:
            self._enter(self._blocks[self._next])
            self._next += 1
        return self._page, " > ".join(heading for _, heading in self._path)

    def _enter(self, block: Block) -> None:
        self._page = block.page
        if self._pending:
            self._path.append(self._pending)
            self._pending = None
        if block.kind != "heading":
            return
        level = min(block.level or 1, _MAX_LEVEL)
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        words = " ".join(self._text[block.start : block.end].split())
        self._pending = (level, words if len(words) <= _MAX_HEADING else words[: _MAX_HEADING - 1] + "…")

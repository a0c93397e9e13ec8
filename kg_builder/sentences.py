"""Where sentences end, in English and Chinese: by rules, since they are exact, quick and the same on every machine.

A sentence ends at a full stop, a block boundary or a blank line. Every pattern takes its runs whole (possessive
quantifiers, and never from the middle of a run), which keeps the scan linear on any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kg_builder.known_words import is_given_name
from kg_builder.types import Block

__all__ = ["Region", "sentences_of", "skip_space", "split_regions", "split_sentences", "trim_space"]

_CLOSERS = "\"'”’»」』】）)\\]》〉"
_QUOTES = "\"'”’»」』"
_OPENERS = "\"'“‘«「『【（([《〈"
_LATIN = ".!?…"  # ends a sentence only before a space, the end, or a Chinese character
_PLAIN = "。！？；｡؟۔।॥።"  # ends one wherever it stands
_WIDE = r"\u2e80-\u9fff\uff00-\uffef"

# One class first, so that the search can skip from candidate to candidate.
_STOP = re.compile(
    rf"[{_LATIN}{_PLAIN}\n](?:"
    rf"(?<=\n)(?P<blank>[^\S\n]*+\n)"
    rf"|(?:(?<=[{_PLAIN}])|(?<=[{_LATIN}])(?<![{_LATIN}]{{2}})[{_LATIN}]*+[{_PLAIN}])[{_LATIN}{_PLAIN}]*+"
    rf"(?P<plain>[{_CLOSERS}]*+)"
    rf"|(?<=[{_LATIN}])(?<![{_LATIN}]{{2}})[{_LATIN}]*+"
    rf"(?P<latin>[{_CLOSERS}]*+(?:[^\S\n]?\[\d{{1,3}}\])*+)(?=\s|\Z|[{_WIDE}“‘「『])"
    rf")"
)
_BLANK = re.compile(r"\n[^\S\n]*+\n\s*+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Abbreviations that never end a sentence, that do not before a number, and that may: before a word that starts one.
_TITLES = _words(
    """dr mr mrs ms mx prof gen sen rep gov capt lt col sgt cpl maj adm cmdr rev hon messrs mme mlle mgr supt fr mt
    ft e.g i.e cf viz vs v esp incl"""
)
_BEFORE_NUMBER = _words(
    """no nos fig figs vol vols p pp sec secs art arts ch chap eq eqs par para pt ex tab app ca c approx b d r fl
    op cit §"""
)
_MAY_END = _words(
    """inc ltd corp co bros llc plc assn dept univ mfg ave blvd rd st jr sr esq al ed eds Jan Feb Mar Apr Jun Jul
    Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri Sat Sun"""
)
_FIRMS = _words("inc ltd corp co llc plc")
_STARTERS = _words(
    """The A An He She It They We I You This That These Those There In On At But And However If When After Before
    For As His Her Its Their Our My Your What Who Why How While With By From Since Although Though Meanwhile
    Then Today Yesterday So Or Not No Yes To Some Many Most All Both Each One Two Another Such According Because
    During Under Until Where Which Instead Later Now Once Only Despite Over Through Several Few Other Others Is
    Are Was Were Do Does Did"""
)
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]{1,2}\Z")
_WORD = re.compile(rf"[{re.escape(_OPENERS)}]*([^\W\d_]*)")
_ROMAN = re.compile(r"[ivxlcIVXLC]{1,5}\Z")
_SAID = re.compile(
    r"(?:[A-Z][\w.'-]*\s+){1,3}(?:said|says|asked|asks|replied|cried|shouted|answered|whispered|added|exclaimed|remarked"
    r"|observed|returned|continued|inquired|repeated)\b"
)
_SAID_ZH = re.compile(
    r"[^，。！？；：\s“”\"「」]{0,8}(?:说|說|道|问|問|答|喊|叫|嚷|写|寫|表示|回答)[着了著]?[，。！？,]"
)
_CONTINUES_ZH = frozenset("，、；：,;:的等之")
_PAIRS = (("（", "）"), ("(", ")"), ("“", "”"), ("「", "」"), ("《", "》"))
_WINDOW = 500  # how far back an open bracket is looked for


def split_sentences(text: str, *, blocks: Sequence[Block] = ()) -> list[tuple[int, int]]:
    """The sentences of `text` as spans without surrounding space, in order.

    Together they hold every non-space character. The bounds of `blocks`, and blank lines, always end a sentence.
    """
    return [span for region in split_regions(text, blocks) for span in sentences_of(text, region.start, region.end)]


class Region(NamedTuple):
    """A stretch of text that no sentence crosses: a block, or where there are none a paragraph."""

    start: int
    end: int
    block: Block | None


def split_regions(text: str, blocks: Sequence[Block]) -> Iterator[Region]:
    """The blocks, and the paragraphs of what no block holds, in order; together they hold every non-space character."""
    at = 0
    for block in blocks:
        start, end = max(at, min(block.start, len(text))), min(block.end, len(text))
        yield from _paragraphs(text, at, start)
        if end > start:
            yield Region(start, end, block)
        at = max(at, end)
    yield from _paragraphs(text, at, len(text))


def _paragraphs(text: str, start: int, end: int) -> Iterator[Region]:
    """What no block holds, cut at blank lines."""
    for gap in _BLANK.finditer(text, start, end):
        if gap.start() > start:
            yield Region(start, gap.start(), None)
        start = gap.end()
    if end > start:
        yield Region(start, end, None)


def sentences_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences between `start` and `end`."""
    start = skip_space(text, start, end)
    for stop in _STOP.finditer(text, start, end):
        cut = stop.end()
        if cut <= start or not _is_end(text, start, stop, end):
            continue
        if stop["blank"] is not None:
            cut = stop.start()
        yield start, trim_space(text, start, cut)
        start = skip_space(text, cut, end)
    if start < end:
        yield start, trim_space(text, start, end)


def skip_space(text: str, start: int, end: int) -> int:
    """The first position from `start` that is not space, or `end`."""
    while start < end and text[start].isspace():
        start += 1
    return start


def trim_space(text: str, start: int, end: int) -> int:
    """The position after the last character before `end` that is not space, or `start`."""
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _is_end(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    if stop["blank"] is not None:
        return stop.start() > start
    if stop["plain"] is not None:
        return _is_plain_end(text, start, stop, end)
    return _is_latin_end(text, start, stop, end)


def _is_plain_end(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    at, closers = stop.end(), stop["plain"]
    if at >= end:
        return True
    if not closers:
        return text[at - 1] != "；" or not _is_open(text, max(start, at - _WINDOW), at)
    return not _continues(text, at, closers, end)


def _is_open(text: str, start: int, at: int) -> bool:
    """Whether a bracket or quote opened before `at` is still open there."""
    return any(text.rfind(left, start, at) > text.rfind(right, start, at) for left, right in _PAIRS)


def _continues(text: str, at: int, closers: str, end: int) -> bool:
    """Whether the sentence goes on after a quotation that ends in a stop of its own: “你好！”他说。"""
    if text[at] in _CONTINUES_ZH:
        return True
    return closers[-1] in _QUOTES and _SAID_ZH.match(text, at, end) is not None


def _is_latin_end(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    at, closers = stop.end(), stop["latin"]
    mark = text[stop.start() : at - len(closers)]
    following = skip_space(text, at, end)
    if following >= end:
        return True
    char = text[following]
    if char.islower() or char in ",;:，、；：":
        return False
    if following == at and not char.isspace():  # a Chinese character or an opening quote, without a space
        if mark == "." and not _is_wide(text[max(start, stop.start() - 1)]):
            return False  # "Inc.是": the point belongs to the word before it
        if closers:
            return not _continues(text, at, closers, end)
        return "…" not in mark  # 他……走了
    if mark != ".":
        return not (closers and closers[-1] in _QUOTES and _SAID.match(text, following, end))
    word = text[max(start, stop.start() - 16) : stop.start()]
    if not word or word[-1].isspace():
        return True
    return _ends_after(word.split()[-1].lstrip(_OPENERS), text, start, stop.start(), following)


def _ends_after(word: str, text: str, start: int, dot: int, following: int) -> bool:
    """Whether the point after `word` ends a sentence, given that what follows could start one."""
    first = dot - len(word)
    numeral = (word.isdigit() and len(word) <= 3) or len(word) == 1 or _ROMAN.match(word) is not None
    if numeral and (first <= start or text[first - 1] == "\n"):
        return False  # the number of a list item
    low = word.lower()
    initial = len(word) == 1 and word.isupper()
    if low in _TITLES and not initial:
        return False
    if low in _BEFORE_NUMBER and not initial:
        return not text[following].isdigit()
    if initial or low in _MAY_END or word in _MAY_END or _ACRONYM.match(word):
        found = _WORD.match(text, following)
        if found is None:
            return False
        # A person right after a firm begins a sentence: "… joined Acme Corp. James Hale founded it."
        person = low in _FIRMS and is_given_name(found[1].lower())
        return person or found[1] in _STARTERS or _is_wide(text[following])
    return True


def _is_wide(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"

"""What two records have in common, as numbers: by column, by number, by code, and over all their text.

A record is a mapping from column to text. Every column gets the same features, whatever it holds; which of them tell
anything is learnt. A word counts by how rare it is among the records learnt from (inverse document frequency).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from kg_builder.names import name_key

__all__ = ["Rarity", "Record", "features_of", "unlearnt_log_odds", "words_of"]

Record = Mapping[str, str]
NAN = float("nan")

_TOKEN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*|[㐀-鿿]|[^\W\d_a-z]+")
_WORD = re.compile(r"[㐀-鿿]|[^\W㐀-鿿]+(?:[-./][^\W㐀-鿿]+)*")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
_SEPARATORS = re.compile(r"[-./_]")


@lru_cache(maxsize=1 << 16)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: folded; a Chinese character is one; codes keep their parts together."""
    found: list[str] = []
    for word in _WORD.findall(name_key(text) if len(text) < 200 else text.casefold()):
        if any(c.isdigit() for c in word):
            number = word.rstrip(".")
            if number.replace(".", "").isdigit() and "." in number and number.count(".") == 1:
                number = number.rstrip("0").rstrip(".")
                found.append(number)
            else:
                found.append(_SEPARATORS.sub("", word))
        else:
            found.extend(part for part in _SEPARATORS.split(word) if part)
    return tuple(found)


class Rarity:
    """Inverse document frequencies of words, by column and over whole records."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._records = 1
        for record in records:
            self._records += 1
            seen: set[str] = set()
            for column, text in record.items():
                words = set(words_of(text))
                seen |= words
                self._counts.setdefault(column, Counter()).update(words)
            self._counts.setdefault("", Counter()).update(seen)

    def of(self, word: str, column: str = "") -> float:
        """How telling a word is in a column, 0 for one that every record has; "" is any column."""
        counts = self._counts.get(column)
        count = counts[word] if counts else 0
        return math.log((self._records + 1) / (count + 0.5))


def features_of(one: Record, other: Record, columns: Sequence[str], rarity: Rarity) -> NDArray[np.float64]:
    """The features of a pair: those of each column, then those of all text together; NaN where nothing can be said."""
    found: list[float] = []
    for column in columns:
        found.extend(_of_column(one.get(column, ""), other.get(column, ""), column, rarity))
    whole = [" ".join(record.get(column, "") for column in columns if record.get(column)) for record in (one, other)]
    found.extend(_of_text(whole[0], whole[1], "", rarity))
    found.extend(_of_codes(whole[0], whole[1], rarity))
    if len(columns) > 1:
        found.extend(_of_text(one.get(columns[0], ""), whole[1], "", rarity)[-8:])
        found.extend(_of_text(other.get(columns[0], ""), whole[0], "", rarity)[-8:])
    return np.array(found)


def _of_column(one: str, other: str, column: str, rarity: Rarity) -> list[float]:
    missing = float(not one) + float(not other)
    return [missing, *_of_text(one, other, column, rarity), *_of_numbers(one, other)]


_TEXT_FEATURES = 21


def _of_text(one: str, other: str, column: str, rarity: Rarity) -> list[float]:
    if not one or not other:
        return [NAN] * _TEXT_FEATURES
    here, there = words_of(one), words_of(other)
    a, b = set(here), set(there)
    text_a, text_b = " ".join(here), " ".join(there)
    common = a & b
    weights = {word: rarity.of(word, column) for word in a | b}
    total_a, total_b = (sum(weights[w] for w in side) or 1e-9 for side in (a, b))
    shared = sum(weights[word] for word in common)
    left, right = a - common, b - common
    near = _near(left, right, weights)
    squares = [math.sqrt(sum(weights[w] ** 2 for w in side)) or 1e-9 for side in (a, b)]
    return [
        float(text_a == text_b),
        fuzz.ratio(text_a[:300], text_b[:300]),
        fuzz.partial_ratio(text_a[:100], text_b[:100]),
        fuzz.token_sort_ratio(text_a[:300], text_b[:300]),
        JaroWinkler.similarity(text_a[:60], text_b[:60]),
        _grams(text_a, text_b),
        float(len(here) > 0 and len(there) > 0 and here[0] == there[0]),
        abs(len(here) - len(there)) / max(len(here), len(there), 1),
        _acronyms(here, there),
        len(common) / max(1, len(a | b)),
        float(len(left)),
        float(len(right)),
        float(len(common)),
        max((weights[w] for w in common), default=0.0),
        max((weights[w] for w in left), default=0.0),
        max((weights[w] for w in right), default=0.0),
        sum(weights[w] ** 2 for w in common) / (squares[0] * squares[1]),
        (shared + near) / (total_a + total_b - shared - near),
        (shared + near) / min(total_a, total_b),
        (shared + near) / max(total_a, total_b),
        shared / min(total_a, total_b),
    ]


def _near(left: set[str], right: set[str], weights: Mapping[str, float]) -> float:
    """The weight of the words that have no equal but a near one: a typing error, an abbreviation, an initial."""
    if not left or not right or len(left) * len(right) > 2500:
        return 0.0
    total = 0.0
    rest = sorted(right)
    for word in sorted(left, key=lambda w: (-len(w), w)):
        best, score = "", 0.0
        for other in rest:
            like = _alike(word, other)
            if like > score:
                best, score = other, like
        if best:
            rest.remove(best)
            total += score * min(weights[word], weights[best])
    return total


@lru_cache(maxsize=1 << 18)
def _alike(one: str, other: str) -> float:
    if one[0] != other[0] and len(one) < 5:
        return 0.0
    if one.isalpha() and other.isalpha():
        short, long = sorted((one, other), key=len)
        if long.startswith(short):
            return 0.5 if len(short) == 1 else 0.8
        score = JaroWinkler.similarity(one, other)
        return score if score > 0.88 else 0.0
    if len(one) > 3 and len(other) > 3 and (one.startswith(other) or other.startswith(one)):
        return 0.7
    return 0.0


def _grams(one: str, other: str) -> float:
    a, b = _grams_of(one), _grams_of(other)
    return len(a & b) / max(1, len(a | b))


@lru_cache(maxsize=1 << 15)
def _grams_of(text: str) -> frozenset[str]:
    padded = f" {text[:400]} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


def _acronyms(here: Sequence[str], there: Sequence[str]) -> float:
    """Whether a word of one side has the initials of words of the other in a row."""
    for short, long in ((here, there), (there, here)):
        initials = "".join(word[0] for word in long)
        if any(2 < len(word) < 7 and word in initials and word not in long for word in short):
            return 1.0
    return 0.0


def _of_numbers(one: str, other: str) -> list[float]:
    """The first numbers of two texts: equal, their difference on a logarithmic scale, relatively; and all of them."""
    here, there = numbers_of(one), numbers_of(other)
    if not here or not there:
        return [NAN] * 4
    a, b = here[0], there[0]
    top = max(abs(a), abs(b)) or 1.0
    return [
        float(a == b),
        math.log1p(min(abs(a - b), 1e12)),
        (a - b) / top,
        len(set(here) & set(there)) / min(len(set(here)), len(set(there))),
    ]


@lru_cache(maxsize=1 << 15)
def numbers_of(text: str) -> tuple[float, ...]:
    """The numbers of a text in their order."""
    return tuple(float(m.replace(",", "")[:15]) for m in _NUMBER.findall(text.replace("$", " ")))


def _of_codes(one: str, other: str, rarity: Rarity) -> list[float]:
    """Model numbers, versions and the like: words with digits, found in the other record or contradicted by it."""
    found: list[float] = []
    codes = [_codes(text) for text in (one, other)]
    squeezed = [_squeezed(text) for text in (one, other)]
    for mine, their_text, theirs in ((codes[0], squeezed[1], codes[1]), (codes[1], squeezed[0], codes[0])):
        hit = [code for code in mine if code in their_text]
        long_hit = [code for code in hit if len(code) > 3 and not code.isdigit()]
        miss = [code for code in mine if code not in their_text]
        found += [
            len(hit) / len(mine) if mine else NAN,
            float(max(map(len, long_hit), default=0)),
            float(sum(len(code) > 3 for code in miss)),
            float(len(miss)),
            max((rarity.of(code) for code in miss), default=0.0),
            max((fuzz.ratio(x, y) for x in miss for y in theirs if len(x) > 3), default=0.0) if len(miss) < 20 else 0.0,
        ]
    small = [{code for code in side if code.replace(".", "").isdigit() and len(code) < 5} for side in codes]
    found += [
        float(len(small[0] & small[1])),
        float(len(small[0] - small[1])),
        float(len(small[1] - small[0])),
        float(bool(small[0]) and bool(small[1]) and not small[0] & small[1]),
    ]
    return found


@lru_cache(maxsize=1 << 15)
def _codes(text: str) -> tuple[str, ...]:
    return tuple(sorted({word for word in words_of(text) if any(c.isdigit() for c in word)}))


@lru_cache(maxsize=1 << 15)
def _squeezed(text: str) -> str:
    return "".join(words_of(text))


def unlearnt_log_odds(one: Record, other: Record, rarity: Rarity) -> float:
    """A rule for records about which nothing was learnt: telling words in common, less what numbers contradict."""
    whole = [" ".join(text for text in record.values() if text) for record in (one, other)]
    text = _of_text(whole[0], whole[1], "", rarity)
    if math.isnan(text[0]):
        return -10.0
    codes = [0.0 if math.isnan(value) else value for value in _of_codes(whole[0], whole[1], rarity)]
    columns = [
        (similar[17] + similar[18]) / 2
        for column in one
        if not math.isnan((similar := _of_text(one[column], other.get(column, ""), column, rarity))[0])
    ]
    by_column = sum(columns) / len(columns) if columns else 0.0
    both_miss_codes = min(codes[2], codes[8])
    return 9 * (0.35 * text[17] + 0.25 * text[18] + 0.4 * by_column) - 5.0 - 1.5 * both_miss_codes

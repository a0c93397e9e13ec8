"""What an ontology says of two spans of a text before any example does: by names, domains and ranges."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from kg_builder.ontology.fitting import Fitting
from kg_builder.ontology.phrases import HAN, content_stems, folded, readable, stem
from kg_builder.ontology.reader import Pairs, Reading
from kg_builder.ontology.records import Ontology
from kg_builder.ontology.spans import Candidate, surface
from kg_builder.ontology.weights import FITS, Floats, Ints
from kg_builder.types import Mention

__all__ = ["Understanding"]


class Understanding:
    """What the names, domains and ranges of an ontology's relations say of a pair of spans."""

    def __init__(self, ontology: Ontology, relations: Sequence[str]) -> None:
        self._ontology = ontology
        self._relations = list(relations)
        self._fitting = Fitting(ontology)
        known = [ontology.relations.get(name) for name in relations]
        self._stems = [
            frozenset(s for words in ((r.name, *r.aliases) if r else ()) for s in content_stems(words)) for r in known
        ]
        self._values = np.array([_asks_for(r.name, r.range) if r else "" for r in known])
        self._fits: dict[tuple[str, str], tuple[Floats, Floats]] = {}
        self._columns = {
            words: np.array([i for i, stems in enumerate(self._stems) if words in stems])
            for words in {words for stems in self._stems for words in stems}
        }

    def fits(self, reading: Reading, pairs: Pairs) -> Floats:
        """Features of each pair with each relation: (pairs, relations, `FITS`).

        Whether an extraction says the relation by its words; whether the relation's words stand between the two, before
        or after them, or in the sentence; how well domain and range fit; whether the tail is the kind of value that
        the relation's name asks for, or one that it does not.
        """
        made = np.zeros((len(pairs.heads), len(self._relations), FITS), np.float32)
        if not len(pairs.heads):
            return made
        text, spans = reading.text, reading.spans
        stood = self._where(reading)
        ends = np.array([(s.first, s.last) for s in spans], dtype=np.int64)
        heads, tails = ends[pairs.heads], ends[pairs.tails]
        before = heads[:, 0] < tails[:, 0]
        gap_start = np.where(before, heads[:, 1], tails[:, 1])
        gap_end = np.where(before, tails[:, 0], heads[:, 0])
        count = len(text.tokens)

        def among(start: Ints, end: Ints) -> np.ndarray:
            start, end = np.clip(start, 0, count), np.clip(end, 0, count)
            made: np.ndarray = (stood[np.maximum(end, start)] - stood[start]) > 0
            return made

        made[:, :, 1] = among(gap_start, gap_end)
        made[:, :, 2] = among(tails[:, 0] - 4, tails[:, 0])
        made[:, :, 3] = among(tails[:, 1], tails[:, 1] + 4)
        made[:, :, 4] = among(np.zeros_like(tails[:, 0]), np.full_like(tails[:, 0], count))
        head_fit, tail_fit = self._types(reading)
        made[:, :, 5] = head_fit[pairs.heads] - 0.5
        made[:, :, 6] = tail_fit[pairs.tails] - 0.5
        kinds = np.array([_value_of(c.kind, c.type) for c in spans])[pairs.tails]
        made[:, :, 7] = (kinds[:, None] == self._values[None, :]) & (kinds[:, None] != "")
        made[:, :, 8] = (kinds[:, None] != self._values[None, :]) & (self._values[None, :] != "")
        made[:, :, 9] = (kinds[:, None] != "") & (self._values[None, :] == "")
        column = {name: i for i, name in enumerate(self._relations)}
        for row, pair in enumerate(zip(pairs.heads.tolist(), pairs.tails.tolist(), strict=True)):
            for name in reading.matched.get(pair, ()):
                if name in column:
                    made[row, column[name], 0] = 1.0
        return made

    def _where(self, reading: Reading) -> np.ndarray:
        """How many words of each relation stand before each token: (tokens + 1, relations)."""
        text = reading.text
        found = np.zeros((len(text.low) + 1, len(self._relations)), np.int32)
        for at, word in enumerate(text.low):
            columns = self._columns.get(stem(word))
            if columns is not None:
                found[at + 1, columns] = 1
        for words, columns in self._columns.items():
            if len(words) > 1 and HAN.match(words):
                for at in _places(text.text, words):
                    found[min(bisect_right(text.starts, at), len(text.low)), columns] = 1
        made: np.ndarray = found.cumsum(axis=0)
        return made

    def _types(self, reading: Reading) -> tuple[np.ndarray, np.ndarray]:
        """How well each span fits each relation's domain, and its range: (spans, relations) twice."""
        found = [self._fits_of(reading, span) for span in reading.spans]
        return np.array([heads for heads, _ in found]), np.array([tails for _, tails in found])

    def _fits_of(self, reading: Reading, span: Candidate) -> tuple[Floats, Floats]:
        value = {"date": "Time", "number": "Quantity"}.get(_value_of(span.kind, ""), "Other")
        words = surface(reading.text, span)
        key = (span.type or value, folded(words))
        if key not in self._fits:
            if len(self._fits) > 50_000:
                self._fits.clear()
            mention = Mention(words, 0, len(words), key[0])
            made = np.full((2, len(self._relations)), 0.6, np.float32)
            for column, name in enumerate(self._relations):
                relation = self._ontology.relations.get(name)
                if relation is not None:
                    made[0, column] = self._fitting.best(mention, relation.domain)[0]
                    made[1, column] = self._fitting.best(mention, relation.range)[0]
            self._fits[key] = made[0], made[1]
        return self._fits[key]


def _value_of(kind: str, type_: str) -> str:
    if kind in ("date", "year"):
        return "date"
    if kind == "number" or type_ == "Quantity":
        return "number"
    return "date" if type_ == "Time" else ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DATES = _words("date year inception time established founded 日期 时间 年份")
_NUMBERS = _words("number count population area height length width weight mass elevation speed density total amount")


def _asks_for(name: str, range_: Sequence[str]) -> str:
    """``date`` or ``number`` where a relation's range or name asks for one."""
    for kind in ("date", "number"):
        if kind in [r.casefold() for r in range_]:
            return kind
    if range_ and range_ != ("string",):
        return ""
    words = set(readable(name).split())
    return "date" if words & _DATES else "number" if words & _NUMBERS else ""


def _places(text: str, words: str) -> list[int]:
    found: list[int] = []
    at = text.find(words)
    while at >= 0 and len(found) < 50:
        found.append(at)
        at = text.find(words, at + 1)
    return found

"""A text as the learnt weights see it: spans, their pairs, and the features of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kg_builder.ontology.fitting import Fitting
from kg_builder.ontology.lexical import Lexical
from kg_builder.ontology.phrases import HAN, content_stems, folded, readable, stem
from kg_builder.ontology.records import Ontology
from kg_builder.ontology.spans import (
    Candidate,
    Text,
    candidates,
    pair_features,
    read_text,
    span_features,
    surface,
)
from kg_builder.ontology.weights import FITS, Features, Floats, Ints, feature_ids
from kg_builder.types import Extraction, Mention

__all__ = ["Pairs", "Reading", "Seen", "Understanding", "pairs_of", "read"]

Seen = dict[str, dict[str, int]]
"""By folded name: how often the examples have it, by slot (``relation`` + tab + ``h`` or ``t``)."""

_HEADS, _TAILS = 10, 14  # of a sentence that are paired
_MOST_PAIRS = 6000  # of a text
_FAR = 2  # sentences


@dataclass(slots=True)
class Reading:
    """A text with its candidates, the features of their spans, and the words of each sentence."""

    text: Text
    spans: list[Candidate]
    span_features: Features
    sentence_features: Features
    sentence_of: Ints
    said: dict[tuple[int, int], list[str]]  # head and tail of an extraction -> features
    matched: dict[tuple[int, int], set[str]]  # head and tail -> relations that an extraction says by its words


@dataclass(slots=True)
class Pairs:
    """Pairs of spans, by their numbers, and their features."""

    heads: Ints
    tails: Ints
    features: Features


def read(
    text: str,
    extractions: Sequence[Extraction],
    lexical: Lexical,
    seen: Seen,
    *,
    own: Mapping[str, Mapping[str, int]] | None = None,
    certain: Iterable[tuple[int, int]] = (),
) -> Reading:
    """`text` with the candidates in it.

    Of an example, `own` is what it gave to `seen` itself, which is not to count: else all that were to be learnt is
    that arguments are what the examples have as arguments. `certain` are its arguments.
    """
    made = read_text(text)

    def known(key: str) -> bool:
        slots = seen.get(key)
        if slots is None:
            return False
        mine = (own or {}).get(key)
        return mine is None or any(n > mine.get(slot, 0) for slot, n in slots.items())

    spans = candidates(made, extractions, known, certain)
    number = {(c.first, c.last): i for i, c in enumerate(spans)}
    rows = [feature_ids(span_features(made, c, _seen_as(surface(made, c), seen, own))) for c in spans]
    count = max(made.sentence, default=0) + 1
    words: list[set[str]] = [set() for _ in range(count)]
    for at, word in enumerate(made.low):
        words[made.sentence[at]].add("u=" + word)
        if at + 1 < len(made.low) and made.sentence[at + 1] == made.sentence[at]:
            words[made.sentence[at]].add(f"v={word} {made.low[at + 1]}")
    said: dict[tuple[int, int], list[str]] = {}
    matched: dict[tuple[int, int], set[str]] = {}
    for extraction in extractions:
        ends = [made.span(m.start, m.end) for m in (extraction.head, extraction.tail)]
        if ends[0] is None or ends[1] is None:
            continue
        head, tail = number.get(ends[0]), number.get(ends[1])
        if head is None or tail is None:
            continue
        lemma = (extraction.relation.lemma or extraction.relation.surface).lower()
        passive = "p" if extraction.relation.passive else "a"
        said.setdefault((head, tail), []).extend([f"x>{passive}{lemma}", "x>"])
        said.setdefault((tail, head), []).extend([f"x<{passive}{lemma}", "x<"])
        for match in lexical.matches(extraction)[:3]:
            pair = (tail, head) if match.turned else (head, tail)
            said.setdefault(pair, []).append("m=" + match.relation)
            matched.setdefault(pair, set()).add(match.relation)
    return Reading(
        made,
        spans,
        Features.of(rows),
        Features.of([feature_ids(sorted(w)[:300]) for w in words]),
        np.array([made.sentence[c.first] for c in spans], dtype=np.int64),
        said,
        matched,
    )


def _seen_as(words: str, seen: Seen, own: Mapping[str, Mapping[str, int]] | None) -> list[str]:
    key = folded(words)
    slots = seen.get(key)
    if not slots:
        return []
    mine = (own or {}).get(key, {})
    made: list[str] = []
    for slot, n in slots.items():
        rest = n - mine.get(slot, 0)
        if rest > 0:
            made.append("g=" + slot)
            if rest > 2:
                made.append("G=" + slot)
    if made:
        made.append("g")
    return made


def pairs_of(
    reading: Reading, head_scores: np.ndarray, tail_scores: np.ndarray, always: Sequence[tuple[int, int]] = ()
) -> Pairs:
    """The pairs of the best heads and tails of each sentence (and those that are `always` wanted).

    `head_scores` and `tail_scores` are how well each span does as either, in any relation: (spans,).
    """
    heads = _best(reading, head_scores, _HEADS)
    tails = _best(reading, tail_scores, _TAILS)
    chosen = set(always)
    for head in heads:
        for tail in tails:
            if len(chosen) < _MOST_PAIRS and abs(reading.sentence_of[head] - reading.sentence_of[tail]) <= _FAR:
                a, b = reading.spans[head], reading.spans[tail]
                if a.last <= b.first or b.last <= a.first:
                    chosen.add((head, tail))
    listed = sorted(chosen)
    rows = [
        feature_ids(pair_features(reading.text, reading.spans[h], reading.spans[t], reading.said.get((h, t), ())))
        for h, t in listed
    ]
    numbers = np.array(listed, dtype=np.int64).reshape(-1, 2)
    return Pairs(numbers[:, 0], numbers[:, 1], Features.of(rows))


def _best(reading: Reading, scores: np.ndarray, most: int) -> list[int]:
    kept: list[int] = []
    for sentence in range(int(reading.sentence_of.max(initial=-1)) + 1):
        members = np.flatnonzero(reading.sentence_of == sentence)
        order = members[np.argsort(-scores[members], kind="stable")[:most]]
        kept += [int(i) for i in order]
    return kept


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
        self._fits: dict[tuple[str, str, str], tuple[float, float]] = {}

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
        gap = np.where(before[:, None], np.stack([heads[:, 1], tails[:, 0]], 1), np.stack([tails[:, 1], heads[:, 0]], 1))
        count = len(text.tokens)

        def among(start: Ints, end: Ints) -> np.ndarray:
            start, end = np.clip(start, 0, count), np.clip(end, 0, count)
            return (stood[np.maximum(end, start)] - stood[start]) > 0

        made[:, :, 1] = among(gap[:, 0], gap[:, 1])
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
        stems = [stem(word) for word in text.low]
        found = np.zeros((len(stems) + 1, len(self._relations)), np.int32)
        for column, wanted in enumerate(self._stems):
            for at, word in enumerate(stems):
                found[at + 1, column] = word in wanted
            for words in wanted:
                if HAN.search(words):
                    for at in _places(text.text, words):
                        token = int(np.searchsorted(text.starts, at))
                        found[min(token + 1, len(stems)), column] = 1
        made: np.ndarray = found.cumsum(axis=0)
        return made

    def _types(self, reading: Reading) -> tuple[np.ndarray, np.ndarray]:
        heads = np.full((len(reading.spans), len(self._relations)), 0.6, np.float32)
        tails = heads.copy()
        for i, span in enumerate(reading.spans):
            kind = span.type or {"date": "Time", "year": "Time", "number": "Quantity"}.get(_value_of(span.kind, ""), "Other")
            words = surface(reading.text, span)
            for column, name in enumerate(self._relations):
                relation = self._ontology.relations.get(name)
                if relation is None:
                    continue
                key = (kind, folded(words) if len(words) < 30 else "", name)
                if key not in self._fits:
                    if len(self._fits) > 200_000:
                        self._fits.clear()
                    mention = Mention(words, 0, len(words), kind)
                    self._fits[key] = (
                        self._fitting.best(mention, relation.domain)[0],
                        self._fitting.best(mention, relation.range)[0],
                    )
                heads[i, column], tails[i, column] = self._fits[key]
        return heads, tails


def _value_of(kind: str, type_: str) -> str:
    if kind in ("date", "year"):
        return "date"
    if kind == "number" or type_ == "Quantity":
        return "number"
    return "date" if type_ == "Time" else ""


_DATES = frozenset("date year inception time established birth_date founded 日期 时间 年份".split())
_NUMBERS = frozenset(
    "number count population area height length width weight mass elevation speed density total amount".split()
)


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
    found, at = [], text.find(words)
    while at >= 0 and len(found) < 50:
        found.append(at)
        at = text.find(words, at + 1)
    return found

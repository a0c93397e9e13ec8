"""A text as the learnt weights see it: spans, their pairs, and the features of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kg_builder.ontology.features import pair_features, span_features
from kg_builder.ontology.lexical import Lexical
from kg_builder.ontology.phrases import folded
from kg_builder.ontology.spans import Candidate, Text, candidates, read_text, surface
from kg_builder.ontology.weights import Features, Ints, feature_ids
from kg_builder.types import Extraction

__all__ = ["Pairs", "Reading", "Seen", "pairs_of", "read"]

Seen = dict[str, dict[str, int]]
"""By folded name: how often the examples have it, by slot (``relation`` + tab + ``h`` or ``t``)."""

_HEADS, _TAILS = 10, 14  # of a sentence that are paired
_MOST_PAIRS = 3000  # of a text
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
            if len(chosen) >= _MOST_PAIRS:
                break
            if abs(reading.sentence_of[head] - reading.sentence_of[tail]) <= _FAR:
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

"""What is written follows people's decisions on statements, in the transaction that writes it.

A statement gets the review that the decision on it says, and an edit has another statement stand beside it. Both follow
from the sentences and the decisions alone, whichever of them came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kg_builder.reviewing_records import (
    StatementDecision,
    Words,
    corrected_statement,
    decision_from_row,
    keys_of,
    sentence_around,
    words_of,
)
from kg_builder.store import reviewing_cypher as statements
from kg_builder.store.connection import Run
from kg_builder.store.contributions import segments_as_written
from kg_builder.store.drafts import Addition
from kg_builder.types import Segment, Statement

__all__ = ["concerned", "follow", "known_decisions", "rewritten"]

_AT_ONCE = 1000

ByWords = Mapping[Words, Mapping[str, StatementDecision]]
"""Decisions by the words of their statement, and then by its sentence."""


def follow(run: Run, addition: Addition) -> Addition:
    """What is about to be written, with what follows from decisions. Where there are none, one look is all."""
    if addition.statements and run(statements.ANY):
        heads = sorted({statement.extraction.head.surface for statement, _ in addition.statements})
        rows = [row for some in _some(heads) for row in run(statements.OF_HEADS, heads=some)]
        if found := known_decisions(row["d"] for row in rows):
            return _following(addition, _by_words(found))
    return addition


def rewritten(run: Run, segments: Sequence[str]) -> tuple[dict[str, str], list[str], Addition]:
    """Segments as they were first written: the references of their documents, their ids, and all they gave.

    Raises:
        StoreError: what is there is not what was written.
    """
    documents, refs = segments_as_written(run, segments)
    parts: list[Segment] = []
    found: dict[str, list[Statement]] = {}
    for whole in documents:
        contribution = whole.contribution()
        parts += contribution.segments
        for statement in contribution.statements:
            segment = statement.extraction.segment
            if segment is not None:
                found.setdefault(segment.id, []).append(statement)
    return refs, [segment.id for segment in parts], Addition.of(parts, found)


def concerned(run: Run, decisions: Iterable[StatementDecision]) -> list[str]:
    """The segments with a sentence that decisions are about: found by the rarer of the names of head and tail."""
    wanted = list(decisions)
    keys = {each.id: {side: _keys(each, side) for side in ("head", "tail")} for each in wanted}
    entities: dict[str, dict[str, int]] = {}
    for some in _some(sorted({key for sides in keys.values() for each in sides.values() for key in each})):
        for statement in statements.NAMES:
            for row in run(statement, keys=some):
                entities.setdefault(row["key"], {})[row["entity"]] = row["mentions"] or 0
    rows: dict[str, list[dict[str, str]]] = {"head": [], "tail": []}
    for decision in wanted:
        ends = {
            side: {entity: n for key in of_side for entity, n in entities.get(key, {}).items()}
            for side, of_side in keys[decision.id].items()
        }
        known = [side for side in ends if ends[side]]
        rarer = min(((sum(ends[side].values()), side) for side in known), default=(0, ""))[1]
        said = decision.said
        asked = {"head": said.head, "tail": said.tail, "sentence": said.sentence}
        rows.setdefault(rarer, []).extend({"entity": entity, **asked} for entity in sorted(ends.get(rarer, ())))
    found: set[str] = set()
    for side, some_rows in rows.items():
        for start in range(0, len(some_rows), _AT_ONCE):
            found.update(row["id"] for row in run(statements.SEGMENTS[side], rows=some_rows[start : start + _AT_ONCE]))
    return sorted(found)


def known_decisions(rows: Iterable[Mapping[str, Any]]) -> list[StatementDecision]:
    """The decisions that nodes are, those left out that do not say what was decided."""
    return [decision for row in rows if (decision := _whole(row)) is not None]


# ---------------------------------------------------------------- inside
def _whole(row: Mapping[str, Any]) -> StatementDecision | None:
    try:
        decision = decision_from_row(row)
    except ValueError:
        return None
    return decision if decision.id == row.get("id") else None


def _by_words(decisions: Iterable[StatementDecision]) -> ByWords:
    found: dict[Words, dict[str, StatementDecision]] = {}
    for each in decisions:
        found.setdefault(each.said.words, {})[each.said.sentence] = each
    return found


def _following(given: Addition, decisions: ByWords) -> Addition:
    """The same with the reviews of statements, and with those that people put in the place of others."""
    addition = Addition(given.segments, list(given.statements), dict(given.mentions), dict(given.names))
    edited: dict[tuple[str, str, int], list[Statement]] = {}
    by_id: dict[str, StatementDecision] = {}
    for statement, segment_id in given.statements:
        x = statement.extraction
        by_sentence = decisions.get(words_of(x))
        if by_sentence is None or x.segment is None:
            continue
        sentence, start = _sentence(x.segment, statement)
        decision = by_sentence.get(sentence)
        if decision is None:
            continue
        addition.reviews[x.id] = decision.kind
        if decision.kind == "edit":
            by_id[decision.id] = decision
            edited.setdefault((segment_id, decision.id, start), []).append(statement)
    beside: dict[str, list[Statement]] = {}
    for statement, segment_id in given.statements if edited else ():
        beside.setdefault(segment_id, []).append(statement)
    made: dict[str, str] = {}
    for (segment_id, decision_id, start), originals in sorted(edited.items(), key=lambda each: each[0]):
        segment = originals[0].extraction.segment
        if segment is None:
            continue
        new = corrected_statement(by_id[decision_id], segment, start, originals, beside[segment_id])
        if new.extraction.id not in made:  # several decisions may say the same
            made[new.extraction.id] = decision_id
            addition.add(new, segment_id)
    addition.decided.update(made)
    return addition


def _sentence(segment: Segment, statement: Statement) -> tuple[str, int]:
    """The sentence of a statement, and where it begins in the document."""
    x = statement.extraction
    text = segment.text
    first, last = min(x.head.start, x.tail.start) - segment.start, max(x.head.end, x.tail.end) - segment.start
    start, end = sentence_around(text, first, last)
    return text[start:end], segment.start + start


def _keys(decision: StatementDecision, side: str) -> list[str]:
    """The keys that the name of a side may have."""
    words, key = (getattr(each, name) for each, name in ((decision.said, side), (decision, f"{side}_key")))
    return [*keys_of(words), *([key] if key else [])]


def _some(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _AT_ONCE):
        yield list(items[start : start + _AT_ONCE])

"""Finding, and mending, where the graph does not follow people's decisions on statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kg_builder.errors import StoreError
from kg_builder.reviewing_records import StatementDecision
from kg_builder.store import resolving_cypher
from kg_builder.store import reviewing_cypher as statements
from kg_builder.store.connection import Connection, Run
from kg_builder.store.reading import id_slices
from kg_builder.store.reviewing import follow, known_decisions, rewritten

if TYPE_CHECKING:
    from kg_builder.store.repairing import Mender

__all__ = ["mend_reviews", "wrong_decisions", "wrong_reviews"]

_SLICE = 2000
_SEGMENTS = 100


def wrong_decisions(connection: Connection) -> list[str]:
    """The ids of decisions on statements that do not say what was decided."""
    rows = [dict(row["d"]) for row in connection.read(statements.ALL)]
    whole = {each.id for each in known_decisions(rows)}
    return sorted(str(row["id"]) for row in rows if row["id"] not in whole)


def wrong_reviews(connection: Connection) -> Iterator[str]:
    """The segments with statements that do not follow the decisions there are. Damaged ones are left to others."""
    decisions = known_decisions(row["d"] for row in connection.read(statements.ALL))
    for some in _candidates(connection, decisions):
        yield from connection.reading(lambda run, some=some: _wrong(run, some))  # type: ignore[misc]


def mend_reviews(mender: Mender) -> None:
    """Have every statement follow the decisions there are."""
    from kg_builder.store.writing import write_again

    broken = wrong_decisions(mender.connection)
    for id_ in broken:
        mender.note("decisions on statements that do not say what was decided", "taken out", id_)
    mender.each(({"id": id_} for id_ in broken), resolving_cypher.DELETE_DECISIONS)
    wrong = list(wrong_reviews(mender.connection))
    for segment in wrong:
        mender.note("statements whose review is not what was decided", "set right", segment)
    for start in range(0, len(wrong), _SEGMENTS):
        some = wrong[start : start + _SEGMENTS]
        mender.change(lambda run, some=some: write_again(run, mender.tokens, some))  # type: ignore[misc]


def _candidates(connection: Connection, decisions: Sequence[StatementDecision]) -> Iterator[list[str]]:
    """Segments that may be concerned: with words that were decided on, or with a review."""
    words = {(each.said.head, each.said.tail) for each in decisions}
    nodes = connection.read(statements.COUNT_SEGMENTS)[0]["n"]
    for low, high in id_slices(nodes // _SLICE + 1):
        rows = connection.read(statements.FOLLOWING, low=low, high=high, all=bool(words))
        found = {
            row["segment"]
            for row in rows
            if row["review"] is not None or row["decision"] is not None or (row["head"], row["tail"]) in words
        }
        ids = sorted(found)
        for start in range(0, len(ids), _SEGMENTS):
            yield ids[start : start + _SEGMENTS]


def _wrong(run: Run, segments: Sequence[str]) -> list[str]:
    there: dict[str, dict[str, tuple[str, str]]] = {}
    for row in run(statements.REVIEWED, ids=list(segments)):
        there.setdefault(row["segment"], {})[row["id"]] = (row["review"] or "", row["decision"] or "")
    try:
        _, _, addition = rewritten(run, segments)
    except StoreError:
        return [] if len(segments) == 1 else [each for one in segments for each in _wrong(run, [one])]
    addition = follow(run, addition)
    wanted: dict[str, dict[str, tuple[str, str]]] = {}
    for statement, segment in addition.statements:
        id_ = statement.extraction.id
        said = (addition.reviews.get(id_, ""), addition.decided.get(id_, ""))
        if any(said):
            wanted.setdefault(segment, {})[id_] = said
    return [each for each in segments if there.get(each, {}) != wanted.get(each, {})]

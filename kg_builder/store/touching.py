"""Names that a transaction touches or moves, as it is told to and as it tells others."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kg_builder.resolve.records import Link
from kg_builder.store import cypher
from kg_builder.store import resolving_cypher as statements
from kg_builder.store.connection import Run

__all__ = ["Move", "mark", "note_touched", "put_links"]

_IN_LIST = 500


@dataclass(slots=True)
class Move:
    """Where names belong from now on, all by id.

    ``entity_of`` has the entity of each (any string that is none for a new one), ``assigned`` those that the rules are
    to leave there, ``released`` those that they may move again, ``shown`` the names that people chose for entities,
    with the time (None: none any longer), ``typed`` the types.
    """

    entity_of: dict[str, str] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    shown: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    typed: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    unlinked: list[tuple[str, str]] = field(default_factory=list)
    linked: list[Link] = field(default_factory=list)

    def __bool__(self) -> bool:
        changes = (self.entity_of, self.assigned, self.released, self.shown, self.typed, self.unlinked, self.linked)
        return any(changes)

    @property
    def names(self) -> set[str]:
        """All that change place, or are shown in another way."""
        return {*self.entity_of, *self.shown, *self.typed}


def note_touched(run: Run, names: Iterable[str]) -> None:
    """Leave lists of names that are to be resolved again, in the transaction that touched them."""
    ids = sorted(names)
    rows = [
        {"id": f"touched:{uuid.uuid4().hex}", "names": ids[start : start + _IN_LIST]}
        for start in range(0, len(ids), _IN_LIST)
    ]
    if rows:
        run(statements.NOTE_TOUCHED, rows=rows)


def mark(run: Run, move: Move) -> None:
    """Note on names what a move says of them, and put the links between them."""
    if move.assigned:
        run(cypher.ASSIGN_NAMES, ids=sorted(move.assigned))
    if move.released:
        run(statements.RELEASE_NAMES, ids=sorted(move.released))
    for statement, key, chosen in (
        (statements.SHOW_NAMES, "shown", move.shown),
        (statements.TYPE_NAMES, "typed", move.typed),
    ):
        rows = []
        for name, each in sorted(chosen.items()):
            value, at = each or (None, None)
            rows.append({"id": name, key: value, f"{key}_at": at})
        if rows:
            run(statement, rows=rows)
    put_links(run, move.unlinked, move.linked)


def put_links(run: Run, unlinked: Sequence[tuple[str, str]], linked: Sequence[Link]) -> None:
    """Take links between names away, and make others."""
    if unlinked:
        run(statements.UNLINK, rows=[{"a": a, "b": b} for a, b in unlinked])
    if linked:
        rows = [
            {
                "a": link.a,
                "b": link.b,
                "probability": round(link.probability, 6),
                "rule": link.rule,
                "scores": scores_text(link.scores),
            }
            for link in linked
        ]
        run(statements.LINK, rows=rows)


def scores_text(scores: Mapping[str, float]) -> str:
    """Scores as JSON, rounded so that equal ones are equal text."""
    return json.dumps({name: round(value, 6) for name, value in sorted(scores.items())}, ensure_ascii=False)

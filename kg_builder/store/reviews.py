"""People's decisions on statements, as a store keeps them. `GraphStore.reviews` has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kg_builder.reviewing_records import Review, StatementDecision
from kg_builder.store import keeping_cypher
from kg_builder.store import reviewing_cypher as statements
from kg_builder.store.access import Access
from kg_builder.store.contributions import WholeDocument
from kg_builder.store.reviewing import known_decisions
from kg_builder.types import Statement, digest

__all__ = ["Reviewed", "Reviews"]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What people said of a document's statements: ``reviews`` by the ids of extractions; ``corrected`` are the
    statements that they put in the place of others."""

    reviews: Mapping[str, Review] = field(default_factory=dict)
    corrected: tuple[Statement, ...] = ()


class Reviews:
    """Decisions on statements, and what they are about."""

    def __init__(self, access: Access) -> None:
        self._connection = access.connection
        self._writer = access.writer
        self._exclusive = access.exclusive

    def decisions(self) -> list[StatementDecision]:
        """What people decided, the earliest first."""
        found = known_decisions(row["d"] for row in self._connection.read(statements.ALL))
        return sorted(found, key=lambda each: (each.at, each.id))

    def of_ids(self, ids: Iterable[str]) -> dict[str, StatementDecision]:
        """Those of some ids; ids that there are none of are left out."""
        rows = self._connection.read(statements.OF_IDS, ids=sorted(set(ids)))
        return {each.id: each for each in known_decisions(row["d"] for row in rows)}

    def decide(
        self, decisions: Iterable[StatementDecision], *, forget: Sequence[str] = (), segments: Sequence[str] = ()
    ) -> None:
        """Keep decisions in the place of earlier ones on the same statements, take those of some ids back, and have the
        graph follow. Of several on one statement the latest holds. `segments` are looked at even if none is found to be
        concerned.
        """
        latest = {each.id: each for each in sorted(decisions, key=lambda each: each.at)}
        if latest or forget:
            with self._exclusive():
                self._writer.decide(list(latest.values()), [id_ for id_ in forget if id_ not in latest], segments)

    def statements(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The statements of some ids as rows: ``x`` has the properties of the extraction, ``s`` those of its segment,
        ``uri`` and ``title`` are the document's, ``head_key`` and ``tail_key`` those of the names."""
        rows = self._connection.read(statements.STATEMENTS, ids=list(dict.fromkeys(ids)))
        return [{**row, "x": dict(row["x"]), "s": dict(row["s"])} for row in rows]

    def types_beside(self, segment_id: str) -> dict[str, str]:
        """The types of what is mentioned in a segment, by its words."""
        found: dict[str, str] = {}
        for row in self._connection.read(statements.BESIDE, ids=[segment_id]):
            for side in ("tail", "head"):
                if row[f"{side}_type"] != "Other" or row[side] not in found:
                    found[row[side]] = row[f"{side}_type"]
        return found

    def of_document(self, uri: str) -> Reviewed:
        """What people said of the statements of a document.

        Raises:
            StoreError: the graph is damaged.
        """
        rows = self._connection.read(statements.OF_DOCUMENT, id=digest("document", uri))
        if not rows:
            return Reviewed()
        whole = WholeDocument(dict(rows[0]["d"]))
        segments = {row["s"]["id"]: dict(row["s"]) for row in rows}
        whole.segments = sorted(segments.values(), key=lambda s: (s["index"], s["start"], s["id"]))
        for row in rows:
            whole.extractions.setdefault(row["s"]["id"], []).append(dict(row["x"]))
        names = sorted({row["x"][side] for row in rows for side in ("head_name", "tail_name")})
        for row in self._connection.read(keeping_cypher.NAMES_BY_ID, ids=names):
            whole.names[row["id"]] = (row["key"], row["type"])
        decided = {row["x"]["id"] for row in rows if row["x"].get("decision")}
        made = whole.contribution().statements
        return Reviewed(
            {row["x"]["id"]: row["x"]["review"] for row in rows if row["x"].get("review")},
            tuple(each for each in made if each.extraction.id in decided),
        )

    def count_decided(self) -> int:
        """How many statements of the graph follow from decisions, and were not extracted."""
        return int(self._connection.read(keeping_cypher.COUNT_DECIDED)[0]["n"])

"""Everything that changes the graph: one document's contribution at a time, and names moved between entities.

Each transaction leaves a graph in which every count is right for the evidence it holds, so a crash between two of them
costs nothing but the rest of the document, which is marked as being written and is repaired by writing it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kg_builder.errors import StoreError
from kg_builder.store import cypher
from kg_builder.store.clustering import Cluster, Registry
from kg_builder.store.connection import Connection, Run
from kg_builder.store.facts import Edges, fact_of
from kg_builder.store.rows import Row, batches, document_row, extraction_row, portions, segment_row
from kg_builder.store.tokens import Tokens
from kg_builder.types import Contribution, Name, Segment, Statement

__all__ = ["Writer"]

LARGEST_TRANSACTION = 4000
"""Extractions that one transaction may add and take away; larger documents take several."""


@dataclass(slots=True)
class Addition:
    """Segments with the statements found in them."""

    segments: Sequence[Segment] = ()
    statements: Sequence[Statement] = ()
    mentions: dict[tuple[str, str, int, int], str] = field(default_factory=dict)
    names: dict[str, Name] = field(default_factory=dict)

    @classmethod
    def of(cls, segments: Sequence[Segment], found: Mapping[str, list[Statement]]) -> Addition:
        """The segments with their statements; a mention that several statements share counts once."""
        made = cls(segments, [statement for segment in segments for statement in found.get(segment.id, ())])
        for segment in segments:
            for statement in found.get(segment.id, ()):
                x = statement.extraction
                for name, mention in ((statement.head, x.head), (statement.tail, x.tail)):
                    made.names[name.id] = name
                    made.mentions[name.id, segment.id, mention.start, mention.end] = mention.surface
        return made


class Writer:
    """Changes to the graph of one connection. The caller sees to it that only one is at work at a time."""

    def __init__(self, connection: Connection, tokens: Tokens) -> None:
        self._connection = connection
        self._tokens = tokens

    def write(self, contribution: Contribution, properties: Row) -> None:
        """Make `contribution` all that its document gives to the graph. `properties` are those of a complete document."""
        found = _by_segment(contribution)
        document = contribution.document
        segments = contribution.segments
        loads = self._loads(document.id)
        new = [len(found.get(segment.id, ())) for segment in segments]
        complete = document_row(document, **properties, state="complete")
        if sum(loads.values()) + sum(new) <= LARGEST_TRANSACTION:
            addition = Addition.of(segments, found)
            self._transaction(lambda run: _change(run, self._tokens, complete, list(loads), addition))
            return
        writing = document_row(document, state="writing")
        self._transaction(lambda run: _put_document(run, writing))
        self._withdraw(loads)
        for portion in portions(segments, new, LARGEST_TRANSACTION):
            self._add(Addition.of(portion, found))
        self._transaction(lambda run: _put_document(run, complete))

    def note(self, properties: Row) -> None:
        """Set properties of a document's node, making it if need be; its contribution stays."""
        self._transaction(lambda run: _put_document(run, properties))

    def remove(self, document_id: str) -> None:
        """Withdraw all that a document gave, and its node."""
        loads = self._loads(document_id)
        if sum(loads.values()) > LARGEST_TRANSACTION:
            self._transaction(lambda run: _put_document(run, {"id": document_id, "state": "writing"}))
            self._withdraw(loads)
            loads = {}

        def last(run: Run) -> None:
            _change(run, self._tokens, None, list(loads), Addition())
            run(cypher.DELETE_DOCUMENT, id=document_id)

        self._transaction(last)

    def assign(self, assignment: Mapping[str, str]) -> None:
        """Put names with other entities, and the edges with them."""

        def move(run: Run) -> None:
            run(cypher.TAKE_TURN)
            rows = run(cypher.KEYS_OF_NAMES, ids=sorted(assignment))
            missing = set(assignment) - {row["id"] for row in rows}
            if missing:
                raise StoreError(
                    f"expected ids of names in the graph, found {sorted(missing)[:3]!r}, which are not in it."
                )
            registry = Registry(
                [
                    *run(cypher.NAMES_OF_KEYS, keys=sorted({row["key"] for row in rows})),
                    *run(cypher.NAMES_OF_ENTITIES, ids=sorted(set(assignment.values()))),
                ]
            )
            registry.assign(assignment)
            edges = Edges(run, self._tokens)
            _settle(run, self._tokens, registry, edges)
            run(cypher.ASSIGN_NAMES, ids=sorted(assignment))
            edges.project()

        self._transaction(move)

    def _loads(self, document_id: str) -> dict[str, int]:
        rows = self._connection.read(cypher.SEGMENT_LOADS, id=document_id)
        return {row["id"]: row["extractions"] for row in rows}

    def _withdraw(self, loads: Mapping[str, int]) -> None:
        for portion in portions(list(loads), list(loads.values()), LARGEST_TRANSACTION):
            self._drop(portion)

    def _drop(self, portion: Sequence[str]) -> None:
        self._transaction(lambda run: _change(run, self._tokens, None, portion, Addition()))

    def _add(self, addition: Addition) -> None:
        self._transaction(lambda run: _change(run, self._tokens, None, (), addition))

    def _transaction(self, work: Callable[[Run], None]) -> None:
        self._connection.writing(work)


def _by_segment(contribution: Contribution) -> dict[str, list[Statement]]:
    """Statements by segment, each extraction once (of equal ones the surest)."""
    known = {segment.id for segment in contribution.segments}
    best: dict[str, Statement] = {}
    for statement in contribution.statements:
        x = statement.extraction
        if x.segment is None or x.segment.id not in known:
            raise StoreError(
                f"expected extractions placed in a segment of {contribution.document.uri!r}, found one of {x.segment!r}."
            )
        other = best.get(x.id)
        if other is None or other.extraction.confidence < x.confidence:
            best[x.id] = statement
    found: dict[str, list[Statement]] = {}
    for statement in best.values():
        found.setdefault(statement.extraction.segment.id, []).append(statement)  # type: ignore[union-attr]
    return found


def _put_document(run: Run, properties: Row) -> None:
    run(cypher.TAKE_TURN)
    run(cypher.MERGE_DOCUMENT, id=properties["id"], properties=properties)


def _change(run: Run, tokens: Tokens, document: Row | None, drop: Sequence[str], addition: Addition) -> None:
    """One transaction: the segments of `drop` go with all they gave, those of `addition` come with all they give."""
    if document is None:
        run(cypher.TAKE_TURN)
    else:
        _put_document(run, document)
    edges = Edges(run, tokens)
    deltas: dict[str, Counter[str]] = {}
    if drop:
        _take_away(run, drop, deltas, edges)
    for (name_id, _, _, _), surface in addition.mentions.items():
        deltas.setdefault(name_id, Counter())[surface] += 1
    registry = _registry(run, addition.names, deltas)
    registry.count(addition.names, deltas)
    registry.resolve()
    entity_of = _settle(run, tokens, registry, edges)
    _put_evidence(run, addition, entity_of, edges)
    edges.project()


def _take_away(run: Run, drop: Sequence[str], deltas: dict[str, Counter[str]], edges: Edges) -> None:
    for row in run(cypher.MENTIONS_IN_SEGMENTS, ids=drop):
        deltas.setdefault(row["name"], Counter())[row["surface"]] -= 1
    rows = run(cypher.EXTRACTIONS_IN_SEGMENTS, ids=drop)
    for row in rows:
        if row["edge"] is not None:
            edges.lessened(fact_of(row))
    for batch in batches({"id": row["id"]} for row in rows):
        run(cypher.DELETE_EXTRACTIONS, ids=[row["id"] for row in batch])
    run(cypher.DELETE_SEGMENTS, ids=drop)


def _registry(run: Run, names: Mapping[str, Name], touched: Iterable[str]) -> Registry:
    keys = {name.key for name in names.values()}
    unnamed = [name_id for name_id in touched if name_id not in names]
    if unnamed:
        keys.update(row["key"] for row in run(cypher.KEYS_OF_NAMES, ids=unnamed))
    return Registry(run(cypher.NAMES_OF_KEYS, keys=sorted(keys)) if keys else ())


def _settle(run: Run, tokens: Tokens, registry: Registry, edges: Edges) -> dict[str, str]:
    """Bring names and entities of the graph to what `registry` plans; gives the entity of each name."""
    planned = registry.planned()
    entity_of = {known.id: cluster.id for cluster in planned for known in cluster.names}
    edges.weigh(planned)
    disturbed = {known.entity for c in planned for known in c.moved if known.entity}
    disturbed |= {c.node for c in planned if c.node is not None and c.node != c.id}
    if disturbed:
        edges.follow(sorted(disturbed), entity_of)
    nodes = _make_entities(run, tokens, planned, registry.entities)
    _put_names(run, registry, planned, nodes)
    kept = {c.node for c in planned}
    gone = [entity for entity in registry.entities if entity not in kept]
    if registry.dead:
        run(cypher.DELETE_NAMES, ids=registry.dead)
    if gone:
        run(cypher.DELETE_ENTITIES, ids=gone)
    renamed = [(nodes[c.id], c.id) for c in planned if nodes[c.id] != c.id]
    if renamed:  # by way of ids that nothing has, since two entities may exchange theirs
        run(cypher.RENUMBER_ENTITIES, rows=[{"old": old, "new": f"~{new}"} for old, new in renamed if old != f"~{new}"])
        run(cypher.RENUMBER_ENTITIES, rows=[{"old": f"~{new}", "new": new} for _, new in renamed])
    return entity_of


def _make_entities(run: Run, tokens: Tokens, planned: Sequence[Cluster], taken: set[str]) -> dict[str, str]:
    """Make and update the nodes of entities; gives the id that each entity's node has for now."""
    nodes: dict[str, str] = {}
    by_label: dict[str, list[Row]] = {}
    updated: list[Row] = []
    for cluster in planned:
        row = cluster.row()
        if cluster.node is not None:
            nodes[cluster.id] = cluster.node
            updated.append({**row, "id": cluster.node})
        else:
            nodes[cluster.id] = f"~{cluster.id}" if cluster.id in taken else cluster.id
            by_label.setdefault(tokens.label(cluster.type), []).append({**row, "id": nodes[cluster.id]})
    for label, rows in sorted(by_label.items()):
        for batch in batches(rows):
            run(cypher.create_entities(label), rows=batch)
    for batch in batches(updated):
        run(cypher.UPDATE_ENTITIES, rows=batch)
    return nodes


def _put_names(run: Run, registry: Registry, planned: Sequence[Cluster], nodes: Mapping[str, str]) -> None:
    created: list[Row] = []
    updated: list[Row] = []
    moved: list[Row] = []
    for cluster in planned:
        node = nodes[cluster.id]
        moved += [{"name": known.id, "from": known.entity, "to": node} for known in cluster.moved]
        for known in cluster.names:
            if known.entity is None:
                created.append({**known.row(), "entity": node})
            elif known.changed:
                updated.append(known.row())
    for batch in batches(created):
        run(cypher.CREATE_NAMES, rows=batch)
    for batch in batches(updated):
        run(cypher.UPDATE_NAMES, rows=batch)
    if moved:
        for statement in (cypher.MOVE_NAMES, cypher.MOVE_HEADS, cypher.MOVE_TAILS, cypher.MOVE_MENTIONS):
            run(statement, rows=moved)


def _put_evidence(run: Run, addition: Addition, entity_of: Mapping[str, str], edges: Edges) -> None:
    for batch in batches(map(segment_row, addition.segments)):
        run(cypher.CREATE_SEGMENTS, rows=batch)
    mentions = [
        {
            "entity": entity_of[name_id],
            "segment": segment,
            "start": start,
            "end": end,
            "surface": surface,
            "name": name_id,
        }
        for (name_id, segment, start, end), surface in addition.mentions.items()
    ]
    for batch in batches(mentions):
        run(cypher.CREATE_MENTIONS, rows=batch)
    rows = [extraction_row(s, entity_of) for s in addition.statements]
    for row in rows:
        if row["edge"] is not None:
            ends = {"head": row["head_entity"], "tail": row["tail_entity"]}
            edges.more(fact_of({**row, **ends}), row["confidence"])
    edges.look_up()
    for batch in batches(rows):
        run(cypher.CREATE_EXTRACTIONS, rows=batch)

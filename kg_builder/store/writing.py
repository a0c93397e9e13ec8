"""Everything that changes the graph: one document's contribution at a time, and names moved between entities.

Each transaction leaves a graph in which every count is right for the evidence it holds, so a crash between two of them
costs nothing but the rest of the document, which is marked as being written and is repaired by writing it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from kg_builder.errors import StoreError
from kg_builder.reviewing_records import StatementDecision, row_of_decision
from kg_builder.store import cypher, resolving_cypher, reviewing_cypher
from kg_builder.store.clustering import Cluster, Registry
from kg_builder.store.connection import Connection, Run
from kg_builder.store.drafts import Addition, Draft, groups
from kg_builder.store.facts import Edges, fact_of
from kg_builder.store.parting import Part, part
from kg_builder.store.reviewing import concerned, follow, known_decisions, rewritten
from kg_builder.store.rows import Row, batches, document_row, extraction_row, portions, segment_row
from kg_builder.store.supporting import supports, weighed
from kg_builder.store.tokens import Tokens
from kg_builder.store.touching import Move, mark, note_touched
from kg_builder.types import Name

__all__ = ["Writer", "write_again"]

LARGEST_TRANSACTION = 4000
_DECISIONS = 2000  # kept at a time: with the sentences that they are about they are one message to the server
"""Extractions that one transaction may add and take away; larger documents take several."""


class Writer:
    """Changes to the graph of one connection. The caller sees to it that only one is at work at a time."""

    def __init__(self, connection: Connection, tokens: Tokens) -> None:
        self._connection = connection
        self._tokens = tokens

    def write(self, drafts: Sequence[Draft]) -> None:
        """Make each contribution all that its document gives to the graph, in as few transactions as may be.

        A document's contribution comes whole, in one transaction, unless it is larger than one may be.
        """
        for group in groups(drafts, LARGEST_TRANSACTION):
            if not self._connection.writing(partial(self._at_once, group)):
                for draft in group:
                    self._in_portions(draft)

    def _at_once(self, group: Sequence[Draft], run: Run) -> bool:
        """Write documents in one transaction; False, with nothing but marks set, where they are too large for that."""
        refs = _put_documents(run, [draft.properties for draft in group])  # first of all: it is our turn from here on
        loads = _loads(run, [draft.document.id for draft in group])
        if sum(loads.values()) + sum(draft.size for draft in group) > LARGEST_TRANSACTION:
            _put_documents(run, [document_row(draft.document, state="writing") for draft in group])
            return False
        segments = [segment for draft in group for segment in draft.contribution.segments]
        found = {segment: statements for draft in group for segment, statements in draft.found.items()}
        _change(run, self._tokens, refs, list(loads), Addition.of(segments, found))
        return True

    def _in_portions(self, draft: Draft) -> None:
        """Write a document that is marked as being written in several transactions, and take the mark away at last."""
        writing = [document_row(draft.document, state="writing")]
        self._withdraw(self._connection.reading(lambda run: _loads(run, [draft.document.id])))
        segments = draft.contribution.segments
        sizes = [len(draft.found.get(segment.id, ())) for segment in segments]
        for portion in portions(segments, sizes, LARGEST_TRANSACTION):
            self._change(writing, (), Addition.of(portion, draft.found))
        self._connection.writing(lambda run: _put_documents(run, [draft.properties]))

    def note(self, properties: Row) -> None:
        """Set properties of a document's node, making it if need be; its contribution stays."""
        self._connection.writing(lambda run: _put_documents(run, [properties]))

    def remove(self, document_id: str) -> None:
        """Withdraw all that a document gave, and its node."""
        writing = [{"id": document_id, "state": "writing"}]
        loads = self._connection.reading(lambda run: _loads(run, [document_id]))
        if sum(loads.values()) > LARGEST_TRANSACTION:
            self._connection.writing(lambda run: _put_documents(run, writing))
            self._withdraw(loads)
            loads = {}

        def last(run: Run) -> None:
            _change(run, self._tokens, _put_documents(run, writing), list(loads), Addition())
            run(cypher.DELETE_DOCUMENT, id=document_id)

        self._connection.writing(last)

    def assign(self, assignment: Mapping[str, str], *, marked: Iterable[str] | None = None) -> None:
        """Put names with other entities, and the edges with them.

        The rules leave the names of `marked` where they are from now on; None: all that were moved.
        """

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
                    *_with_their_entities(run, {row["key"] for row in rows}),
                    *run(cypher.NAMES_OF_ENTITIES, ids=sorted(set(assignment.values()))),
                ]
            )
            registry.assign(assignment)
            edges = Edges(run, self._tokens)
            _settle(run, self._tokens, registry, edges)
            run(cypher.ASSIGN_NAMES, ids=sorted(assignment if marked is None else marked))
            run(resolving_cypher.UNLINK_NAMES, ids=sorted(assignment))  # they were put together for another reason
            edges.project()

        self._connection.writing(move)

    def place(self, move: Move) -> None:
        """Put names where they belong, with the links that say why; what is gone meanwhile is left out."""

        def work(run: Run) -> None:
            run(cypher.TAKE_TURN)
            rows = run(cypher.KEYS_OF_NAMES, ids=sorted(move.names))
            there = {row["id"] for row in rows}
            targets = {name: entity for name, entity in move.entity_of.items() if name in there}
            registry = Registry(
                [
                    *_with_their_entities(run, {row["key"] for row in rows}),
                    *run(cypher.NAMES_OF_ENTITIES, ids=sorted(set(targets.values()))),
                ]
            )
            registry.assign(targets)
            registry.show({name: shown for name, shown in move.shown.items() if name in there})
            registry.retype({name: typed for name, typed in move.typed.items() if name in there})
            edges = Edges(run, self._tokens)
            _settle(run, self._tokens, registry, edges)
            mark(run, move)
            edges.project()

        self._connection.writing(work)

    def part(self, parts: Sequence[Part]) -> None:
        """Have documents mean other names by one, of the same entity until names are placed anew."""

        def work(run: Run) -> None:
            run(cypher.TAKE_TURN)
            entities = part(run, parts)
            note_touched(run, {each.old for each in parts} | {each.new.id for each in parts})
            registry = Registry(run(cypher.NAMES_OF_ENTITIES, ids=sorted(entities)))
            edges = Edges(run, self._tokens)
            _settle(run, self._tokens, registry, edges)
            edges.project()

        self._connection.writing(work)

    def decide(self, decisions: Sequence[StatementDecision], forget: Sequence[str], segments: Sequence[str]) -> None:
        """Keep decisions on statements, take those of some ids back, and write what they are about again.

        All is one transaction, unless more is concerned than one may take: then the decisions come with the first.
        Thousands of decisions, as of a backup, come in several. `segments` are written again too.
        """
        for at in range(0, max(len(decisions), len(forget), 1), _DECISIONS):
            some = decisions[at : at + _DECISIONS], forget[at : at + _DECISIONS], () if at else segments
            left = self._connection.writing(partial(self._decide, *some))
            for portion in left:
                self._connection.writing(partial(_take_turn_and_write_again, self._tokens, portion))

    def _decide(
        self, decisions: Sequence[StatementDecision], forget: Sequence[str], segments: Sequence[str], run: Run
    ) -> list[list[str]]:
        """Keep decisions, and write the first portion of what they are about again; gives the others."""
        run(cypher.TAKE_TURN)
        gone = known_decisions(row["d"] for row in run(reviewing_cypher.OF_IDS, ids=list(forget)))
        rows = [row_of_decision(each) for each in decisions]
        run(resolving_cypher.DELETE_DECISIONS, ids=[*forget, *(row["id"] for row in rows)])
        run(reviewing_cypher.PUT, rows=[{"id": row["id"], "set": row} for row in rows])
        found = sorted({*concerned(run, [*decisions, *gone]), *segments})
        loads = {row["id"]: row["extractions"] for row in run(reviewing_cypher.LOADS, ids=found)}
        first, *others = [*portions(list(loads), list(loads.values()), LARGEST_TRANSACTION // 2)] or [[]]
        write_again(run, self._tokens, first)
        return others

    def _withdraw(self, loads: Mapping[str, int]) -> None:
        for portion in portions(list(loads), list(loads.values()), LARGEST_TRANSACTION):
            self._change((), portion, Addition())

    def _change(self, documents: Sequence[Row], drop: Sequence[str], addition: Addition) -> None:
        def change(run: Run) -> None:
            refs = _put_documents(run, documents)
            _change(run, self._tokens, refs, drop, addition)

        self._connection.writing(change)


def _loads(run: Run, document_ids: Sequence[str]) -> dict[str, int]:
    """How many extractions each segment of documents has."""
    return {row["id"]: row["extractions"] for row in run(cypher.SEGMENT_LOADS, ids=document_ids)}


def _put_documents(run: Run, rows: Sequence[Row]) -> dict[str, str]:
    """Set properties of documents, made if need be; gives their references by id. It is our turn to write then."""
    if not rows:
        run(cypher.TAKE_TURN)
        return {}
    return {row["id"]: row["ref"] for row in run(cypher.PUT_DOCUMENTS, rows=rows)}


def write_again(run: Run, tokens: Tokens, segments: Sequence[str]) -> None:
    """Write segments as they are, with all that follows from decisions now. It is our turn."""
    refs, there, addition = rewritten(run, segments)
    if there:
        _change(run, tokens, refs, there, addition)


def _take_turn_and_write_again(tokens: Tokens, segments: Sequence[str], run: Run) -> None:
    run(cypher.TAKE_TURN)
    write_again(run, tokens, segments)


def _change(
    run: Run, tokens: Tokens, document_refs: Mapping[str, str], drop: Sequence[str], addition: Addition
) -> None:
    """The segments of `drop` go with all they gave, those of `addition` come with all they give. It is our turn."""
    addition = follow(run, addition)
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
    _put_evidence(run, document_refs, addition, entity_of, edges)
    edges.project()
    note_touched(run, deltas)


def _take_away(run: Run, drop: Sequence[str], deltas: dict[str, Counter[str]], edges: Edges) -> None:
    for row in run(cypher.MENTIONS_IN_SEGMENTS, ids=drop):
        deltas.setdefault(row["name"], Counter())[row["surface"]] -= 1
    rows = run(cypher.EXTRACTIONS_IN_SEGMENTS, ids=drop)
    for row in rows:
        if row["edge"] is not None:
            edges.lessened(row)
    for batch in batches({"ref": row["ref"]} for row in rows):
        run(cypher.DELETE_NODES, refs=[row["ref"] for row in batch])
    run(cypher.DELETE_SEGMENTS, ids=drop)


def _registry(run: Run, names: Mapping[str, Name], touched: Iterable[str]) -> Registry:
    keys = {name.key for name in names.values()}
    unnamed = [name_id for name_id in touched if name_id not in names]
    if unnamed:
        keys.update(row["key"] for row in run(cypher.KEYS_OF_NAMES, ids=unnamed))
    return Registry(_with_their_entities(run, keys))


def _with_their_entities(run: Run, keys: Iterable[str]) -> list[Row]:
    """The names with one of `keys`, and all others of their entities."""
    asked = sorted(set(keys))
    rows = run(cypher.NAMES_OF_KEYS, keys=asked) if asked else []
    found = Counter(row["entity"] for row in rows)
    several = {row["entity"] for row in rows if row["names"] != found[row["entity"]]}
    if several:
        rows = [row for row in rows if row["entity"] not in several]
        rows += run(cypher.NAMES_OF_ENTITIES, ids=sorted(several))
    return rows


def _settle(run: Run, tokens: Tokens, registry: Registry, edges: Edges) -> dict[str, str]:
    """Bring names and entities of the graph to what `registry` plans; gives the entity's id for each name."""
    planned = registry.planned()
    entity_of = {known.id: cluster.id for cluster in planned for known in cluster.names}
    for cluster in planned:
        if cluster.node is not None:
            edges.weigh(registry.refs[cluster.node], cluster.mentions)
    disturbed = {known.entity for c in planned for known in c.moved if known.entity}
    disturbed |= {c.node for c in planned if c.node is not None and c.node != c.id}
    if disturbed:
        edges.follow(sorted(disturbed), entity_of)
    refs = _put_entities(run, tokens, planned, registry)
    _put_names(run, registry, planned, refs)
    kept = {c.node for c in planned}
    gone = registry.dead + [ref for entity, ref in registry.refs.items() if entity not in kept]
    if gone:
        run(cypher.DELETE_NODES, refs=gone)
    renamed = [c.id for c in planned if c.node != c.id and (c.node is not None or c.id in registry.refs)]
    if renamed:  # by way of ids that nothing has, since two entities may exchange theirs
        run(cypher.UPDATE_NODES, rows=[{"ref": refs[id_], "set": {"id": f"~{id_}"}} for id_ in renamed])
        run(cypher.UPDATE_NODES, rows=[{"ref": refs[id_], "set": {"id": id_}} for id_ in renamed])
    edges.locate(refs)
    return entity_of


def _put_entities(run: Run, tokens: Tokens, planned: Sequence[Cluster], registry: Registry) -> dict[str, str]:
    """Make and update the nodes of entities; gives their references by the ids that they are to have."""
    refs: dict[str, str] = {}
    by_label: dict[str, list[Row]] = {}
    updated: list[Row] = []
    for cluster in planned:
        news = registry.news_of(cluster)
        if cluster.node is None:
            id_ = f"~{cluster.id}" if cluster.id in registry.refs else cluster.id
            by_label.setdefault(tokens.label(cluster.type), []).append({"id": id_, "set": news})
            continue
        refs[cluster.id] = registry.refs[cluster.node]
        if news:
            updated.append({"ref": refs[cluster.id], "set": news})
    if by_label:
        labels = sorted(by_label)
        rows = [by_label[label] for label in labels]
        if tokens.dialect.dynamic_types:
            rows = [[{**row, "label": label} for label in labels for row in by_label[label]]]
        made = run(cypher.create_entities(tokens.dialect, labels), **{f"rows{i}": each for i, each in enumerate(rows)})
        refs.update((row["id"].removeprefix("~"), row["ref"]) for row in made)
    for batch in batches(updated):
        run(cypher.UPDATE_NODES, rows=batch)
    return refs


def _put_names(run: Run, registry: Registry, planned: Sequence[Cluster], refs: Mapping[str, str]) -> None:
    created: list[Row] = []
    updated: list[Row] = []
    moved: list[Row] = []
    for cluster in planned:
        ref = refs[cluster.id]
        for known in cluster.moved:
            old = registry.refs[known.entity or ""]
            moved.append({"ref": known.ref, "name": known.id, "from": old, "to": ref})
        for known in cluster.names:
            news = registry.news_of_name(known)
            if known.entity is None:
                created.append({"id": known.id, "entity": ref, "set": news})
            elif news:
                updated.append({"ref": known.ref, "set": news})
    for batch in batches(created):
        run(cypher.CREATE_NAMES, rows=batch)
    for batch in batches(updated):
        run(cypher.UPDATE_NODES, rows=batch)
    if moved:
        for statement in (cypher.MOVE_NAMES, cypher.MOVE_HEADS, cypher.MOVE_TAILS, cypher.MOVE_MENTIONS):
            run(statement, rows=moved)


def _put_evidence(
    run: Run, document_refs: Mapping[str, str], addition: Addition, entity_of: Mapping[str, str], edges: Edges
) -> None:
    place: dict[str, str] = {}
    rows = [{"id": s.id, "document": document_refs[s.document.id], "set": segment_row(s)} for s in addition.segments]
    for batch in batches(rows):
        place.update((row["id"], row["ref"]) for row in run(cypher.CREATE_SEGMENTS, rows=batch))
    ref_of = {name_id: edges.ref(entity) for name_id, entity in entity_of.items()}
    mentions = [
        {
            "entity": ref_of[name],
            "segment": place[segment],
            "start": start,
            "end": end,
            "surface": surface,
            "name": name,
        }
        for (name, segment, start, end), surface in addition.mentions.items()
    ]
    for batch in batches(mentions):
        run(cypher.CREATE_MENTIONS, rows=batch)
    extractions = []
    for statement, segment_id in addition.statements:
        x = statement.extraction
        review = addition.reviews.get(x.id, "")
        fact = None
        if supports(x.polarity, x.modality, review):
            ends = {"head": entity_of[statement.head.id], "tail": entity_of[statement.tail.id]}
            said = {"relation": statement.relation, "inverted": statement.inverted, "symmetric": x.relation.symmetric}
            fact = fact_of(ends | said)
        decision = addition.decided.get(x.id, "")
        row = extraction_row(statement, fact.key if fact else None, review=review, decision=decision)
        if fact is not None:
            edges.more(fact, weighed(x.confidence, review), row.get("valid_from"), row.get("valid_to"))
        extractions.append(
            {
                "id": x.id,
                "segment": place[segment_id],
                "head": ref_of[statement.head.id],
                "tail": ref_of[statement.tail.id],
                "set": row,
            }
        )
    edges.look_up()
    for batch in batches(extractions):
        run(cypher.CREATE_EXTRACTIONS, rows=batch)

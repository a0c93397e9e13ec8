"""What entity resolution needs of a store: what has changed, what is known of names, and where they are to be.

Every write leaves a list of the names that it touched, in the same transaction; whoever resolves takes the lists away
when their names are where they belong. So nothing is forgotten, whatever is killed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from kg_builder.resolve.records import Context, Decision, Kind, Link, Profile
from kg_builder.store import cypher
from kg_builder.store import resolving_cypher as statements
from kg_builder.store.access import Access
from kg_builder.store.connection import Run
from kg_builder.store.parting import Part
from kg_builder.store.rows import Row
from kg_builder.store.touching import Move, note_touched
from kg_builder.types import Name, digest

__all__ = ["KnownAs", "NamePlace", "Resolution", "ResolutionState", "decision_id"]

_AT_ONCE = 500
_HUB = 2000
"""Mentions of a name above which nothing is learnt of its context: it is everywhere, and would take long to look at."""
_CONTEXT = 400  # neighbours and documents of a profile
_SURFACES = 20

STATED = frozenset(
    {
        *("also known as", "known as", "know as", "formerly known as", "better known as", "alias", "aka", "a.k.a."),
        *("abbreviate as", "abbreviated as", "abbreviate to", "short for", "stand for", "nickname", "nicknamed"),
        *("hereafter", "hereinafter"),
        *("简称", "又称", "又名", "亦称", "也称", "别称", "别名", "原名", "旧称", "旧名", "俗称", "全称", "本名"),
        *("艺名", "笔名", "英文名", "英文名称", "外文名", "缩写", "昵称", "即"),
    }
)
"""Canonical relations by which a text gives something another name."""


@dataclass(frozen=True, slots=True)
class ResolutionState:
    """How far a graph is resolved: ``graph`` tells it from any other, ``serial`` counts the runs that have finished.

    ``vectors`` and ``judged`` say with which vectors, and with which judge in which band; empty: with none.
    """

    graph: str = ""
    serial: int = 0
    token: str = ""
    threshold: float | None = None
    vectors: str = ""
    judged: str = ""


@dataclass(frozen=True, slots=True)
class NamePlace:
    """A name and the entity it is with, which is mentioned ``mentions`` times."""

    id: str
    name: Name
    surface: str
    entity: str
    mentions: int
    assigned: bool = False
    shown: tuple[str, str] | None = None  # the name that a person chose, and when
    typed: tuple[str, str] | None = None  # the type, in the same way


@dataclass(frozen=True, slots=True)
class KnownAs:
    """A name as people may refer to it: with its spellings and the entity it is with."""

    id: str
    name: Name
    surface: str
    mentions: int
    entity: str
    entity_name: str
    surfaces: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class _Said:
    """That a document says something by a name: the whole source it is a part of, the neighbour if it is a fact, and
    the key of the other name if it states one."""

    name: str
    document: str
    source: str
    neighbour: str
    states: str


def decision_id(decision: Decision) -> str:
    """Identity of a decision: the same about the same names is one, whoever takes it and when."""
    if decision.kind in ("split", "rename", "retype") or decision.b is None:
        return digest("decision", decision.kind, decision.a.id)[:12]
    return digest("decision", decision.kind, *sorted((decision.a.id, decision.b.id)))[:12]


class Resolution:
    """Names, their places and decisions on them. `GraphStore.resolution` has one."""

    def __init__(self, access: Access) -> None:
        self._connection = access.connection
        self._reader = access.reader
        self._writer = access.writer
        self._exclusive = access.exclusive

    # ------------------------------------------------------------ what there is to do
    def state(self) -> ResolutionState:
        """How far the graph is resolved; without a serial where it never was."""
        rows = self._connection.read(statements.STATE)
        if not rows:
            return ResolutionState()
        row = rows[0]
        return ResolutionState(
            row["graph"], row["serial"], row["token"], row["threshold"], row["vectors"] or "", row["judged"] or ""
        )

    def touched(self) -> tuple[list[str], set[str]]:
        """The names, by id, that were touched since they were last resolved, and the lists that name them."""
        lists: list[str] = []
        names: set[str] = set()
        for row in self._connection.read(statements.TOUCHED):
            lists.append(row["id"])
            names.update(row["names"])
        return lists, names

    def finish(self, state: ResolutionState, lists: Sequence[str]) -> None:
        """Note that the names of `lists` are where they belong."""

        def work(run: Run) -> None:
            run(cypher.TAKE_TURN)
            for some in _some(lists):
                run(statements.DELETE_TOUCHED, ids=some)
            run(
                statements.SET_STATE,
                graph=state.graph,
                serial=state.serial,
                token=state.token,
                threshold=state.threshold,
                vectors=state.vectors,
                judged=state.judged,
            )

        with self._exclusive():
            self._connection.writing(work)

    def forget(self) -> None:
        """Have everything looked at anew by the next run."""
        with self._exclusive():
            self._connection.writing(lambda run: (run(cypher.TAKE_TURN), run(statements.FORGET_STATE)))

    # ------------------------------------------------------------ what is known of names
    def count(self) -> int:
        """How many names there are."""
        return int(self._connection.read(cypher.COUNT_NAMES)[0]["n"])

    def name_ids(self) -> Iterator[str]:
        """The ids of all names; memory stays flat."""
        return (row["id"] for row in self._reader.sliced(statements.NAME_IDS, cypher.COUNT_NAMES))

    def profiles(self, ids: Iterable[str]) -> Iterator[Profile]:
        """What the graph knows of names: a function of their own mentions alone. Names that are gone are left out."""
        for some in _some(sorted(set(ids))):
            yield from self._profiles(some)

    def _profiles(self, ids: Sequence[str]) -> Iterator[Profile]:
        rows = self._connection.read(statements.PROFILED, ids=ids)
        neighbours: dict[str, set[str]] = {}
        documents: dict[str, set[str]] = {}
        stated: dict[str, set[str]] = {}
        for said in self._said(rows):
            documents.setdefault(said.name, set()).add(said.source)
            if said.neighbour:
                neighbours.setdefault(said.name, set()).add(said.neighbour)
            if said.states:
                stated.setdefault(said.name, set()).add(said.states)
        for row in rows:
            id_ = row["id"]
            counts = sorted(zip(row["counts"], row["surfaces"], strict=True), key=lambda each: (-each[0], each[1]))
            yield Profile(
                Name(row["key"], row["type"]),
                {surface: count for count, surface in counts[:_SURFACES]},
                _some_of(neighbours.get(id_, ())),
                _some_of(documents.get(id_, ())),
                _some_of(stated.get(id_, ())),
            )

    def _said(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[_Said]:
        """What is said by names, rows of ``PROFILED``; nothing of those that are everywhere."""
        by_entity: dict[str, list[str]] = {}
        for row in rows:
            if sum(row["counts"]) <= _HUB:
                by_entity.setdefault(row["entity"], []).append(row["id"])
        asked = [{"entity": entity, "names": names} for entity, names in by_entity.items()]
        facts = [
            (side, row)
            for side, statement in zip(("head", "tail"), statements.FACTS_OF_NAMES, strict=True)
            for row in self._connection.read(statement, rows=asked)
        ]
        others = sorted({row["other"] for _, row in facts if row["fact"]})
        key_of: dict[str, str] = {}
        for some in _some(others, 5000):
            found = self._connection.read(cypher.KEYS_OF_NAMES, ids=some)
            key_of.update((row["id"], Name(row["key"], "").plain) for row in found)
        for side, row in facts:
            source = _whole_document(row["document"], row["uri"] or "")
            key = key_of.get(row["other"]) if row["fact"] else None
            subject = (side == "head") != bool(row["inverted"])
            neighbour = f"{row['relation']}{'>' if subject else '<'}{key}" if key is not None else ""
            states = key if key is not None and row["relation"] in STATED else ""
            yield _Said(row["name"], row["document"], source, neighbour, states)

    def contexts(self, ids: Iterable[str]) -> dict[tuple[str, str], Context]:
        """What each document says by each of some names, by the ids of both. All senses of a name are to be given;
        where they are everywhere together, nothing is learnt of them but documents.
        """
        rows = [row for some in _some(sorted(set(ids))) for row in self._connection.read(statements.PROFILED, ids=some)]
        mentions: Counter[Name] = Counter()
        for row in rows:
            mentions[Name(row["key"], row["type"]).in_sense("")] += sum(row["counts"])
        hubs = {row["id"] for row in rows if mentions[Name(row["key"], row["type"]).in_sense("")] > _HUB}
        sources: dict[tuple[str, str], str] = {}
        neighbours: dict[tuple[str, str], set[str]] = {}
        for start in range(0, len(rows), _AT_ONCE):
            for said in self._said(rows[start : start + _AT_ONCE]):
                at = (said.name, said.document)
                sources[at] = said.source
                if said.neighbour and said.name not in hubs:
                    neighbours.setdefault(at, set()).add(said.neighbour)
        return {at: Context(source, frozenset(neighbours.get(at, ()))) for at, source in sources.items()}

    def said_in(self, documents: Iterable[str], names: Iterable[str]) -> list[tuple[str, str]]:
        """Which of some documents (ids) mention which of some names (ids): pairs of name and document."""
        rows = self._connection.read(statements.SAID_IN, documents=sorted(set(documents)), names=sorted(set(names)))
        return sorted((row["name"], row["document"]) for row in rows)

    def part(self, parts: Iterable[Part]) -> None:
        """Have documents mean other names by some; those are with the same entities until names are placed anew."""
        by_old: dict[str, list[Part]] = {}
        for each in parts:
            by_old.setdefault(each.old, []).append(each)
        with self._exclusive():
            for old, some in sorted(by_old.items()):
                ids = [old, *(each.new.id for each in some)]
                entity_of = {row["id"]: row["entity"] for row in self._connection.read(cypher.NAMES_OF_IDS, ids=ids)}
                if old not in entity_of:
                    continue
                home = entity_of.pop(old)
                if strangers := {name: home for name, entity in entity_of.items() if entity != home}:
                    self._writer.assign(strangers)
                self._writer.part(some)

    def named(self, keys: Iterable[str]) -> list[KnownAs]:
        """The names with one of `keys`, in all their senses."""
        asked = sorted(set(keys))
        found = self._known(statements.NAMES_WITH_KEYS, keys=asked)
        return _in_order({*found, *self._known(statements.NAMES_IN_SENSES, keys=asked)})

    def names_of(self, entities: Iterable[str]) -> list[KnownAs]:
        """The names of entities, by their ids."""
        return _in_order(self._known(statements.NAMES_IN_ENTITIES, ids=sorted(set(entities))))

    def _known(self, statement: str, **parameters: object) -> list[KnownAs]:
        return [
            KnownAs(
                row["id"],
                Name(row["key"], row["type"]),
                row["name"],
                sum(row["counts"]),
                row["entity"],
                row["entity_name"],
                dict(zip(row["surfaces"], row["counts"], strict=True)),
            )
            for row in self._connection.read(statement, **parameters)
        ]

    # ------------------------------------------------------------ where names are
    def placed(self, ids: Iterable[str]) -> list[NamePlace]:
        """Where names are, with all others that are with them."""
        found: dict[str, NamePlace] = {}
        for some in _some(sorted(set(ids))):
            for row in self._connection.read(statements.PLACED, ids=some):
                shown = (row["shown"], row["shown_at"] or "") if row["shown"] else None
                typed = (row["typed"], row["typed_at"] or "") if row["typed"] else None
                found[row["id"]] = NamePlace(
                    row["id"],
                    Name(row["key"], row["type"]),
                    row["name"],
                    row["entity"],
                    row["mentions"],
                    bool(row["assigned"]),
                    shown,
                    typed,
                )
        return [found[id_] for id_ in sorted(found)]

    def links(self, ids: Iterable[str]) -> list[Link]:
        """The stored links between names that begin at one of `ids`: why they were put together."""
        found = []
        for some in _some(sorted(set(ids))):
            for row in self._connection.read(statements.LINKED, ids=some):
                scores = json.loads(row["scores"] or "{}")
                found.append(Link(row["a"], row["b"], row["probability"], row["rule"], scores))
        return sorted(found, key=lambda link: (link.a, link.b))

    def place(self, move: Move) -> None:
        """Put names where they belong, with the links that say why; what is gone meanwhile is left out."""
        with self._exclusive():
            self._writer.place(move)

    # ------------------------------------------------------------ decisions
    def decisions(self) -> list[Decision]:
        """What people decided, the earliest first."""
        rows = [row["d"] for row in self._connection.read(statements.DECISIONS)]
        found = [decision_of(row) for row in rows if _says_something(row)]
        return sorted(found, key=lambda each: (each.at, decision_id(each)))

    def decide(self, decisions: Iterable[Decision], *, forget: Iterable[str] = ()) -> None:
        """Keep decisions, and take those of the given ids back; their names are to be looked at again."""
        decisions, forget = list(decisions), list(forget)
        gone = [each for each in self.decisions() if decision_id(each) in forget]
        touched = {name.id for each in (*decisions, *gone) for name in (each.a, each.b) if name is not None}

        def work(run: Run) -> None:
            run(cypher.TAKE_TURN)
            run(statements.DELETE_DECISIONS, ids=forget)
            run(statements.PUT_DECISIONS, rows=[_decision_row(each) for each in decisions])
            note_touched(run, touched)

        if decisions or forget:
            with self._exclusive():
                self._connection.writing(work)


def _in_order(names: Iterable[KnownAs]) -> list[KnownAs]:
    return sorted(names, key=lambda known: (-known.mentions, known.id))


def decision_of(row: Mapping[str, Any]) -> Decision:
    """A decision from the properties of its node."""
    b = Name(row["b_key"], row["b_type"] or "") if row.get("b_key") else None
    who, at = row.get("who") or "", row.get("at") or ""
    return Decision(
        row["kind"],
        Name(row["a_key"], row["a_type"]),
        b,
        who,
        at,
        row.get("source") or "",
        row.get("note") or "",
        row.get("document") or "",
    )


def _says_something(row: Mapping[str, Any]) -> bool:
    """Whether the node of a decision is whole: `GraphStore.check` tells of those that are not."""
    whole = row.get("kind") in get_args(Kind) and row.get("a_key") and row.get("a_type")
    return bool(whole and (row["kind"] == "split" or row.get("b_key")))


def _decision_row(decision: Decision) -> Row:
    b = decision.b
    return {
        "id": decision_id(decision),
        "kind": decision.kind,
        "a_key": decision.a.key,
        "a_type": decision.a.type,
        "b_key": b.key if b else None,
        "b_type": b.type if b else None,
        "who": decision.who,
        "at": decision.at,
        "source": decision.source,
        "note": decision.note,
        "document": decision.document or None,
    }


def _whole_document(id_: str, uri: str) -> str:
    """The id of a document; of a part of an imported source, that of its first part."""
    if not uri.startswith("import://") or "~" not in uri.rpartition("#")[2]:
        return id_
    return digest("document", uri.rpartition("~")[0])


def _some(items: Sequence[str], count: int = _AT_ONCE) -> Iterator[list[str]]:
    for start in range(0, len(items), count):
        yield list(items[start : start + count])


def _some_of(items: Iterable[str]) -> frozenset[str]:
    """All of a few, and of many always the same choice, which does not prefer the beginning of the alphabet."""
    few = set(items)
    if len(few) <= _CONTEXT:
        return frozenset(few)
    return frozenset(sorted(few, key=lambda each: digest("context", each))[:_CONTEXT])

"""What a transaction does to names and entities, worked out before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kg_builder.resolve import UNTYPED, clusters
from kg_builder.store.naming import clean_name, fold
from kg_builder.types import Name
from kg_builder.values import value_properties

__all__ = ["Cluster", "KnownName", "Registry"]


@dataclass(slots=True)
class KnownName:
    """A name with the surfaces it has in the graph. ``entity`` is where it is now; None for a new name."""

    name: Name
    id: str
    counts: Counter[str]
    entity: str | None = None
    ref: str = ""  # the server's own id of its node
    assigned: bool = False  # put where it is by `GraphStore.assign`: the rules leave it there
    changed: bool = False
    shown: tuple[str, str] | None = None  # the name that a person chose for its entity, and when
    typed: tuple[str, str] | None = None  # the type, in the same way

    @property
    def alive(self) -> bool:
        """Whether anything still mentions it."""
        return bool(self.counts)

    def row(self) -> dict[str, Any]:
        """The name's properties (but for its id), surfaces verbatim and sorted."""
        surfaces = sorted(self.counts)
        shown, _ = shown_surfaces([self])
        row: dict[str, Any] = {
            "key": self.name.key,
            "type": self.name.type,
            "name": shown[0],
            "folded": fold(shown[0]),
            "surfaces": surfaces,
            "counts": [self.counts[surface] for surface in surfaces],
        }
        if self.name.sense:
            row["plain"] = self.name.plain
        return row


@dataclass(slots=True)
class Cluster:
    """An entity as it will be. ``node`` is the id that its node has now; None where a node must be made."""

    names: list[KnownName]
    node: str | None
    id: str = ""
    type: str = ""
    moved: list[KnownName] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The entity's properties (but for its id): functions of its names' surfaces alone."""
        surfaces, mentions = shown_surfaces(self.names)
        if chosen := max(((k.shown[1], k.shown[0]) for k in self.names if k.shown), default=None):
            surfaces = [chosen[1], *(surface for surface in surfaces if surface != chosen[1])]
        folded = [fold(surface) for surface in surfaces]
        return {
            "type": self.type,
            "name": surfaces[0],
            "aliases": sorted(surfaces[1:]),
            "mentions": mentions,
            "names": len(self.names),
            "folded": folded[0],
            "search": "\n" + "\n".join(dict.fromkeys(folded)),
            **value_properties(self.type, surfaces),
        }

    @property
    def mentions(self) -> int:
        """How often the entity is mentioned: about how many neighbours its node has."""
        return sum(known.counts.total() for known in self.names)


def shown_surfaces(names: Iterable[KnownName]) -> tuple[list[str], int]:
    """Clean surfaces, the best first (most frequent, then longest, then first by code point), and how many mentions."""
    shown: dict[str, int] = {}
    for known in names:
        for surface, count in known.counts.items():
            clean = clean_name(surface) or surface
            shown[clean] = shown.get(clean, 0) + count
    if len(shown) == 1:  # as it is with most
        return list(shown), sum(shown.values())
    return sorted(shown, key=lambda surface: (-shown[surface], -len(surface), surface)), sum(shown.values())


def cluster_type(names: Collection[KnownName]) -> str:
    """The type of an entity: the one that a person chose last, or that of its typed names; of several, the most
    mentioned one."""
    if chosen := max(((k.typed[1], k.typed[0]) for k in names if k.typed), default=None):
        return chosen[1]
    votes: Counter[str] = Counter()
    for known in names:
        if known.name.type != UNTYPED:
            votes[known.name.type] += known.counts.total()
    return min(votes, key=lambda type_: (-votes[type_], type_)) if votes else UNTYPED


class Registry:
    """The names that a transaction concerns, with all others of their entities."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Start from the state of the graph: rows of `cypher.NAMES_OF_ENTITIES`."""
        self.names: dict[str, KnownName] = {}
        self.refs: dict[str, str] = {}
        for row in rows:
            name = Name(row["key"], row["type"])
            counts = Counter(dict(zip(row["surfaces"], row["counts"], strict=True)))
            assigned = bool(row["assigned"])
            known = KnownName(name, row["id"], counts, row["entity"], row["ref"], assigned)
            known.shown = (row["shown"], row["shown_at"] or "") if row.get("shown") else None
            known.typed = (row["typed"], row["typed_at"] or "") if row.get("typed") else None
            self.names[row["id"]] = known
            self.refs[row["entity"]] = row["entity_ref"]
        groups = self._by_entity()
        self._types = {entity: cluster_type(members) for entity, members in groups.items()}
        self._rows = {entity: Cluster(m, entity, "", self._types[entity]).row() for entity, m in groups.items()}
        self._name_rows = {known.id: known.row() for known in self.names.values()}
        self._place = {known.id: known.entity or "" for known in self.names.values()}
        self._before = {known.name for known in self.names.values()}

    def count(self, names: Mapping[str, Name], deltas: Mapping[str, Counter[str]]) -> None:
        """Add to (or take from) the surfaces of names; `names` has those that may be new."""
        for name_id, delta in deltas.items():
            known = self.names.get(name_id)
            if known is None:
                known = self.names[name_id] = KnownName(names[name_id], name_id, Counter())
            known.counts.update(delta)
            known.counts = +known.counts
            known.changed = True

    def resolve(self) -> None:
        """Place the new names, and those whose company under their key has changed, by the rules of resolution."""
        after = {known.name for known in self.names.values() if known.alive}
        keys = {name.key for name in after ^ self._before}
        if not keys:
            return
        before = {name: c for c in clusters(n for n in self._before if n.key in keys) for name in c}
        company = self._by_entity()
        for cluster in clusters(n for n in after if n.key in keys):
            members = [self.names[name.id] for name in cluster]
            if all(before.get(known.name) == cluster for known in members):
                continue
            free = [known for known in members if not known.assigned]
            anchor = self._anchor(members, company)
            for known in free:
                self._place[known.id] = anchor

    def assign(self, assignment: Mapping[str, str]) -> None:
        """Put names where a person or a resolver wants them: with the entity of that id, or together in a new one."""
        for name_id, entity in assignment.items():
            self._place[name_id] = entity
            self.names[name_id].assigned = True

    def show(self, shown: Mapping[str, tuple[str, str] | None]) -> None:
        """Have entities shown under names that a person chose (with the time), or no longer."""
        for name_id, each in shown.items():
            self.names[name_id].shown = each

    def retype(self, typed: Mapping[str, tuple[str, str] | None]) -> None:
        """Have entities be of types that a person chose (with the time), or no longer."""
        for name_id, each in typed.items():
            self.names[name_id].typed = each

    def planned(self) -> list[Cluster]:
        """The entities as they will be, those without names left out."""
        groups: dict[str, list[KnownName]] = {}
        for known in self.names.values():
            if known.alive:
                groups.setdefault(self._place[known.id], []).append(known)
        planned = []
        for place, members in groups.items():
            type_ = cluster_type(members)
            node = place if self._types.get(place) == type_ else None
            cluster = Cluster(members, node, min(known.id for known in members), type_)
            cluster.moved = [known for known in members if known.entity is not None and known.entity != node]
            planned.append(cluster)
        return planned

    def news_of(self, cluster: Cluster) -> dict[str, Any]:
        """What is to be set on the entity's node: all for a new one, else what differs from what it has."""
        had = self._rows[cluster.node] if cluster.node is not None else {}
        return {key: value for key, value in cluster.row().items() if had.get(key) != value}

    def news_of_name(self, known: KnownName) -> dict[str, Any]:
        """What is to be set on the name's node: all for a new one, else what differs from what it has."""
        had = self._name_rows.get(known.id, {})
        return {key: value for key, value in known.row().items() if had.get(key) != value}

    @property
    def dead(self) -> list[str]:
        """References of the names that nothing mentions any longer."""
        return [known.ref for known in self.names.values() if not known.alive]

    def _by_entity(self) -> dict[str, list[KnownName]]:
        groups: dict[str, list[KnownName]] = {}
        for known in self.names.values():
            if known.entity is not None:
                groups.setdefault(known.entity, []).append(known)
        return groups

    def _anchor(self, members: list[KnownName], company: Mapping[str, list[KnownName]]) -> str:
        """Where a cluster of names is to be: with its best member's entity, if that one has no better claim to it."""
        best = min(members, key=lambda known: (known.entity is None, known.name.type == UNTYPED, known.id))
        place = self._place.get(best.id, "")
        types = {known.name.type for known in members} - {UNTYPED}
        strange = any(
            not known.assigned or (known.name.type != UNTYPED and known.name.type not in types)
            for known in company.get(place, ())
            if known.alive and known not in members
        )
        if not place or (best.name.type == UNTYPED and strange):
            return f"new:{min(known.id for known in members)}"
        return place

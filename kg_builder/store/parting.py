"""Names of several things, parted by the documents that mean the one or the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from kg_builder.store import cypher
from kg_builder.store import resolving_cypher as statements
from kg_builder.store.clustering import KnownName, Registry
from kg_builder.store.connection import Run
from kg_builder.store.rows import Row
from kg_builder.types import Name

__all__ = ["Part", "part"]


@dataclass(frozen=True, slots=True)
class Part:
    """What some documents (by id) say by the name of id ``old`` is said by the name ``new`` from now on."""

    old: str
    new: Name
    documents: tuple[str, ...]


def part(run: Run, parts: Iterable[Part]) -> set[str]:
    """Put evidence under other names, made if need be, that are with the same entity; gives the ids of all entities
    and names concerned.

    A new name that is with another entity than the old one is left alone, with its part: it must be moved there first.
    """
    wanted = list(parts)
    ids = sorted({each.old for each in wanted} | {each.new.id for each in wanted})
    registry = Registry(run(cypher.NAMES_OF_IDS, ids=ids))
    names = registry.names
    rows: list[Row] = []
    for each in wanted:
        old, new = names.get(each.old), names.get(each.new.id)
        if old is None or old.entity is None or (new is not None and new.entity != old.entity):
            continue
        if new is None:
            names[each.new.id] = KnownName(each.new, each.new.id, Counter(), old.entity, assigned=True)
        rows.append({"old": each.old, "new": each.new.id, "documents": list(each.documents)})
    moved: Counter[tuple[str, str, str]] = Counter()
    for row in run(statements.PART_MENTIONS, rows=rows):
        moved[row["old"], row["new"], row["surface"]] += 1
    for statement in statements.PART_EVIDENCE:
        run(statement, rows=rows)
    for (old_id, new_id, surface), count in moved.items():
        names[old_id].counts[surface] -= count
        names[new_id].counts[surface] += count
    updated: list[Row] = []
    created: list[Row] = []
    for known in names.values():
        known.counts = +known.counts
        if known.ref and known.alive:
            updated.append({"ref": known.ref, "set": registry.news_of_name(known)})
        elif not known.ref and known.alive:
            entity = registry.refs[known.entity or ""]
            created.append({"id": known.id, "entity": entity, "set": known.row()})
    run(cypher.UPDATE_NODES, rows=[row for row in updated if row["set"]])
    run(cypher.CREATE_NAMES, rows=created)
    run(cypher.DELETE_NODES, refs=[known.ref for known in names.values() if known.ref and not known.alive])
    run(cypher.ASSIGN_NAMES, ids=[row["id"] for row in created])
    entities = {known.entity for known in names.values() if known.entity}
    run(statements.COUNT_NAMES_OF, ids=sorted(entities))
    return entities

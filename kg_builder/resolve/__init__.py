"""Which names are one entity."""

from __future__ import annotations

from collections.abc import Iterable

from kg_builder.types import Name

__all__ = ["UNTYPED", "clusters"]

UNTYPED = "Other"
"""The type of a name that nothing is known about."""


def clusters(names: Iterable[Name]) -> list[tuple[Name, ...]]:
    """The entities among `names`: a function of the names alone, so that the order of documents cannot matter.

    Names with different keys are different entities. Names with one key and different types are homonyms and stay
    apart; the untyped name of a key belongs to the typed one if there is just one, and stays apart where it could
    be either. Clusters and the names in them come sorted by id.
    """
    by_key: dict[str, set[Name]] = {}
    for name in names:
        by_key.setdefault(name.key, set()).add(name)
    found: list[tuple[Name, ...]] = []
    for group in by_key.values():
        if len(group) == 2 and any(name.type == UNTYPED for name in group):
            found.append(tuple(sorted(group, key=lambda name: name.id)))
        else:
            found.extend((name,) for name in group)
    return sorted(found, key=lambda cluster: cluster[0].id)

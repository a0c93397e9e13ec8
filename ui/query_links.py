"""From a value in a row to the page that shows what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kg_builder.store.records import QueryResult
from ui import data
from ui.graph import EdgeKey
from ui.pages import PageName
from ui.session import t

__all__ = ["Target", "targets"]

_LOOKED_UP = 20
_MOST = 12


@dataclass(frozen=True, slots=True)
class Target:
    """A page with its parameters, and what it shows, as text."""

    page: PageName
    label: str
    params: tuple[tuple[str, str], ...]


@data.cached
def _places(version: str, ids: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    found = data.store().query(
        "UNWIND $ids AS each MATCH (s:Segment {id: each})-[:PART_OF]->(d:Document) "
        "RETURN s.id AS id, d.id AS document, s.index AS at "
        "UNION UNWIND $ids AS each MATCH (x:Extraction {id: each})-[:FROM]->(s:Segment)-[:PART_OF]->(d:Document) "
        "RETURN x.id AS id, d.id AS document, s.index AS at",
        {"ids": list(ids)},
        max_rows=len(ids) * 2,
    )
    return {str(row[0]): (str(row[1]), int(row[2])) for row in found.rows}


def targets(result: QueryResult, row: int) -> list[Target]:
    """What the nodes and relationships of a row lead to: entities, facts, documents and places in them."""
    parts = list(_parts(result.rows[row]))
    nodes = {str(p["_node"]): p for each in result.rows for p in _parts(each) if "_node" in p}
    asked = [str(p["id"]) for p in parts if _kind(p) in ("Segment", "Extraction") and p.get("id")]
    places = _places(data.version(), tuple(asked[:_LOOKED_UP])) if asked else {}
    found = [target for part in parts if (target := _target(part, nodes, places)) is not None]
    return list(dict.fromkeys(found))[:_MOST]


def _target(
    part: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]], places: Mapping[str, tuple[str, int]]
) -> Target | None:
    if "_relationship" in part:
        head, tail = nodes.get(str(part.get("_start"))), nodes.get(str(part.get("_end")))
        if head is None or tail is None or _kind(head) != "Entity" or _kind(tail) != "Entity":
            return None
        relation = str(part.get("relation") or part["_type"])
        key = str(EdgeKey(str(head["id"]), relation, str(tail["id"])))
        return Target("evidence", f"{head.get('name')} — {relation} → {tail.get('name')}", (("edge", key),))
    kind, id_ = _kind(part), str(part.get("id") or "")
    if not id_:
        return None
    if kind == "Entity":
        return Target("explore", str(part.get("name") or id_), (("entity", id_),))
    if kind == "Document":
        return Target("documents", str(part.get("title") or part.get("uri") or id_), (("document", id_),))
    if id_ not in places:
        return None
    document, index = places[id_]
    params = [("document", document), ("segment", str(index + 1))]
    if kind == "Extraction":
        params.append(("statement", id_))
    return Target("documents", t("evidence.segment", n=index + 1), tuple(params))


def _kind(part: Mapping[str, Any]) -> str:
    labels = part.get("_labels") or ()
    return next((name for name in ("Entity", "Document", "Segment", "Extraction") if name in labels), "")


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "_node" in value or "_relationship" in value:
            yield value
        else:
            yield from _all(value.values())
    elif isinstance(value, list | tuple):
        yield from _all(value)


def _all(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for value in values:
        yield from _parts(value)

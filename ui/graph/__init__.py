"""The drawn graph: a component of our own (`bundle/`, built from `src/`), and what it draws."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

import streamlit as st
import streamlit.components.v1 as components

from kg_builder.store.records import GraphEdge, Subgraph
from ui.colors import type_color
from ui.fonts import font_url
from ui.session import current_language, t
from ui.style import type_label

__all__ = [
    "LAYOUTS",
    "EdgeKey",
    "GraphEvent",
    "LayoutName",
    "Packed",
    "draw_graph",
    "edge_of",
    "edge_payload",
    "node_payload",
    "pack",
    "show_graph",
    "subgraph_elements",
]

LayoutName = Literal["force", "circle", "layers", "time"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)

_component = components.declare_component("kg_graph", path=str(Path(__file__).parent / "bundle"))


@dataclass(frozen=True, slots=True)
class EdgeKey:
    """An edge's identity: its ends and its relation. As text it goes into the address."""

    head_id: str
    relation: str
    tail_id: str

    def __str__(self) -> str:
        return f"{self.head_id}~{self.tail_id}~{self.relation}"


def edge_of(text: str) -> EdgeKey | None:
    """The edge that a text from the address names, or None."""
    parts = text.split("~", 2)
    return EdgeKey(parts[0], parts[2], parts[1]) if len(parts) == 3 and all(parts) else None


@dataclass(frozen=True, slots=True)
class GraphEvent:
    """What was done in the drawing. ``expand`` is a double click on a node.

    ``pin`` is a node that was dragged to a place, which it keeps (``x``, ``y`` in the drawing's units), or let go again
    (no place); ``unpin`` lets all go.
    """

    kind: Literal["node", "edge", "expand", "pin", "unpin"]
    id: str
    x: int | None = None
    y: int | None = None


def node_payload(
    node_id: str, name: str, entity_type: str, *, mentions: int, root: bool, tip: Sequence[str]
) -> dict[str, Any]:
    """A node to draw."""
    return {
        "id": node_id,
        "label": name,
        "type": entity_type,
        "size": round(20 + 7 * math.log2(1 + max(mentions, 0)), 1) if mentions < 1 << 20 else 160,
        "root": root,
        "tip": list(tip),
    }


def edge_payload(
    edge_id: str,
    source: str,
    target: str,
    label: str,
    *,
    support: int,
    confidence: float,
    valid_from: str | None = None,
    valid_to: str | None = None,
) -> dict[str, Any]:
    """An edge to draw."""
    return {
        "id": edge_id,
        "source": source,
        "target": target,
        "label": label,
        "support": support,
        "confidence": round(confidence, 3),
        "from": valid_from or "",
        "to": valid_to or "",
    }


def subgraph_elements(part: Subgraph, roots: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nodes and edges of `part`, to draw."""
    wanted = set(roots)
    nodes = [
        node_payload(
            entity.id,
            entity.name,
            entity.type,
            mentions=entity.mentions,
            root=entity.id in wanted,
            tip=[type_label(entity.type), *entity.aliases[:4], t("graph.mentions", n=entity.mentions)],
        )
        for entity in part.entities
    ]
    drawn = {entity.id for entity in part.entities}
    edges = [_edge(edge) for edge in part.edges if edge.head_id in drawn and edge.tail_id in drawn]
    return nodes, edges


def _edge(edge: GraphEdge) -> dict[str, Any]:
    return edge_payload(
        str(EdgeKey(edge.head_id, edge.relation, edge.tail_id)),
        edge.head_id,
        edge.tail_id,
        edge.relation,
        support=edge.support,
        confidence=edge.confidence,
        valid_from=edge.valid_from,
        valid_to=edge.valid_to,
    )


def draw_graph(
    nodes: list[dict[str, Any]],
    edges: list[dict[str, Any]],
    *,
    key: str,
    on_event: Callable[[GraphEvent], None],
    chosen: str = "",
    height: int = 520,
    layout: LayoutName = "force",
    pins: dict[str, tuple[int, int]] | None = None,
) -> None:
    """Draw nodes and edges. ``on_event`` gets what was done, before the page's script runs again.

    ``pins`` are places that nodes keep, by id; None leaves pins to the drawing, which forgets them when it is closed.
    """
    show_graph(pack(nodes, edges), key=key, on_event=on_event, chosen=chosen, height=height, layout=layout, pins=pins)


@dataclass(frozen=True, slots=True)
class Packed:
    """A graph as it travels to the browser: columns of values as JSON, and their digest."""

    data: bytes
    digest: str


def show_graph(
    packed: Packed,
    *,
    key: str,
    on_event: Callable[[GraphEvent], None],
    chosen: str = "",
    height: int = 520,
    layout: LayoutName = "force",
    pins: dict[str, tuple[int, int]] | None = None,
) -> None:
    """Draw what `pack` made; packed once, a large graph costs a later run of the page nothing."""
    _component(
        graph=packed.data,
        digest=packed.digest,
        chosen=chosen,
        height=height,
        layout=layout,
        pins=pins,
        language=current_language(),
        font=font_url(),
        words=_words(),
        key=key,
        default=None,
        on_change=lambda: _tell(st.session_state.get(key), on_event),
    )


def pack(nodes: Sequence[dict[str, Any]], edges: Sequence[dict[str, Any]]) -> Packed:
    """Nodes and edges as columns, every word of a type or relation once: a tenth of a list of objects."""
    places = {node["id"]: index for index, node in enumerate(nodes)}
    types = {name: index for index, name in enumerate(dict.fromkeys(node["type"] for node in nodes))}
    relations = {name: index for index, name in enumerate(dict.fromkeys(edge["label"] for edge in edges))}
    drawn = [edge for edge in edges if edge["source"] in places and edge["target"] in places]
    graph = {
        "types": [[name, type_label(name), type_color(name)] for name in types],
        "relations": list(relations),
        "nodes": {
            "id": list(places),
            "label": [node["label"] for node in nodes],
            "type": [types[node["type"]] for node in nodes],
            "size": [node["size"] for node in nodes],
            "root": [index for index, node in enumerate(nodes) if node["root"]],
            "tip": [node["tip"] for node in nodes],
        },
        "edges": {
            "source": [places[edge["source"]] for edge in drawn],
            "target": [places[edge["target"]] for edge in drawn],
            "relation": [relations[edge["label"]] for edge in drawn],
            "support": [edge["support"] for edge in drawn],
            "confidence": [edge["confidence"] for edge in drawn],
            "id": {str(index): edge["id"] for index, edge in enumerate(drawn) if edge["id"] != _usual_id(edge)},
            "from": {str(index): edge["from"] for index, edge in enumerate(drawn) if edge["from"]},
            "to": {str(index): edge["to"] for index, edge in enumerate(drawn) if edge["to"]},
        },
    }
    data = json.dumps(graph, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return Packed(data, sha256(data).hexdigest())


def _usual_id(edge: dict[str, Any]) -> str:
    """The id that an edge between two entities has: the browser makes it from the ends' ids."""
    return str(EdgeKey(edge["source"], edge["label"], edge["target"]))


def _tell(value: object, on_event: Callable[[GraphEvent], None]) -> None:
    """Check what came from the browser, and hand it on."""
    if not isinstance(value, dict):
        return
    kind, element = value.get("kind"), value.get("id")
    if kind in ("node", "edge", "expand", "pin", "unpin") and isinstance(element, str):
        x, y = value.get("x"), value.get("y")
        placed = type(x) is int and type(y) is int
        on_event(GraphEvent(kind, element, x if placed else None, y if placed else None))


def _words() -> dict[str, str]:
    """The drawing's own words; two of them keep their places, to be filled in there."""
    words = {name: t(f"graph.{name}") for name in _WORDS}
    return words | {"graph": t("graph.name")}


_WORDS = (
    "canvas",
    "tools",
    "zoomIn",
    "zoomOut",
    "fit",
    "arrange",
    "unpin",
    "png",
    "svg",
    "list",
    "find",
    "more",
    "toggle",
    "pinned",
    "arranging",
    "support",
    "confidence",
)

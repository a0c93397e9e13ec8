"""The drawn graph: a component of our own (`bundle/`, built from `src/`), and what it draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st
import streamlit.components.v1 as components

from kg_builder.store.records import GraphEdge, Subgraph
from ui.colors import type_color
from ui.session import current_language, t
from ui.style import type_label

__all__ = ["EdgeKey", "GraphEvent", "draw_graph", "edge_of", "edge_payload", "node_payload", "subgraph_elements"]

_FONTS = Path(st.__file__).parent / "static" / "static" / "media"
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
    """What was clicked in the drawing. ``expand`` is a double click on a node."""

    kind: Literal["node", "edge", "expand"]
    id: str


def node_payload(
    node_id: str, name: str, entity_type: str, *, mentions: int, root: bool, tip: Sequence[str]
) -> dict[str, Any]:
    """A node as the component takes it."""
    return {
        "id": node_id,
        "label": name,
        "type": entity_type,
        "typeLabel": type_label(entity_type),
        "color": type_color(entity_type),
        "size": round(20 + 7 * math.log2(1 + max(mentions, 0)), 1) if mentions < 1 << 20 else 160,
        "root": root,
        "tip": list(tip),
    }


def edge_payload(
    edge_id: str, source: str, target: str, label: str, *, support: int, confidence: float
) -> dict[str, Any]:
    """An edge as the component takes it."""
    return {
        "id": edge_id,
        "source": source,
        "target": target,
        "label": label,
        "width": round(min(1.4 + 0.9 * math.log2(max(support, 1)), 7), 2),
        "opacity": round(0.45 + 0.5 * min(max(confidence, 0.0), 1.0), 2),
        "tip": [t("graph.support", n=support), t("graph.confidence", p=f"{confidence:.2f}")],
    }


def subgraph_elements(part: Subgraph, roots: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nodes and edges of `part` as the component takes them."""
    nodes = [
        node_payload(
            entity.id,
            entity.name,
            entity.type,
            mentions=entity.mentions,
            root=entity.id in roots,
            tip=[type_label(entity.type), *entity.aliases[:4], t("graph.mentions", n=entity.mentions)],
        )
        for entity in part.entities
    ]
    drawn = {entity.id for entity in part.entities}
    edges = [_edge(edge) for edge in part.edges if edge.head_id in drawn and edge.tail_id in drawn]
    return nodes, edges


def _edge(edge: GraphEdge) -> dict[str, Any]:
    key = str(EdgeKey(edge.head_id, edge.relation, edge.tail_id))
    return edge_payload(
        key, edge.head_id, edge.tail_id, edge.relation, support=edge.support, confidence=edge.confidence
    )


def draw_graph(
    nodes: list[dict[str, Any]],
    edges: list[dict[str, Any]],
    *,
    key: str,
    on_event: Callable[[GraphEvent], None],
    chosen: str = "",
    height: int = 520,
) -> None:
    """Draw nodes and edges. ``on_event`` gets what was clicked, before the page's script runs again."""
    _component(
        nodes=nodes,
        edges=edges,
        chosen=chosen,
        height=height,
        language=current_language(),
        font=_font_url(),
        words={name: t(f"graph.{name}") for name in _WORDS} | {"graph": t("graph.name")},
        key=key,
        default=None,
        on_change=lambda: _tell(st.session_state.get(key), on_event),
    )


def _tell(value: object, on_event: Callable[[GraphEvent], None]) -> None:
    """Check what came from the browser, and hand it on."""
    if not isinstance(value, dict):
        return
    kind, element = value.get("kind"), value.get("id")
    if kind in ("node", "edge", "expand") and isinstance(element, str):
        on_event(GraphEvent(kind, element))


def _font_url() -> str:
    """Where the page's own font is, seen from the component; empty where Streamlit keeps it elsewhere."""
    found = sorted(_FONTS.glob("SourceSansVF-Upright.ttf*.woff2"))
    return f"../../static/media/{found[0].name}" if found else ""


_WORDS = ("canvas", "tools", "zoomIn", "zoomOut", "fit", "arrange", "list", "toggle")

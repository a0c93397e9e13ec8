"""What clicks on the explore page do: each changes the address, in one step that can be undone."""

from __future__ import annotations

from ui.exploring.state import pins, read_view, write_pins
from ui.graph import GraphEvent
from ui.session import write

__all__ = ["centre", "centred", "expand_or_collapse", "happened", "select", "select_edge"]


def centred(entity_id: str) -> dict[str, str]:
    """The change of the address that draws what stands around one entity, and nothing else."""
    gone = dict.fromkeys(("node", "edge", "q", "to", "most", "pin", "open", "doc"), "")
    return {"entity": entity_id, **gone}


def centre(entity_id: str) -> None:
    """Draw what stands around one entity, and nothing else."""
    write(**centred(entity_id))


def expand_or_collapse(entity_id: str) -> None:
    """Draw an entity's neighbours too, or, where they are drawn, no longer. One entity always stays."""
    view = read_view()
    if entity_id not in view.entities:
        write(entity=(*view.entities, entity_id), node=entity_id, edge="")
    elif len(view.entities) > 1:
        write(entity=tuple(each for each in view.entities if each != entity_id), node=entity_id, edge="")


def select(entity_id: str) -> None:
    """Show an entity's card."""
    write(node=entity_id, edge="", open="")


def select_edge(key: str) -> None:
    """Show what an edge rests on."""
    write(edge=key)


def happened(event: GraphEvent) -> None:
    """Do what was done in the drawing."""
    if event.kind == "edge":
        select_edge(event.id)
    elif event.kind == "node":
        select(event.id)
    elif event.kind == "expand":
        expand_or_collapse(event.id)
    elif event.kind == "unpin":
        write(pin="")
    else:
        places = pins()
        places.pop(event.id, None)
        if event.x is not None and event.y is not None:
            places[event.id] = (event.x, event.y)
        write_pins(places)

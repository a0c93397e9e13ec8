"""Horizontal bars as a table: what compares names by a number. It shows at once, and screen readers read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from kg_builder.store.records import StoredEntity
from ui.colors import STATE_COLORS, type_color
from ui.session import t
from ui.style import type_label

__all__ = ["entity_bars", "relation_bars", "state_bars", "type_bars"]

_BLUE = "#3b82f6"


def type_bars(types: Sequence[tuple[str, int]]) -> str:
    """Entities by type, in the types' own colours, as HTML."""
    rows = [(type_label(name), n, type_color(name), "") for name, n in types]
    return _bars(rows, t("chart.type"), t("chart.entities"))


def relation_bars(relations: Sequence[tuple[str, str, int]]) -> str:
    """Facts by relation."""
    return _bars([(relation, n, _BLUE, "") for relation, _, n in relations], t("chart.relation"), t("chart.facts"))


def entity_bars(entities: Sequence[StoredEntity]) -> str:
    """Mentions of entities, coloured by type."""
    rows = [(each.name, each.mentions, type_color(each.type), type_label(each.type)) for each in entities]
    return _bars(rows, t("chart.entity"), t("chart.mentions"))


def state_bars(states: Mapping[str, int]) -> str:
    """Documents by state, in traffic-light colours."""
    order = [state for state in ("complete", "partial", "failed", "skipped") if states.get(state)]
    rows = [(t(f"state.{state}"), states[state], STATE_COLORS[state], "") for state in order]
    return _bars(rows, t("chart.state"), t("chart.documents"))


def _bars(rows: Sequence[tuple[str, int, str, str]], of: str, counted: str) -> str:
    """Rows of (name, number, colour, kind), each with a bar as long as its share of the largest number."""
    most = max((n for _, n, _, _ in rows), default=0) or 1
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in (of, counted))
    body = "".join(
        f'<tr title="{escape(f"{name} · {kind}" if kind else name)}"><th scope="row">{escape(name)}</th>'
        f'<td><div><i style="width:{100 * n / most:.1f}%;background:{color}"></i><span>{n:,}</span></div></td></tr>'
        for name, n, color, kind in rows
    )
    head = f'<thead class="kg-unseen"><tr>{head}</tr></thead>'
    return f'<table class="kg-bars" data-testid="bars">{head}<tbody>{body}</tbody></table>'

"""The card of an entity: what it is called, its facts by relation, when they held, its documents and its mentions."""

from __future__ import annotations

from html import escape

import streamlit as st

from kg_builder.store.records import GraphEdge, StoredEntity
from ui.exploring.actions import centre, expand_or_collapse, select_edge
from ui.exploring.reads import (
    MentionInText,
    dated_edges,
    documents_of,
    edges_of,
    mentions_of,
    relation_counts,
)
from ui.exploring.state import View
from ui.graph import EdgeKey
from ui.marks import Mark, mark_text, sentence_bounds
from ui.pages import link
from ui.paging import page_of
from ui.session import read, t, write
from ui.style import chip, note, plain, type_chip
from ui.switch import one_of

__all__ = ["show_card"]

_FACTS = 100  # facts that are read at first
_EACH = 20  # of one relation
_OPENED = 300  # of a relation that was opened
_DATED = 200
_MENTIONS = 20
_PARTS = ("facts", "times", "documents", "texts")


def show_card(entity: StoredEntity, view: View) -> None:
    """The whole card."""
    count = t("card.mention") if entity.mentions == 1 else t("card.mentions", n=f"{entity.mentions:,}")
    aliases = "".join(chip(alias) for alias in entity.aliases)
    also = (
        f'<p class="kg-note" style="margin:.2rem 0 .3rem">{escape(t("card.aliases"))}</p>{aliases}' if aliases else ""
    )
    st.html(
        f'<div data-testid="card"><p class="kg-name">{escape(entity.name)}</p>'
        f"{type_chip(entity.type)}{chip(count)}{also}</div>"
    )
    opened = entity.id in view.entities
    with st.container(horizontal=True, gap="small", key="card-actions"):
        if view.entities[:1] != (entity.id,) or len(view.entities) > 1 or view.to:
            st.button(t("explore.center"), icon=":material/my_location:", on_click=centre, args=(entity.id,))
        if view.entities and (not opened or len(view.entities) > 1):
            label, icon = ("explore.collapse", "close_fullscreen") if opened else ("explore.expand", "open_in_full")
            st.button(t(label), icon=f":material/{icon}:", on_click=expand_or_collapse, args=(entity.id,))
        link("evidence", t("explore.evidence"), entity=entity.id)
    part = one_of(t("card.part"), "card", _PARTS, lambda name: t(f"card.{name}"), key="card")
    {"facts": _facts, "times": _times, "documents": _documents, "texts": _mentions}[part](entity)


# ---------------------------------------------------------------- facts by relation
def _facts(entity: StoredEntity) -> None:
    counts = relation_counts(entity.id)
    if not counts:
        note(t("card.nofacts"))
        return
    part = edges_of(entity.id, limit=_FACTS)
    names = {other.id: other.name for other in part.entities}
    groups: dict[tuple[str, bool], list[GraphEdge]] = {}
    for edge in sorted(part.edges, key=lambda e: (-e.support, -e.confidence, names.get(e.tail_id, ""))):
        if edge.head_id == entity.id:
            groups.setdefault((edge.relation, True), []).append(edge)
        if edge.tail_id == entity.id and edge.head_id != entity.id:
            groups.setdefault((edge.relation, False), []).append(edge)
    unread = []
    with st.container(key="rows_facts"):
        for relation, outgoing, count in counts:
            members = groups.get((relation, outgoing), [])
            if members:
                _group(entity, relation, outgoing, count, members, names)
            elif (relation, True) not in groups or outgoing:
                unread.append((relation, outgoing, count))
    if unread:
        _unread(unread)


def _group(
    entity: StoredEntity, relation: str, outgoing: bool, count: int, members: list[GraphEdge], names: dict[str, str]
) -> None:
    """One relation in one direction: its facts, the best supported first."""
    st.html(f'<p class="kg-group">{escape(relation)} <span>{count:,}</span></p>')
    opened = read("open") == relation
    if opened and count > len(members):
        more = edges_of(entity.id, relations=(relation,), limit=_OPENED)
        names = names | {other.id: other.name for other in more.entities}
        members = [edge for edge in more.edges if (edge.head_id if outgoing else edge.tail_id) == entity.id]
    shown = members if opened else members[:_EACH]
    for edge in shown:
        _row(edge, entity, names)
    if count > len(shown) and not opened:
        st.button(
            t("card.all", n=f"{count:,}"),
            key=f"open-{relation}-{outgoing}",
            type="tertiary",
            icon=":material/expand_more:",
            on_click=_open,
            args=(relation,),
            width="stretch",
        )
    elif count > len(shown):
        note(t("card.more", n=f"{count - len(shown):,}"))


def _unread(groups: list[tuple[str, bool, int]]) -> None:
    """Relations none of whose facts are among the best supported: their names and numbers."""
    total = sum(count for _, _, count in groups)
    with st.expander(t("card.others", n=f"{len(groups):,}", facts=f"{total:,}")):
        st.html(" ".join(chip(f"{relation} · {count:,}") for relation, _, count in groups[:100]))


def _open(relation: str) -> None:
    write(open=relation)


def _row(edge: GraphEdge, entity: StoredEntity, names: dict[str, str], *, prefix: str = "fact") -> None:
    outgoing = edge.head_id == entity.id
    other = names.get(edge.tail_id if outgoing else edge.head_id, "")
    arrow = "→" if outgoing else "←"
    support = f" · {t('card.support', n=edge.support)}" if edge.support > 1 else ""
    when = f" · {plain(_span(edge))}" if edge.valid_from or edge.valid_to else ""
    relation = f"{plain(edge.relation, limit=40)} " if prefix == "time" else ""
    label = f"{relation}{arrow} {plain(other, limit=60)}{support}{when}"
    if prefix == "time":
        label = f"**{plain(_span(edge))}** · {relation}{arrow} {plain(other, limit=60)}"
    key = str(EdgeKey(edge.head_id, edge.relation, edge.tail_id))
    st.button(label, key=f"{prefix}-{key}", type="tertiary", on_click=select_edge, args=(key,), width="stretch")


def _span(edge: GraphEdge) -> str:
    """When a fact holds, as short as it can be said."""
    first, last = edge.valid_from or "", edge.valid_to or ""
    if first == last:
        return first
    if first[:4] == last[:4] and first.endswith("-01-01") and last.endswith("-12-31"):
        return first[:4]
    if first[:7] == last[:7] and first.endswith("-01") and last[8:] in ("28", "29", "30", "31"):
        return first[:7]
    return f"{first or '…'} – {last or '…'}"


# ---------------------------------------------------------------- time line, documents, mentions
def _times(entity: StoredEntity) -> None:
    part = dated_edges(entity.id, limit=_DATED)
    if not part.edges:
        note(t("card.notimes"))
        return
    names = {other.id: other.name for other in part.entities}
    with st.container(key="rows_times"):
        for edge in sorted(part.edges, key=lambda e: (e.valid_from or e.valid_to or "", e.relation)):
            _row(edge, entity, names, prefix="time")
    if part.truncated:
        note(t("card.cut", n=_DATED))


def _documents(entity: StoredEntity) -> None:
    found = documents_of(entity.id)
    if not found:
        note(t("card.nodocuments"))
    for each in found[:50]:
        count = t("card.mention") if each.mentions == 1 else t("card.mentions", n=f"{each.mentions:,}")
        link("documents", f"{plain(each.title or each.uri, limit=80)} · {plain(count)}", document=each.id)
    if len(found) > 50:
        note(t("card.cut", n=50))


def _mentions(entity: StoredEntity) -> None:
    found = mentions_of(entity.id, limit=_MENTIONS)
    if not found:
        note(t("card.nodocuments"))
    for number, each in enumerate(found):
        with st.container(border=True, gap="xsmall", key=f"mention-{number}"):
            st.html(f'<p class="kg-mention" data-testid="mention">{_in_context(each)}</p>')
            part = page_of(each.index)
            place = [each.document, *([t("evidence.page", n=each.page)] if each.page is not None else [])]
            link(
                "documents",
                plain(" · ".join(place), limit=90),
                document=each.document_id,
                part=str(part) if part > 1 else "",
            )
    if entity.mentions > len(found):
        note(t("card.cut", n=len(found)))


def _in_context(mention: MentionInText) -> str:
    mark = Mark(mention.start, mention.end, "mention")
    start, end = sentence_bounds(mention.text, [mark])
    return mark_text(mention.text, [mark], start=start, end=end)

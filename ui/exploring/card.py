"""The card of an entity: what it is called, its facts by relation, when they held, its documents and its mentions."""

from __future__ import annotations

from html import escape

import streamlit as st

from kg_builder.store.records import GraphEdge, StoredEntity
from ui.exploring.actions import centre, expand_or_collapse
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
from ui.links import link_html, step_html, there
from ui.marks import Mark, mark_text, sentence_bounds
from ui.pages import link
from ui.paging import page_of
from ui.session import read, t
from ui.style import chip, note, shorten, type_chip
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
    shown: list[str] = []
    unread = []
    for relation, outgoing, count in counts:
        members = groups.get((relation, outgoing), [])
        if members:
            shown.append(_group(entity, relation, outgoing, count, members, names))
        elif (relation, True) not in groups or outgoing:
            unread.append((relation, outgoing, count))
    # One element of the page for all of them: a widget for each would take the browser longer than all else together.
    with st.container(key="rows_facts"):
        st.html("".join(shown))
    if unread:
        _unread(unread)


def _group(
    entity: StoredEntity, relation: str, outgoing: bool, count: int, members: list[GraphEdge], names: dict[str, str]
) -> str:
    """One relation in one direction, as HTML: its facts, the best supported first."""
    opened = read("open") == relation
    if opened and count > len(members):
        more = edges_of(entity.id, relations=(relation,), limit=_OPENED)
        names = names | {other.id: other.name for other in more.entities}
        members = [edge for edge in more.edges if (edge.head_id if outgoing else edge.tail_id) == entity.id]
    shown = members if opened else members[:_EACH]
    rows = "".join(f"<li>{_row(edge, entity, names)}</li>" for edge in shown)
    rest = ""
    if count > len(shown) and not opened:
        rest = step_html(f"⌄ {escape(t('card.all', n=f'{count:,}'))}", classes="kg-row", open=relation)
    elif count > len(shown):
        rest = f'<p class="kg-note">{escape(t("card.more", n=f"{count - len(shown):,}"))}</p>'
    return f'<p class="kg-group">{escape(relation)} <span>{count:,}</span></p><ul class="kg-rows">{rows}</ul>{rest}'


def _unread(groups: list[tuple[str, bool, int]]) -> None:
    """Relations none of whose facts are among the best supported: their names and numbers."""
    total = sum(count for _, _, count in groups)
    with st.expander(t("card.others", n=f"{len(groups):,}", facts=f"{total:,}")):
        st.html(" ".join(chip(f"{relation} · {count:,}") for relation, _, count in groups[:100]))


def _row(edge: GraphEdge, entity: StoredEntity, names: dict[str, str], *, dated: bool = False) -> str:
    """A fact as a link to its evidence; on the time line, with when it holds at its beginning."""
    outgoing = edge.head_id == entity.id
    other = names.get(edge.tail_id if outgoing else edge.head_id, "")
    end = f"{'→' if outgoing else '←'} {escape(shorten(other, limit=60))}"
    when = escape(_span(edge))
    if dated:
        words = f"<b>{when}</b> · {escape(shorten(edge.relation, limit=40))} {end}"
    else:
        support = t("card.support", n=edge.support) if edge.support > 1 else ""
        words = " · ".join(filter(None, [end, escape(support), when]))
    return step_html(words, classes="kg-row", edge=str(EdgeKey(edge.head_id, edge.relation, edge.tail_id)))


def _span(edge: GraphEdge) -> str:
    """When a fact holds, as short as it can be said."""
    first, last = edge.valid_from or "", edge.valid_to or ""
    if first == last:  # or nothing is known of it
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
    in_order = sorted(part.edges, key=lambda e: (e.valid_from or e.valid_to or "", e.relation))
    rows = "".join(f"<li>{_row(edge, entity, names, dated=True)}</li>" for edge in in_order)
    with st.container(key="rows_times"):
        st.html(f'<ul class="kg-rows">{rows}</ul>')
    if part.truncated:
        note(t("card.cut", n=_DATED))


def _documents(entity: StoredEntity) -> None:
    found = documents_of(entity.id)
    if not found:
        note(t("card.nodocuments"))
    rows = []
    for each in found[:50]:
        count = t("card.mention") if each.mentions == 1 else t("card.mentions", n=f"{each.mentions:,}")
        words = f"{escape(shorten(each.title or each.uri, limit=80))} · {escape(count)}"
        rows.append(f"<li>{link_html(there('documents', document=each.id), words, classes='kg-row')}</li>")
    st.html(f'<ul class="kg-rows">{"".join(rows)}</ul>')
    if len(found) > 50:
        note(t("card.cut", n=50))


def _mentions(entity: StoredEntity) -> None:
    found = mentions_of(entity.id, limit=_MENTIONS)
    if not found:
        note(t("card.nodocuments"))
    st.html("".join(map(_mention, found)))
    if entity.mentions > len(found):
        note(t("card.cut", n=len(found)))


def _mention(mention: MentionInText) -> str:
    """A mention in its sentence, with a link to the document, as HTML."""
    part = page_of(mention.index)
    place = [mention.document, *([t("evidence.page", n=mention.page)] if mention.page is not None else [])]
    address = there("documents", document=mention.document_id, part=str(part) if part > 1 else "")
    to_text = link_html(address, escape(shorten(" · ".join(place), limit=90)), classes="kg-row")
    return f'<div class="kg-box"><p class="kg-mention" data-testid="mention">{_in_context(mention)}</p>{to_text}</div>'


def _in_context(mention: MentionInText) -> str:
    mark = Mark(mention.start, mention.end, "mention")
    start, end = sentence_bounds(mention.text, [mark])
    return mark_text(mention.text, [mark], start=start, end=end)

"""One document: what became of it, its text with mentions and statements marked, and ways to get about in it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from kg_builder.store.records import StoredDocument, StoredEvidence, StoredSegment
from ui import data
from ui.document_text import Shown, find_in, text_html
from ui.evidence_list import is_fact, marks_key, show_evidence
from ui.links import here, link_html, scroll_to
from ui.pages import link
from ui.paging import SEGMENTS_A_PAGE as _SEGMENTS
from ui.paging import page_of
from ui.session import follow, number, publish, read, read_list, t, write
from ui.style import chip, note, type_label
from ui.text_reads import TextMention, fact_of, mentions

__all__ = ["PARAMETERS", "show_document"]

PARAMETERS = ("document", "part", "segment", "statement", "find", "hide", "type")
"""What of the address belongs to one document."""

_PROBLEMS = {"failed": "documents.problem", "partial": "documents.partial", "skipped": "documents.skipped"}
_KINDS = ("facts", "others", "mentions")
_HITS = 40
_SECTIONS = 300


def show_document(document: StoredDocument) -> None:
    """Draw it. The address holds the part, the segment or statement that was jumped to, what was searched for and what
    is not marked.
    """
    _header(document)
    segments = data.segments(document.uri)
    if not segments:
        note(t("documents.nosegments"))
        return
    found = _tools(document, segments)
    _hits(document, segments, found)
    part, parts = _part(segments)
    first = (part - 1) * _SEGMENTS
    shown = segments[first : first + _SEGMENTS]
    if parts > 1:
        note(t("documents.range", first=first + 1, last=first + len(shown), total=len(segments)))
    ids = tuple(segment.id for segment in shown)
    statements = data.segment_statements(ids)
    named = mentions(ids)
    kinds, types = _marked(named)
    focus = read("statement") if any(item.extraction_id == read("statement") for item in statements) else ""
    text = Shown(
        [
            item
            for item in statements
            if ("facts" if is_fact(item) else "others") in kinds or item.extraction_id == focus
        ],
        [each for each in named if "mentions" in kinds and (not types or each.type in types)],
        data.inverted(tuple(item.extraction_id for item in statements)),
        focus,
        found,
    )
    left, right = st.columns([1.9, 1], gap="large")
    with left:
        marks_key()
        st.html(_text(document, shown, text))
    with right, st.container(key="reading-side"):
        _statements(document, statements, focus)
    _go_there(document, segments)


def _header(document: StoredDocument) -> None:
    chips = [
        chip(t(f"state.{document.state}"), warn=document.state != "complete"),
        chip(document.language),
        chip(f"{t('column.segments')}: {document.segments:,}"),
        chip(f"{t('column.statements')}: {document.extractions:,}"),
    ]
    if document.quarantined:
        chips.append(chip(f"{t('column.quarantined')}: {document.quarantined:,}", warn=True))
    st.html(
        f'<div data-testid="document"><p class="kg-name">{escape(document.title or document.uri)}</p>'
        f'<p class="kg-source">{escape(document.uri)}</p>{"".join(chips)}</div>'
    )
    if document.state != "complete":
        with st.container(border=True):
            note(t(_PROBLEMS[document.state], reason=document.reason))
            for line in document.detail.splitlines()[:20]:
                note(line)
    if document.quarantined or document.left_out:
        with st.expander(t("documents.heldback"), icon=":material/filter_alt:"):
            if document.quarantined:
                note(t("documents.quarantined", n=f"{document.quarantined:,}"))
            if document.left_out:
                note(t("documents.leftout"))
                rows = sorted(document.left_out.items(), key=lambda each: (-each[1], each[0]))
                st.html("".join(chip(f"{reason}: {n:,}") for reason, n in rows))


# ---------------------------------------------------------------- getting about
def _tools(document: StoredDocument, segments: Sequence[StoredSegment]) -> str:
    """Search, jump and outline; gives what is searched for."""
    follow("doc-find", "find", lambda values: values[0] if values else "")
    pages = sorted({segment.page for segment in segments if segment.page is not None})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="document-tools"):
        text: str = st.text_input(
            t("documents.search"),
            key="doc-find",
            icon=":material/search:",
            live="250ms",
            placeholder=t("documents.search.placeholder"),
            width=260,
        ).strip()
        if pages:
            st.selectbox(
                t("documents.page"),
                pages,
                index=None,
                key="doc-page",
                placeholder="…",
                width=120,
                on_change=_jump_to_page,
                args=(segments,),
            )
        if len(segments) > _SEGMENTS:
            st.number_input(
                t("documents.segment"),
                1,
                len(segments),
                value=None,
                key="doc-segment",
                placeholder=f"1–{len(segments)}",
                width=150,
                on_change=_jump_to_segment,
            )
        if any(segment.section for segment in segments):
            with st.popover(t("documents.outline"), icon=":material/toc:"):
                st.html(_outline(document, segments))
    publish("doc-find", "find", text)
    return text


def _jump_to_page(segments: Sequence[StoredSegment]) -> None:
    page = st.session_state["doc-page"]
    found = next((segment for segment in segments if segment.page == page), None)
    if found is not None:
        write(segment=str(found.index + 1), part="", statement="")


def _jump_to_segment() -> None:
    wanted = st.session_state["doc-segment"]
    if wanted is not None:
        write(segment=str(int(wanted)), part="", statement="")


def _outline(document: StoredDocument, segments: Sequence[StoredSegment]) -> str:
    """The document's headings as links, each indented as deep as it stands."""
    rows: list[str] = []
    before: list[str] = []
    for segment in segments:
        path = [each for each in segment.section.split(" > ") if each]
        if path == before or not path:
            continue
        same = 0
        while same < min(len(path), len(before)) and path[same] == before[same]:
            same += 1
        for depth in range(same, len(path)):
            inner = escape(path[depth])
            address = here(document=document.id, segment=str(segment.index + 1), part="", statement="")
            rows.append(f'<li style="padding-left:{depth * 0.9:.1f}rem">{link_html(address, inner)}</li>')
        before = path
    more = f"<li>{escape(t('documents.more'))}</li>" if len(rows) > _SECTIONS else ""
    return f'<ul class="kg-outline" data-testid="outline">{"".join(rows[:_SECTIONS])}{more}</ul>'


def _hits(document: StoredDocument, segments: Sequence[StoredSegment], text: str) -> None:
    """The places that hold the searched words, as links."""
    if not text:
        return
    found, count = find_in(segments, text, limit=_HITS)
    if not found:
        note(t("documents.search.none", text=text))
        return
    note(t("documents.search.one") if count == 1 else t("documents.search.count", n=f"{count:,}"))
    rows = []
    for hit in found:
        place = t("evidence.segment", n=hit.segment_index + 1)
        inner = (
            f"<b>{escape(place)}</b> …{escape(hit.before)}"
            f'<span class="kg-found">{escape(hit.words)}</span>{escape(hit.after)}…'
        )
        address = here(document=document.id, segment=str(hit.segment_index + 1), part="", statement="")
        rows.append(f"<li>{link_html(address, inner)}</li>")
    more = f"<li>{escape(t('documents.search.more', n=_HITS))}</li>" if count > len(found) else ""
    st.html(f'<ul class="kg-hits" data-testid="hits">{"".join(rows)}{more}</ul>')


def _part(segments: Sequence[StoredSegment]) -> tuple[int, int]:
    """The part that is shown, and how many there are. A segment in the address stands for the part that holds it."""
    parts = -(-len(segments) // _SEGMENTS)
    if parts < 2:
        return 1, 1
    wanted = int(number(read("segment"), 0, low=0, high=len(segments)))
    if wanted and not read("part"):
        st.session_state["part"] = page_of(wanted - 1)
        st.session_state["_part_seen"] = None  # an address without the segment is another one, even if it has no part
    else:
        follow("part", "part", lambda values: int(number(values[0] if values else "", 1, low=1, high=parts)))
        st.session_state["part"] = min(st.session_state["part"], parts)
    part: int = st.pagination(parts, key="part", on_change=_turned)
    if wanted and page_of(wanted - 1) == part:
        return part, parts
    publish("part", "part", str(part) if part > 1 else "")
    return part, parts


def _turned() -> None:
    """Turning the page lets go of the place that was jumped to."""
    part = st.session_state["part"]
    write(segment="", statement="", part=str(part) if part > 1 else "")
    st.session_state["_part_seen"] = read_list("part")


def _go_there(document: StoredDocument, segments: Sequence[StoredSegment]) -> None:
    """Scroll to what the address names, once for each address."""
    statement, segment = read("statement"), int(number(read("segment"), 0, low=0, high=len(segments)))
    at = f"s{statement}" if statement else f"p{segment}" if segment else ""
    scroll_to(at, stamp=document.id)


# ---------------------------------------------------------------- what is marked
def _marked(named: Sequence[TextMention]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds that are marked, and the types of mentions (none: all)."""
    types = sorted({each.type for each in named})
    follow("doc-marked", "hide", lambda values: [kind for kind in _KINDS if kind not in values])
    follow("doc-types", "type", lambda values: [value for value in values if value in types])
    st.session_state["doc-types"] = [value for value in st.session_state["doc-types"] if value in types]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="document-marks"):
        kinds = st.pills(
            t("documents.marked"),
            _KINDS,
            selection_mode="multi",
            format_func=lambda kind: t(f"documents.marked.{kind}"),
            key="doc-marked",
        )
        chosen = st.multiselect(
            t("documents.types"),
            types,
            key="doc-types",
            format_func=type_label,
            placeholder=t("explore.any"),
            width=300,
        )
    publish("doc-marked", "hide", *(kind for kind in _KINDS if kind not in kinds))
    publish("doc-types", "type", *chosen)
    return tuple(kinds), tuple(chosen)


def _text(document: StoredDocument, segments: Sequence[StoredSegment], shown: Shown) -> str:
    pieces = []
    section = ""
    for segment in segments:
        if segment.section and segment.section != section:
            section = segment.section
            pieces.append(f'<p class="kg-group">{escape(section)}</p>')
        place = t("evidence.segment", n=segment.index + 1)
        if segment.page is not None:
            place = f"{t('evidence.page', n=segment.page)} · {place}"
        pieces.append(
            f'<p class="kg-source kg-place">{escape(place)}</p><p class="kg-segment" data-testid="segment" '
            f'data-kg-at="p{segment.index + 1}">{text_html(segment, shown, document.id)}</p>'
        )
    focused = " kg-focused" if shown.focus else ""
    return f'<div class="kg-reading{focused}">{"".join(pieces)}</div>'


# ---------------------------------------------------------------- the statements beside the text
def _statements(document: StoredDocument, statements: Sequence[StoredEvidence], focus: str) -> None:
    chosen = next((item for item in statements if item.extraction_id == focus), None)
    if chosen is not None:
        show_evidence([chosen], to_text=False)
        fact = fact_of(chosen.extraction_id)
        if fact is not None:
            with st.container(horizontal=True, gap="small"):
                link("evidence", t("documents.fact"), edge=str(fact))
                link("explore", t("evidence.draw"), entity=fact.head_id, edge=str(fact))
    if not statements:
        note(t("documents.nostatements"))
        return
    note(t("documents.statements", n=len(statements)))
    rows = []
    for item in statements:
        current = item.extraction_id == focus
        inner = (
            f"<b>{escape(item.head)}</b> — {escape(item.relation or '…')} → <b>{escape(item.tail)}</b>"
            f"<small>{escape(_known(item))}</small>"
        )
        address = here(
            document=document.id,
            segment=str(item.segment_index + 1),
            part="",
            statement="" if current else item.extraction_id,
        )
        rows.append(f"<li>{link_html(address, inner, current=current)}</li>")
    st.html(f'<ul class="kg-statements" data-testid="statements">{"".join(rows)}</ul>')


def _known(item: StoredEvidence) -> str:
    told = [f"{t('chart.confidence')} {item.confidence:.2f}"]
    if item.polarity == "negative":
        told.append(t("polarity.negative"))
    if item.modality != "asserted":
        told.append(t(f"modality.{item.modality}"))
    return " · ".join(told)

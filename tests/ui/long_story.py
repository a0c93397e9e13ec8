"""A made-up document of a hundred pages and five hundred segments, which two extractors have read."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from kg_builder.types import Contribution, Document, Extraction, Mention, Name, Relation, Segment, Statement

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

URI = "story/long <report>.pdf"
TITLE = "The long report"
SEGMENTS = 500
HELD_BACK = {"unresolved <b>pronoun</b>": 7}


def sentences(index: int) -> tuple[str, str, str]:
    """What segment `index` says."""
    needle = f"; the needle is number {index}" if index % 100 == 7 else ""
    return (
        f"Chapter notes number {index} come first.",
        f"Harbour {index} supplies Mill {index % 40}.",
        f"Nothing else happened there{needle}.",
    )


def contribution() -> Contribution:
    """The document as the pipeline would hand it to the store: five segments a page, a heading every fifty."""
    texts = [" ".join(sentences(index)) for index in range(SEGMENTS)]
    text = "\n\n".join(texts)
    document = Document(URI, sha256(text.encode()).hexdigest(), TITLE, text, "en")
    segments, statements, at = [], [], 0
    for index, words in enumerate(texts):
        section = f"Part {index // 100 + 1} > Chapter {index // 50 + 1}"
        segment = Segment(document, index, at, at + len(words), page=index // 5 + 1, section=section)
        segments.append(segment)
        statements.append(_statement(segment, index, "open_ie", "supplies"))
        if index % 5 == 0:
            statements.append(_statement(segment, index, "reader", "supplies Mill"))
        at += len(words) + 2
    return Contribution(document, tuple(segments), tuple(statements), quarantined=3, left_out=HELD_BACK)


def _statement(segment: Segment, index: int, extractor: str, relation: str) -> Statement:
    head, tail = f"Harbour {index}", f"Mill {index % 40}"
    start = segment.text.index(head)
    verb = segment.text.index("supplies", start)
    end = segment.text.index(tail, verb)
    extraction = Extraction(
        Mention(head, start, start + len(head), "Organization"),
        Relation(relation, verb, verb + len(relation), "supply"),
        Mention(tail, end, end + len(tail), "Place"),
        0.9 if extractor == "open_ie" else 0.6,
        extractor,
    ).shifted(segment)
    names = (Name(head.casefold(), "Organization"), Name(tail.casefold(), "Place"))
    return Statement(extraction, *names, "supply", False)


def fill(store: GraphStore) -> None:
    """Write the document into `store`."""
    made = contribution()
    store.write(made, size_bytes=len(made.document.text), recipe="story")

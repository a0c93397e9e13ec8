"""Contributions made from lines like ``Ann:Person | knows | Bob:Person``, with the text and offsets that go with
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from kg_builder.store import GraphStore, StoredEdge, StoredEntity
from kg_builder.types import (
    Contribution,
    Document,
    Extraction,
    Mention,
    Name,
    Qualifier,
    Relation,
    Segment,
    Statement,
    digest,
)

ANN = "Ann:Person"
ACME = "Acme Corp:Organization"


def _mention(surface: str, start: int, type_: str) -> Mention:
    return Mention(surface, start, start + len(surface), type_)


def contribute(uri: str, lines: Sequence[str], *, per_segment: int = 2, confidence: float = 0.8) -> Contribution:
    """A document of one sentence for each line, `per_segment` sentences to a segment.

    A line is ``head[:type] | relation | tail[:type]``; before the relation ``!`` makes it negated, ``?`` possible,
    ``<`` passive (the fact reads from tail to head), ``~`` symmetric; after the tail ``@ 0.5`` gives a confidence of
    its own. The key of a name is its surface in lower case.
    """
    text = ""
    placed: list[tuple[int, tuple[str, ...]]] = []
    for line in lines:
        line, _, sure = line.partition(" @ ")
        head, relation, tail = (part.strip(" ") for part in line.split(" | "))
        placed.append((len(text), (head, relation, tail, sure)))
        text += f"{head.rpartition(':')[0] or head} {relation.lstrip('!?<')} {tail.rpartition(':')[0] or tail}. "
    document = Document(uri, digest("bytes", text), uri.rsplit("/", 1)[-1], text, "en")
    bounds = [*[start for start, _ in placed][::per_segment], len(text)]
    segments = tuple(
        Segment(document, index, start, end, page=1, language="en")
        for index, (start, end) in enumerate(pairwise(bounds))
    )
    statements = []
    for number, (start, (head, relation, tail, sure)) in enumerate(placed):
        head_surface, _, head_type = head.rpartition(":") if ":" in head else (head, "", "Other")
        tail_surface, _, tail_type = tail.rpartition(":") if ":" in tail else (tail, "", "Other")
        words = relation.lstrip("!?<~")
        at = start + len(head_surface) + 1
        extraction = Extraction(
            _mention(head_surface, start, head_type),
            Relation(words, at, at + len(words), lemma=words, passive="<" in relation, symmetric="~" in relation),
            _mention(tail_surface, at + len(words) + 1, tail_type),
            float(sure) if sure else confidence,
            "test",
            segment=segments[number // per_segment],
            polarity="negative" if relation.startswith("!") else "positive",
            modality="possible" if relation.startswith("?") else "asserted",
            qualifiers=(Qualifier("time", words, at, at + len(words)),) if words.startswith("since") else (),
        )
        names = (Name(head_surface.casefold(), head_type), Name(tail_surface.casefold(), tail_type))
        statements.append(Statement(extraction, *names, relation=words, inverted="<" in relation))
    return Contribution(document, segments, tuple(statements))


def write(store: GraphStore, uri: str, *lines: str, per_segment: int = 2) -> Contribution:
    """Write a document made from lines."""
    contribution = contribute(uri, lines, per_segment=per_segment)
    store.write(contribution, size_bytes=len(contribution.document.text), recipe="test")
    return contribution


def facts(store: GraphStore) -> list[tuple[str, str, str, int, float]]:
    """All edges as head, relation, tail, support, confidence."""
    return [(e.head.name, e.relation, e.tail.name, e.support, e.confidence) for e in store.edges()]


def content(store: GraphStore) -> tuple[list[StoredEntity], list[StoredEdge]]:
    """The whole graph."""
    return list(store.entities()), list(store.edges())


def ids(store: GraphStore) -> dict[str, str]:
    """Ids of entities by name."""
    return {entity.name: entity.id for entity in store.entities()}

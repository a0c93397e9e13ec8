"""What a graph holds as training examples, as people corrected it.

What people decided on statements in the store (`kg_builder.reviewing`, ``kg review``, the review page) holds by itself.
Records of a file go before it: ``{"action": "accept" | "reject" | "edit", "extraction": ID}`` in JSON lines, and for
``edit`` what is right: ``head``, ``relation`` and ``tail``, each as it was where it is missing. ``kg export x.jsonl``
gives the ids (``evidence[].id``). Of two about one extraction the later one holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from finetune.corpus import LeftOut, Row, rows_of
from finetune.examples import Example
from kg_builder.language import detect_language
from kg_builder.sentences import split_sentences
from kg_builder.store import GraphStore
from kg_builder.store.reviews import Reviewed
from kg_builder.types import Contribution, Segment, Statement, Triple

__all__ = [
    "Correction",
    "FromStore",
    "correction_of",
    "examples_of_store",
    "read_corrections",
]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said of one extraction; empty fields of an edit are as they were."""

    action: Literal["accept", "reject", "edit"]
    extraction: str
    head: str = ""
    relation: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class FromStore:
    """Which extractions become answers: those that state facts, with a confidence of ``min_confidence`` or more.

    ``unit`` is the text of an example. ``canonical`` gives the graph's names and relations in place of the words of the
    text. ``reviewed_only`` takes the texts alone of which a person said something.
    """

    min_confidence: float = 0.5
    unit: Literal["sentence", "segment"] = "sentence"
    canonical: bool = False
    reviewed_only: bool = False


def correction_of(record: Mapping[str, Any]) -> Correction | str:
    """The correction that a record is, or why it is none: ``fields`` or ``empty-edit``."""
    texts = {name: record.get(name) or "" for name in ("extraction", "head", "relation", "tail")}
    action = record.get("action")
    if action not in ("accept", "reject", "edit") or not all(isinstance(each, str) for each in texts.values()):
        return "fields"
    texts = {name: each.strip() for name, each in texts.items()}
    if not texts["extraction"]:
        return "fields"
    if action == "edit" and not (texts["head"] or texts["relation"] or texts["tail"]):
        return "empty-edit"
    return Correction(action, **texts)


def read_corrections(path: Path) -> tuple[dict[str, Correction], list[LeftOut]]:
    """The corrections in a file of JSON lines, by extraction, and the lines that are none.

    Raises:
        DataError: the file cannot be read.
    """
    found: dict[str, Correction] = {}
    problems: list[LeftOut] = []
    for row in rows_of(str(path)):
        made = correction_of(row.values) if isinstance(row, Row) else row.reason
        if isinstance(made, Correction):
            found[made.extraction] = made
        else:
            shown = json.dumps(dict(row.values), ensure_ascii=False) if isinstance(row, Row) else row.found
            problems.append(LeftOut(row.source, row.line, made, shown[:160]))
    return found, problems


def examples_of_store(
    store: GraphStore, options: FromStore | None = None, *, corrections: Mapping[str, Correction] | None = None
) -> Iterator[Example | LeftOut]:
    """Examples from the documents of a store, one after the other, with what is left out and why.

    Rejected extractions are taken out of the answer, edited ones replaced, accepted ones are in it however unsure the
    extractor was: by `corrections` where they say something of an extraction, else by the decisions of the store. A
    text of which all was rejected has no triples. Reasons for what is left out: ``no-facts``, ``unsure`` (nothing is
    sure enough), ``not-reviewed``, ``across-sentences``, ``edit-not-in-text``, ``unknown-extraction``.
    """
    options = options or FromStore()
    given = dict(corrections or {})
    unknown = set(given)
    for document in store.documents():
        contribution = store.contribution(document.uri)
        if contribution is None or not contribution.statements:
            continue
        reviewed = store.reviews.of_document(document.uri)
        statements = (*contribution.statements, *reviewed.corrected)
        unknown -= {each.extraction.id for each in statements}
        names = _names(store, statements) if options.canonical else {}
        yield from _examples(replace(contribution, statements=statements), names, _decided(reviewed) | given, options)
    for each in sorted(unknown):
        yield LeftOut("corrections", 0, "unknown-extraction", each)


def _decided(reviewed: Reviewed) -> dict[str, Correction | None]:
    """What people decided on the statements of a document, by extraction; None: another took its place."""
    made: dict[str, Correction | None] = {each.extraction.id: _right(each) for each in reviewed.corrected}
    for extraction, review in reviewed.reviews.items():
        made[extraction] = Correction(review, extraction) if review in ("accept", "reject") else None
    return made


def _right(statement: Statement) -> Correction:
    return Correction("accept", statement.extraction.id)


def _names(store: GraphStore, statements: Iterable[Statement]) -> dict[str, str]:
    """What the graph calls the entity of each name, by the name's id."""
    places = store.places({name.id for each in statements for name in (each.head, each.tail)})
    entities = {each.id: each.name for each in store.entities_by_id(sorted(set(places.values())))}
    return {name: entities[entity] for name, entity in places.items() if entity in entities}


def _examples(
    contribution: Contribution, names: Mapping[str, str], decided: Mapping[str, Correction | None], options: FromStore
) -> Iterator[Example | LeftOut]:
    of_segment: dict[str, list[Statement]] = {}
    for statement in contribution.statements:
        segment = statement.extraction.segment
        if segment is not None:
            of_segment.setdefault(segment.id, []).append(statement)
    for segment in contribution.segments:
        statements = of_segment.get(segment.id, [])
        if not statements:
            continue
        spans = split_sentences(segment.text)
        if options.unit == "segment":
            spans = [(spans[0][0], spans[-1][1])]
        for start, end in spans:
            inside = [each for each in statements if _stands_in(each, segment, start, end)]
            if inside:
                yield from _example(segment, start, end, inside, names, decided, options)
        across = sum(not any(_stands_in(each, segment, *span) for span in spans) for each in statements)
        for _ in range(across):
            yield _out(segment, 0, "across-sentences", "")


def _stands_in(statement: Statement, segment: Segment, start: int, end: int) -> bool:
    head, tail = statement.extraction.head, statement.extraction.tail
    first, last = min(head.start, tail.start) - segment.start, max(head.end, tail.end) - segment.start
    return start <= first and last <= end


def _example(
    segment: Segment,
    start: int,
    end: int,
    statements: Sequence[Statement],
    names: Mapping[str, str],
    decided: Mapping[str, Correction | None],
    options: FromStore,
) -> Iterator[Example | LeftOut]:
    text = segment.text[start:end]
    triples: list[Triple] = []
    unsure = reviewed = 0
    for statement in statements:
        extraction = statement.extraction
        correction = decided.get(extraction.id)
        reviewed += extraction.id in decided
        if correction is None and extraction.id in decided:
            continue
        if correction is not None and correction.action == "edit":
            triple = _edited(_triple(statement, names, options), correction)
            if (triple.head in text and triple.tail in text) or options.canonical:
                triples.append(triple)
            else:
                yield _out(segment, start, "edit-not-in-text", extraction.id, is_problem=True)
        elif (correction is not None and correction.action == "reject") or not extraction.is_fact:
            continue
        elif correction is None and extraction.confidence < options.min_confidence:
            unsure += 1
        else:
            triples.append(_triple(statement, names, options))
    if options.reviewed_only and not reviewed:
        yield _out(segment, start, "not-reviewed", text)
    elif triples or (reviewed and not unsure):
        source = f"{segment.document.uri}:{segment.start + start}"
        yield Example(text, tuple(dict.fromkeys(triples)), language=detect_language(text), source=source)
    else:
        yield _out(segment, start, "unsure" if unsure else "no-facts", text)


def _triple(statement: Statement, names: Mapping[str, str], options: FromStore) -> Triple:
    extraction = statement.extraction
    if options.canonical:
        subject, object_ = statement.subject, statement.object
        return Triple(names.get(subject.id, subject.plain), statement.relation, names.get(object_.id, object_.plain))
    return Triple(extraction.head.surface, extraction.relation.surface, extraction.tail.surface)


def _edited(triple: Triple, correction: Correction) -> Triple:
    given = {name: getattr(correction, name) for name in ("head", "relation", "tail") if getattr(correction, name)}
    return replace(triple, **given)


def _out(segment: Segment, start: int, reason: str, found: str, *, is_problem: bool = False) -> LeftOut:
    return LeftOut(segment.document.uri, segment.start + start, reason, found[:160], is_problem)

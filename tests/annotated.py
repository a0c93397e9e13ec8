"""Contributions from annotated sentences, for tests that need a graph but no extractor.

A sentence marks its head and tail as ``[surface|Type]``, its relation as ``(words)`` and a time as ``{words}``. What
begins with ``not:`` or ``reported:`` is no fact. Names and relations get their canonical form as in the pipeline.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from kg_builder.normalize import to_statement
from kg_builder.types import (
    Contribution,
    Document,
    Extraction,
    Language,
    Mention,
    Qualifier,
    Relation,
    Segment,
    Statement,
    digest,
)

_MARK = re.compile(r"\[(?P<entity>[^|\]]+)\|(?P<type>\w+)\]|\((?P<relation>[^)]+)\)|\{(?P<time>[^}]+)\}")


def contribute(uri: str, title: str, language: Language, sentences: Sequence[str]) -> Contribution:
    """A document with a segment for each sentence."""
    gap = "" if language == "zh" else " "
    read = [_read(sentence) for sentence in sentences]
    text = gap.join(plain for plain, _ in read)
    document = Document(uri, digest("bytes", text), title, text, language)
    segments: list[Segment] = []
    statements: list[Statement] = []
    at = 0
    for index, (plain, extraction) in enumerate(read):
        segments.append(Segment(document, index, at, at + len(plain), page=1, language=language))
        statement = to_statement(extraction.shifted(segments[-1]), language=language)
        assert statement is not None, plain
        statements.append(statement)
        at += len(plain) + len(gap)
    return Contribution(document, tuple(segments), tuple(statements))


def _read(sentence: str) -> tuple[str, Extraction]:
    """The sentence without its marks, and what they mark."""
    mood, _, rest = sentence.rpartition(": ") if sentence.startswith(("not: ", "reported: ")) else ("", "", sentence)
    plain, last = "", 0
    mentions: list[Mention] = []
    relation = Relation("")
    times: tuple[Qualifier, ...] = ()
    for mark in _MARK.finditer(rest):
        plain += rest[last : mark.start()]
        last, start = mark.end(), len(plain)
        plain += mark["entity"] or mark["relation"] or mark["time"]
        if mark["entity"]:
            mentions.append(Mention(mark["entity"], start, len(plain), mark["type"]))
        elif mark["relation"]:
            relation = Relation(mark["relation"], start, len(plain))
        else:
            times = (Qualifier("time", mark["time"], start, len(plain)),)
    head, tail = mentions
    found = Extraction(head, relation, tail, 0.9, "test", qualifiers=times)
    if mood == "not":
        found = replace(found, polarity="negative")
    if mood == "reported":
        found = replace(found, modality="reported")
    return plain + rest[last:], found

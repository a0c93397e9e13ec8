"""From the extractions of a document to its contribution: statements in canonical form, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from kg_builder.types import (
    ENTITY_TYPES,
    Contribution,
    Document,
    Extraction,
    Language,
    Name,
    Segment,
    Statement,
)

__all__ = ["contribute"]

DOMINANCE = 3
"""How many times as often one type of a name must occur in a document for the rarer types to be taken as slips."""


def contribute(
    document: Document,
    segments: Sequence[Segment],
    extractions: Sequence[Extraction],
    *,
    quarantined: int = 0,
    faults: tuple[str, ...] = (),
) -> Contribution:
    """The contribution of a document whose `extractions` are anchored in it.

    Equal statements at the same place are one, the others are rejected as ``repeated``; so is, with its reason, a
    statement without a usable name or relation. `quarantined` says how many more the extractor gave, not anchored.
    """
    from kg_builder.normalize import statement_problem, to_statement

    statements: dict[str, Statement] = {}
    rejected: Counter[str] = Counter()
    for extraction in extractions:
        language: Language = extraction.segment.language if extraction.segment else document.language
        statement = to_statement(extraction, language=language)
        if statement is None:
            rejected[statement_problem(extraction) or "unusable"] += 1
            continue
        kept = statements.get(extraction.id)
        rejected["repeated"] += kept is not None
        if kept is None or kept.extraction.confidence < extraction.confidence:
            statements[extraction.id] = statement
    agreed = _agree_on_types(list(statements.values()))
    return Contribution(
        document,
        tuple(segments),
        tuple(agreed),
        quarantined,
        faults,
        rejected=dict(sorted((+rejected).items())),
        extracted=len(extractions) + quarantined,
    )


def _rank(type: str) -> int:
    return ENTITY_TYPES.index(type) if type in ENTITY_TYPES else len(ENTITY_TYPES)


def _agree_on_types(statements: list[Statement]) -> list[Statement]:
    """Let a name have its dominant type throughout a document where the others look like slips of the tagger.

    Two types that both occur repeatedly stay two names: a person and a place can share theirs. What the document
    writes in lower case as often as not is a common noun ("Porpoises" at the start of a sentence), and no name's type
    counts for it.
    """
    counts: dict[str, Counter[str]] = {}
    common: dict[str, Counter[str]] = {}  # types where a word stands in lower case; "" counts the capitals
    for statement in statements:
        x = statement.extraction
        for name, mention in ((statement.head, x.head), (statement.tail, x.tail)):
            if name.type != "Other":
                counts.setdefault(name.key, Counter())[name.type] += 1
            if mention.surface[0].isupper() or mention.surface[0].islower():
                written = name.type if mention.surface.islower() else ""
                common.setdefault(name.key, Counter())[written] += 1
    dominant: dict[tuple[str, str], str] = {}
    for key, types in counts.items():
        best, most = min(types.items(), key=lambda item: (-item[1], _rank(item[0]), item[0]))
        dominant.update({(key, t): best for t, n in types.items() if n == 1 or n * DOMINANCE <= most})
        lower = common.get(key, Counter())
        if 2 * (lower.total() - lower[""]) >= lower.total() > lower[""] > 0:
            del lower[""]
            best = min(lower, key=lambda t: (-lower[t], t))
            dominant.update({(key, t): best for t in ("Other", *types)})

    def agreed(name: Name) -> Name:
        return Name(name.key, dominant.get((name.key, name.type), name.type))

    return [replace(s, head=agreed(s.head), tail=agreed(s.tail)) for s in statements]

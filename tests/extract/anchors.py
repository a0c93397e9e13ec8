"""All places in a text that an extraction names."""

from __future__ import annotations

from collections.abc import Iterator

from kg_builder.types import Extraction


def spans(e: Extraction) -> Iterator[tuple[str, int | None, int | None]]:
    """Surface, start and end of mentions, relation, arguments and qualifiers; None where words are implied."""
    yield e.head.surface, e.head.start, e.head.end
    yield e.tail.surface, e.tail.start, e.tail.end
    yield e.relation.surface, e.relation.start, e.relation.end
    for argument in (e.head_argument, e.tail_argument):
        if argument is not None:
            yield argument.surface, argument.start, argument.end
    for q in e.qualifiers:
        yield q.text, q.start, q.end

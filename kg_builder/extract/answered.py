"""What an extractor gives for one of several texts that it was asked about together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from kg_builder.extract.anchoring import anchored
from kg_builder.language import detect_language
from kg_builder.prompt import format_triples, parse_triples
from kg_builder.types import Extraction, Usage

__all__ = ["Answered", "read_answer"]


@dataclass(frozen=True, slots=True)
class Answered:
    """The extractions of one text, what was held back (by reason), and what it cost.

    An extractor that answers texts together has ``batch_size``, how many at a time, and ``extract_many``, which gives
    one of these for each text, in order, or in its place the exception that `extract` would have raised. Where the
    extractor as a whole cannot go on, it raises a `KGError` itself.

    Of a language model, ``written`` is its answer, verbatim, and ``dropped`` has the lines of it that are not given,
    each with its reason.
    """

    extractions: list[Extraction]
    left_out: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    written: str = ""
    dropped: tuple[tuple[str, str], ...] = ()


def read_answer(
    text: str,
    lines: str,
    *,
    extractor: str,
    relations: Collection[str],
    written: str,
    reasons: Mapping[str, int] | None = None,
    usage: Usage | None = None,
    confidence_of: Callable[[int], float] | None = None,
) -> Answered:
    """What the `lines` that a language model wrote about `text` say of it: `written`, without what was cut off.

    Args:
        reasons: what else is left out, by reason.
        confidence_of: how sure the model was of a line, by its number, counted from 0.
    """
    parsed = parse_triples(lines)
    dropped = list(parsed.malformed)
    left_out = Counter(reason for _, reason in parsed.malformed) + Counter(reasons or {})
    found, unanchored = anchored(
        text,
        parsed.triples,
        extractor=extractor,
        language=detect_language(text),
        confidences=None if confidence_of is None else [confidence_of(line) for line in parsed.lines],
        relations=relations,
        on_left_out=lambda triple, reason: dropped.append((format_triples([triple]).rstrip("\n"), reason)),
    )
    left_out += unanchored
    return Answered(found, dict(sorted(left_out.items())), usage or Usage(), written, tuple(dropped))

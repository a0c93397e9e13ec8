"""What is wrong with answers as such: malformed lines, entities that are not in the text, repetition.

An entity is in the text if it occurs there with case, width and spacing ignored, and, where it begins or ends with a
letter or figure of a script that parts words by spaces, not inside of a word: "art" is not in "a start".
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from kg_builder.prompt import ParsedTriples

__all__ = ["AnswerCounts", "count_answers", "is_in_text"]

_INNER = r"[^\W_㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af぀-ヿ]"  # letters and figures, but for Han and kana
_WORDLIKE = re.compile(_INNER)


@dataclass(slots=True)
class AnswerCounts:
    """Counts over the answers to a set of texts.

    ``hallucinated`` are the entities (heads and tails of distinct triples) that are not in their text; ``entities`` is
    what they are counted among. ``unfinished`` answers were cut off at the limit of tokens.
    """

    answers: int = 0
    empty: int = 0
    unfinished: int = 0
    lines: int = 0  # those that ought to be triples
    malformed: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    entities: int = 0
    hallucinated: int = 0
    hallucinated_triples: int = 0

    @property
    def malformed_share(self) -> float:
        """The share of the lines that are no triples."""
        return sum(self.malformed.values()) / self.lines if self.lines else 0.0

    @property
    def hallucinated_share(self) -> float:
        """The share of the entities that are not in their text."""
        return self.hallucinated / self.entities if self.entities else 0.0

    def to_dict(self) -> dict[str, object]:
        """Counts and shares by name."""
        return {
            "answers": self.answers,
            "empty": self.empty,
            "unfinished": self.unfinished,
            "lines": self.lines,
            "malformed": sum(self.malformed.values()),
            "malformed_share": round(self.malformed_share, 4),
            "malformed_reasons": dict(sorted(self.malformed.items())),
            "repeated": self.repeated,
            "entities": self.entities,
            "hallucinated": self.hallucinated,
            "hallucinated_share": round(self.hallucinated_share, 4),
            "hallucinated_triples": self.hallucinated_triples,
        }


def count_answers(
    texts: Iterable[str], answers: Iterable[ParsedTriples], *, unfinished: Collection[int] = ()
) -> AnswerCounts:
    """The counts of `answers`, each about the text of its place. `unfinished` are the places, from 0, of those that
    were cut off."""
    counts = AnswerCounts(unfinished=len(unfinished))
    for text, answer in zip(texts, answers, strict=True):
        distinct = set(answer.triples)
        counts.answers += 1
        counts.empty += not (answer.triples or answer.malformed)
        counts.lines += len(answer.triples) + len(answer.malformed)
        counts.malformed.update(reason for _, reason in answer.malformed)
        counts.repeated += len(answer.triples) - len(distinct)
        folded = _folded(text)
        for triple in distinct:
            missing = sum(not _occurs(end, folded) for end in (triple.head, triple.tail))
            counts.entities += 2
            counts.hallucinated += missing
            counts.hallucinated_triples += missing > 0
    return counts


def is_in_text(entity: str, text: str) -> bool:
    """Whether an entity occurs in a text, as this module's rule has it."""
    return _occurs(entity, _folded(text))


def _occurs(entity: str, folded: str) -> bool:
    wanted = _folded(entity)
    if not wanted:
        return False
    before = f"(?<!{_INNER})" if _WORDLIKE.match(wanted[0]) else ""
    after = f"(?!{_INNER})" if _WORDLIKE.match(wanted[-1]) else ""
    return re.search(before + re.escape(wanted) + after, folded) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(".。 ")

"""The scores of answers to held-out examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from finetune.held_out import HeldOut, Output, read_answer, text_of
from finetune.label_scores import LabelScores, score_labels
from kg_builder.errors import EvaluationError
from kg_builder.evaluate import (
    AnswerCounts,
    Difference,
    Match,
    Scores,
    compare_triples,
    count_answers,
    score_by_relation,
    score_triples,
)
from kg_builder.evaluate.triples import score_keys
from kg_builder.prompt import ParsedTriples
from kg_builder.types import Triple

__all__ = ["SHOWN", "OutputScores", "compare_scores", "score_outputs"]

SHOWN: tuple[Match, ...] = ("exact", "relaxed", "head")


@dataclass(frozen=True, slots=True)
class OutputScores:
    """Scores of one set of answers; what there are no examples of is None."""

    triples: dict[Match, Scores] | None = None
    by_relation: dict[str, Scores] = field(default_factory=dict)
    answers: AnswerCounts | None = None
    items: dict[str, Scores] = field(default_factory=dict)  # by task: ner, events
    labels: LabelScores | None = None
    others: int = 0
    others_equal: int = 0
    seconds: float = 0.0
    tokens: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found: dict[str, Any] = {}
        if self.triples is not None and self.answers is not None:
            found["triples"] = {match: _scores_dict(scores) for match, scores in self.triples.items()}
            found["by_relation"] = {relation: scores.to_dict() for relation, scores in self.by_relation.items()}
            found["answers"] = self.answers.to_dict()
        if self.items:
            found["items"] = {task: _scores_dict(scores) for task, scores in self.items.items()}
        if self.labels is not None:
            found["labels"] = self.labels.to_dict()
        if self.others:
            found["others"] = {"examples": self.others, "equal": self.others_equal}
        if self.seconds:
            found["speed"] = {
                "seconds": round(self.seconds, 2),
                "tokens": self.tokens,
                "tokens_per_second": round(self.tokens / self.seconds, 1),
            }
        return found


def score_outputs(
    test: HeldOut,
    outputs: Sequence[Output],
    *,
    labels: Sequence[str] = (),
    bootstrap: int = 1000,
    seed: int = 17,
    seconds: float = 0.0,
) -> OutputScores:
    """The scores of one answer for each example, in their order. `labels` are those that an answer may name beside the
    ones that are right somewhere or that a question allows.

    Raises:
        EvaluationError: not one answer for each example.
    """
    if len(outputs) != len(test.examples):
        raise EvaluationError(f"expected an answer for each of the {len(test.examples)} examples, found {len(outputs)}")
    triples: dict[Match, Scores] | None = None
    by_relation: dict[str, Scores] = {}
    counts: AnswerCounts | None = None
    places = test.of("triples")
    if places:
        gold, found = _gold(test, places), [read_answer(test.examples[p], outputs[p].answer) for p in places]
        said = [each.triples for each in found]
        counts = count_answers(
            [text_of(test.examples[p]) for p in places],
            [ParsedTriples(each.triples, each.malformed) for each in found],
            unfinished=[p for p in places if not outputs[p].finished],
        )
        triples = {m: score_triples(gold, said, match=m, bootstrap=bootstrap, seed=seed) for m in SHOWN}
        by_relation = score_by_relation(gold, said)
    items = {}
    for task in sorted({test.examples[p].task for p in test.of("items")}):
        some = [p for p in test.of("items") if test.examples[p].task == task]
        right_items = [read_answer(test.examples[p], test.examples[p].answer).items for p in some]
        said_items = [read_answer(test.examples[p], outputs[p].answer).items for p in some]
        items[task] = score_keys(right_items, said_items, bootstrap=bootstrap, seed=seed)
    labelled = test.of("labels")
    scores = None
    if labelled:
        right = [test.examples[place].answer.strip() for place in labelled]
        allowed = [label for place in labelled for label in test.examples[place].relations]
        scores = score_labels(right, [outputs[p].answer for p in labelled], labels=[*labels, *dict.fromkeys(allowed)])
    others = test.of("other")
    return OutputScores(
        triples=triples,
        by_relation=by_relation,
        answers=counts,
        items=items,
        labels=scores,
        others=len(others),
        others_equal=sum(_evened(outputs[p].answer) == _evened(test.examples[p].answer) for p in others),
        seconds=seconds,
        tokens=sum(each.tokens for each in outputs),
    )


def compare_scores(
    test: HeldOut, before: Sequence[Output], after: Sequence[Output], *, bootstrap: int = 1000, seed: int = 17
) -> dict[Match, Difference]:
    """How much better the triples are after than before, with paired intervals; empty where there are none."""
    places = test.of("triples")
    if not places or not bootstrap:
        return {}
    gold = _gold(test, places)
    first, second = (
        [read_answer(test.examples[p], side[p].answer).triples for p in places] for side in (before, after)
    )
    return {m: compare_triples(gold, first, second, match=m, bootstrap=bootstrap, seed=seed) for m in SHOWN}


def _gold(test: HeldOut, places: Sequence[int]) -> list[tuple[Triple, ...]]:
    """The right triples: of a conversation those that its answer says."""
    chosen = [test.examples[place] for place in places]
    return [read_answer(each, each.answer).triples if each.messages else each.triples for each in chosen]


def _scores_dict(scores: Scores) -> dict[str, Any]:
    found = scores.to_dict()
    for name in ("precision", "recall"):
        interval = cast("tuple[float, float] | None", getattr(scores, f"{name}_interval"))
        if interval:
            found |= {f"{name}_low": round(interval[0], 4), f"{name}_high": round(interval[1], 4)}
    return found


def _evened(text: str) -> str:
    return " ".join(text.split())

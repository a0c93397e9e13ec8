"""Comparing predicted triples with gold ones."""

from kg_builder.evaluate.answers import AnswerCounts, count_answers, is_in_text
from kg_builder.evaluate.files import Evaluation, evaluate_files
from kg_builder.evaluate.triples import (
    MATCHES,
    Difference,
    Match,
    Scores,
    compare_triples,
    score_by_relation,
    score_triples,
)

__all__ = [
    "MATCHES",
    "AnswerCounts",
    "Difference",
    "Evaluation",
    "Match",
    "Scores",
    "compare_triples",
    "count_answers",
    "evaluate_files",
    "is_in_text",
    "score_by_relation",
    "score_triples",
]

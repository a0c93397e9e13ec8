"""Comparing predicted triples with gold ones."""

from kg_builder.evaluate.files import Evaluation, evaluate_files
from kg_builder.evaluate.triples import MATCHES, Match, Scores, score_by_relation, score_triples

__all__ = ["MATCHES", "Evaluation", "Match", "Scores", "evaluate_files", "score_by_relation", "score_triples"]

"""How sure an English statement is."""

from __future__ import annotations

from kg_builder.extract.open_ie.polarity import Status
from kg_builder.extract.open_ie.relations import Statement
from kg_builder.extract.open_ie.tree import Tree

__all__ = ["confidence"]

_BY_RULE = {
    "object": 0.85, "copula": 0.85, "complement": 0.75, "agent": 0.85, "attachment": 0.75, "relative object": 0.65,
    "apposition": 0.75, "title": 0.75, "possessor": 0.7, "place": 0.7, "member": 0.75,
    "existential": 0.7, "clausal": 0.6, "restated": 0.5,
}  # fmt: skip
_BY_SUBJECT = {
    "own": 1.0, "shared": 0.9, "control": 0.8, "acl": 0.8, "infinitive": 0.55, "relative": 0.85, "relative object":
    0.85,
    "adverbial": 0.7, "purpose": 0.5, "whose": 0.7, "nominal": 1.0,
}  # fmt: skip


def confidence(tree: Tree, statement: Statement, scope: Status) -> float:
    """A share in [0, 1]: of statements like this one, how many hold."""
    value = _BY_RULE.get(statement.rule, 0.6) * _BY_SUBJECT.get(statement.how, 0.7)
    value *= 0.9**statement.depth
    distance = abs(statement.tail - statement.predicate)
    if distance > 15:
        value *= 0.8
    if tree.pos[statement.tail] in ("ADJ", "ADV", "VERB"):
        value *= 0.8
    return round(min(0.99, max(0.01, value)), 3)

"""What speaks for and against a Chinese statement: features by name, for `confidence`.

Few, since there are few statements to learn from; many more (tags, labels, types) did worse.
"""

from __future__ import annotations

import math

from kg_builder.extract.open_ie.chinese.relations import Statement
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.english.evidence import Features
from kg_builder.types import Mention

__all__ = ["chinese_features"]

_MARKS = frozenset("，,：:；;、（）()")


_LEADING = frozenset("由向对在与经将把以为按")  # prepositions that a relation begins with
_TURNED = ("possessive", "nominal")  # 腾讯的创始人是马化腾, 公司董事长王强: there the tail stands first
_SHORT = 2  # characters of a name that may say little


def chinese_features(tree: Tree, statement: Statement, head: Mention, relation: str, tail: Mention) -> Features:
    """The features of one statement; those that are absent count as 0."""
    s, clause = statement, statement.clause
    predicate = clause.predicate if clause is not None else s.relation[-1] if s.relation else s.head
    found = {
        f"how {s.how}": 1.0,
        "tail words": math.log1p(len(s.tail_words)),
        "sentence words": math.log1p(len(tree) - 1) / 2,
        "marks to head": _marks(tree, s.head, predicate),
        "marks to tail": _marks(tree, s.tail, predicate),
        "head characters": math.log1p(len(head.surface)),
        "tail characters": math.log1p(len(tail.surface)),
        "relation characters": math.log1p(len(relation)),
    }
    if len(head.surface) <= _SHORT:
        found["short head"] = 1.0
    if len(tail.surface) <= _SHORT:
        found["short tail"] = 1.0
    if tail.end <= head.start and s.how not in _TURNED:
        found["tail first"] = 1.0
    if relation[0] in _LEADING:
        found[f"relation from {relation[0]}"] = 1.0
    if clause is not None and clause.inherited:
        found["inherited subject"] = 1.0
    if clause is not None and len(clause.candidates) > 1:
        found["several subjects"] = 1.0
    return found


def _marks(tree: Tree, i: int, predicate: int) -> float:
    return min(4, sum(tree[k].text in _MARKS for k in range(min(i, predicate), max(i, predicate)))) / 2

"""Circumstances of a clause: when, where, and whose word it is."""

from __future__ import annotations

from kg_builder.extract.open_ie.english.arguments import argument_words
from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.types import Qualifier

__all__ = ["qualifiers"]


def qualifiers(tree: Tree, predicate: int, *, leave_out: set[int], source: int) -> tuple[Qualifier, ...]:
    """Time, place and source of the clause at `predicate`, but for the words in `leave_out`."""
    found = []
    for c in tree.children[predicate]:
        if tree.label[c] not in ("obl", "advmod") or c in leave_out or tree.pos[c] == "PRON":
            continue
        kind = mention_type(tree, c)
        if tree.label[c] == "advmod" and kind != "Time":
            continue
        role = {"Time": "time", "Place": "place"}.get(kind)
        if role:
            text, start, end = tree.surface(argument_words(tree, c))
            found.append(Qualifier(role, text, start, end))
    if source >= 0:
        text, start, end = tree.surface(argument_words(tree, source))
        found.append(Qualifier("source", text, start, end))
    return tuple(found)

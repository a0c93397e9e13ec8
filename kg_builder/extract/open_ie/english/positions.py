"""Where the words of a tree stand to each other: what pronouns and the names around them are compared by."""

from __future__ import annotations

from kg_builder.extract.open_ie.english.tree import Tree

__all__ = [
    "GROUPS",
    "SUBJECT",
    "ancestors",
    "bound",
    "first_conjunct",
    "is_aside",
    "is_listed",
    "role_of",
]

SUBJECT = frozenset({"nsubj", "nsubj:pass"})
GROUPS = {
    "nsubj": "subject", "nsubj:pass": "subject", "obj": "object", "iobj": "object", "obl": "oblique",
    "obl:agent": "oblique", "nmod": "noun", "nmod:poss": "possessor",
}  # fmt: skip
_CLAUSAL = frozenset({"advcl", "ccomp", "xcomp", "acl", "acl:relcl", "conj", "parataxis", "csubj"})


def first_conjunct(tree: Tree, m: int) -> int:
    """The first of the names that `m` is coordinated with."""
    for _ in range(20):
        if tree.label[m] != "conj" or tree.head[m] < 0:
            break
        m = tree.head[m]
    return m


def role_of(tree: Tree, m: int) -> str:
    """The UD relation of `m`, or of the first of what it is coordinated with."""
    return tree.dep[first_conjunct(tree, m)]


def ancestors(tree: Tree, i: int) -> list[int]:
    """The heads over `i`, nearest first, at most 31 of them."""
    found = []
    for k in tree.above(i):
        found.append(k)
        if len(found) > 30:
            break
    return found


def bound(tree: Tree, p: int, m: int, above: list[int], back: int) -> tuple[bool | float, ...]:
    """How a pronoun `p`, with the heads `above` it, and a name `m` that stands `back` sentences before it hang together
    inside one sentence: eight answers (arguments of one verb, …), and how far apart they are in the tree, in [0, 1]."""
    if back or not above:
        return False, False, False, False, False, False, False, False, 1.0
    owned = above[0] if tree.dep[p] == "nmod:poss" else -1
    dep, governor = role_of(tree, m), tree.head[first_conjunct(tree, m)]
    of_one = governor == above[0] and owned < 0
    inside_verb = owned >= 0 and len(above) > 1 and governor == above[1] and dep in SUBJECT
    subject_above = subject_two_above = coordinated = False
    if dep in SUBJECT and governor in above:
        steps = [k for k in above[: above.index(governor)] if tree.dep[k] in _CLAUSAL]
        subject_above, subject_two_above = len(steps) == 1, len(steps) > 1
        coordinated = bool(steps) and tree.label[steps[-1]] == "conj"
    lineage = ancestors(tree, m)
    inside = owned >= 0 and (m == owned or owned in lineage)
    apposed = inside and (m == owned or tree.label[m] == "appos" or tree.dep[owned] == "nmod:desc")
    below = p in lineage or (owned < 0 and above[0] in lineage[1:])
    common = next((k for k, x in enumerate(above) if x == m or x in lineage), len(above))
    down = lineage.index(above[common]) + 1 if common < len(above) and above[common] in lineage else 0
    distance = min(common + 1 + down, 10) / 10
    return of_one, inside_verb, subject_above, subject_two_above, coordinated, inside, apposed, below, distance


def is_aside(tree: Tree, m: int) -> bool:
    """Whether `m` is an apposition, a parenthesis or quoted."""
    return tree.label[m] in ("parataxis", "appos") or (m > 0 and tree.word[m - 1] in '(["“``')


def is_listed(tree: Tree, m: int) -> bool:
    """Whether `m` is coordinated with something."""
    return tree.label[m] == "conj" or any(tree.label[c] == "conj" for c in tree.children[m])

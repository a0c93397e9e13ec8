"""What the parser often gets wrong in English, put right before the rules read a tree: heads, labels and tags alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg_builder.extract.open_ie.english.tree import Tree

__all__ = ["mend"]

_FINITE = frozenset({"VERB", "AUX", "PRON", "SCONJ"})


def mend(tree: Tree) -> None:
    """Change `tree` in place, as long as it knows no children yet."""
    _dependents_of_auxiliaries(tree)
    _clauses_after_copulas(tree)
    _nouns_for_verbs(tree)
    _lost_subjects(tree)
    _names_after_roles(tree)
    _appositions(tree)
    _last_apposition(tree)
    _numbered_names(tree)
    _members(tree)
    _per_cent(tree)


def _dependents_of_auxiliaries(tree: Tree) -> None:
    """Auxiliaries have no dependents (UD); what the parser hangs there belongs to their verb."""
    for i, h in enumerate(tree.head):
        if h >= 0 and tree.label[h] in ("cop", "aux") and tree.head[h] not in (-1, i) and tree.label[i] != "fixed":
            tree.head[i] = tree.head[h]


def _clauses_after_copulas(tree: Tree) -> None:
    """ "The difference is that X follows Y": "is" belongs to the clause outside, and so does its subject."""
    for i, h in enumerate(tree.head):
        if h < 0 or tree.label[i] != "cop" or tree.tag[h] not in ("VBZ", "VBD", "VBP"):
            continue
        tree.dep[i] = tree.label[i] = "dep"
        for k in range(max(0, i - 100), i):
            if tree.head[k] == h and tree.label[k] == "nsubj":
                tree.dep[k] = tree.label[k] = "dep"


def _nouns_for_verbs(tree: Tree) -> None:
    """ "They say that the film copies Vertigo": what has "that" before it and an object after it is a verb, and
    what was read as its compound is its subject."""
    for i, label in enumerate(tree.label):
        if label not in ("ccomp", "advcl") or tree.pos[i] != "NOUN" or tree.tag[i] != "NNS":
            continue
        below = [k for k in range(max(0, i - 20), min(len(tree.head), i + 20)) if tree.head[k] == i]
        labels = {tree.label[k] for k in below}
        nouns = [k for k in below if tree.label[k] == "compound" and k == i - 1]
        if not nouns or not {"mark", "obj"} <= labels or "nsubj" in labels or "cop" in labels:
            continue
        tree.pos[i], tree.tag[i] = "VERB", "VBZ"
        subject = nouns[0]
        tree.dep[subject] = tree.label[subject] = "nsubj"
        for k in below:
            if tree.label[k] in ("det", "amod", "nmod", "compound") and k < subject:
                tree.head[k] = subject


def _lost_subjects(tree: Tree) -> None:
    """No word is the later half of a name that comes after it: before a verb without a subject it is the
    subject."""
    for i, label in enumerate(tree.label):
        h = tree.head[i]
        if label != "flat" or h <= i:
            continue
        verb = next((k for k in range(i + 1, h) if tree.pos[k] == "VERB"), -1)
        below = [k for k in range(max(0, i - 100), h) if tree.head[k] == verb]
        if verb < 0 or _is_below(tree, verb, i):
            continue
        if not any(tree.label[k] in ("nsubj", "csubj") for k in below):
            passive = any(tree.dep[k] == "aux:pass" for k in below)
            tree.head[i], tree.dep[i], tree.label[i] = verb, "nsubj:pass" if passive else "nsubj", "nsubj"


def _names_after_roles(tree: Tree) -> None:
    """ "Apple's CEO Tim Cook": the name is what the rest hangs from, and the role describes it."""
    for i, role in enumerate(tree.head):
        if role < 0 or tree.label[i] != "flat" or role != i - 1 or (tree.pos[role], tree.pos[i]) != ("NOUN", "PROPN"):
            continue
        if not any(tree.head[k] == role and tree.dep[k] == "nmod:poss" for k in range(max(0, role - 20), role)):
            continue
        tree.head[i], tree.dep[i], tree.label[i] = tree.head[role], tree.dep[role], tree.label[role]
        tree.head[role], tree.dep[role], tree.label[role] = i, "nmod:desc", "nmod"


def _appositions(tree: Tree) -> None:
    """ "Basel, a city on the Rhine, is old": of two subjects with a comma between, the second describes the
    first."""
    subject: dict[int, int] = {}
    for i, dep in enumerate(tree.dep):
        if dep not in ("nsubj", "nsubj:pass") or i > tree.head[i]:
            continue
        h = tree.head[i]
        a = subject.setdefault(h, i)
        if a == i or tree.pos[a] not in ("NOUN", "PROPN") or tree.pos[i] not in ("NOUN", "PROPN"):
            continue
        commas = [k for k in range(a + 1, i) if tree.word[k] == ","]
        if commas and "," in tree.word[i + 1 : h] and not any(tree.pos[k] in _FINITE for k in range(a, i)):
            tree.head[i], tree.dep[i], tree.label[i] = a, "appos", "appos"
            for k in range(a + 1, h):
                if tree.word[k] == "," and tree.head[k] == h:
                    tree.head[k] = i


def _last_apposition(tree: Tree) -> None:
    """ "Ann and Bea, chairwoman of Acme": what describes one of several, right after the last, describes the
    last."""
    last: dict[int, int] = {}
    for i, h in enumerate(tree.head):
        if h < 0 or h > i:
            continue
        if tree.label[i] == "conj" and tree.pos[i] == "PROPN":
            last[h] = i
        elif tree.label[i] == "appos" and tree.tag[i] in ("NN", "NNP") and h in last:
            between = tree.word[last[h] + 1 : i]
            if "," in between and not any(tree.low[k] == "and" for k in range(last[h] + 1, i)):
                tree.head[i] = last[h]


def _numbered_names(tree: Tree) -> None:
    """ "TideWing 2 replaced TideWing 1": the number is part of the name, where the parser takes it for an argument
    beside it."""
    for i in range(1, len(tree.head)):
        name = i - 1
        if (
            tree.pos[i] == "NUM"
            and tree.word[i].isdigit()
            and tree.pos[name] == "PROPN"
            and tree.head[i] == tree.head[name] >= 0
            and tree.label[i] in ("obj", "nsubj", "obl", "nmod")
            and i not in tree.head[i + 1 : i + 4]
        ):
            tree.head[i], tree.dep[i], tree.label[i] = name, "nummod", "nummod"


def _members(tree: Tree) -> None:
    """ "Many animals live here, such as foxes": foxes are animals, and no circumstance of living. What is listed
    belongs to the nearest noun in the plural before it, or to the subject of a verb right before."""
    for i, h in enumerate(tree.head):
        if tree.low[i] not in ("such", "including") or tree.label[i] != "case" or h < i:
            continue
        verb = tree.head[h]
        if tree.label[h] != "obl" or not 0 <= verb < i:
            continue
        if tree.low[i] == "such" and tree.low[i + 1] != "as":
            continue
        before = i - 2 if tree.word[i - 1] == "," else i - 1
        near = range(max(0, i - 100), before + 1)
        below = [k for k in near if _is_below(tree, k, verb) and not _is_below(tree, k, h)]
        plural = [k for k in below if tree.tag[k] in ("NNS", "NNPS")]
        subjects = [k for k in below if tree.label[k] == "nsubj" and tree.head[k] == verb]
        chosen = subjects if before == verb and subjects else plural
        if chosen:
            tree.head[h], tree.dep[h], tree.label[h] = chosen[-1], "nmod", "nmod"


def _is_below(tree: Tree, i: int, above: int) -> bool:
    for _ in range(len(tree.head)):
        if i == above or i < 0:
            break
        i = tree.head[i]
    return i == above


def _per_cent(tree: Tree) -> None:
    """ "four per cent of the shares": one measure, as "percent" is, whatever the parser makes of two words."""
    for i in range(1, len(tree.low) - 1):
        if tree.low[i] != "per" or tree.low[i + 1] != "cent":
            continue
        cent, near = i + 1, range(max(0, i - 100), min(len(tree.head), i + 100))
        above = tree.head[cent]
        if above == i or above == i - 1 or (above >= 0 and tree.head[above] == i):
            tree.head[cent], tree.dep[cent], tree.label[cent] = tree.head[i], tree.dep[i], tree.label[i]
        for k in near:
            if tree.head[k] == i:
                tree.head[k] = cent
        tree.head[i], tree.dep[i], tree.label[i] = cent, "compound", "compound"
        if tree.pos[i - 1] == "NUM":
            tree.head[i - 1], tree.dep[i - 1], tree.label[i - 1] = cent, "nummod", "nummod"

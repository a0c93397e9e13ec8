"""Clauses: predicates with their words and their subjects, those understood as well as those written."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg_builder.extract.open_ie.english.phrases import is_particle
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.extract.open_ie.memory import once

__all__ = ["Clause", "case_words", "find_clauses", "is_source"]

RELATIVE = frozenset({"who", "which", "that", "whom", "whose", "where", "when", "why", "what", "how"})
# Verbs whose infinitive is done by their own subject although they have an object.
_SUBJECT_CONTROL = frozenset({"promise", "use", "threaten"})
_LOOSE = word_set("then also now still thus therefore however later soon again already just only even so too either")
# What these verbs want done, their object does, whatever the parser makes of the infinitive.
_DIRECTING = word_set(
    "ask request urge order tell command recommend advise require encourage invite permit allow force enable help "
    "lead cause persuade convince teach instruct compel want expect"
)
_SUBJECTS = ("nsubj", "nsubj:pass", "nsubj:outer")


@dataclass(slots=True)
class Clause:
    """A predicate. ``words`` is its verb group in reading order; ``subjects`` are the heads of its subjects.

    ``how`` tells where the subject comes from: own, shared (with a coordinated or governing clause), acl, relative.
    """

    predicate: int
    words: list[int]
    subjects: list[int]
    how: str
    passive: bool
    copula: bool
    objects: list[int] = field(default_factory=list)  # of a relative clause: the noun that it describes
    gap_case: list[int] = field(default_factory=list)  # "the house in which he lives": in


@once
def case_words(tree: Tree, i: int) -> list[int]:
    """The preposition of `i` with all its words ("because of"), in order."""
    words: list[int] = []
    for c in tree.children[i]:
        if tree.label[c] == "case" and tree.low[c] not in ("'s", "’s", "'"):
            words.extend(tree.below(c))
    return sorted(words)


def is_source(tree: Tree, i: int) -> bool:
    """ "according to the report": who says it, no circumstance of what is said."""
    return [tree.low[k] for k in case_words(tree, i)] == ["according", "to"]


def find_clauses(tree: Tree) -> list[Clause]:
    """All clauses of a text with a subject, in the order of their predicates."""
    clauses: dict[int, Clause | None] = {}
    for i in range(len(tree.word)):
        if _is_predicate(tree, i):
            _clause(tree, i, clauses, 0)
    return [c for _, c in sorted(clauses.items()) if c is not None]


def _is_predicate(tree: Tree, i: int) -> bool:
    if i in tree.copular:
        return True
    if tree.pos[i] == "VERB" or (tree.pos[i] == "AUX" and tree.label[i] not in ("aux", "cop")):
        return tree.label[i] not in ("amod", "compound", "case", "mark", "fixed", "cc", "flat", "advmod")
    return (
        tree.pos[i] in ("ADJ", "NOUN")
        and tree.label[i] == "conj"
        and any(tree.dep[c] in _SUBJECTS for c in tree.children[i])
    )


def _clause(tree: Tree, i: int, done: dict[int, Clause | None], depth: int) -> Clause | None:
    if i in done:
        return done[i]
    done[i] = None  # against circles
    if depth < 40:
        done[i] = _build(tree, i, done, depth)
    return done[i]


def _build(tree: Tree, i: int, done: dict[int, Clause | None], depth: int) -> Clause | None:
    copula = tree.child(i, "cop") >= 0
    passive = any(d in ("aux:pass", "nsubj:pass") for d in (tree.dep[c] for c in tree.children[i]))
    words = verb_group(tree, i)
    own = [
        c
        for c in tree.children[i]
        if tree.dep[c] in _SUBJECTS and not (tree.dep[c] == "nsubj:outer" and copula and tree.child(i, "nsubj") >= 0)
    ]
    label, head = tree.label[i], tree.head[i]
    if tree.dep[i] == "acl:relcl" or (label == "acl" and own):
        return _relative(tree, i, own, words, passive=passive, copula=copula)
    there = tree.child(i, "expl")
    if own and there >= 0 and tree.low[there] == "there":
        clause = Clause(i, words, [there], "existential", passive, copula)
        clause.objects = _nouns(tree, own[0])
        return clause
    if own:
        return Clause(i, words, _nouns(tree, own[0]), "own", passive, copula)
    if there >= 0 or head < 0:
        return None
    if label == "acl":
        participle = tree.tag[i] == "VBN" or (not tree.tag[i] and not tree.low[i].endswith("ing"))
        to = any(tree.label[c] == "mark" for c in tree.children[i])
        if to and not _is_singled_out(tree, head):
            return None
        return Clause(i, words, [head], "infinitive" if to else "acl", passive or (participle and not to), copula)
    if label in ("conj", "xcomp", "advcl", "parataxis"):
        return _understood(tree, i, words, done, depth, passive=passive, copula=copula)
    return None


def _is_singled_out(tree: Tree, i: int) -> bool:
    """ "the first ship to cross the Atlantic" crosses it; "a plan to cross" crosses nothing."""
    return any(
        tree.low[c] in ("only", "first", "last", "next", "second", "third", "latest", "sole") or tree.tag[c] == "JJS"
        for c in tree.children[i]
    )


def _understood(
    tree: Tree, i: int, words: list[int], done: dict[int, Clause | None], depth: int, *, passive: bool, copula: bool
) -> Clause | None:
    """A clause whose subject is that of the clause it depends on, or that clause's object."""
    label, head = tree.label[i], tree.head[i]
    above = _clause(tree, head, done, depth + 1)
    if label == "parataxis" and tree.tag[i] not in ("VBG", "VBN"):
        return None
    if above is None:
        return None
    if label == "conj":
        words, passive = _with_shared_auxiliary(tree, i, above, words, passive=passive)
        clause = Clause(i, words, above.subjects, "shared" if above.how == "own" else above.how, passive, copula)
        clause.objects, clause.gap_case = [], []
        return clause
    objects = [c for c in tree.children[head] if tree.dep[c] in ("obj", "iobj")]
    purpose = any(tree.low[c] == "to" and tree.label[c] == "mark" for c in tree.children[i])
    if label == "advcl" and purpose and objects and tree.lemma[head].lower() in _DIRECTING:
        return Clause(i, words, _nouns(tree, objects[0]), "control", passive, copula)
    if label == "xcomp":
        if tree.pos[i] not in ("VERB", "AUX") and not copula:
            return None
        if objects and tree.lemma[head] not in _SUBJECT_CONTROL:
            return Clause(i, words, _nouns(tree, objects[0]), "control", passive, copula)
        to = [c for c in tree.children[i] if tree.label[c] == "mark"]
        lead = above.words + ([head] if above.copula and head not in above.words else [])
        chain = lead + [w for w in to if w not in lead] + words
        clause = Clause(i, chain, above.subjects, "shared" if above.how == "own" else above.how, passive, copula)
        if above.objects and above.how != "existential" and not (above.gap_case or _has_object(tree, i) or passive):
            clause.objects, above.objects = above.objects, []  # "the tools that people want to use": to use them
        return clause
    if label == "advcl":
        bare = tree.tag[i] in ("VBG", "VBN") or any(tree.low[c] == "to" for c in tree.children[i])
        if not bare and not copula:
            return None
        participle = tree.tag[i] == "VBN" and not any(tree.label[c] == "aux" for c in tree.children[i])
        how = "purpose" if purpose else "adverbial"
        return Clause(i, words, above.subjects, how, passive or participle, copula)
    return None


def _has_object(tree: Tree, i: int) -> bool:
    return any(tree.dep[c] == "obj" and tree.low[c] not in RELATIVE for c in tree.children[i])


def _relative(tree: Tree, i: int, own: list[int], words: list[int], *, passive: bool, copula: bool) -> Clause | None:
    """A relative clause: the noun above stands where the pronoun, or the gap, is."""
    noun = tree.head[i]
    if noun < 0:
        return None
    if own and tree.low[own[0]] in RELATIVE and tree.pos[own[0]] in ("PRON", "DET", "SCONJ"):
        return Clause(i, words, [noun], "relative", passive, copula)
    if own and any(tree.low[c] == "whose" for c in tree.children[own[0]]):
        return Clause(i, words, _nouns(tree, own[0]), "whose", passive, copula)
    if not own:
        return (
            Clause(i, words, [noun], "relative", passive or tree.tag[i] == "VBN", copula) if _no_gap(tree, i) else None
        )
    clause = Clause(i, words, _nouns(tree, own[0]), "relative object", passive, copula)
    for c in tree.children[i]:
        if tree.low[c] in RELATIVE and tree.pos[c] in ("PRON", "DET", "SCONJ"):
            if tree.label[c] == "obl":
                clause.gap_case = case_words(tree, c)
                clause.objects = [noun] if clause.gap_case else []
                return clause
            if tree.label[c] == "obj":
                clause.objects = [noun]
                return clause
        if tree.label[c] == "advmod" and tree.low[c] in ("where", "when", "why", "how"):
            return clause
    if not copula and not any(tree.dep[c] == "obj" for c in tree.children[i]) and not passive:
        clause.objects = [noun]
        stranded = [c for c in tree.children[i] if tree.label[c] in ("case", "obl", "advmod") and tree.pos[c] == "ADP"]
        clause.gap_case = stranded[:1]
    return clause


def _no_gap(tree: Tree, i: int) -> bool:
    return tree.tag[i] in ("VBG", "VBN", "VB", "VBZ", "VBD", "VBP", "")


def _nouns(tree: Tree, i: int) -> list[int]:
    return tree.conjuncts(i)


def _with_shared_auxiliary(
    tree: Tree, i: int, above: Clause, words: list[int], *, passive: bool
) -> tuple[list[int], bool]:
    """ "was cut and flushed": a coordinated participle or infinitive takes the auxiliaries of the first verb."""
    if any(tree.label[c] in ("aux", "cop") for c in tree.children[i]):
        return words, passive
    first = above.predicate
    same = tree.tag[i] == tree.tag[first] if tree.tag[i] else tree.pos[i] == tree.pos[first]
    if not same or tree.tag[i] not in ("VB", "VBN", "VBG"):
        return words, passive
    before = [w for w in above.words if w < first and w != first]
    return before + words, passive or above.passive


def verb_group(tree: Tree, i: int) -> list[int]:
    """Auxiliaries, negation and particle with the predicate; of a predicate noun or adjective, the copula's part
    alone."""
    copula = [c for c in tree.children[i] if tree.label[c] == "cop"]
    words = list(copula) if copula else [i]
    anchor = copula[0] if copula else i
    for c in tree.children[i]:
        if (
            tree.label[c] == "aux"
            or is_particle(tree, i, c)
            or (tree.label[c] == "advmod" and (_negates(tree, c) or _between(tree, i, c, anchor)))
            or _glued(tree, i, c)
        ):
            words.append(c)
    if not copula and tree.dep[i] not in ("conj",):
        words.extend(c for c in tree.children[i] if tree.dep[c] == "aux:pass" and c not in words)
    return sorted(set(words))


def _glued(tree: Tree, i: int, c: int) -> bool:
    """A prefix of a verb written with a hyphen ("re-elected")."""
    return i - 2 <= c < i and all(tree.end[k] == tree.start[k + 1] for k in range(c, i)) and tree.pos[i] == "VERB"


def _negates(tree: Tree, c: int) -> bool:
    return tree.low[c] in ("not", "n't", "n’t", "never")


def _between(tree: Tree, i: int, c: int, anchor: int) -> bool:
    """An adverb inside the verb group ("was personally involved")."""
    first = min((k for k in tree.children[i] if tree.label[k] in ("aux", "cop")), default=anchor)
    if tree.low[c] in _LOOSE:
        return False
    return first < c < i and not tree.children[c] and anchor == i

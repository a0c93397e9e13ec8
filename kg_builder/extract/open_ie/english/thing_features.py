"""What speaks for and against a noun as what "it" or "they" means, and for nothing that the text names.

Features have names; a ranker gives each a weight. What depends on the noun alone is apart, so that it is looked at once
for all pronouns around it.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.positions import (
    GROUPS,
    SUBJECT,
    ancestors,
    bound,
    first_conjunct,
    is_aside,
    is_listed,
    role_of,
)
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set

__all__ = [
    "PLURAL",
    "THING",
    "Features",
    "Noun",
    "Place",
    "agrees",
    "of_nothing",
    "of_noun",
    "of_pair",
    "pronoun_group",
    "read_noun",
]

THING = frozenset({"it", "its", "itself"})
PLURAL = frozenset({"they", "them", "their", "theirs", "themselves"})

_FAR = 80  # words; no distance counts for more
_BACK = 3  # sentences; nor does that
_BOUND = (
    "arguments of one verb", "owner inside the verb", "subject above", "subject two above", "subject of a coordinated",
    "inside the owned", "inside the owned, apposition", "below the pronoun's verb",
)  # fmt: skip
_CLAUSES = frozenset({"acl", "acl:relcl", "advcl", "ccomp"})
_VAGUE = word_set(
    "thing things way time something lot part number kind sort type case example day year people person one fact bit "
    "point reason order place end side"
)
_TELLING_VERBS = word_set(
    "be seem appear make take do get say know think find have look work mean happen see go come use feel turn rain "
    "matter call need give let keep put become help want try like tell"
)
_NOT_ANY = frozenset({"no", "any"})
_POINTING = frozenset({"this", "that", "these", "those"})

Features = dict[str, float]


@dataclass(frozen=True, slots=True)
class Noun:
    """What a noun is, whatever pronoun may mean it. ``number``: "single", "plural" or "group" (coordinated)."""

    number: str
    type: str
    kind: str
    role: str  # UD relation, of the first of a coordination
    group: str  # of such relations
    main: bool  # the subject of a sentence
    lemma: str
    governor: int


@dataclass(frozen=True, slots=True)
class Place:
    """A pronoun and what stands around it: ``fitting`` are the places of the nouns that agree in number, ``last`` the
    earlier pronouns of its number with the nouns that they mean, latest last, ``above`` its heads, nearest first."""

    pronoun: int
    sentence: int
    group: str
    fitting: Sequence[int]
    last: Sequence[tuple[int, int]]
    above: Sequence[int]


def read_noun(tree: Tree, n: int) -> Noun:
    """What the noun `n` is."""
    role = role_of(tree, n)
    governor = tree.head[first_conjunct(tree, n)]
    main = role in SUBJECT and governor >= 0 and tree.label[governor] == "root"
    number = "plural" if tree.tag[n] in ("NNS", "NNPS") else "single"
    if number == "single" and any(tree.label[c] == "conj" for c in tree.children[n]):
        number = "group"
    group, lemma = GROUPS.get(role, "other"), tree.lemma[n].lower()
    return Noun(number, mention_type(tree, n), tree.kind[n], role, group, main, lemma, governor)


def agrees(noun: Noun, *, many: bool) -> bool:
    """Whether a noun has the number of "they" (`many`) or "it"."""
    return (noun.number != "single") == many


def of_noun(tree: Tree, n: int, noun: Noun, *, many: bool) -> Features:
    """What the noun `n` alone says, for "they" (`many`) or for "it"."""
    who = "they" if many else "it"
    definite = _definiteness(tree, n)
    depth = sum(tree.dep[k] in _CLAUSES for k in ancestors(tree, n))
    organization = "organization" if noun.type == "Organization" else "none"
    found = [
        f"{who}: {noun.number}", f"{who}: {noun.number} {organization}", f"{who}: type {noun.type}",
        f"kind {noun.kind}", f"{who}: kind {noun.kind}", f"definite {definite}", f"{who}: definite {definite}",
        f"group {noun.group}", f"role {noun.role}",
    ]  # fmt: skip
    facts = {
        "main": noun.main and agrees(noun, many=many),
        "several people": noun.number == "group" and "Person" in (noun.type, noun.kind.title()),
        "several that act": noun.number == "group" and noun.group == "subject",
        "aside": is_aside(tree, n),
        "listed": is_listed(tree, n),
        "not the first in a list": tree.label[n] == "conj",
        "vague": noun.lemma in _VAGUE,
        "after of": noun.group == "noun" and _preposition(tree, n) == "of",
        "described by a clause": tree.child(n, "acl:relcl") >= 0,
    }
    features = dict.fromkeys(found, 1.0) | {name: 1.0 for name, value in facts.items() if value}
    if depth:
        features["inside clauses"] = min(depth, 3) / 3
    return features


def _definiteness(tree: Tree, n: int) -> str:
    if tree.pos[n] == "PROPN":
        return "name"
    for c in tree.children[n]:
        low = tree.low[c]
        if tree.dep[c] == "nmod:poss":
            return "owned"
        if tree.label[c] == "nummod":
            return "number"
        if tree.label[c] == "det":
            if low == "the":
                return "the"
            if low in _POINTING:
                return "this"
            if low in ("a", "an"):
                return "a"
            return "no" if low in _NOT_ANY else "some"
    return "bare"


def _preposition(tree: Tree, n: int) -> str:
    return next((tree.low[c] for c in tree.children[n] if tree.label[c] == "case"), "")


def of_pair(
    tree: Tree, sentence_of: Sequence[int], at: Place, n: int, noun: Noun, earlier: int, *, first: bool, many: bool
) -> Features:
    """What the noun `n` says for the pronoun `at`; `earlier` is how often its word stands before the pronoun, `first`
    whether it is the first candidate of its sentence."""
    who, back = ("they" if many else "it"), at.sentence - sentence_of[n]
    far = str(min(back, _BACK))
    parallel = noun.group == at.group
    features = {
        f"back {far}": 1.0,
        f"{who}: back {far}": 1.0,
        "distance": math.log1p(min(at.pronoun - n, _FAR)) / 4,
        f"{noun.group} for {at.group}": 1.0,
    }
    if agrees(noun, many=many):
        features |= _of_fitting(tree, at, n, noun, back, far, earlier, first=first)
    facts = {"same role": parallel, "same role one sentence back": parallel and back == 1}
    if at.last:
        facts |= _chained(tree, sentence_of, at, noun.lemma)
    return features | {name: 1.0 for name, value in facts.items() if value}


def _of_fitting(
    tree: Tree, at: Place, n: int, noun: Noun, back: int, far: str, earlier: int, *, first: bool
) -> Features:
    between = len(at.fitting) - 1 - bisect_left(at.fitting, n)
    *held, apart = bound(tree, at.pronoun, n, list(at.above), back)
    verb = tree.head[at.pronoun]
    one_verb = noun.governor >= 0 and verb >= 0 and tree.lemma[noun.governor].lower() == tree.lemma[verb].lower()
    facts = {
        f"between {min(between, 4)}": True,
        "only one": len(at.fitting) == 1,
        f"{noun.group} back {far}": True,
        "main one back": noun.main and back == 1,
        "main, same sentence": noun.main and back == 0,
        "first of its sentence": first,
        **dict(zip(_BOUND, held, strict=True)),
        f"arguments of one verb, {at.group}": held[0],
        "mentioned before": earlier > 1,
        "role with the same verb": one_verb and noun.group == at.group,
    }
    features = {name: 1.0 for name, value in facts.items() if value}
    return features | {"mentions": math.log1p(earlier), "tree distance": float(apart)}


def _chained(tree: Tree, sentence_of: Sequence[int], at: Place, lemma: str) -> dict[str, bool]:
    """Whether pronouns before mean the same word."""
    place, meant = at.last[-1]
    same = tree.lemma[meant].lower() == lemma
    apart = at.sentence - sentence_of[place]
    return {
        "last one meant": same,
        "last one meant, same sentence": same and apart == 0,
        "last one meant, one sentence back": same and apart == 1,
        "last one meant, subject": same and tree.dep[place] in SUBJECT,
        "last one meant, same role": same and pronoun_group(tree, place) == at.group,
        "meant before": any(tree.lemma[other].lower() == lemma for _, other in at.last),
    }


def pronoun_group(tree: Tree, i: int) -> str:
    """The role of a pronoun: "subject", "object", "possessor" or "other"."""
    group = GROUPS.get(tree.dep[i], "other")
    return group if group in ("subject", "object", "possessor") else "other"


def of_nothing(tree: Tree, sentence_of: Sequence[int], at: Place, *, many: bool) -> Features:
    """What speaks for nothing that the text names: "it rains", "it is clear that …", "they say …"."""
    who, i = ("they" if many else "it"), at.pronoun
    verb = tree.head[i]
    start, end = tree.sentences[at.sentence]
    near = any(at.sentence - sentence_of[n] <= 1 for n in at.fitting)
    facts = {
        f"{who}": True,
        f"{who}, {at.group}": True,
        f"the word {tree.low[i]}": True,
        "an expletive": tree.label[i] == "expl",
        "none fits": not at.fitting,
        "none fits nearby": not near,
        "opens its sentence": i == start,
        "in a question": tree.word[end - 1] == "?",
        "in a conversation": any(tree.low[k] in _TALK for k in range(start, end)),
        "in a short sentence": end - start < 8,
        "owns something": tree.dep[i] == "nmod:poss",
    }
    if verb >= 0:
        facts |= _of_verb(tree, verb, who)
    fitting = math.log1p(len(at.fitting))
    features = {"how many fit": fitting, f"{who}: how many fit": fitting}
    features |= {name: 1.0 for name, value in facts.items() if value}
    return {f"nothing: {name}": value for name, value in features.items()}


_TALK = frozenset({"i", "you", "we", "my", "me"})


def _of_verb(tree: Tree, verb: int, who: str) -> dict[str, bool]:
    labels = {tree.label[c] for c in tree.children[verb]}
    lemma = tree.lemma[verb].lower()
    copula, pos = "cop" in labels, tree.pos[verb]
    return {
        f"{who} is": copula,
        "is an adjective": copula and pos == "ADJ",
        "is a noun": copula and pos == "NOUN",
        "is something else": copula and pos not in ("ADJ", "NOUN"),
        **{f"{who} with {label}": label in labels for label in ("csubj", "ccomp", "xcomp", "advcl", "acl", "obj")},
        f"{who} and {lemma}": lemma in _TELLING_VERBS,
    }

"""Clauses of a Chinese sentence: predicates with the subjects they have, share or imply, their objects and circumstances."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg_builder.extract.open_ie.chinese_arguments import conjuncts, full, is_nominal
from kg_builder.extract.open_ie.chinese_tree import Tree
from kg_builder.extract.open_ie.chinese_types import is_time
from kg_builder.extract.open_ie.chinese_words import words

__all__ = ["Adjunct", "Clause", "find_clauses"]

_NOT_IN_RELATION = words("clauses.not_in_relation")
_PIVOTS = words("clauses.pivots")
_LIGHT = words("clauses.light")
_DIRECTIONS = words("clauses.directions")
_MOMENTS = words("clauses.moments")
_PREPOSITIONAL = words("clauses.prepositional")
_LINKING = words("clauses.linking")


@dataclass(frozen=True, slots=True)
class Adjunct:
    """A circumstance: its noun, and its words with preposition and localizer; `case` is the preposition."""

    noun: int
    words: tuple[int, ...]
    case: str


@dataclass(slots=True)
class Clause:
    """One predicate. `chain` holds verbs that share everything (开始 制造), the last of which is `predicate`."""

    predicate: int
    chain: list[int]
    subjects: list[int] = field(default_factory=list)
    inherited: bool = False
    objects: list[int] = field(default_factory=list)
    patients: list[int] = field(default_factory=list)
    agents: list[int] = field(default_factory=list)
    receivers: list[int] = field(default_factory=list)
    adjuncts: list[Adjunct] = field(default_factory=list)
    complement: int = 0  # head of a clause that is the object
    copula: int = 0
    moments: list[int] = field(default_factory=list)  # heads of clauses that say when: 他去世后
    passive: bool = False

    @property
    def top(self) -> int:
        """The first verb of the chain, which the rest of the sentence is attached to."""
        return self.chain[0]


def find_clauses(tree: Tree) -> list[Clause]:
    """Every clause of the sentence, in text order."""
    found: dict[int, Clause] = {}
    for i in sorted(range(1, len(tree)), key=lambda k: (tree.depth[k], k)):
        if is_predicate(tree, i):
            found[i] = _clause(tree, i, found)
    return [found[i] for i in sorted(found) if not _continued(tree, i)]


def is_predicate(tree: Tree, i: int) -> bool:
    """Whether the word governs a clause."""
    word = tree[i]
    if tree.kids(i, "cop"):
        return True
    if word.dep in (
        "mark",
        "cop",
        "aux",
        "aux:pass",
        "compound",
        "amod",
        "case",
        "nmod",
        "flat",
        "flat:name",
        "punct",
        "cc",
    ):
        return False
    if as_preposition(tree, i):
        return False
    return word.upos in ("VERB", "ADJ") or (
        word.upos == "AUX" and word.dep in ("root", "parataxis", "advcl", "conj", "ccomp")
    )


def as_preposition(tree: Tree, i: int) -> bool:
    """在 and its like are verbs to the treebank where a verb follows their object: 在平原移动; here they open a circumstance."""
    word = tree[i]
    return (
        word.text in _PREPOSITIONAL
        and word.dep in ("advcl", "acl", "ccomp", "csubj")
        and word.head > i
        and tree[word.head].upos in ("VERB", "ADJ", "AUX")
        and any(is_nominal(tree, k) for k in tree.kids(i, "obj"))
        and not (word.text in ("通过", "为", "以", "经过", "同", "向", "对", "到") and _apart(tree, i, word.head))
    )


def _continued(tree: Tree, i: int) -> bool:
    """Whether the verb only opens a chain whose last verb stands for all."""
    return _next_in_chain(tree, i) != 0


def _next_in_chain(tree: Tree, i: int) -> int:
    if (
        tree.kids(i, "obj", "obl:patient", "iobj")
        or tree[i].text in _PIVOTS
        or tree[i].text in _LIGHT
        or tree.kids(i, "cop")
    ):
        return 0
    for k in tree.kids(i, "xcomp", "ccomp"):
        if (
            k > i
            and tree[k].upos == "VERB"
            and tree[k].text not in _DIRECTIONS
            and not tree.kids(k, "nsubj", "cop", "nsubj:pass", "csubj")
            and not _apart(tree, i, k)
        ):
            return k
    return 0


def _apart(tree: Tree, a: int, b: int) -> bool:
    return any(tree[k].text in "，,；;：:。" for k in range(a + 1, b))


def _clause(tree: Tree, i: int, found: dict[int, Clause]) -> Clause:
    chain = [i]
    while tree[chain[0]].dep in ("xcomp", "ccomp") and _next_in_chain(tree, tree[chain[0]].head) == chain[0]:
        chain.insert(0, tree[chain[0]].head)
    clause = Clause(i, chain)
    cops = tree.kids(i, "cop")
    clause.copula = cops[0] if cops else 0
    clause.passive = any(tree.kids(v, "aux:pass") for v in chain)
    _fill_subjects(tree, clause, found)
    _fill_objects(tree, clause)
    _fill_adjuncts(tree, clause)
    return clause


def _own_subjects(tree: Tree, i: int) -> list[int]:
    left = [k for k in tree.kids(i, "nsubj", "nsubj:pass", "csubj") if k < i]
    if not left:
        left = [s for k in tree[i].kids if k < i and as_preposition(tree, k) for s in tree.kids(k, "nsubj")]
    return [k for k in left if is_nominal(tree, k) or tree[k].upos in ("VERB", "ADJ")]


def _fill_subjects(tree: Tree, clause: Clause, found: dict[int, Clause]) -> None:
    top = clause.top
    own = [k for v in clause.chain for k in _own_subjects(tree, v)]
    if clause.passive and own:
        markers = [k for v in clause.chain for k in tree.kids(v, "aux:pass")]
        clause.agents = [c for k in own if k > markers[0] for c in conjuncts(tree, k)]
        own = [k for k in own if k < markers[0]]
    if len(own) > 1:  # 他 身体 健康: the last is the subject, unless a clause is among them
        own = [k for k in own if is_nominal(tree, k)][:1] or own[-1:]
    events = [k for k in own if not is_nominal(tree, k) and _apart(tree, k, top)]
    if own and events == own:  # 两国谈判，达成协议: the clause before the comma lends its subject
        clause.subjects = [c for k in own for s in _own_subjects(tree, k) for c in conjuncts(tree, s)]
        clause.inherited = True
        return
    if own:
        clause.subjects = [c for k in own for c in conjuncts(tree, k)]
        return
    clause.inherited = True
    head, dep = tree[top].head, tree[top].dep
    if dep in ("acl:relcl", "acl"):
        if is_nominal(tree, head) and (dep == "acl:relcl" or head < top):
            clause.subjects = [head]
    elif dep in ("xcomp", "ccomp") and head:
        pivots = [k for k in tree.kids(head, "obj", "iobj", "obl:patient") if k < top]
        clause.subjects = [c for k in pivots[-1:] for c in conjuncts(tree, k)] or _subjects_of(found, head)
    elif dep in ("advcl", "conj", "parataxis") and head:
        clause.subjects = _subjects_of(found, head)
    if not clause.subjects and dep in ("root", "parataxis"):
        before = [k for k in tree.kids(top, "advcl", "ccomp", "csubj") if k < top]
        for k in reversed(before):
            subjects = [c for s in _own_subjects(tree, k) for c in conjuncts(tree, s)]
            if subjects:
                clause.subjects = subjects
                break


def _subjects_of(found: dict[int, Clause], i: int) -> list[int]:
    return list(found[i].subjects) if i in found else []


def _fill_objects(tree: Tree, clause: Clause) -> None:
    i = clause.predicate
    if clause.copula:
        clause.objects = conjuncts(tree, i)
        return
    for v in clause.chain:
        for k in tree.kids(v, "nsubj", "obj", "obl", "nmod", "advmod", "iobj"):
            marker = k < v and any(tree[c].text in ("把", "将") and c < k for c in tree.kids(k, "case"))
            if marker and k not in clause.patients:
                clause.patients += conjuncts(tree, k)
        clause.subjects = [s for s in clause.subjects if s not in clause.patients]
        clause.patients += [c for k in tree.kids(v, "obl:patient") for c in conjuncts(tree, k)]
        clause.receivers += [c for k in tree.kids(v, "iobj") for c in conjuncts(tree, k)]
    for k in tree.kids(i, "obj", "xcomp", "nsubj"):
        if k > i and is_nominal(tree, k) and not tree.kids(k, "cop"):
            clause.objects += conjuncts(tree, k)
    if not clause.objects and tree[i].text in _LIGHT:
        clause.objects = [k for k in tree.kids(i, "xcomp", "ccomp", "obj") if k > i and not tree.kids(k, "nsubj")]
    if not clause.objects:
        inner = [
            k
            for k in tree.kids(i, "ccomp", "xcomp", "obj")
            if k > i and (tree[k].kids or tree[k].text not in _DIRECTIONS)
        ]
        clause.complement = inner[0] if inner else 0


def _fill_adjuncts(tree: Tree, clause: Clause) -> None:
    seen: set[int] = set()
    for v in clause.chain:
        for k in tree.kids(v, "obl", "nmod:tmod", "advmod", "nmod"):
            word = tree[k]
            if not is_nominal(tree, k) or k in seen or (clause.copula and word.dep == "nmod"):
                continue
            cases = [tree[c].text for c in tree.kids(k, "case") if c < k and tree[c].xpos != "PFA"]
            case = cases[0] if cases else ""
            if case in ("被", "由", "为") and (clause.passive or case == "由") and word.dep == "obl":
                clause.agents += conjuncts(tree, k)
                continue
            if word.text in _LINKING or (not case and not is_time("".join(tree[n].text for n in full(tree, k)))):
                continue
            if word.upos == "PRON" and not case:
                continue
            seen.add(k)
            opening = [c for c in tree.kids(k, "case") if c < k and tree[c].xpos != "PFA"]
            for c in conjuncts(tree, k):
                words = full(tree, c, outer=True)
                if c != k:
                    words = [*opening, *words]
                clause.adjuncts.append(Adjunct(c, tuple(words), case))
    clause.adjuncts = [a for a in clause.adjuncts if a.noun not in clause.patients] + _prepositional(tree, clause)
    for v in clause.chain:
        clause.moments += [
            k for k in tree.kids(v, "advcl", "ccomp", "acl", "csubj", "xcomp") if k < v and _is_moment(tree, k)
        ]


def _is_moment(tree: Tree, k: int) -> bool:
    return any(tree[m].text in _MOMENTS and m > k for m in tree.kids(k, "mark", "case", "obl", "nmod"))


def _prepositional(tree: Tree, clause: Clause) -> list[Adjunct]:
    """Circumstances that the treebank has as clauses: 在 … 上, 通过 …."""
    found = []
    for v in clause.chain:
        for k in tree[v].kids:
            if k < v and as_preposition(tree, k):
                for noun in tree.kids(k, "obj"):
                    for c in conjuncts(tree, noun):
                        found.append(Adjunct(c, (k, *(n for n in full(tree, c, outer=True) if n != k)), tree[k].text))
    return found


def relation_words(tree: Tree, clause: Clause) -> list[int]:
    """The verb with what stands directly before it (adverbs, auxiliaries, 被) and after it (了, 于, 为)."""
    ids: list[int] = []
    for v in clause.chain:
        low = v
        while low > 1 and tree[low - 1].head in (v, *clause.chain) and _is_helper(tree, low - 1):
            low -= 1
        ids += [k for k in tree.kids(v, "aux:pass") if k < low]
        ids += range(low, v + 1)
        high = v
        while (
            high + 1 < len(tree)
            and tree[high + 1].head in (v, *clause.chain)
            and (
                tree[high + 1].dep in ("mark", "aux", "compound:ext")
                or (tree[high + 1].text in _DIRECTIONS and not tree[high + 1].kids)
            )
        ):
            high += 1
            ids.append(high)
    return list(dict.fromkeys(ids))


def _is_helper(tree: Tree, k: int) -> bool:
    word = tree[k]
    if word.text in _NOT_IN_RELATION or is_time(word.text):
        return False
    if word.dep in ("aux", "aux:pass"):
        return True
    return word.dep in ("advmod", "mark") and word.upos in ("ADV", "SCONJ", "AUX", "ADJ", "VERB")

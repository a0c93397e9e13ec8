"""Clauses of a Chinese sentence: predicates with the subjects they have, share or imply, objects and circumstances."""

from __future__ import annotations

from kg_builder.extract.open_ie.chinese.arguments import conjuncts, entity_kind, full, is_nominal, possessor
from kg_builder.extract.open_ie.chinese.predicates import (
    DIRECTIONS,
    LIGHT,
    PIVOTS,
    Adjunct,
    Clause,
    as_preposition,
    is_apart,
    is_continued,
    is_predicate,
    is_quantity,
    is_stative,
    next_in_chain,
)
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.types import is_role, is_time
from kg_builder.extract.open_ie.chinese.words import words

__all__ = ["adjuncts_of", "find_clauses", "give_topics"]

_CONCESSIVE = frozenset({"虽然", "虽", "尽管", "但", "但是", "而", "并", "即使", "然而", "不过"})
_MOMENTS = words("clauses.moments")
_INSIDE = frozenset(["上", "中", "里", "内", "下"])
_SIDES = words("clauses.directions_of_place")  # 东南接…: of the topic
_LINKING = words("clauses.linking")


def find_clauses(tree: Tree) -> list[Clause]:
    """Every clause of the sentence, in text order."""
    found: dict[int, Clause] = {}
    for i in sorted(range(1, len(tree)), key=lambda k: (tree.depth[k], k)):
        if is_predicate(tree, i):
            found[i] = _clause(tree, i, found)
    return [found[i] for i in sorted(found) if not is_continued(tree, i)]


def give_topics(tree: Tree, clauses: list[Clause]) -> None:
    """江屿位于海上，面积为六平方公里: the bare attribute of a later clause belongs to the topic of the one before."""
    topic: list[int] = []
    for clause in clauses:
        subjects = clause.subjects
        if topic and len(subjects) == 1 and not clause.inherited and not clause.attribute and subjects[0] > topic[0]:
            noun = subjects[0]
            bare = tree[noun].upos in ("NOUN", "PART") and all(
                tree[k].dep in ("compound", "amod", "nmod") for k in tree[noun].kids
            )
            named = any(tree[k].upos in ("PROPN", "PRON") or tree[k].xpos == "DEC" for k in tree.subtree(noun))
            if (
                bare
                and not named
                and (is_stative(tree, clause) or tree[noun].text in _SIDES)
                and is_apart(tree, topic[0], noun)
                and not is_role(tree[noun].text)
            ):
                clause.attribute, clause.subjects = noun, list(topic)
                continue
        if not topic and subjects and tree[clause.top].dep not in ("acl:relcl", "acl"):
            topic = [_owner(tree, k) for k in subjects if is_nominal(tree, k)]


def _owner(tree: Tree, i: int) -> int:
    """公司的总部位于…，注册资本为…: the topic is the company."""
    owner = possessor(tree, i)
    known = owner is not None and entity_kind(tree, owner) in ("Organization", "Place", "Work", "Product")
    return owner if owner is not None and known and tree[i].upos != "PROPN" and not is_role(tree[i].text) else i


def _clause(tree: Tree, i: int, found: dict[int, Clause]) -> Clause:
    chain = [i]
    while tree[chain[0]].dep in ("xcomp", "ccomp") and next_in_chain(tree, tree[chain[0]].head) == chain[0]:
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
    markers = [
        k for k in range(1, clause.predicate) if tree[k].text == "被" and (tree[k].head in clause.chain or k + 1 in own)
    ]
    clause.passive = clause.passive or bool(markers)
    if clause.passive and own and markers:
        clause.agents = [c for k in own if k > markers[0] for c in conjuncts(tree, k)]
        own = [k for k in own if k < markers[0]] or _noun_before(tree, markers[0])
    given = [k for k in own if tree[tree.subtree(k)[0] - 1].text == "由" or tree[tree.subtree(k)[0]].text == "由"]
    if given and not is_apart(tree, given[0], top):  # 于2001年由公署成立: the noun behind 由 acts
        clause.agents += [c for k in given for c in conjuncts(tree, k)]
        own = [k for k in own if k not in given]
    clause.candidates = [k for k in own if is_nominal(tree, k)]
    if len(own) > 1:
        own = _choose(tree, clause, own)
    events = [k for k in own if not is_nominal(tree, k) and is_apart(tree, k, top)]
    if own and events == own:  # 两国谈判，达成协议: the clause before the comma lends its subject
        clause.subjects = [c for k in own for s in _own_subjects(tree, k) for c in conjuncts(tree, s)]
        clause.inherited = True
        return
    if own:
        clause.subjects = [c for k in own for c in conjuncts(tree, k)]
        clause.subjects += [c for k in tree.kids(top, "obl") if _joins(tree, k, own[-1]) for c in conjuncts(tree, k)]
        return
    clause.inherited = True
    head, dep = tree[top].head, tree[top].dep
    if dep in ("acl:relcl", "acl"):
        if is_nominal(tree, head) and (dep == "acl:relcl" or head < top):
            clause.subjects = [head]
    elif dep in ("xcomp", "ccomp") and head:
        pivots = [k for k in tree.kids(head, "obj", "iobj", "obl:patient") if k < top and not is_apart(tree, k, top)]
        clause.subjects = [c for k in pivots[-1:] for c in conjuncts(tree, k)] or _subjects_of(tree, found, head, top)
    elif dep in ("advcl", "conj", "parataxis") and head:
        clause.subjects = _subjects_of(tree, found, head, top)
    if not clause.subjects and dep in ("root", "parataxis"):
        before = [k for k in tree.kids(top, "advcl", "ccomp", "csubj") if k < top]
        for k in reversed(before):
            subjects = [c for s in _own_subjects(tree, k) for c in conjuncts(tree, s)]
            if subjects:
                clause.subjects = subjects
                break


def _joins(tree: Tree, k: int, subject: int) -> bool:
    """王强和李娜: what a coordinator ties to the subject is a subject too, though the tree has it as a circumstance."""
    coordinated = any(c == tree.subtree(k)[0] for c in tree.kids(k, "cc"))
    return coordinated and tree.subtree(subject)[-1] + 1 == tree.subtree(k)[0]


def _noun_before(tree: Tree, at: int) -> list[int]:
    """The noun right before 被, brackets skipped: its subject where the parser found none."""
    k, depth = at - 1, 0
    while k > 0 and (tree[k].text in "）)" or depth):
        depth += (tree[k].text in "）)") - (tree[k].text in "（(")
        k -= 1
    while k > 0 and tree[k].head and tree[k].head < k and tree[k].dep in ("flat:name", "flat", "appos"):
        k = tree[k].head
    return [k] if k > 0 and is_nominal(tree, k) and tree[k].dep != "punct" else []


def _choose(tree: Tree, clause: Clause, own: list[int]) -> list[int]:
    """Of several nouns before the verb: the name after its title, or the topic, of which the last is an attribute."""
    nouns = [k for k in own if is_nominal(tree, k)]
    if len(nouns) < 2:
        return nouns or own[-1:]
    topic, last = nouns[-2:]
    apart = is_apart(tree, topic, last) or tree[last - 1].text in "《“"
    if not apart and is_stative(tree, clause) and tree[last].upos in ("NOUN", "PART") and not is_role(tree[last].text):
        clause.attribute = last
        return [topic]
    return [last]


def _subjects_of(tree: Tree, found: dict[int, Clause], i: int, before: int) -> list[int]:
    """The subjects a clause lends: of several nouns in a row of clauses, the last one before the borrower's verb."""
    if i not in found:
        return []
    near = [k for k in found[i].candidates if k < before]
    if len(found[i].candidates) > 1 and near:
        return conjuncts(tree, near[-1])
    return list(found[i].subjects)


def _fill_objects(tree: Tree, clause: Clause) -> None:
    i = clause.predicate
    if clause.copula or is_quantity(tree, i):
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
        if k > i and is_nominal(tree, k) and not tree.kids(k, "cop") and not _beyond_quote(tree, i, k):
            clause.objects += conjuncts(tree, k)
    if not clause.objects and tree[i].text in PIVOTS:  # 任命李娜为经理, 授权公司使用: who is appointed, allowed …
        inside = [k for c in tree.kids(i, "ccomp", "xcomp") if c > i for k in tree.kids(c, "nsubj") if i < k < c]
        clause.objects = [n for k in inside[:1] for n in conjuncts(tree, k)]
    if not clause.objects and tree[i].text in LIGHT:
        clause.objects = [k for k in tree.kids(i, "xcomp", "ccomp", "obj") if k > i and not tree.kids(k, "nsubj")]
    if not clause.objects:
        inner = [
            k
            for k in tree.kids(i, "ccomp", "xcomp", "obj")
            if k > i and (tree[k].kids or tree[k].text not in DIRECTIONS)
        ]
        clause.complement = inner[0] if inner else 0


def _beyond_quote(tree: Tree, verb: int, k: int) -> bool:
    """“公司关闭了工厂，”王强说: what stands behind the closing quote is no object of the verb inside."""
    return any(tree[n].text == "”" and not any(tree[m].text == "“" for m in range(verb, n)) for n in range(verb, k))


def adjuncts_of(tree: Tree, verb: int) -> list[Adjunct]:
    """The circumstances of one verb alone."""
    clause = Clause(verb, [verb])
    _fill_adjuncts(tree, clause)
    return clause.adjuncts


def _fill_adjuncts(tree: Tree, clause: Clause) -> None:
    seen: set[int] = set()
    for v in clause.chain:
        for k in tree.kids(v, "obl", "nmod:tmod", "advmod", "nmod"):
            word = tree[k]
            if not is_nominal(tree, k) or k in seen or k in clause.subjects or (clause.copula and word.dep == "nmod"):
                continue
            cases = [tree[c].text for c in tree.kids(k, "case") if c < k and tree[c].xpos != "PFA"]
            case = cases[0] if cases else ""
            if not case and k < v and any(tree[c].text in _INSIDE and c > k for c in tree.kids(k, "case")):
                case = "在"  # 火星上可能存在水
            if not case and k > v and tree[tree.subtree(k)[0] - 1].text in ("于", "在", "到", "至", "自") and k < v + 8:
                case = tree[tree.subtree(k)[0] - 1].text  # 起源于非洲
            if case in ("被", "由", "为") and (clause.passive or case == "由") and word.dep == "obl":
                clause.agents += conjuncts(tree, k)
                continue
            if (
                word.text in _LINKING
                or case in ("据", "据说")
                or (not case and not is_time("".join(tree[n].text for n in full(tree, k))))
            ):
                continue
            if word.upos == "PRON" and (not case or word.text == "此"):
                continue
            seen.add(k)
            opening = [c for c in tree.kids(k, "case") if c < k and tree[c].xpos != "PFA"]
            for c in conjuncts(tree, k):
                words = full(tree, c, outer=True)
                if c != k:
                    words = [*opening, *words]
                while len(words) > 1 and tree[words[0]].text in _CONCESSIVE and words[0] != c:
                    words = words[1:]
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

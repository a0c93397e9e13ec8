"""Statements of a Chinese clause: head, relation and tail as words of the tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kg_builder.extract.open_ie.chinese.arguments import entity_kind, full, is_nominal, possessor
from kg_builder.extract.open_ie.chinese.clauses import adjuncts_of
from kg_builder.extract.open_ie.chinese.predicates import Adjunct, Clause, is_quantity, relation_words
from kg_builder.extract.open_ie.chinese.tree import AUXILIARIES, Tree
from kg_builder.extract.open_ie.chinese.types import is_role, is_time
from kg_builder.extract.open_ie.chinese.words import words

__all__ = ["Statement", "clause_statements", "lemma_of"]

_NAMING = frozenset("又亦也别俗简自古旧原合统尊通")  # 又称, 俗称: no plain adverbs
_ASPECT = frozenset(["了", "过", "着", "著"])
_BE = words("relations.be")
_AFTER_VERB = {
    "在": "于",
    "于": "于",
    "": "于",
    "从": "自",
    "自": "自",
    "自从": "自",
    "到": "到",
    "至": "到",
    "直到": "到",
    "向": "向",
    "往": "往",
}
_UNSAID = frozenset(["与", "和", "跟", "同", "将", "把"])  # prepositions that the canonical relation does without
_OFFICES = words("relations.offices")


@dataclass(frozen=True, slots=True)
class Statement:
    """`head` and `tail` are the nouns that govern `head_words` and `tail_words`, which the sentence says."""

    clause: Clause | None
    head: int
    relation: tuple[int, ...]
    tail: int
    lemma: str
    head_words: tuple[int, ...]
    tail_words: tuple[int, ...]
    passive: bool = False
    implied: str = ""
    how: str = "core"  # core, adjunct, nominal, clause, possessive, relative


def lemma_of(tree: Tree, ids: Sequence[int]) -> str:
    """The relation without adverbs, auxiliaries, negation and aspect: 并未成立于 -> 成立于."""
    kept = []
    for k in ids:
        word = tree[k]
        naming = word.text in _NAMING and tree[min(k + 1, len(tree) - 1)].text.startswith("称")
        weak = (
            word.upos in ("ADV", "SCONJ", "PUNCT")
            or word.dep in ("advmod", "aux", "aux:pass")
            or word.text in AUXILIARIES
        )
        denied = word.text == "拒绝" and k != ids[-1]  # the polarity says so
        if naming or not (weak or denied or word.text in _ASPECT):
            kept.append(word.text)
    text = "".join(kept) or "".join(tree[k].text for k in ids)
    return "是" if text in _BE else text


def clause_statements(tree: Tree, clause: Clause, *, verbatim: bool) -> Iterator[Statement]:
    """All that one clause states."""
    subjects = [s for s in clause.subjects if s not in clause.objects] or []
    if tree[clause.top].dep in ("acl:relcl", "acl") and verbatim and clause.inherited:
        return
    if tree[clause.predicate].text == "由" and not clause.copula:
        yield from _by_agent(tree, clause)
        return
    relation = relation_words(tree, clause)
    if is_quantity(tree, clause.predicate) and not clause.copula:
        if not verbatim:
            yield from _amounts(tree, clause)
        return
    if clause.attribute and not verbatim:
        yield from _attributes(tree, clause, relation)
        return
    for subject in subjects:
        if clause.copula:
            yield from _copular(tree, clause, subject, verbatim=verbatim)
        else:
            yield from _verbal(tree, clause, subject, relation, verbatim=verbatim)
    if not subjects:
        yield from _existential(tree, clause, relation)
    if not verbatim:
        yield from _relative_object(tree, clause, relation)


def _make(
    tree: Tree,
    clause: Clause,
    head: int,
    relation: Sequence[int],
    tail: int,
    *,
    lemma: str = "",
    tail_words: Sequence[int] = (),
    passive: bool = False,
    how: str = "core",
) -> Statement:
    return Statement(
        clause,
        head,
        tuple(relation),
        tail,
        lemma or lemma_of(tree, relation),
        tuple(full(tree, head, localizer=tree[head].dep == "nsubj")),
        tuple(tail_words or full(tree, tail, localizer=True)),
        passive=passive,
        how=how,
    )


def _attributes(tree: Tree, clause: Clause, relation: list[int]) -> Iterator[Statement]:
    """公园面积为三平方公里: the topic has the attribute."""
    words = full(tree, clause.attribute)
    if clause.copula:
        relation = [clause.copula]
    for topic in clause.subjects:
        for tail in clause.objects:
            lemma = _text(tree, words) + ("" if clause.copula else lemma_of(tree, relation))
            yield _make(tree, clause, topic, [*words, *relation], tail, lemma=lemma, how="possessive")


def _amounts(tree: Tree, clause: Clause) -> Iterator[Statement]:
    """总投资6.8亿元, 公司的注册资本一亿元: (owner, 总投资, 6.8亿元)."""
    if clause.attribute:
        yield from _attributes(tree, clause, [])
        return
    for subject in clause.subjects:
        owned = _owned(tree, subject, tied=False)
        if owned is not None:
            for tail in clause.objects:
                yield _make(tree, clause, owned[0], owned[1], tail, lemma=_text(tree, owned[1]), how="possessive")


def _copular(tree: Tree, clause: Clause, subject: int, *, verbatim: bool) -> Iterator[Statement]:
    cop = clause.copula
    low = cop
    while low > 1 and tree[low - 1].dep in ("advmod", "aux") and tree[low - 1].head in (clause.predicate, cop):
        low -= 1
    relation = [*range(low, cop + 1)]
    for tail in clause.objects:
        if not is_nominal(tree, tail):
            continue
        owner = possessor(tree, subject) if not verbatim else None
        if owner is not None and is_role(_core(tree, [subject])) and tree[tail].upos == "PROPN":
            post = _after(tree, subject, owner)
            yield _make(tree, clause, tail, post, owner, lemma=_text(tree, post), how="possessive")
        elif owner is not None and tree[subject].upos != "PROPN":
            words = _after(tree, subject, owner)
            yield _make(tree, clause, owner, [*words, *relation], tail, lemma=_text(tree, words), how="possessive")
        else:
            named = tree[cop].text == "即" and {entity_kind(tree, subject), entity_kind(tree, tail)} != {"Other"}
            yield _make(tree, clause, subject, relation, tail, lemma="即" if named else "是")
            owner = possessor(tree, tail) if not verbatim else None
            if owner is not None and entity_kind(tree, owner) != "Other" and is_role(_core(tree, [tail])):
                post = _after(tree, tail, owner)
                yield _make(tree, clause, subject, [*relation, *post], owner, lemma=_text(tree, post), how="possessive")
    first = clause.objects[0] if clause.objects else clause.predicate
    for adjunct in clause.adjuncts:
        words = [*relation, *full(tree, first)]
        yield _adjunct(tree, clause, subject, words, adjunct, "是" + _core(tree, [first]))


def _verbal(tree: Tree, clause: Clause, subject: int, relation: list[int], *, verbatim: bool) -> Iterator[Statement]:
    how = "relative" if clause.inherited and tree[clause.top].dep in ("acl:relcl", "acl") else "core"
    if clause.agents and (clause.passive or not clause.objects):
        for agent in clause.agents:
            base = [k for k in relation if tree[k].dep != "aux:pass"]
            marks = [k for k in relation if tree[k].dep == "aux:pass"] or _marker(tree, agent, ("由", "被", "为"))
            words = [*marks, *base]
            yield _make(tree, clause, subject, words, agent, lemma=lemma_of(tree, base), passive=True, how=how)
    if clause.agents and clause.objects and not clause.passive:  # 由主管部门吊销许可证
        for agent in clause.agents:
            for tail in clause.objects:
                yield _make(tree, clause, agent, relation, tail, how=how)
        return
    patients = [p for p in clause.patients if p != subject]
    becomes = bool(clause.objects) and tree[relation[-1]].text[-1] in "为成作"  # 将校名改为南方大学
    if patients and not (clause.objects and (verbatim or becomes)):
        for patient in patients:
            marker = [] if verbatim else _marker(tree, patient, ("把", "将"))
            whole = marker if tree[relation[-1]].text[-1] in "给至到入于在" else []
            yield _make(tree, clause, subject, [*whole, *relation], patient, lemma=lemma_of(tree, relation), how=how)
    core = relation
    if patients:
        marker = [k for k in tree.kids(patients[0], "case") if k < patients[0]]
        core = [*marker, *full(tree, patients[0]), *relation]
    office = tree[clause.predicate].text in _OFFICES or lemma_of(tree, relation) in _OFFICES
    for tail in clause.objects:
        if patients and not verbatim:
            if "诉" not in tree[clause.predicate].text:
                yield _make(tree, clause, patients[0], relation, tail, how=how)
        elif not verbatim and (owned := _owned(tree, subject)) is not None and not clause.passive:
            owner, own = owned
            lemma = _text(tree, own) + lemma_of(tree, relation)
            yield _make(tree, clause, owner, [*own, *relation], tail, lemma=lemma, how="possessive")
        else:
            lemma = ("被" if clause.passive else "") + lemma_of(tree, relation)
            yield _make(tree, clause, subject, core, tail, lemma=lemma, how=how)
        employer = possessor(tree, tail) if office and not verbatim else None
        if employer is not None and is_role(_core(tree, [tail])):
            post = _after(tree, tail, employer)
            yield _make(tree, clause, subject, [*relation, *post], employer, lemma=_text(tree, post), how="possessive")
    if clause.complement and verbatim and not clause.objects:
        tail = clause.complement
        ids = [k for k in tree.subtree(tail) if k > clause.predicate and k not in relation]
        ids = _without_edges(tree, ids)
        if ids:
            yield _make(tree, clause, subject, relation, tail, tail_words=ids, how="clause")
    first = [k for k in [*clause.objects[:1]] if is_nominal(tree, k)]
    carried = [*core, *(full(tree, first[0]) if first else [])]
    if clause.complement and not first:
        carried = sorted(
            {*carried, *_without_edges(tree, [k for k in tree.subtree(clause.complement) if k > clause.predicate])}
        )
    for receiver in clause.receivers:
        yield _make(
            tree, clause, subject, carried, receiver, lemma=lemma_of(tree, relation) + _core(tree, first), how="adjunct"
        )
    for moment in clause.moments if verbatim else ():
        ids = _without_edges(tree, [k for k in tree.subtree(moment) if k not in carried])
        yield _make(tree, clause, subject, carried, moment, tail_words=ids, how="clause")
    for adjunct in clause.adjuncts:
        verb = ("被" if clause.passive else "") + lemma_of(tree, relation)
        if not verb.endswith(("于", "在", "自")) or not is_time(tree[adjunct.noun].text):
            verb += _core(tree, first)
        preposition = (
            [] if verbatim or is_time(tree[adjunct.noun].text) else _marker(tree, adjunct.noun, (adjunct.case,))
        )
        yield _adjunct(
            tree, clause, subject, [*preposition, *carried], adjunct, verb, keep=None if verbatim else preposition
        )


def _marker(tree: Tree, noun: int, texts: tuple[str, ...]) -> list[int]:
    """The preposition of a noun: 由 of 由公司."""
    first = tree.subtree(noun)[0]
    near = [k for k in (first, first - 1) if k > 0 and k != noun and tree[k].text and tree[k].text in texts]
    if not near and tree[noun].dep == "conj" and tree[noun].head < noun:
        return _marker(tree, tree[noun].head, texts)
    if not near and "由" in texts:
        k = noun - 1
        while k > 0 and tree[k].text not in "，；。由":
            k -= 1
        near = [k] if k > 0 and tree[k].text == "由" else []
    return near[:1]


def _after(tree: Tree, noun: int, owner: int) -> list[int]:
    """The words of a noun's argument behind its owner: 首席执行官 of 星辰科技的首席执行官."""
    return [k for k in full(tree, noun) if k > max(tree.subtree(owner)) and tree[k].xpos != "DEC"] or [noun]


def _owned(tree: Tree, subject: int, *, tied: bool = True) -> tuple[int, list[int]] | None:
    """(公司, 总部) of 公司的总部: a thing that only its owner identifies."""
    if tree[subject].upos == "PROPN" or is_role(_core(tree, [subject])):
        return None
    owner = next((k for k in reversed(tree.kids(subject, "nmod", "det")) if is_nominal(tree, k)), None)
    if owner is None or (tied and not any(tree[n].xpos == "DEC" for n in tree.kids(owner, "case"))):
        return None
    if entity_kind(tree, subject) in ("Organization", "Person"):
        return None
    known = (
        entity_kind(tree, owner) in ("Organization", "Person", "Place", "Work", "Product") or tree[owner].upos == "PRON"
    )
    words = _after(tree, subject, owner)
    return (owner, words) if known and len(_text(tree, words)) <= 6 else None


def _adjunct(
    tree: Tree,
    clause: Clause,
    subject: int,
    relation: Sequence[int],
    adjunct: Adjunct,
    verb: str,
    *,
    keep: Sequence[int] | None = (),
) -> Statement:
    """The circumstance as a tail: 在 1918 年 of (该市, 改名为琼斯)."""
    after = "于" if is_time(tree[adjunct.noun].text) else _AFTER_VERB.get(adjunct.case)
    if after is not None:
        lemma = verb if verb.endswith(after) else verb + after
    else:
        lemma = verb if adjunct.case in _UNSAID else adjunct.case + verb
    # A preposition behind the verb (毕业于清华大学) comes last, whoever kept it.
    before = [k for k in keep or () if k < max(relation)]
    kept = [k for k in relation if k not in adjunct.words or k in before]
    if (
        kept
        and adjunct.words
        and adjunct.words[0] == kept[-1] + 1
        and adjunct.words[0] != adjunct.noun
        and keep is not None
    ):
        kept.append(adjunct.words[0])  # 成立于
    return _make(tree, clause, subject, kept, adjunct.noun, tail_words=adjunct.words, lemma=lemma, how="adjunct")


def _by_agent(tree: Tree, clause: Clause) -> Iterator[Statement]:
    """X 由 Y 创立: 由 governs the verb whose subject is the agent."""
    verb = clause.complement or next(
        (k for k in tree.kids(clause.predicate, "ccomp", "xcomp") if k > clause.predicate), 0
    )
    if not verb:
        return
    agents = [k for k in tree.kids(verb, "nsubj") if clause.predicate < k < verb] or [
        k for k in tree.kids(clause.predicate, "obj") if k < verb
    ]
    words = [clause.predicate, verb]
    while words[-1] + 1 < len(tree) and tree[words[-1] + 1].head == verb and tree[words[-1] + 1].dep in ("mark", "aux"):
        words.append(words[-1] + 1)
    if any(k > verb for k in tree.kids(verb, "obj")):
        return  # the clause of that verb says it
    for subject in clause.subjects:
        for agent in agents:
            for one in [agent, *tree.kids(agent, "conj")]:
                lemma = lemma_of(tree, words[1:])
                yield _make(
                    tree, clause, subject, words, one, lemma=lemma, passive=True, tail_words=tuple(full(tree, one))
                )
        for adjunct in adjuncts_of(tree, verb):
            yield _adjunct(tree, clause, subject, words, adjunct, lemma_of(tree, words[1:]))


def _existential(tree: Tree, clause: Clause, relation: list[int]) -> Iterator[Statement]:
    """Places stand where the subject would: 在环礁上居住着海鸟."""
    here = [
        a for a in clause.adjuncts if a.noun < clause.predicate and a.case == "在" and not is_time(tree[a.noun].text)
    ]
    places = [a for a in here if entity_kind(tree, a.noun) == "Place"] or here
    if places and clause.objects:
        for tail in clause.objects:
            yield _make(tree, clause, places[0].noun, relation, tail, how="adjunct")


def _relative_object(tree: Tree, clause: Clause, relation: list[int]) -> Iterator[Statement]:
    """王伟创办的公司: the noun is the object of its relative clause."""
    top = clause.top
    noun = tree[top].head
    if (
        tree[top].dep != "acl:relcl"
        or clause.inherited
        or clause.objects
        or clause.complement
        or not is_nominal(tree, noun)
    ):
        return
    if clause.passive or tree[clause.predicate].upos != "VERB":
        return
    for subject in clause.subjects:
        yield _make(tree, clause, subject, relation, noun, how="relative")


def _core(tree: Tree, ids: Sequence[int]) -> str:
    """The nouns with their compounds alone: 毕业生 of 首批被授予学位的毕业生."""
    return "".join(
        _text(tree, [*(n for k in tree.kids(i, "compound") if k < i for n in tree.subtree(k)), i]) for i in ids
    )


def _text(tree: Tree, ids: Sequence[int]) -> str:
    return "".join(tree[k].text for k in ids)


def _without_edges(tree: Tree, ids: list[int]) -> list[int]:
    while ids and tree[ids[0]].dep == "punct" and tree[ids[0]].text not in "“《":
        ids = ids[1:]
    while ids and tree[ids[-1]].dep == "punct" and tree[ids[-1]].text not in "”》":
        ids = ids[:-1]
    return ids

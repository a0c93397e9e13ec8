"""Statements of clauses: subject, relation and each object or attachment; what a noun's own attachments add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kg_builder.extract.open_ie.english.arguments import argument_words
from kg_builder.extract.open_ie.english.clauses import Clause, case_words, is_source, verb_group
from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.phrases import IDIOMS, PERSONAL_IDIOMS, PREPOSITIONAL
from kg_builder.extract.open_ie.english.relation_lemmas import joined, lower, noun_lemma, verb_lemma
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set

__all__ = ["Statement", "clause_statements"]

_TIMELESS = frozenset(
    {"so", "then", "also", "however", "therefore", "thus", "there", "here", "now", "as", "well", "too"}
)


# "plays a role in determining X" determines it, "the process of mixing X" mixes it; "the idea of mixing X" does not.
_DONE_THROUGH = word_set(
    "act art experience function job means method part practice process role study success task technique"
)

_ABLE = word_set("ability capability capacity power")  # "has the ability to mix X" can mix it


class Statement(NamedTuple):
    """Words of one statement before they become an extraction. ``relation`` in reading order of the relation."""

    head: int
    relation: tuple[int, ...]
    tail: int
    predicate: int
    rule: str
    lemma: str
    passive: bool = False
    depth: int = 0  # how many attachments the relation has swallowed
    how: str = "own"
    implied: str = ""  # the relation's words where the text has none
    restates: bool = False  # says in one long relation what two other statements say


def clause_statements(tree: Tree, clause: Clause, clauses: Mapping[int, Clause]) -> Iterator[Statement]:
    """Everything that one clause states, for each of its subjects."""
    if clause.how == "existential":
        yield from _existential(tree, clause)
        return
    found = list(_complements(tree, clause))
    found += _restated(tree, clause, clauses)
    for subject in clause.subjects:
        for statement in found:
            if statement.tail != subject:
                yield statement._replace(head=subject, how=clause.how)
        for statement in _through_nouns(tree, clause):
            yield statement._replace(head=subject, how="infinitive" if clause.how == "own" else clause.how)


def _existential(tree: Tree, clause: Clause) -> Iterator[Statement]:
    """ "There is X in Y": X is in Y; and, as the sentence has it, there is X."""
    there, i = clause.subjects[0], clause.predicate
    for noun in clause.objects:
        base = Statement(there, tuple(clause.words), noun, i, "existential", "be", how=clause.how, restates=True)
        yield from _noun_and_attachments(tree, base, noun, "existential")
        for c in tree.children[i]:
            case = case_words(tree, c)
            if tree.label[c] == "obl" and case and not _is_idiom(tree, c, case):
                yield base._replace(tail=c, relation=(*base.relation, *argument_words(tree, noun), *case))
                lemma = joined(tree, "be", case)
                words = (*base.relation, *case)
                yield Statement(noun, words, c, i, "existential", lemma, how=clause.how)
        for c in tree.children[noun]:
            case = case_words(tree, c)
            if (
                tree.label[c] == "nmod"
                and case
                and tree.low[case[0]] in ("in", "at", "on", "near", "within", "between")
            ):
                lemma = joined(tree, "be", case)
                yield Statement(noun, (*base.relation, *case), c, i, "existential", lemma, how=clause.how)


def _restated(tree: Tree, clause: Clause, clauses: Mapping[int, Clause], depth: int = 0) -> Iterator[Statement]:
    """What clauses below this one say of its subject: "cuts the prostate instead of ablating | the tissue"."""
    i = clause.predicate
    carried = _carried(tree, clause)
    places = [(c, carried) for c in tree.children[i] if _is_gerund(tree, c) or _is_controlled(tree, clause, c)]
    for c, before in places:
        below = clauses.get(c)
        if below is None or depth > 1:
            continue
        lead = [w for k in tree.children[c] if tree.label[k] in ("mark", "case") for w in tree.below(k)]
        if below.how == "own":
            lead += argument_words(tree, below.subjects[0])
        relation = (*before, *lead)
        for inner in (*_complements(tree, below), *_restated(tree, below, clauses, depth + 1)):
            words = tuple(w for w in inner.relation if w not in relation)
            yield inner._replace(relation=(*relation, *words), rule="restated", restates=True, passive=False)


def _through_nouns(tree: Tree, clause: Clause) -> Iterator[Statement]:
    """What is done through a noun: "plays a role in determining | the taste", "is the process of mixing | liquids"."""
    i = clause.predicate
    nouns = [i] if clause.copula else _objects(tree, i)[0][:1]
    for noun in nouns:
        if any(tree.low[c] == "no" for c in tree.children[noun]):
            continue
        for c in tree.children[noun]:
            marks = [k for k in tree.children[c] if tree.label[k] in ("mark", "case")]
            if tree.label[c] != "acl" or not marks or tree.tag[c] not in ("VBG", "VB"):
                continue
            done = tree.low[noun] in (_DONE_THROUGH if tree.tag[c] == "VBG" else _ABLE)
            lead = (*clause.words, *argument_words_until(tree, noun, c), *marks)
            below = Clause(c, verb_group(tree, c), clause.subjects, "own", passive=False, copula=False)
            said = joined(tree, f"{'' if clause.copula else verb_lemma(tree, clause)} {noun_lemma(tree, noun)}", marks)
            for inner in _complements(tree, below):
                yield inner._replace(
                    relation=(*lead, *inner.relation),
                    lemma=inner.lemma if done else f"{said} {inner.lemma}",
                    predicate=c if done and tree.tag[c] == "VB" else i,
                    rule="restated",
                    restates=True,
                    passive=False,
                )


def _is_gerund(tree: Tree, c: int) -> bool:
    """ "by adding salt", "after winning the war"."""
    if tree.label[c] != "advcl" or tree.tag[c] not in ("VBG", "VB"):
        return False
    return any(tree.label[k] in ("mark", "case") for k in tree.children[c])


def _is_controlled(tree: Tree, clause: Clause, c: int) -> bool:
    return tree.label[c] == "xcomp" and any(tree.dep[k] in ("obj", "iobj") for k in tree.children[clause.predicate])


def _carried(tree: Tree, clause: Clause) -> tuple[int, ...]:
    """The verb group and its object, or the copula and its noun."""
    i = clause.predicate
    if clause.copula:
        return (*clause.words, *case_words(tree, i), *argument_words(tree, i))
    words = tuple(clause.words)
    for c in tree.children[i]:
        if tree.dep[c] in ("obj", "iobj") and not _is_relative(tree, c):
            words = (*words, *argument_words(tree, c))
    return words


def _complements(tree: Tree, clause: Clause) -> Iterator[Statement]:
    base = Statement(-1, tuple(clause.words), -1, clause.predicate, "", verb_lemma(tree, clause))
    if clause.copula:
        yield from _copular(tree, clause, base)
        return
    i = clause.predicate
    objects, indirect = _objects(tree, i)
    secondary = [c for c in tree.children[i] if tree.label[c] == "xcomp" and _is_nominal(tree, c)]
    carried = base.relation
    for c in indirect[:1]:
        if objects:
            carried = (*carried, *argument_words(tree, c))
        else:
            yield from _with_tail(tree, base, c, "object")
    for noun in clause.objects:
        rule = "relative object"
        if clause.gap_case:
            yield base._replace(
                relation=(*carried, *clause.gap_case),
                tail=noun,
                rule=rule,
                lemma=joined(tree, base.lemma, clause.gap_case),
            )
        elif not objects:
            yield base._replace(relation=carried, tail=noun, rule=rule)
    for c in objects[:1]:
        yield from _with_tail(tree, base._replace(relation=carried), c, "object")
        carried = (*carried, *argument_words(tree, c))
    for c in secondary:
        yield from _with_tail(tree, base._replace(relation=carried), c, "complement")
        if (not objects and tree.pos[c] != "ADJ") or not objects:
            carried = (*carried, *argument_words(tree, c))
    yield from _attachments(tree, clause, base._replace(relation=carried), i)


def _objects(tree: Tree, i: int) -> tuple[list[int], list[int]]:
    """Direct and indirect objects; coordinated verbs share the object after them ("bought and sold cars")."""
    objects = [c for c in tree.children[i] if tree.dep[c] == "obj" and not _is_relative(tree, c)]
    indirect = [c for c in tree.children[i] if tree.dep[c] == "iobj"]
    if len(objects) > 1 and not indirect:
        return objects[1:], objects[:1]
    if not objects and tree.label[i] == "conj" and tree.head[i] >= 0:
        objects = [c for c in tree.children[tree.head[i]] if tree.dep[c] == "obj" and c > i]
    if not objects and tree.pos[i] == "VERB":
        for c in tree.children[i]:
            if (
                tree.label[c] == "conj"
                and c <= i + 3
                and all(tree.label[k] in ("cc", "punct", "aux") for k in range(i + 1, c))
            ):
                objects = [k for k in tree.children[c] if tree.dep[k] == "obj"]
    return objects, indirect


def _copular(tree: Tree, clause: Clause, base: Statement) -> Iterator[Statement]:
    """ "X is a Y of Z", "X is in Y", "X is famous for Y"."""
    i = clause.predicate
    case = case_words(tree, i)
    if case:
        yield from _with_tail(tree, base, i, "copula")
        return
    if tree.pos[i] == "ADJ" and any(tree.label[c] == "xcomp" for c in tree.children[i]):
        return
    for c in tree.conjuncts(i):
        if c != i and tree.pos[i] == "ADJ" and tree.pos[c] in ("NOUN", "PROPN"):
            continue
        if c != i and (tree.pos[c] == "VERB" or any(tree.label[k] in ("cop", "nsubj") for k in tree.children[c])):
            continue
        yield from _noun_and_attachments(tree, base._replace(lemma="be", rule="copula"), c, "")
    if tree.pos[i] in ("ADJ", "ADV", "VERB", "NUM"):
        words = (*base.relation, *argument_words(tree, i))
        yield from _attachments(tree, clause, base._replace(relation=words, lemma=tree.lemma[i]), i)
    else:
        words = (*base.relation, *argument_words(tree, i))
        yield from _attachments(tree, clause, base._replace(relation=words, lemma=noun_lemma(tree, i)), i)


def _attachments(tree: Tree, clause: Clause, base: Statement, i: int) -> Iterator[Statement]:
    """Preposition phrases, agents, times and nouns without preposition under `i`."""
    agent: tuple[int, ...] = ()
    earlier: tuple[int, ...] = ()
    for c in tree.children[i]:
        if tree.label[c] == "ccomp" and tree.head[c] == i and clause.how == "own":
            yield base._replace(tail=c, rule="clausal", restates=True)
        elif tree.label[c] == "obl" and is_source(tree, c):
            continue
        elif tree.label[c] == "obl" and not _is_relative(tree, c) and not _is_idiom(tree, c, case_words(tree, c)):
            is_agent = tree.dep[c] == "obl:agent" or (
                clause.passive and [tree.low[k] for k in case_words(tree, c)] == ["by"]
            )
            if is_agent and tree.pos[c] not in ("NUM",):
                yield from _with_tail(
                    tree, base._replace(passive=True, lemma=verb_lemma(tree, clause, active=True)), c, "agent"
                )
                agent = (*case_words(tree, c), *argument_words(tree, c))
            else:
                start = base._replace(relation=(*base.relation, *agent)) if agent and c > agent[-1] else base
                if earlier and c > earlier[-1]:
                    start = start._replace(relation=(*start.relation, *earlier))
                yield from _with_tail(tree, start, c, "attachment")
                if c > i and _completes(tree, c):
                    earlier = (*earlier, *case_words(tree, c), *argument_words(tree, c))
        elif (
            tree.label[c] == "advmod"
            and tree.low[c] not in _TIMELESS
            and any(tree.dep[k] == "obl:unmarked" for k in tree.children[c])
        ):
            yield base._replace(tail=c, rule="attachment")


def _completes(tree: Tree, c: int) -> bool:
    """Whether a preposition phrase is part of what its verb says, so that later ones carry it in their relation:
    "provided for greater autonomy under | colonial rule". Time and place stand beside each other."""
    return bool(case_words(tree, c)) and mention_type(tree, c) not in ("Time", "Place") and not tree.having(c, "conj")


def _is_idiom(tree: Tree, c: int, case: list[int]) -> bool:
    """ "as a result", "for example": a word to the reader, no circumstance."""
    phrase = f"{lower(tree, case)} {tree.low[c]}"
    if any(tree.label[k] in ("nmod", "amod", "acl", "compound", "nummod") for k in tree.children[c]):
        return phrase in PERSONAL_IDIOMS and not any(k > c for k in tree.having(c, "nmod"))
    return phrase in IDIOMS or phrase in PERSONAL_IDIOMS


def _with_tail(tree: Tree, base: Statement, tail: int, rule: str) -> Iterator[Statement]:
    """One statement for each coordinated tail, then those of its own attachments."""
    common = case_words(tree, tail)
    for c in tree.conjuncts(tail):
        if c != tail and tree.pos[c] in ("VERB", "AUX") and tree.pos[tail] not in ("VERB", "AUX"):
            continue
        case = case_words(tree, c) or common
        inner = _inside_preposition(tree, c)
        if case and inner >= 0:
            words = (*base.relation, *case, *argument_words_until(tree, c, inner), *case_words(tree, inner))
            for k in tree.conjuncts(inner):
                yield from _noun_and_attachments(
                    tree,
                    base._replace(
                        relation=words,
                        rule=rule,
                        lemma=joined(tree, base.lemma, list(words[len(base.relation) :])),
                    ),
                    k,
                    rule,
                )
            continue
        lemma = base.lemma if not case or (rule == "agent") else joined(tree, base.lemma, case)
        yield from _noun_and_attachments(
            tree, base._replace(relation=(*base.relation, *case), rule=rule, lemma=lemma), c, rule
        )


def _inside_preposition(tree: Tree, i: int) -> int:
    """The noun that "in honor of" leads to, or -1."""
    if tree.lemma[i].lower() not in PREPOSITIONAL or any(
        tree.label[c] in ("amod", "nmod:poss") for c in tree.children[i]
    ):
        return -1
    for c in tree.children[i]:
        if (
            tree.label[c] == "nmod"
            and c > i
            and case_words(tree, c)
            and not any(tree.label[k] == "det" for k in tree.children[i])
        ):
            return c
    return -1


def argument_words_until(tree: Tree, i: int, inner: int) -> list[int]:
    """The words of the argument of `i` that stand before those under `inner`."""
    first = min(tree.below(inner))
    return [w for w in argument_words(tree, i) if w < first]


def _noun_and_attachments(tree: Tree, base: Statement, i: int, rule: str) -> Iterator[Statement]:
    """The statement with tail `i`, and one for each preposition phrase at `i`: "was given a contract for | F-16
    aircraft"."""
    yield base._replace(tail=i)
    for c in tree.children[i]:
        if tree.label[c] == "appos" and tree.pos[c] == tree.pos[i] == "PROPN" and _are_places(tree, i, c):
            yield base._replace(tail=c)
    if base.depth >= 3 or tree.pos[i] == "PRON":
        return
    for c in tree.children[i]:
        if tree.label[c] != "nmod" or c < i or tree.dep[c] in ("nmod:poss", "nmod:unmarked", "nmod:desc"):
            continue
        case = case_words(tree, c)
        if not case or tree.low[case[0]] in ("including", "such"):  # members are of the noun, not of what is done
            continue
        words = (*base.relation, *argument_words_until(tree, i, c), *case)
        nominal = " ".join(w for w in (noun_lemma(tree, i), lower(tree, case)) if w)
        lemma = nominal if base.lemma in ("", "be") else f"{base.lemma} {nominal}"
        if base.passive:  # "was tested by the institute in | Lima": of Lima nothing is said to do it
            group = [w for w in base.relation if tree.label[w] not in ("aux", "det")]
            lemma = f"{lower(tree, group)} {nominal}"
        for k in tree.conjuncts(c):
            own = case_words(tree, k)
            relation = (*words[: -len(case)], *own) if own and k != c else words
            yield from _noun_and_attachments(
                tree,
                base._replace(
                    relation=relation, depth=base.depth + 1, rule=rule or base.rule, lemma=lemma, passive=False
                ),
                k,
                rule,
            )


def _are_places(tree: Tree, i: int, c: int) -> bool:
    """ "Salt Lake City, Utah"."""
    return tree.ner[i] == tree.ner[c] == "LOC" or tree.kind[i] == tree.kind[c] == "place"


def _is_relative(tree: Tree, c: int) -> bool:
    return tree.tag[c] in ("WP", "WDT", "WP$") or (tree.low[c] in ("which", "who", "whom") and tree.pos[c] == "PRON")


def _is_nominal(tree: Tree, c: int) -> bool:
    return tree.pos[c] in ("NOUN", "PROPN", "ADJ", "NUM") and tree.child(c, "cop") < 0

"""English extraction: from a parsed text to its statements, in reading order."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from kg_builder.extract.open_ie.confidence import LEAST, confidence
from kg_builder.extract.open_ie.english.arguments import (
    argument_words,
    clause_words,
    entity_head,
    mention,
    span,
    uncounted,
)
from kg_builder.extract.open_ie.english.clauses import find_clauses
from kg_builder.extract.open_ie.english.columns import Columns
from kg_builder.extract.open_ie.english.coreference import Antecedents, is_pronoun
from kg_builder.extract.open_ie.english.evidence import Evidence, Features, features
from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.nominal import nominal_statements, table_cells
from kg_builder.extract.open_ie.english.plausible import Borders, in_one_piece, is_long_winded, is_name, says_enough
from kg_builder.extract.open_ie.english.polarity import Status, both, status, status_of_cause
from kg_builder.extract.open_ie.english.qualifiers import qualifiers
from kg_builder.extract.open_ie.english.relations import Statement, clause_statements
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.types import Extraction, Mention, Relation

__all__ = ["extract_en"]


NAME = "open_ie"
_OWNERS = frozenset({"his", "hers", "theirs", "its", "mine", "ours", "yours"})
_OTHER_NAME = frozenset({"also known as", "know as", "known as", "better known as", "formerly known as"})
_BE = frozenset({"is", "are", "was", "were", "be", "been", "being", "'s", "’s", "'re", "am"})


@dataclass(frozen=True, slots=True)
class _Scope:
    """What holds for all statements of one predicate."""

    status: Status


def extract_en(
    columns: Columns,
    *,
    verbatim: bool = False,
    judge: Callable[[Features], float] = confidence,
    left_out: Counter[str] | None = None,
) -> list[Extraction]:
    """The statements of a text with UD v2 labels, each as sure as `judge` makes it of its features.

    `left_out` is told how many statements were left out, by reason.

    `verbatim` keeps what only a reader of the sentence can use (pronouns that stay unresolved) and leaves out what the
    sentence does not say in words of its own (an implied "is" or "has").
    """
    tree = Tree(columns)
    antecedents = Antecedents(tree)
    found: list[tuple[tuple[int, ...], Extraction]] = []
    scopes: dict[int, Status] = {}
    borders = Borders(tree.text)
    left_out = Counter() if left_out is None else left_out
    for statement in _statements(tree):
        if statement.how in ("nominal", "purpose", "infinitive") if verbatim else is_long_winded(statement):
            continue
        if not in_one_piece(tree, borders, statement):
            left_out["across-lines"] += 1
            continue
        scope = scopes.get(statement.predicate)
        if scope is None:
            scope = scopes[statement.predicate] = status(
                tree, statement.predicate, question=_in_question(tree, statement.predicate)
            )
        above = tree.head[statement.predicate]
        caused = status_of_cause(tree, statement.predicate) if above in statement.relation else None
        if statement.rule == "restated" and caused is not None:
            scope = caused
        elif statement.rule == "restated" and above >= 0:
            above = tree.head[above] if tree.label[above] == "obj" else above  # "does not have the ability to …"
            scope = both(scope, status(tree, above))
        place = (statement.predicate, statement.tail)
        extractions = _extractions(tree, statement, scope, antecedents, judge, left_out, verbatim=verbatim)
        found += [(place, extraction) for extraction in extractions]
    found += [((-1, k), e) for k, e in enumerate(_table_statements(tree))]
    return _unique(e for _, e in sorted(found, key=lambda pair: _position(pair[1])))


def _statements(tree: Tree) -> Iterator[Statement]:
    clauses = {clause.predicate: clause for clause in find_clauses(tree)}
    for clause in clauses.values():
        yield from clause_statements(tree, clause, clauses)
    yield from nominal_statements(tree)


def _position(extraction: Extraction) -> tuple[int, int, int]:
    relation = extraction.relation
    middle = extraction.head.end if relation.start is None else relation.start
    return min(extraction.head.start, extraction.tail.start), middle, extraction.tail.start


def _in_question(tree: Tree, i: int) -> bool:
    start, end = tree.sentences[bisect_right(tree.sentences, (i, len(tree.word))) - 1]
    return tree.word[end - 1] == "?" or (end - start > 1 and tree.word[end - 2] == "?")


def _extractions(
    tree: Tree,
    statement: Statement,
    scope: Status,
    antecedents: Antecedents,
    judge: Callable[[Features], float],
    left_out: Counter[str],
    *,
    verbatim: bool,
) -> Iterator[Extraction]:
    """What one statement says: more than one thing where a "they" stands for several names."""
    head, tail = statement.head, statement.tail
    if not _is_argument(tree, head) or not _is_argument(tree, tail) or head == tail:
        return
    about = head if verbatim or statement.how not in ("relative", "acl") else _described(tree, head)
    heads = _mentions(tree, about, antecedents, verbatim=verbatim)
    tails = _mentions(tree, tail, antecedents, verbatim=verbatim)
    if not heads or not tails:
        left_out["unresolved"] += 1
        return
    relation = _relation(tree, statement)
    if not relation.surface.strip():
        return
    sureness = 1.0 if verbatim else min(_sureness(tree, i, antecedents) for i in (about, tail))
    for head_mention, tail_mention in product(heads, tails):
        if verbatim or not _overlap(head_mention, tail_mention):
            found = _extraction(
                tree, statement, scope, (head_mention, relation, tail_mention), sureness, judge, left_out, verbatim
            )
            if found is not None:
                yield found


def _extraction(
    tree: Tree,
    statement: Statement,
    scope: Status,
    said: tuple[Mention, Relation, Mention],
    sureness: float,
    judge: Callable[[Features], float],
    left_out: Counter[str],
    verbatim: bool,
) -> Extraction | None:
    head, tail = statement.head, statement.tail
    head_mention, relation, tail_mention = said
    if statement.rule == "member" and statement.predicate == tail:
        tail_mention = uncounted(tree, tail_mention)
    elif statement.rule == "member":
        head_mention = uncounted(tree, head_mention)
    if statement.lemma in _OTHER_NAME and not tail_mention.surface.isascii() and head_mention.type != "Other":
        tail_mention = replace(tail_mention, type=head_mention.type)  # the tagger knows nothing of another language
    if not verbatim and not says_enough(tree, statement, relation, head_mention, tail_mention):
        left_out["says-too-little"] += 1
        return None
    head_words = argument_words(tree, head)
    tail_words = clause_words(tree, tail) if statement.rule == "clausal" else argument_words(tree, tail)
    if set(head_words) & set(tail_words) and not (
        set(head_words) - set(tail_words) and set(tail_words) - set(head_words)
    ):
        head_words = [w for w in head_words if w not in tail_words] or head_words
    own = {tail, head, *statement.relation}
    apart = relation.start is None
    evidence = Evidence(statement, scope, head_mention, tail_mention, head_words, tail_words, apart, verbatim)
    confidence = judge(features(tree, evidence))
    if sureness < 1:
        confidence = round(confidence * sureness, 3)  # right if what it says is, of what the pronoun means
    if not verbatim and confidence < LEAST:
        left_out["unsure"] += 1
        return None
    return Extraction(
        head=head_mention,
        relation=relation,
        tail=tail_mention,
        confidence=confidence,
        extractor=NAME,
        polarity=scope.polarity if statement.how != "nominal" else "positive",
        modality=scope.modality if statement.how != "nominal" else "asserted",
        qualifiers=()
        if statement.how == "nominal"
        else qualifiers(tree, statement.predicate, leave_out=own, source=scope.source),
        head_argument=span(tree, head_words),
        tail_argument=span(tree, tail_words),
    )


def _is_argument(tree: Tree, i: int) -> bool:
    if i < 0 or (
        tree.pos[i] in ("PUNCT", "ADP", "CCONJ", "SCONJ", "PART", "INTJ", "X", "SYM") and tree.word[i] not in "%$"
    ):
        return False
    return tree.tag[i] not in ("WP", "WDT", "WRB") and (tree.label[i] != "expl" or tree.low[i] == "there")


def _mentions(tree: Tree, i: int, antecedents: Antecedents, *, verbatim: bool) -> list[Mention]:
    """The entities that `i` heads or refers to; none for a pronoun without a sure antecedent. A graph takes "they" for
    each of several names, a sentence for the first."""
    if tree.pos[i] in ("PRON", "DET"):
        places = antecedents.all_of(i)
        if verbatim:
            return [mention(tree, places[0] if places else i)]
        if tree.low[i] in _OWNERS:
            return []  # "the whole realm was his"
        return [named for place in places if (named := _graph_mention(tree, place)) is not None]
    head = entity_head(tree, i)
    if head < 0:
        return [mention(tree, i)] if verbatim else []
    place = antecedents.of_description(head)
    if verbatim:
        return [mention(tree, place)]
    found = _graph_mention(tree, place)
    return [] if found is None else [found]


def _graph_mention(tree: Tree, i: int) -> Mention | None:
    named = mention(tree, i)
    return None if is_pronoun(named.surface, _around(tree, named)) else named


def _around(tree: Tree, named: Mention) -> str:
    return tree.text[max(0, named.start - 200) : named.end + 200]


def _sureness(tree: Tree, i: int, antecedents: Antecedents) -> float:
    """How sure it is what `i` stands for: 1.0 of what is no pronoun."""
    return antecedents.sureness(i) if tree.pos[i] in ("PRON", "DET") else 1.0


def _overlap(a: Mention, b: Mention) -> bool:
    return a.start < b.end and b.start < a.end


def _described(tree: Tree, i: int) -> int:
    """ "Butterflies are creatures that undergo …": what undergoes it are the butterflies."""
    if tree.child(i, "cop") < 0 or any(tree.low[c] == "the" for c in tree.children[i]):
        return i
    subject = tree.child(i, "nsubj")
    return subject if subject >= 0 and tree.tag[subject] not in ("WP", "WDT", "EX") else i


def _relation(tree: Tree, statement: Statement) -> Relation:
    if statement.implied:
        return Relation(statement.implied, None, None, statement.lemma)
    surface, start, end = tree.surface(list(statement.relation))
    return Relation(surface, start, end, statement.lemma, statement.passive)


def _table_statements(tree: Tree) -> Iterator[Extraction]:
    if ":" not in tree.text:
        return
    at_offset = {s: i for i, s in enumerate(tree.start)}
    for first, header, value in table_cells(tree.text):
        head, relation, tail = (tree.text[a:b] for a, b in (first, header, value))
        if (
            not any(c.isalpha() for c in head)
            or not is_name(Mention(tail, *value))
            or not is_name(Mention(head, *first))
        ):
            continue
        types = []
        for begin, stop in (first, value):
            words = [i for o, i in at_offset.items() if begin <= o < stop]
            types.append(_cell_type(tree, words))
        yield Extraction(
            head=Mention(head, *first, types[0]),
            relation=Relation(relation, *header, relation.strip().lower()),
            tail=Mention(tail, *value, types[1]),
            confidence=0.8,
            extractor=NAME,
        )


def _cell_type(tree: Tree, words: list[int]) -> str:
    inside = set(words)
    heads = [w for w in words if tree.head[w] not in inside and tree.pos[w] != "PUNCT"]
    return mention_type(tree, heads[0]) if heads else "Other"


def _unique(extractions: Iterator[Extraction]) -> list[Extraction]:
    """Without repetitions: of two that read the same at the same place, the surer one."""
    best: dict[tuple[object, ...], Extraction] = {}
    for e in extractions:
        arguments = (
            e.head_argument.surface if e.head_argument else "",
            e.tail_argument.surface if e.tail_argument else "",
        )
        key = (e.head, e.relation.surface, e.tail, e.polarity, e.modality, *arguments)
        if key not in best or best[key].confidence < e.confidence:
            best[key] = e
    return list(best.values())

"""Chinese extraction: from a text to its statements, in reading order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg_builder.extract.open_ie.chinese.arguments import PRONOUNS, entity_head, is_nominal, is_pronoun, mention
from kg_builder.extract.open_ie.chinese.clauses import find_clauses, give_topics
from kg_builder.extract.open_ie.chinese.coreference import Antecedents, kind_named
from kg_builder.extract.open_ie.chinese.evidence import chinese_features
from kg_builder.extract.open_ie.chinese.fitness import is_fit, is_heading, is_pointed, reserve_of
from kg_builder.extract.open_ie.chinese.nominal import (
    Alias,
    alias_clauses,
    aliases,
    cell_type,
    nominal_statements,
    table_rows,
)
from kg_builder.extract.open_ie.chinese.pipeline import Sentence, load
from kg_builder.extract.open_ie.chinese.polarity import Status, follow, precede, status
from kg_builder.extract.open_ie.chinese.predicates import Adjunct, Clause
from kg_builder.extract.open_ie.chinese.relations import Statement, clause_statements
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.types import is_time
from kg_builder.extract.open_ie.chinese.units import is_enumerator
from kg_builder.extract.open_ie.confidence import LEAST, confidence
from kg_builder.types import Extraction, Mention, Modality, Qualifier, Relation, Span

__all__ = ["RULES", "extract_chinese", "extract_sentences"]

RULES = "zh-13"  # changes whenever the rules may give another result
NAME = "open_ie"
_NO_CLAUSE = Status("positive", "asserted")
_DETERMINERS = frozenset(["该", "本", "这", "那", "此", "这家", "该家"])
_ONE_OF_MANY = frozenset(["一家", "一个", "一所", "一座", "一种", "一支"])  # 一家新能源企业 is no name
_MOST = 400  # statements of one sentence: a list of lists cannot flood the graph


def extract_chinese(text: str, *, verbatim: bool = False, left_out: Counter[str] | None = None) -> list[Extraction]:
    """The statements of a text, with offsets into it.

    `verbatim` keeps what only a reader of the sentence can use (pronouns that stay unresolved, clauses as arguments)
    and leaves out what the sentence does not say in words of its own (an implied 是).
    """
    rows = [] if ": " not in text else list(table_rows(text))
    taken = {_line(text, first[0]) for first, _, _ in rows}
    sentences = [s for s in load().parse(text) if not any(a <= s.starts[0] < b for a, b in taken)]
    found = [*extract_sentences(text, sentences, verbatim=verbatim, left_out=left_out), *_row_extractions(text, rows)]
    return _unique(sorted(found, key=_position))


def extract_sentences(
    text: str, sentences: Iterable[Sentence], *, verbatim: bool = False, left_out: Counter[str] | None = None
) -> Iterator[Extraction]:
    """The statements of parsed sentences of `text`, sentence by sentence."""
    antecedents = Antecedents()
    held: Counter[str] = Counter() if left_out is None else left_out
    number, item = 0, False
    reserve: Modality | None = None
    for sentence in sentences:
        start, end = sentence.starts[0], sentence.ends[-1]
        if is_enumerator(text[start:end]):
            item = True
            continue
        if not verbatim and is_heading(text, start, end):
            number, item, reserve = number + 1, False, None
            continue
        header = reserve_of(text[start:end])
        if header or not item:
            reserve = None
        if item and reserve is None and text[end - 1] in "；;":
            reserve = "conditional"  # an item whose header stands elsewhere
        tree = Tree(text, sentence)
        yield from _Reader(tree, number, antecedents, held, verbatim=verbatim, reserve=reserve).read()
        reserve = header or reserve
        number, item = number + 1, False


@dataclass(slots=True)
class _Reader:
    """Turns the statements of one sentence into extractions."""

    tree: Tree
    number: int
    antecedents: Antecedents
    held: Counter[str]  # statements that are not given, by reason
    verbatim: bool
    reserve: Modality | None = None  # of the list that the sentence is an item of

    def read(self) -> Iterator[Extraction]:
        clauses = find_clauses(self.tree)
        subjects = {s for c in clauses for s in c.subjects}
        self.antecedents.later(lambda: self._remember(subjects))
        count = 0
        for statement, state in self._statements(clauses):
            extraction = self._extraction(statement, state)
            if extraction is not None:
                yield extraction
                count += 1
                if count >= _MOST:
                    return
        if not self.verbatim:
            yield from (_alias(a) for a in self._aliases(clauses))

    def _statements(self, clauses: list[Clause]) -> Iterator[tuple[Statement, Status]]:
        if not self.verbatim:
            give_topics(self.tree, clauses)
        states: list[tuple[Clause, Status]] = []
        for clause in clauses:
            states.append((clause, follow(self.tree, states, clause, status(self.tree, clause))))
        for clause, state in precede(self.tree, states):
            if self.reserve and state.modality == "asserted":
                state = Status(state.polarity, self.reserve, state.source)
            for statement in clause_statements(self.tree, clause, verbatim=self.verbatim):
                if self.verbatim or is_fit(self.tree, statement, asserted=state.modality == "asserted"):
                    yield statement, state
                else:
                    self.held["says-too-little"] += 1
        if not self.verbatim:
            for statement in filter(lambda s: is_fit(self.tree, s), nominal_statements(self.tree)):
                yield statement, _NO_CLAUSE

    def _aliases(self, clauses: list[Clause]) -> Iterator[Alias]:
        yield from (a for a in aliases(self.tree) if not kind_named(a.name.surface))
        subjects = [s for c in clauses for s in c.subjects if is_nominal(self.tree, s)]
        if subjects:
            subject = self._mention(subjects[0])
            if subject is not None:
                yield from (a for a in alias_clauses(self.tree, subject) if a.name.start > subject.end)

    def _remember(self, subjects: set[int]) -> None:
        for alias in aliases(self.tree):
            if noun := kind_named(alias.name.surface):
                self.antecedents.define(noun, alias.entity)
        depth = 0
        for i, word in enumerate(self.tree[1:], 1):
            depth += (word.text in "（(") - (word.text in "）)")
            if (
                depth
                or word.upos not in ("NOUN", "PROPN", "PART", "X")
                or word.dep in ("compound", "flat", "flat:name", "clf", "nummod")
                or not is_nominal(self.tree, i)
                or is_pronoun(self.tree, i)
            ):
                continue
            entity = entity_head(self.tree, i)
            found = mention(self.tree, i)
            named = self._is_name(entity, found)
            if found.type not in ("Time", "Quantity"):
                self.antecedents.add(found, self.number, subject=i in subjects, named=named)

    def _is_name(self, i: int, found: Mention) -> bool:
        """A proper noun, something built on one, or an organization or place under its full name."""
        if self.tree[i].upos in ("PROPN", "X"):
            return True
        inside = [k for k in self.tree.kids(i, "compound", "nmod", "flat", "flat:name") if k < i]
        if any(self.tree[k].upos in ("PROPN", "X") and self.tree[k].start >= found.start for k in inside):
            return True
        long = found.type in ("Organization", "Place") and len(found.surface) >= 4
        one_of_many = self.tree.text[max(0, found.start - 2) : found.start] in _ONE_OF_MANY
        return long and not one_of_many and not self.tree.kids(i, "det", "nummod", "acl:relcl")

    def _extraction(self, statement: Statement, state: Status) -> Extraction | None:
        event = statement.clause is not None and statement.tail in statement.clause.objects  # 遭受打击
        if not self._fits(statement.head, head=True) or not (
            self._fits(statement.tail) or event or statement.how == "clause"
        ):
            return None
        head, tail = self._mention(statement.head), self._mention(statement.tail)
        self.held["unresolved"] += head is None or tail is None
        if not self.verbatim and head == mention(self.tree, statement.head) and is_pointed(self.tree, statement.head):
            return None
        if (
            head is None
            or tail is None
            or not _readable(head.surface)
            or not _readable(tail.surface)
            or head == tail
            or (head.start < tail.end and tail.start < head.end)
        ):
            return None
        relation = self._relation(statement)
        if not relation.surface.strip():
            return None
        if not self.verbatim and relation.surface == "诉" and tail.surface.endswith("案"):
            self.held["says-too-little"] += 1  # 张甲诉民政局继承案: the title of a case
            return None
        head_argument, tail_argument = (
            Span(*self.tree.surface(statement.head_words)),
            Span(*self.tree.surface(statement.tail_words)),
        )
        sureness = confidence(chinese_features(self.tree, statement, head, relation.surface, tail), language="zh")
        if not self.verbatim and sureness < LEAST:
            self.held["unsure"] += 1
            return None
        return Extraction(
            head=head,
            relation=relation,
            tail=tail,
            confidence=sureness,
            extractor=NAME,
            polarity=state.polarity,
            modality=state.modality,
            qualifiers=tuple(self._qualifiers(statement, state)),
            head_argument=head_argument,
            tail_argument=tail_argument,
        )

    def _fits(self, i: int, *, head: bool = False) -> bool:
        word = self.tree[i]
        if not is_nominal(self.tree, i):
            return self.verbatim and not head and word.upos in ("VERB", "ADJ")
        if head and not self.verbatim and word.upos == "NUM" and word.text.isdigit():
            return False
        return self.verbatim or word.upos == "PRON" or not is_pronoun(self.tree, i)

    def _mention(self, i: int) -> Mention | None:
        """The entity at `i` or the one it stands for; None for a pronoun without a sure antecedent."""
        word = self.tree[i]
        if is_pronoun(self.tree, i):
            rest = self.tree.text[word.end : self.tree[len(self.tree) - 1].end]
            found = self.antecedents.of(word.text, word.start, self.number, after=rest)
            if found is None and self.verbatim:
                found = Mention(word.text, word.start, word.end)
            return found
        own = mention(self.tree, i)
        if own.surface in PRONOUNS and not self.verbatim:
            return None  # 其你们: a pronoun that something stands before
        pointed = any(self.tree[k].text in _DETERMINERS for k in self.tree.kids(i, "det", "nmod"))
        if own.surface == word.text and (pointed or word.text == "公司"):
            return self.antecedents.of_description(word.text, word.start, self.number, pointed=pointed) or own
        if own.surface[:1] in "该本" and pointed is False:
            return self.antecedents.of_description(own.surface[1:], word.start, self.number, pointed=True) or own
        return own

    def _relation(self, statement: Statement) -> Relation:
        if statement.implied:
            return Relation(statement.implied, None, None, statement.lemma)
        surface, start, end = self.tree.surface(statement.relation)
        return Relation(surface, start, end, statement.lemma, statement.passive)

    def _qualifiers(self, statement: Statement, state: Status) -> Iterator[Qualifier]:
        if state.source is not None:
            yield state.source
        if statement.clause is None:
            return
        for adjunct in statement.clause.adjuncts:
            if adjunct.noun not in (statement.tail, statement.head):
                role = self._role(adjunct)
                if role:
                    yield Qualifier(role, *self.tree.surface(adjunct.words))

    def _role(self, adjunct: Adjunct) -> str:
        from kg_builder.extract.open_ie.chinese.arguments import entity_kind

        text = "".join(self.tree[k].text for k in adjunct.words)
        if is_time(self.tree[adjunct.noun].text) or is_time(text) or entity_kind(self.tree, adjunct.noun) == "Time":
            return "time"
        if adjunct.case in ("在", "于", "自", "从") and entity_kind(self.tree, adjunct.noun) in (
            "Place",
            "Organization",
            "Other",
        ):
            return "place"
        return {
            "因": "cause",
            "因为": "cause",
            "由于": "cause",
            "为": "purpose",
            "为了": "purpose",
            "以": "manner",
            "用": "manner",
            "通过": "manner",
        }.get(adjunct.case, "")


def _readable(surface: str) -> bool:
    return any(c.isalnum() for c in surface)


def _alias(alias: Alias) -> Extraction:
    return Extraction(alias.entity, alias.relation, alias.name, 0.9, NAME)


def _row_extractions(
    text: str, rows: Iterable[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]
) -> Iterator[Extraction]:
    for first, header, value in rows:
        head, relation, tail = (text[a:b] for a, b in (first, header, value))
        yield Extraction(
            Mention(head, *first, cell_type(head)),
            Relation(relation, *header, relation.strip()),
            Mention(tail, *value, cell_type(tail)),
            0.8,
            NAME,
        )


def _line(text: str, at: int) -> tuple[int, int]:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _position(extraction: Extraction) -> tuple[int, int, int]:
    relation = extraction.relation
    return (
        min(extraction.head.start, extraction.tail.start),
        extraction.tail.start,
        relation.start or extraction.tail.start,
    )


def _unique(extractions: Iterable[Extraction]) -> list[Extraction]:
    """Without repetitions: of two that read the same at the same place, the surer one."""
    best: dict[tuple[object, ...], Extraction] = {}
    for e in extractions:
        both = ((e.head_argument or e.head).surface, (e.tail_argument or e.tail).surface)
        arguments = tuple(surface.strip("“”《》") for surface in both)
        places = (e.head.start, e.head.end, e.tail.start, e.tail.end)
        key = (places, e.relation.surface, e.polarity, e.modality, *arguments)
        if key not in best or best[key].confidence < e.confidence:
            best[key] = e
    return list(best.values())

"""Labels for sentences from what a graph knows: distant supervision.

A sentence that names two entities which the graph relates is taken to say so (Mintz et al. 2009). Often it does not, so
a triple counts only with a cue: words near the two names that the corpus has markedly more often with that relation
than else, seen with several pairs of entities; or words of the relation's own name. Sentences that name entities
between which the graph knows nothing are examples without an answer. KG2Instruction (Gui et al. 2023) makes its data in
the same way, with models for recognising, telling apart and checking in places where this counts.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Literal, NamedTuple

from finetune.corpus import LeftOut, left_out
from finetune.examples import Example
from finetune.mentions import Found, Names, Token, tokens_of
from finetune.texts import Text
from kg_builder.errors import DataError, LoadError
from kg_builder.language import detect_language
from kg_builder.names import name_key
from kg_builder.types import Triple

__all__ = ["Graph", "Supervision", "label_texts", "load_graph"]

_LIFT = 2.0
"""How much more often than with any two names in that order a cue stands with its relation."""

_MOST_LIFT = 0.9
"""What is asked of a cue where its relation is that of most pairs: this part of the most that is possible."""

_NEAR = 12  # tokens between two names, beyond which what stands there is no cue
_AROUND = 2  # tokens before the first and behind the second name
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]")
_STEM = 4  # letters that words of one family share


@dataclass(frozen=True, slots=True)
class Supervision:
    """What is taken for a statement.

    A cue must be seen with ``support`` pairs of entities (0: no cue is needed). Where a pair has several relations,
    all that have a cue are kept, or none. A sentence with more than ``most_entities`` names is left out. ``negatives``
    is the largest share of examples without triples.
    """

    support: int = 3
    several: Literal["keep", "drop"] = "keep"
    most_entities: int = 12
    negatives: float = 0.1
    seed: int = 17


@dataclass(slots=True)
class Graph:
    """Names of entities, and how entities are related."""

    names: Names = field(default_factory=Names)
    relations: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, head: str, relation: str, tail: str) -> None:
        """A triple; head and tail are ids of entities."""
        known = self.relations.get((head, tail), ())
        if relation not in known:
            self.relations[head, tail] = (*known, relation)


def load_graph(source: str) -> Graph:
    """The graph of a store (``embedded:PATH``, ``neo4j://…``), or of a file of triples: JSON lines as `kg export`
    writes them, CSV, or ``head|relation|tail`` lines.

    Raises:
        DataError: the file cannot be read, or has no triple.
        StoreError: the store cannot be opened.
    """
    graph = Graph()
    if "://" in source or source.startswith("embedded:"):
        from kg_builder.store import open_store

        with open_store(source, create=False, read_only=True) as store:
            for edge in store.edges(with_evidence=False):
                for entity in (edge.head, edge.tail):
                    for name in (entity.name, *entity.aliases):
                        graph.names.add(name, entity.id)
                graph.add(edge.head.id, edge.relation, edge.tail.id)
    else:
        _read_triples(Path(source), graph)
    if not graph.relations:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(graph.refused.items()))
        raise DataError(f"expected triples in {source!r}, found none{f' ({told})' if told else ''}")
    return graph


def _read_triples(path: Path, graph: Graph) -> None:
    from finetune.corpus import rows_of as json_rows
    from kg_builder.importing_rows import form_of, row_of, rows_of

    try:
        form = form_of(path)
        if form == "jsonl":
            for found in json_rows(str(path)):
                if isinstance(found, LeftOut):
                    graph.refused[found.reason] += 1
                else:
                    _add_row(graph, row_of(found.line, found.line, found.values), found.values)
            return
        for row in rows_of(path, form):
            _add_row(graph, row, {})
    except LoadError as exc:
        raise DataError(f"expected triples in {str(path)!r}, but {exc}") from exc


def _add_row(graph: Graph, row: object, values: Mapping[str, object]) -> None:
    from kg_builder.importing_rows import ImportedRow, RefusedRow

    if isinstance(row, RefusedRow):
        graph.refused[row.reason] += 1
    elif isinstance(row, ImportedRow):
        ids = []
        for role, name in (("head", row.head), ("tail", row.tail)):
            id_ = str(values.get(f"{role}_id") or name_key(name))
            aliases = values.get(f"{role}_aliases")
            for each in (name, *(a for a in (aliases if isinstance(aliases, list) else ()) if isinstance(a, str))):
                graph.names.add(each, id_)
            ids.append(id_)
        graph.add(ids[0], row.relation, ids[1])


# ---------------------------------------------------------------- sentences
class _Pair(NamedTuple):
    """Two mentions in a sentence, head first, what the graph says of them, and the words that might say so."""

    head: Found
    tail: Found
    entities: tuple[str, str]
    relations: tuple[str, ...]
    cues: frozenset[str]


class _Sentence(NamedTuple):
    tokens: list[Token]
    pairs: list[_Pair]


def label_texts(
    graph: Graph,
    texts: Callable[[], Iterable[Text | LeftOut]],
    supervision: Supervision | None = None,
    *,
    dropped: Counter[str] | None = None,
) -> Iterator[Example | LeftOut]:
    """Examples from sentences that name entities of the graph. `texts` is called twice: cues are learnt first.

    Reasons for what is left out: ``few-entities`` (less than two), ``many-entities``, ``no-relation`` (the graph knows
    of none; a part of these become examples without triples), ``no-cue`` (it knows of one, but nothing in the sentence
    speaks for it). `dropped` counts the triples that were dropped, by reason.
    """
    options = supervision or Supervision()
    dropped = dropped if dropped is not None else Counter()
    cues = _Cues(options.support)
    related = unrelated = 0
    for each in texts():
        if isinstance(each, Text) and not isinstance(sentence := _sentence(graph, each.text, options), str):
            cues.learn(sentence.pairs)
            known = any(pair.relations for pair in sentence.pairs)
            related, unrelated = related + known, unrelated + (not known)
    chance = random.Random(options.seed)
    per_positive = options.negatives / (1 - options.negatives) if options.negatives < 1 else 1.0
    rate = min(1.0, per_positive * related / unrelated) if unrelated else 0.0
    positives = negatives = 0
    for each in texts():
        if isinstance(each, LeftOut):
            yield each
            continue
        found = _sentence(graph, each.text, options)
        if isinstance(found, str):
            yield _out(each, found)
            continue
        if not any(pair.relations for pair in found.pairs):
            if chance.random() < rate and negatives + 1 <= per_positive * positives:
                negatives += 1
                yield _example(each, ())
            else:
                yield _out(each, "no-relation")
            continue
        triples = _triples(each.text, found, cues, options, dropped)
        positives += bool(triples)
        yield _example(each, triples) if triples else _out(each, "no-cue")


def _sentence(graph: Graph, text: str, options: Supervision) -> _Sentence | str:
    """The pairs of entities that a sentence names, or why it is left out."""
    tokens = tokens_of(text)
    mentions = list(graph.names.find(tokens))
    if len(mentions) > options.most_entities:
        return "many-entities"
    closest: dict[tuple[str, str], tuple[int, Found, Found]] = {}
    for head, tail in permutations(mentions, 2):
        for pair in _meant(graph, head, tail):
            apart = max(head.first - tail.last, tail.first - head.last)
            if pair not in closest or apart < closest[pair][0]:
                closest[pair] = (apart, head, tail)
    if not closest:
        return "few-entities"
    inside = {place for each in mentions for place in range(each.first, each.last)}
    pairs = [
        _Pair(head, tail, pair, graph.relations.get(pair, ()), _cues_of(tokens, head, tail, inside))
        for pair, (_, head, tail) in closest.items()
    ]
    return _Sentence(tokens, pairs)


def _meant(graph: Graph, head: Found, tail: Found) -> list[tuple[str, str]]:
    """Which entities two mentions mean. Where names are those of several, the one pair that the graph relates, in
    either direction, is meant; where it relates none or several, nothing can be said."""
    pairs = [(a, b) for a in sorted(head.entities) for b in sorted(tail.entities) if a != b]
    if len(pairs) <= 1:
        return pairs
    known = [(a, b) for a, b in pairs if (a, b) in graph.relations or (b, a) in graph.relations]
    return known if len(known) == 1 else []


def _triples(
    text: str, sentence: _Sentence, cues: _Cues, options: Supervision, dropped: Counter[str]
) -> tuple[Triple, ...]:
    words = [token.text.casefold() for token in sentence.tokens]
    found = []
    for pair in sentence.pairs:
        spoken = [r for r in pair.relations if cues.speak_for(r, pair) or (options.support and _named(r, words))]
        dropped["no-cue"] += len(pair.relations) - len(spoken)
        if len(spoken) > 1 and options.several == "drop":
            dropped["several-relations"] += len(spoken)
            continue
        for relation in spoken:
            head, tail = text[pair.head.start : pair.head.end], text[pair.tail.start : pair.tail.end]
            found.append((pair.head.start, pair.tail.start, Triple(head, relation, tail)))
    return tuple(dict.fromkeys(triple for _, _, triple in sorted(found, key=lambda each: each[:2])))


def _example(text: Text, triples: tuple[Triple, ...]) -> Example:
    return Example(text.text, triples, language=detect_language(text.text), source=text.source)


def _out(text: Text, reason: str) -> LeftOut:
    return left_out(text.source, reason, text.text)


# ---------------------------------------------------------------- cues
def _cues_of(tokens: Sequence[Token], head: Found, tail: Found, inside: set[int]) -> frozenset[str]:
    """What stands between two names and right beside them, with the direction: words, pairs of Chinese characters, and
    all that is between where that is little."""
    forth = head.first < tail.first
    first, second = (head, tail) if forth else (tail, head)
    mark = ">" if forth else "<"
    between = range(first.last, second.first)
    places = list(between) if len(between) <= _NEAR else []
    places += [*range(max(0, first.first - _AROUND), first.first)]
    places += [*range(second.last, min(len(tokens), second.last + _AROUND))]
    words = {p: tokens[p].text.casefold() for p in places if p not in inside and tokens[p].text.isalnum()}
    found = {f"{mark}{word}" for word in words.values()}
    found |= {f"{mark}{word}{words[p + 1]}" for p, word in words.items() if p + 1 in words and _HAN.match(word)}
    if len(between) <= _STEM:
        found.add(f"{mark}={' '.join(tokens[place].text.casefold() for place in between)}")
    return frozenset(found)


def _named(relation: str, words: Sequence[str]) -> bool:
    """Whether a sentence has a word of the relation's name, or one of the same family."""
    text = "".join(words)
    parts = [part for part in _CAMEL.split(relation) if part]
    if any(_HAN.match(part) for part in parts):
        return any(part[i : i + 2] in text for part in parts for i in range(len(part) - 1))
    stems = {part.casefold()[:_STEM] for part in parts if len(part) >= _STEM}
    return any(word[:_STEM] in stems for word in words)


class _Cues:
    """How often words stand with each relation, and with any two names at all."""

    def __init__(self, support: int) -> None:
        self._support = support
        self._pairs: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)  # no more than needed
        self._with: Counter[tuple[str, str]] = Counter()
        self._of: Counter[tuple[str, bool]] = Counter()  # by relation, and whether its head stands first
        self._anywhere: Counter[str] = Counter()
        self._total: Counter[bool] = Counter()

    def learn(self, pairs: Iterable[_Pair]) -> None:
        """Count what stands near the pairs of a sentence."""
        if not self._support:
            return
        for pair in pairs:
            forth = pair.head.first < pair.tail.first
            self._total[forth] += 1
            self._anywhere.update(pair.cues)
            for relation in pair.relations:
                self._of[relation, forth] += 1
                for cue in pair.cues:
                    self._with[relation, cue] += 1
                    if len(seen := self._pairs[relation, cue]) < self._support:
                        seen.add(pair.entities)

    def speak_for(self, relation: str, pair: _Pair) -> bool:
        """Whether something near a pair is a cue of the relation."""
        if not self._support:
            return True
        forth = pair.head.first < pair.tail.first
        of, total = self._of[relation, forth], self._total[forth]
        lift = min(_LIFT, _MOST_LIFT * total / of) if of else _LIFT  # no word can do better than 1 / share
        return any(
            len(self._pairs.get((relation, cue), ())) >= self._support
            and self._with[relation, cue] * total >= lift * of * self._anywhere[cue]
            for cue in pair.cues
        )

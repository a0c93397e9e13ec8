"""Relations in texts, English: CoNLL04, SciERC, NYT, ADE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from finetune.instructions.converters.reading import array, converted, lines, objects, spans_of_tags, spelled
from finetune.instructions.records import Annotated, Entity
from kg_builder.types import Triple

__all__ = ["read_ade", "read_conll04", "read_nyt", "read_scierc"]

_CONLL04 = {
    "Peop": "person",
    "Loc": "location",
    "Org": "organization",
    "Other": "other",
    "Work_For": "work for",
    "Kill": "kill",
    "OrgBased_In": "organization based in",
    "Live_In": "live in",
    "Located_In": "located in",
}
_SCIERC = {"OtherScientificTerm": "other scientific term"}


def read_conll04(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """A list of sentences: tokens, tags in BILOU, and relations between the entities in their order."""
    yield from converted(array(path), _conll04, counts)


def _conll04(row: dict[str, Any]) -> Iterator[Annotated]:
    whole = spelled(row["tokens"])
    if len(row["tags"]) != len(row["tokens"]):
        raise ValueError("expected a tag for each token")
    entities = [Entity(whole.surface(a, b), _CONLL04[kind]) for a, b, kind in spans_of_tags(row["tags"])]
    triples = [
        Triple(entities[each["head"]].surface, _CONLL04[each["type"]], entities[each["tail"]].surface)
        for each in row["relations"]
    ]
    yield Annotated(whole.text, tuple(entities), tuple(triples), source="conll04")


def read_scierc(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """Abstracts, an object to a line; spans count the tokens of the abstract, both ends included. Each sentence becomes
    a record."""
    yield from converted(objects(path, counts), _scierc, counts)


def _scierc(row: dict[str, Any]) -> Iterator[Annotated]:
    before = 0
    for tokens, entities, relations in zip(row["sentences"], row["ner"], row["relations"], strict=True):
        whole = spelled(tokens)

        def surface(first: int, last: int, text: Any = whole, start: int = before) -> str:
            found: str = text.surface(first - start, last - start + 1)
            return found

        yield Annotated(
            whole.text,
            tuple(Entity(surface(a, b), _SCIERC.get(kind, kind).casefold()) for a, b, kind in entities),
            tuple(
                Triple(surface(a, b), kind.replace("-", " ").casefold(), surface(c, d))
                for a, b, c, d, kind in relations
            ),
            source="scierc",
        )
        before += len(tokens)


def read_nyt(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """A list of sentences with their triples, whose relations are Freebase's: ``/people/person/place_lived`` becomes
    "place lived". The text keeps its spaces around punctuation."""
    yield from converted(array(path), _nyt, counts)


def _nyt(row: dict[str, Any]) -> Iterator[Annotated]:
    triples = [Triple(h, r.rsplit("/", 1)[-1].replace("_", " "), t) for h, r, t in row["triple_list"]]
    yield Annotated(row["text"], (), tuple(triples), source="nyt")


def read_ade(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``id|sentence|effect|start|end|drug|start|end`` lines; those of one sentence, wherever they stand, become one
    record. Offsets count a report that is not at hand, and are passed over."""
    sentences: dict[str, list[tuple[str, str]]] = {}
    for line in lines(path, counts):
        fields = line.split("|")
        if len(fields) == 8:
            sentences.setdefault(fields[1], []).append((fields[5].strip(), fields[2].strip()))
        elif line.strip():
            counts["fields"] += 1
    yield from converted(sentences.items(), _ade, counts)


def _ade(row: tuple[str, Iterable[tuple[str, str]]]) -> Iterator[Annotated]:
    text, pairs = row
    found = list(dict.fromkeys(pairs))
    entities = [Entity(each, kind) for pair in found for each, kind in zip(pair, ("drug", "effect"), strict=True)]
    triples = [Triple(drug, "has adverse effect", effect) for drug, effect in found]
    yield Annotated(text, tuple(dict.fromkeys(entities)), tuple(triples), source="ade")

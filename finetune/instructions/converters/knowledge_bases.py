"""Texts with triples of a knowledge base: WebNLG, Text2KGBench (Wikidata and DBpedia), Re-DocRED."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from finetune.instructions.converters.reading import array, converted, objects, spelled
from finetune.instructions.converters.wikidata_properties import PROPERTIES
from finetune.instructions.records import Annotated, Entity
from kg_builder.types import Triple

__all__ = ["read_re_docred", "read_text2kg_dbpedia", "read_text2kg_wikidata", "read_webnlg"]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TYPES = {
    "PER": "person",
    "LOC": "location",
    "ORG": "organization",
    "TIME": "time",
    "NUM": "number",
    "MISC": "miscellaneous",
}


def read_webnlg(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``{"category", "text", "triples": [[head, property, tail]]}`` lines. DBpedia's names become words:
    ``Aarhus_Airport`` "Aarhus Airport", ``runwayLength`` "runway length"."""
    yield from converted(objects(path, counts), _webnlg, counts)


def _webnlg(row: dict[str, Any]) -> Iterator[Annotated]:
    yield Annotated(
        row["text"],
        (),
        tuple(Triple(_thing(h), _property(r), _thing(t)) for h, r, t in row["triples"]),
        source=f"webnlg/{row['category']}",
    )


def _thing(name: str) -> str:
    return name.strip().strip('"').replace("_", " ").strip()


def _property(name: str) -> str:
    return _HUMP.sub(" ", name.replace("_", " ")).casefold().strip()


def read_text2kg_dbpedia(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``{"id", "sent", "triples": [{"sub", "rel", "obj"}]}`` lines; the labels are those of the file's ontology."""

    def convert(row: dict[str, Any]) -> Iterator[Annotated]:
        triples = tuple(Triple(_thing(t["sub"]), _property(t["rel"]), _thing(t["obj"])) for t in row["triples"])
        yield Annotated(row["sent"], (), triples, source=f"text2kg_dbpedia/{_ontology(path)}")

    yield from converted(objects(path, counts), convert, counts)


def read_text2kg_wikidata(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """``{"id", "sent", "sub_label", "rel_label", "obj_label"}`` lines, a triple each; those of one sentence, wherever
    they stand, become one record. Text that was read in the wrong encoding is put right."""
    sentences: dict[str, list[Any]] = {}
    for row in objects(path, counts):
        if isinstance(row.get("sent"), str):
            sentences.setdefault(_mended(row["sent"]), []).append(row)
        else:
            counts["fields"] += 1

    def convert(group: tuple[str, Iterable[dict[str, Any]]]) -> Iterator[Annotated]:
        triples = [Triple(_mended(r["sub_label"]), r["rel_label"], _mended(r["obj_label"])) for r in group[1]]
        yield Annotated(group[0], (), tuple(dict.fromkeys(triples)), source=f"text2kg_wikidata/{_ontology(path)}")

    yield from converted(sentences.items(), convert, counts)


def _ontology(path: Path) -> str:
    return re.sub(r"^ont_|_(train|validation|test)$", "", path.stem)


def _mended(text: str) -> str:
    """UTF-8 that was taken for Latin-1, as UTF-8; other text as it is."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def read_re_docred(path: Path, counts: Counter[str]) -> Iterator[Annotated]:
    """A list of documents: sentences of tokens, entities with their mentions, relations between entities by Wikidata's
    numbers of properties. An entity is called as its first mention calls it."""
    yield from converted(array(path), _re_docred, counts)


def _re_docred(row: dict[str, Any]) -> Iterator[Annotated]:
    tokens = [token for sentence in row["sents"] for token in sentence]
    starts = [sum(len(each) for each in row["sents"][:number]) for number in range(len(row["sents"]))]
    whole = spelled(tokens)
    names, entities = [], []
    for mentions in row["vertexSet"]:
        placed = sorted((m["sent_id"], *m["pos"], m["type"]) for m in mentions)
        surfaces = [whole.surface(starts[s] + a, starts[s] + b) for s, a, b, _ in placed]
        names.append(surfaces[0])
        entities += [Entity(each, _TYPES[kind]) for each, (*_, kind) in zip(surfaces, placed, strict=True)]
    triples = [Triple(names[each["h"]], PROPERTIES[each["r"]], names[each["t"]]) for each in row["labels"]]
    yield Annotated(whole.text, tuple(dict.fromkeys(entities)), tuple(dict.fromkeys(triples)), source="re_docred")

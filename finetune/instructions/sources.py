"""The data sets that instructions are made from: where their files lie, what is asked of them, and what may be done
with what was trained from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from finetune.instructions.converters.chinese import read_cluener, read_duie
from finetune.instructions.converters.choices import read_people_relations, read_semeval, tabbed_reader
from finetune.instructions.converters.conll import conll_reader
from finetune.instructions.converters.events import event_reader
from finetune.instructions.converters.knowledge_bases import (
    read_re_docred,
    read_text2kg_dbpedia,
    read_text2kg_wikidata,
    read_webnlg,
)
from finetune.instructions.converters.reading import Reader
from finetune.instructions.converters.relations import read_ade, read_conll04, read_nyt, read_scierc
from finetune.instructions.records import Annotated
from kg_builder.errors import ConfigError, DataError

__all__ = ["DATA_SETS", "DataSet", "Task", "Use", "licences", "open_data_set", "read_records"]

Task = Literal["re", "ner", "ee", "choice"]
Use = Literal["ship", "measure"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set and how to read it.

    ``folder`` and ``files`` say where it lies under the folder of all data. ``tasks``: ``re`` asks for triples, ``ner``
    for entities, ``ee`` for events, ``choice`` for the relation of two given entities. ``use``: weights trained from a
    set for ``ship`` may be passed on, naming source and licence; sets for ``measure`` are for experiments only.
    """

    name: str
    folder: str
    files: tuple[str, ...]
    read: Reader
    tasks: tuple[Task, ...]
    licence: str
    use: Use
    language: Literal["en", "zh", "en, zh"] = "en"

    def paths(self, path: Path) -> list[Path]:
        """The files to read: `path` itself, or those of this set in the folder `path`.

        Raises:
            DataError: there are none.
        """
        if not path.is_dir():
            return [path]
        found = [each for pattern in self.files for each in sorted(path.glob(pattern))]
        if not found:
            raise DataError(f"expected {' or '.join(self.files)} of {self.name} in {str(path)!r}, found none")
        return found


_CHOICE = "relation_classification"
DATA_SETS = {
    each.name: each
    for each in (
        DataSet("conll04", "triples/conll04", ("train.json", "dev.json"), read_conll04, ("re", "ner"),
                "news text, none stated", "measure"),
        DataSet("scierc", "triples/scierc", ("train.json", "dev.json"), read_scierc, ("re", "ner"),
                "research", "measure"),
        DataSet("nyt", "triples/nyt", ("val_triples.json",), read_nyt, ("re",), "New York Times text", "measure"),
        DataSet("ade", "triples/ade", ("DRUG-AE.rel",), read_ade, ("re",), "unclear", "measure"),
        DataSet("duie2", "triples/duie2", ("train_4500.jsonl",), read_duie, ("re",),
                "competition data", "measure", "zh"),
        DataSet("webnlg", "triples/webnlg_v2", ("train.jsonl", "dev.jsonl"), read_webnlg, ("re",),
                "CC BY-NC-SA 4.0", "measure"),
        DataSet("re_docred", "triples/re_docred", ("dev_revised.json",), read_re_docred, ("re", "ner"), "MIT", "ship"),
        DataSet("text2kg_wikidata", "triples/text2kgbench/wikidata_tekgen", ("train/*.jsonl",), read_text2kg_wikidata,
                ("re",), "CC BY-SA 4.0", "ship"),
        DataSet("text2kg_dbpedia", "triples/text2kgbench/dbpedia_webnlg", ("train/*.jsonl",), read_text2kg_dbpedia,
                ("re",), "CC BY-SA 4.0, derived from WebNLG (CC BY-NC-SA 4.0)", "measure"),
        DataSet("wikiann_en", "ner/wikiann_en", ("train.txt", "dev.txt"), conll_reader("wikiann_en", prefix="en:"),
                ("ner",), "Wikipedia-derived (CC BY-SA)", "ship"),
        DataSet("wnut17", "ner/wnut17", ("train.conll", "dev.conll"), conll_reader("wnut17"), ("ner",),
                "CC BY 4.0", "ship"),
        DataSet("btc", "ner/btc", ("*.conll",), conll_reader("btc"), ("ner",), "CC BY 4.0", "ship"),
        DataSet("wikigold", "ner/wikigold", ("wikigold.conll.txt",), conll_reader("wikigold"), ("ner",),
                "CC BY 4.0", "ship"),
        DataSet("cluener_zh", "ner/cluener_zh", ("train.json",), read_cluener, ("ner",),
                "none stated", "measure", "zh"),
        DataSet("people_relation_zh", f"{_CHOICE}/people_relation_zh", ("train.txt",), read_people_relations,
                ("choice",), "none stated", "measure", "zh"),
        DataSet("finre_zh", f"{_CHOICE}/finre_zh", ("train.txt", "valid.txt"), tabbed_reader("finre_zh"), ("choice",),
                "MIT repository", "measure", "zh"),
        DataSet("sanwen_zh", f"{_CHOICE}/sanwen_zh", ("train.txt", "valid.txt"), tabbed_reader("sanwen_zh"),
                ("choice",), "MIT repository", "measure", "zh"),
        DataSet("semeval2010_task8", f"{_CHOICE}/semeval2010_task8", ("train.txt", "val.txt"), read_semeval,
                ("choice",), "CC BY 3.0", "ship"),
        DataSet("events", "events", ("*.jsonl",), event_reader("events"), ("ee",),
                "Apache-2.0, of this project", "ship", "en, zh"),
        DataSet("duee", "", ("*.json", "*.jsonl"), event_reader("duee"), ("ee",),
                "that of your file", "measure", "en, zh"),
    )
}  # fmt: skip
"""By name. ``events`` lies in this project's own data folder; ``duee`` is any file of event lists."""


def open_data_set(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in DATA_SETS:
        raise ConfigError(f"expected a data set out of {', '.join(DATA_SETS)}, found {name!r}")
    return DATA_SETS[name]


def read_records(data_set: DataSet, path: Path, counts: Counter[str] | None = None) -> Iterator[Annotated]:
    """The records of a data set as its files give them, one after the other; what is unusable is counted by reason."""
    counts = Counter() if counts is None else counts
    for file in data_set.paths(path):
        yield from data_set.read(file, counts)


def licences(names: Iterable[str]) -> list[dict[str, Any]]:
    """What a model card has to say of the data sets that a model was trained from; unknown names are for measuring."""
    found = []
    for name in dict.fromkeys(each.split("/", 1)[0] for each in names):
        known = DATA_SETS.get(name)
        licence, use = (known.licence, known.use) if known else ("not known", "measure")
        found.append({"source": name, "licence": licence, "use": use})
    return found

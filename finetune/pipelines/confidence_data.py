"""What the confidence of English statements is learnt from: statements with their features, and whether they are right.

Three sources, all of which may stand behind shipped weights: the wiki half of OIE2016 train, whose tuples are far from
complete, so that only statements about a predicate that somebody annotated count; the project's own gold; and
statements that a reader judged (``judged_en.tsv``, by place).
"""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kg_builder import load
from kg_builder.extract.open_ie.english.evidence import Features
from kg_builder.extract.open_ie.english.extraction import extract_en
from kg_builder.extract.open_ie.english.pipeline import load_english
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.types import Extraction, Mention

__all__ = [
    "Example",
    "Tuples",
    "english_examples",
    "explained",
    "is_stated",
    "load_oie2016",
    "oie2016_examples",
    "own_gold",
]

Tuples = list[dict[str, list[int]]]  # of one sentence: word numbers by role, P the predicate
SHARED = 0.6
"""The share of a statement's words that the best gold tuple must have at the same place: CaRB's precision of a pair."""

_LIGHT = word_set("is are was were be been has have had to by in of on for with at from as into")
_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Example:
    """One statement. ``group`` keeps statements of one sentence together; ``part`` is in [0, 100), from the group."""

    source: str
    group: str
    features: Features
    right: bool

    @property
    def part(self) -> int:
        """By which data are split, the same on every machine."""
        return zlib.crc32(self.group.encode()) % 100


def explained(text: str, *, verbatim: bool) -> list[tuple[Extraction, Features]]:
    """The statements of an English text, each with the features by which it is judged; those of a graph that rest on a
    pronoun are left out, since how sure that is counts beside."""
    seen: list[Features] = []

    def number(k: int) -> float:  # by which a statement finds its features again; nothing rounded is one of these
        return 1 - 1 / (k + 1000.5)

    def judge(features: Features) -> float:
        seen.append(features)
        return number(len(seen) - 1)

    found = extract_en(_read(text), verbatim=verbatim, judge=judge)
    pairs = ((e, round(1 / (1 - e.confidence) - 1000.5)) for e in found)
    return [(e, seen[k]) for e, k in pairs if 0 <= k < len(seen) and e.confidence == number(k)]


@lru_cache(maxsize=4096)
def _read(text: str) -> Any:
    return load_english().read(text)


def english_examples(data: Path) -> Iterator[Example]:
    """Everything that may be learnt from."""
    wiki = load_oie2016(data / "openie/oie2016_train/wiki_wiki1.train.oie.conll")
    yield from oie2016_examples(wiki, "wiki")
    yield from own_gold()
    yield from _judged(data, [" ".join(words) for words in wiki])


# --- OIE2016 ---------------------------------------------------------------------------------------------------------


def load_oie2016(path: Path) -> dict[tuple[str, ...], Tuples]:
    """The tuples of each sentence."""
    found: dict[tuple[str, ...], Tuples] = {}
    rows: list[list[str]] = []
    for line in [*path.read_text(encoding="utf-8").split("\n"), ""]:
        columns = line.split("\t")
        if len(columns) == 8 and columns[0] != "word_id":
            rows.append(columns)
        elif rows and not line.strip():
            roles: dict[str, list[int]] = defaultdict(list)
            for row in rows:
                if row[7] != "O":
                    roles[row[7].rpartition("-")[0]].append(int(row[0]))
            found.setdefault(tuple(row[1] for row in rows), []).append(dict(roles))
            rows = []
    return found


def oie2016_examples(sentences: dict[tuple[str, ...], Tuples], source: str) -> Iterator[Example]:
    """Statements about predicates that somebody annotated, as a sentence has them and as a graph has them."""
    for words, tuples in sentences.items():
        text = " ".join(words)
        for verbatim in (True, False):
            for e, features in explained(text, verbatim=verbatim):
                shared = _shared_with_gold(e, words, tuples)
                if shared is not None:
                    kind = f"{source}, {'reading' if verbatim else 'graph'}"
                    yield Example(kind, text, features, shared >= SHARED)


def _shared_with_gold(e: Extraction, words: tuple[str, ...], tuples: Tuples) -> float | None:
    """CaRB's precision of the best pair, whichever argument comes first; None where no tuple is about the predicate."""
    said = e.relation.surface.lower().split()
    head = Counter((e.head_argument or e.head).surface.lower().split())
    tail = Counter((e.tail_argument or e.tail).surface.lower().split())
    best: float | None = None
    for roles in tuples:
        at = [words[i].lower() for i in roles.get("P", [])]
        if not set(at) & set(said):
            continue
        best = best or 0.0
        arguments = {role: Counter(words[i].lower() for i in places) for role, places in roles.items() if role != "P"}
        relation = Counter(w for w in said if w not in _LIGHT or w in at) or Counter(said)
        total = relation.total() + head.total() + tail.total()
        for first, subject in arguments.items():
            rest = sum((a for role, a in arguments.items() if role != first), Counter())
            if rest:
                shared = (relation & Counter(at)).total() + (head & subject).total() + (tail & rest).total()
                best = max(best, shared / total)
    return best


# --- our own ---------------------------------------------------------------------------------------------------------


def own_gold() -> Iterator[Example]:
    """The gold triples of the sample documents. A time there is a circumstance: right where the rest is."""
    for line in (_REPOSITORY / "data/gold/en.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for e, features in explained(row["text"], verbatim=False):
            yield Example("gold", row["text"], features, any(is_stated(e, g) for g in row["triples"]))


def is_stated(e: Extraction, gold: dict[str, Any]) -> bool:
    """Whether a gold triple says the same of the same entities, in either direction."""
    if e.polarity != gold["polarity"]:
        return False
    if _overlaps(e.head, gold, "head") and _overlaps(e.tail, gold, "tail"):
        return True
    if _overlaps(e.head, gold, "tail") and _overlaps(e.tail, gold, "head"):
        return True
    content = set(e.relation.surface.lower().split()) - _LIGHT
    circumstance = e.tail.type in ("Time", "Quantity") and content & set(gold["relation"].lower().split())
    return bool(circumstance) and _overlaps(e.head, gold, "head")


def _overlaps(mention: Mention, gold: dict[str, Any], side: str) -> bool:
    start, end = gold[f"{side}_start"], gold[f"{side}_end"]
    if start is not None and mention.start < end and start < mention.end:
        return True
    return bool(mention.surface.lower() == gold[side].lower())


def _judged(data: Path, wiki: list[str]) -> Iterator[Example]:
    rows = (Path(__file__).parent / "judged_en.tsv").read_text(encoding="utf-8").splitlines()
    verdicts = [row.split("\t") for row in rows if not row.startswith("#")]
    for (where, number), group in _grouped(verdicts):
        text = wiki[int(number)] if where == "wiki" else _judged_text(data / "documents" / where, int(number))
        wanted = {(int(head), int(tail)): verdict == "1" for head, tail, verdict in group}
        for e, features in explained(text, verbatim=False):
            if (e.head.start, e.tail.start) in wanted:
                yield Example("judged", text, features, wanted[e.head.start, e.tail.start])


def _grouped(rows: Iterable[list[str]]) -> list[tuple[tuple[str, str], list[tuple[str, str, str]]]]:
    texts: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for where, number, head, tail, verdict in rows:
        texts[where, number].append((head, tail, verdict))
    return list(texts.items())


@lru_cache(maxsize=64)
def _long_paragraphs(path: Path) -> list[str]:
    if path.suffix in (".pdf", ".docx", ".pptx"):
        text = load(path).text
    else:
        text = path.read_text(encoding="utf-8", errors="replace").replace("\r", "")
    return [paragraph for paragraph in text.split("\n\n") if len(paragraph) > 150]


def _judged_text(path: Path, number: int) -> str:
    """Two paragraphs of a file, of those longer than 150 characters, cut at 1,000 characters."""
    return "\n\n".join(_long_paragraphs(path)[number : number + 2])[:1000]

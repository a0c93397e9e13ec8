"""How long resolution takes: for a whole graph, and for one more document.

    python benchmarks/resolving.py embedded:/tmp/bench --names 20000
    python benchmarks/resolving.py none --names 10000 --names 100000     # without a graph: the index alone

The names are synthetic, half of them English and half Chinese: people and companies drawn by Zipf's law from given
names, surnames and words, a fifth of them variants of another (a typing error, an initial, a title, a legal form, an
acronym). Each is in two statements with names near it. Making them is not counted. Without a graph the times are
those of the processor. ``one document`` is the median
and the worst of five documents of 20 statements, half of their names known, written and then resolved.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from kg_builder.normalize import name_key
from kg_builder.resolve.records import Profile
from kg_builder.resolving import _Resolution, resolve_graph
from kg_builder.resolving_decisions import Decided
from kg_builder.resolving_index import open_index
from kg_builder.resolving_plan import Plan
from kg_builder.store import GraphStore, open_store
from kg_builder.types import Contribution, Document, Extraction, Mention, Name, Relation, Segment, Statement

GIVEN = [
    *("Mara", "Ines", "Tobias", "Viktor", "Nadia", "Oskar", "Lena", "Pavel", "Rosa", "Emil"),
    *("Greta", "Hugo", "Ida", "Jonas", "Klara", "Leo", "Mila", "Nils", "Olga", "Paul"),
]
VOWELS, CONSONANTS = "aeiou", "bcdfghklmnprstvwz"
HAN = "海潮明远新天华安康宁瑞丰泰恒信达通联创科智慧云江山林石金玉春秋星光和平东南西北中大长青蓝白红紫松竹梅兰"
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
STATEMENTS = 20


def drawn(rng: random.Random, count: int) -> int:
    """A number below `count`, the small ones more often: by Zipf's law, about."""
    return min(int(count ** rng.random()) - 1, count - 1) if count > 1 else 0


def words(rng: random.Random, count: int) -> list[str]:
    def word() -> str:
        return "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(2, 4))).capitalize()

    return sorted({word() for _ in range(count)})


def names(count: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """`count` different names with their types."""
    rng = random.Random(seed)
    lexicon = words(rng, max(2000, count // 3))
    seen: set[str] = set()
    made: list[tuple[str, str]] = []
    while len(made) < count:
        if made and rng.random() < 0.2:
            name, type_ = variant(rng, *rng.choice(made))
        elif rng.random() < 0.5:
            word = lexicon[drawn(rng, len(lexicon))]
            if rng.random() < 0.5:
                name, type_ = f"{rng.choice(GIVEN)} {word}", "Person"
            else:
                name, type_ = (
                    f"{word} {lexicon[drawn(rng, len(lexicon))]} {rng.choice(['Group', 'Bank', 'Labs'])}",
                    "Organization",
                )
        elif rng.random() < 0.5:
            name, type_ = rng.choice(SURNAMES) + "".join(rng.choices(HAN, k=2)), "Person"
        else:
            name, type_ = (
                "".join(rng.choices(HAN, k=rng.randint(2, 4))) + rng.choice(["集团", "科技有限公司", "大学"]),
                "Organization",
            )
        key = name_key(name)
        if key not in seen:
            seen.add(key)
            made.append((name, type_))
            yield name, type_
        elif rng.random() < 0.5:
            lexicon.append(words(rng, 1)[0])


def variant(rng: random.Random, name: str, type_: str) -> tuple[str, str]:
    """Another way to write a name."""
    if not name.isascii():
        return (name.removesuffix("有限公司"), type_) if name.endswith("有限公司") else (name + "有限公司", type_)
    parts = name.split()
    at = rng.randrange(1, max(2, len(name) - 1))
    choices = [name[:at] + name[at + 1 :], name[:at] + rng.choice(CONSONANTS) + name[at:]]
    if type_ == "Person" and len(parts) > 1:
        choices += [f"{parts[0][0]}. {parts[-1]}", f"Dr. {name}"]
    if type_ == "Organization":
        choices += [f"{name} Ltd.", "".join(part[0] for part in parts)]
    return rng.choice(choices).strip() or name, type_


def contribution(uri: str, chosen: list[tuple[str, str]]) -> Contribution:
    """A document in which each name stands beside the next."""
    text, spans = "", []
    for head, tail in itertools.pairwise(chosen):
        spans.append((len(text), head, tail))
        text += f"{head[0]} meets {tail[0]}. "
    document = Document(uri, uri, uri, text, "en")
    segment = Segment(document, 0, 0, len(text), language="en")
    statements = []
    for start, head, tail in spans:
        at = start + len(head[0]) + 7
        extraction = Extraction(
            Mention(head[0], start, start + len(head[0]), head[1]),
            Relation("meets", at - 6, at - 1, "meet"),
            Mention(tail[0], at, at + len(tail[0]), tail[1]),
            0.9,
            "bench",
            segment=segment,
        )
        ends = (Name(name_key(head[0]), head[1]), Name(name_key(tail[0]), tail[1]))
        statements.append(Statement(extraction, *ends, relation="meet"))
    return Contribution(document, (segment,), tuple(statements))


def with_a_graph(store: GraphStore, count: int, index: Path) -> dict[str, object]:
    everything = list(names(count))
    documents = (
        (contribution(f"{i}", everything[i : i + STATEMENTS + 1]), 1, "")
        for i in range(0, len(everything) - 1, STATEMENTS)
    )
    written = 0.0
    while batch := list(itertools.islice(documents, 100)):
        begun = time.monotonic()
        store.write_all(batch)
        written += time.monotonic() - begun
    report = resolve_graph(store, index=index)
    rng = random.Random(9)
    new = list(names(count + 200, seed=1))[count:]
    writes, resolves = [], []
    for i in range(5):
        chosen = rng.sample(everything, 10) + new[i * 11 : i * 11 + 11]
        rng.shuffle(chosen)
        begun = time.monotonic()
        store.write(contribution(f"more {i}", chosen), size_bytes=1, recipe="")
        writes.append(time.monotonic() - begun)
        begun = time.monotonic()
        resolve_graph(store, index=index)
        resolves.append(time.monotonic() - begun)
    return {
        "names": count,
        "server": store.server,
        "write_s": round(written, 2),
        "resolve_s": round(report.seconds, 2),
        "compared": report.compared,
        "merged": report.merged,
        "one_document_write_s": [round(statistics.median(writes), 3), round(max(writes), 3)],
        "one_document_resolve_s": [round(statistics.median(resolves), 3), round(max(resolves), 3)],
        "index_mb": round(index.stat().st_size / 1e6, 1),
        "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


class _Alone(_Resolution):
    """A run that learns from profiles and groups, and has no graph to change."""

    def __init__(self, path: Path) -> None:
        self._index, self._decided, self._seen = open_index(path), Decided(()), set()
        self.threshold = self._reach = 0.5
        self._judging = None

    def learn(self, profiles: list[Profile]) -> None:
        self._index.learn([profile.id for profile in profiles], profiles)

    def run(self, *, again: bool = False) -> tuple[int, int]:
        compared = self._index.compare_all()
        joined = 0
        waiting = self._index.waiting()
        for id_ in waiting:
            if id_ not in self._seen:
                plan = Plan()
                self._add(plan, id_)
                joined += sum(len(group) > 1 for group in plan.groups)
        self._index.done(waiting)
        self._seen = set()
        self._index.commit()
        return compared, joined


def without_a_graph(count: int, path: Path) -> dict[str, object]:
    everything = [(name, Name(name_key(name), type_)) for name, type_ in names(count + 20)]
    keys = [name.key for _, name in everything]
    profiles = [
        Profile(name, {surface: 1}, frozenset({f"meet>{keys[i - 1]}"}), frozenset({f"document {i // STATEMENTS}"}))
        for i, (surface, name) in enumerate(everything)
    ]
    alone = _Alone(path)
    begun = time.process_time()
    for i in range(0, count, 500):
        alone.learn(profiles[i : min(i + 500, count)])
    learnt = time.process_time() - begun
    compared, merged = alone.run()
    resolved = time.process_time() - begun
    begun = time.process_time()
    alone.learn(profiles[count:])
    alone.run()
    return {
        "names": count,
        "learn_cpu_s": round(learnt, 2),
        "resolve_cpu_s": round(resolved, 2),
        "microseconds_a_name": round(1e6 * resolved / count),
        "compared": compared,
        "merged": merged,
        "twenty_more_cpu_s": round(time.process_time() - begun, 3),
        "index_mb": round(path.stat().st_size / 1e6, 1),
        "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", help="embedded:PATH or bolt://…, empty; none: the index alone")
    parser.add_argument("--names", type=int, action="append", help="how many (repeatable without a graph)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.store == "none":
            for count in options.names or [10_000]:
                print(json.dumps(without_a_graph(count, Path(folder) / f"{count}.sqlite")), flush=True)
            return
        with open_store(options.store) as store:
            if store.counts().names:
                sys.exit("expected an empty store")
            print(json.dumps(with_a_graph(store, (options.names or [10_000])[0], Path(folder) / "index.sqlite")))


if __name__ == "__main__":
    main()

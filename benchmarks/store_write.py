"""How fast the store takes documents: edges per second, over all and in the first and the last tenth.

    python benchmarks/store_write.py embedded:/tmp/bench --extractions 20000
    NEO4J_USERNAME=neo4j NEO4J_PASSWORD=… python benchmarks/store_write.py bolt://127.0.0.1:7687 --extractions 50000

The documents are synthetic: 50 statements each, five to a segment, entities and relations drawn by Zipf's law from
a third as many entities as there are statements and from 200 relations, as in texts, where a few names are
everywhere. All that a statement gives is written: segment, mentions, names, entities, the extraction with its ties,
and the edge. Making the documents is not counted. The store must be empty, so that the first tenth is one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from kg_builder.relation_types import relation_type, vocabulary_text
from kg_builder.store import GraphStore, open_store
from kg_builder.types import (
    ENTITY_TYPES,
    Contribution,
    Document,
    Extraction,
    Mention,
    Name,
    Relation,
    Segment,
    Statement,
)

STATEMENTS_PER_DOCUMENT = 50
STATEMENTS_PER_SEGMENT = 5


def zipf(n: int) -> list[float]:
    return list(accumulate(1 / (i + 1) for i in range(n)))


def relation_words(count: int) -> list[str]:
    """Relations of the vocabulary that have relationship types of their own."""
    by_type: dict[str, str] = {}
    for line in vocabulary_text().splitlines():
        kind, _, words = line.partition(" ")
        if kind == "r" and words.isascii() and len(by_type) < count:
            by_type.setdefault(relation_type(words), words)
    return list(by_type.values())


def documents(extractions: int, *, relations: int, seed: int) -> Iterator[Contribution]:
    rng = random.Random(seed)
    words = relation_words(relations)
    entities = max(2, extractions // 3)
    order = list(range(entities))
    rng.shuffle(order)
    types = [rng.choice(ENTITY_TYPES[:-1]) for _ in range(entities)]
    entity_weights, relation_weights = zipf(entities), zipf(len(words))

    def entity() -> int:
        return order[min(bisect(entity_weights, rng.random() * entity_weights[-1]), entities - 1)]

    for number in range(extractions // STATEMENTS_PER_DOCUMENT):
        triples = []
        for _ in range(STATEMENTS_PER_DOCUMENT):
            head = tail = entity()
            while tail == head:
                tail = entity()
            relation = min(bisect(relation_weights, rng.random() * relation_weights[-1]), len(words) - 1)
            triples.append((head, words[relation], tail))
        yield document(number, triples, types)


def document(number: int, triples: list[tuple[int, str, int]], types: list[str]) -> Contribution:
    text, spans = "", []
    for head, relation, tail in triples:
        words = (f"Entity {head:06d} of all", relation, f"Entity {tail:06d} of all")
        at = len(text)
        spans.append((at, words))
        text += f"{' '.join(words)} according to this very sentence. "
    whole = Document(f"bench://document/{number:07d}", f"{number:064x}", f"Document {number}", text, "en")
    bounds = [*[at for at, _ in spans][::STATEMENTS_PER_SEGMENT], len(text)]
    segments = tuple(
        Segment(whole, index, start, end, language="en") for index, (start, end) in enumerate(pairwise(bounds))
    )
    statements = []
    for place, ((head, relation, tail), (at, words)) in enumerate(zip(triples, spans, strict=True)):
        middle = at + len(words[0]) + 1
        end = middle + len(words[1]) + 1
        extraction = Extraction(
            Mention(words[0], at, at + len(words[0]), types[head]),
            Relation(words[1], middle, middle + len(words[1])),
            Mention(words[2], end, end + len(words[2]), types[tail]),
            0.5 + (place % 50) / 100,
            "benchmark",
            segment=segments[place // STATEMENTS_PER_SEGMENT],
        )
        names = (Name(words[0].lower(), types[head]), Name(words[2].lower(), types[tail]))
        statements.append(Statement(extraction, *names, relation=relation))
    return Contribution(whole, segments, tuple(statements))


def server_process(uri: str) -> psutil.Process | None:
    """The process that listens at the store's address, where it is on this machine and ours to see."""
    facts = Path(uri.removeprefix("embedded:")) / "server.json"
    if uri.startswith("embedded:"):
        return psutil.Process(json.loads(facts.read_text())["pid"]) if facts.exists() else None
    port = urlsplit(uri).port or 7687
    for each in psutil.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid:
            return psutil.Process(each.pid)
    return None


@dataclass(frozen=True, slots=True)
class Mark:
    """What had been spent when so many extractions were written. Processor seconds are the client's and the server's:
    they count on a machine that does other things too."""

    extractions: int = 0
    seconds: float = 0.0
    client: float = 0.0
    server: float = 0.0

    def since(self, other: Mark) -> dict[str, int]:
        """What was reached from `other` to here: a rate, and microseconds of processors for each extraction."""
        count = self.extractions - other.extractions
        return {
            "extractions_per_second": round(count / (self.seconds - other.seconds)),
            "client_cpu_us_each": round(1e6 * (self.client - other.client) / count),
            "server_cpu_us_each": round(1e6 * (self.server - other.server) / count),
        }


def run(store: GraphStore, extractions: int, relations: int, at_a_time: int) -> dict[str, object]:
    if store.counts().documents:
        sys.exit(f"expected an empty store, found documents in {store.uri}")
    process = server_process(store.uri)

    def server() -> float:
        times = process.cpu_times() if process else None
        return float(times.user + times.system) if times else 0.0

    mark = Mark()
    marks = [mark]
    made = documents(extractions, relations=relations, seed=7)
    while together := list(islice(made, at_a_time)):
        began = time.perf_counter(), time.process_time(), server()
        store.write_all([(each, len(each.document.text), "benchmark") for each in together])
        mark = Mark(
            mark.extractions + sum(len(each.statements) for each in together),
            mark.seconds + time.perf_counter() - began[0],
            mark.client + time.process_time() - began[1],
            mark.server + server() - began[2],
        )
        marks.append(mark)
    tenth = max(1, len(marks) // 10)
    first, last = marks[tenth].since(marks[0]), mark.since(marks[-1 - tenth])
    counts = store.counts()
    cpu = [each["client_cpu_us_each"] + each["server_cpu_us_each"] for each in (first, last)]
    return {
        "server": store.server,
        "extractions": mark.extractions,
        "documents_at_a_time": at_a_time,
        "documents": counts.documents,
        "entities": counts.entities,
        "edges": counts.edges,
        "seconds": round(mark.seconds, 2),
        "edges_per_second": round(counts.edges / mark.seconds),
        "over_all": mark.since(marks[0]),
        "first_tenth": first,
        "last_tenth": last,
        "time_of_last_tenth_to_first": round(first["extractions_per_second"] / last["extractions_per_second"], 2),
        "cpu_of_last_tenth_to_first": round(cpu[1] / cpu[0], 2),
        "load_average": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--extractions", type=int, default=20_000)
    parser.add_argument("--relations", type=int, default=200)
    parser.add_argument("--at-a-time", type=int, default=1, help="documents given to one call (default 1)")
    parser.add_argument("--profile", action="store_true", help="where the client's time goes (cProfile, on stderr)")
    arguments = parser.parse_args()
    with open_store(arguments.store) as store:
        if arguments.profile:
            import cProfile
            import pstats

            profile = cProfile.Profile()
            result = profile.runcall(run, store, arguments.extractions, arguments.relations, arguments.at_a_time)
            pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
        else:
            result = run(store, arguments.extractions, arguments.relations, arguments.at_a_time)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

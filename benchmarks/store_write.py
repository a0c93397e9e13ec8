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
from itertools import accumulate, islice, pairwise
from pathlib import Path

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


def server_cpu(store: GraphStore) -> float:
    """Processor seconds that an embedded server has used: what counts on a machine that does other things too."""
    facts = Path(store.uri.removeprefix("embedded:")) / "server.json"
    if not store.uri.startswith("embedded:") or not facts.exists():
        return 0.0
    times = psutil.Process(json.loads(facts.read_text())["pid"]).cpu_times()
    return float(times.user + times.system)


def run(store: GraphStore, extractions: int, relations: int, at_a_time: int) -> dict[str, object]:
    if store.counts().documents:
        sys.exit(f"expected an empty store, found documents in {store.uri}")
    marks: list[tuple[int, float]] = [(0, 0.0)]
    spent = 0.0
    total = 0
    client, server = time.process_time(), server_cpu(store)
    made = documents(extractions, relations=relations, seed=7)
    while together := list(islice(made, at_a_time)):
        started = time.perf_counter()
        store.write_all([(each, len(each.document.text), "benchmark") for each in together])
        spent += time.perf_counter() - started
        total += sum(len(each.statements) for each in together)
        marks.append((total, spent))
    tenth = max(1, len(marks) // 10)
    first = marks[tenth][0] / marks[tenth][1]
    last = (marks[-1][0] - marks[-1 - tenth][0]) / (marks[-1][1] - marks[-1 - tenth][1])
    counts = store.counts()
    return {
        "server": store.server,
        "extractions": total,
        "documents_at_a_time": at_a_time,
        "documents": counts.documents,
        "entities": counts.entities,
        "edges": counts.edges,
        "seconds": round(spent, 2),
        "extractions_per_second": round(total / spent),
        "edges_per_second": round(counts.edges / spent),
        "first_tenth_per_second": round(first),
        "last_tenth_per_second": round(last),
        "time_of_last_tenth_to_first": round(first / last, 2),
        "cpu_seconds_client": round(time.process_time() - client, 1),
        "cpu_seconds_server": round(server_cpu(store) - server, 1),
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

"""Text2KGBench: how well extraction follows an ontology, learnt from a few examples, in triples exactly right.

    KG_DATA=… python benchmarks/text2kgbench.py --half wikidata
    KG_DATA=… python benchmarks/text2kgbench.py --half dbpedia --most 5 --most 10 --most 20 --most 0

Each ontology's train split is cut by a fixed seed into examples to learn from and held-out texts. Both steps are run
as a user runs them: ``kg ontology learn`` on the examples, ``kg extract --lines --ontology`` on the texts at once.

``--half duie`` does the same in Chinese with DuIE 2.0 (46 predicates, one ontology), from its first 2,000
texts.

Scored as the benchmark does (Mihindukulasooriya et al., "Text2KGBench", ISWC 2023): triples count as equal when their
strings are, in lower case and without spaces and underscores; of a text's triples only those count whose relation the
gold has there (its gold is not complete); precision, recall and F1 are means over texts, then over ontologies.
``all_relations`` gives the F1 without that filter, as the sterner measure.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

HALVES = {"wikidata": "wikidata_tekgen", "dbpedia": "dbpedia_webnlg"}
Triple = tuple[str, str, str]
Texts = dict[str, list[Triple]]


def read_texts(path: Path) -> Texts:
    """The texts of a split with their triples; the Wikidata half has a line for each triple."""
    texts: Texts = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        triples = row.get("triples") or [{"sub": row["sub_label"], "rel": row["rel_label"], "obj": row["obj_label"]}]
        texts.setdefault(row["sent"], []).extend((t["sub"], t["rel"], t["obj"]) for t in triples)
    return texts


def duie(folder: Path, made: Path) -> tuple[Path, Texts]:
    """DuIE's schema as an ontology file, written into `made`, and the first 2,000 texts with their triples."""
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    relations = [
        {"pid": row["predicate"], "label": row["predicate"], "domain": row["subject_type"], "range": type_}
        for row in schema
        for type_ in [row["object_type"]["@value"]]
    ]
    labels = sorted({row[side] for row in relations for side in ("domain", "range")})
    ontology = {
        "title": "DuIE",
        "concepts": [{"qid": label, "label": label} for label in labels],
        "relations": relations,
    }
    file = made / "duie.json"
    file.write_text(json.dumps(ontology), encoding="utf-8")
    texts: Texts = {}
    for line in (folder / "train_4500.jsonl").read_text(encoding="utf-8").splitlines()[:2000]:
        row = json.loads(line)
        triples = [(t["subject"], t["predicate"], t["object"]["@value"]) for t in row["spo_list"]]
        if triples:
            texts.setdefault(row["text"], []).extend(triples)
    return file, texts


def sets_of(half: str, only: Sequence[str], made: Path) -> Iterable[tuple[str, Path, Texts]]:
    """Each ontology's name, file and texts."""
    triples = Path(os.environ["KG_DATA"]) / "triples"
    if half == "duie":
        yield "duie", *duie(triples / "duie2", made)
        return
    folder = triples / "text2kgbench" / HALVES[half]
    for file in sorted((folder / "ontologies").glob("*.json"), key=lambda p: int(p.name.split("_")[0])):
        name = file.name.removesuffix("_ontology.json")
        if not only or any(part in name for part in only):
            yield name, file, read_texts(folder / "train" / f"ont_{name}_train.jsonl")


def split(texts: Texts, share: float, seed: int) -> tuple[list[str], list[str]]:
    """Texts to learn from, and `share` of them held out."""
    listed = sorted(texts)
    random.Random(seed).shuffle(listed)
    held = int(len(listed) * share)
    return listed[held:], listed[:held]


def at_most(texts: Sequence[str], gold: Texts, most: int) -> list[str]:
    """Texts in order until every relation has `most` of them (0: all): what has enough gets no more."""
    if not most:
        return list(texts)
    counts: Counter[str] = Counter()
    kept = []
    for text in texts:
        relations = {relation for _, relation, _ in gold[text]}
        if any(counts[relation] < most for relation in relations):
            kept.append(text)
            counts.update(relations)
    return kept


def plain(triple: Iterable[str]) -> str:
    """As the benchmark compares triples."""
    return "".join(re.sub(r"(_|\s+)", "", part).lower() for part in triple)


def score(gold: Iterable[Triple], found: Iterable[Triple], *, everything: bool) -> tuple[float, float, float]:
    """Precision, recall and F1 of one text."""
    wanted = {plain([relation]) for _, relation, _ in gold}
    right = {plain(t) for t in gold}
    said = {plain(t) for t in found if everything or plain([t[1]]) in wanted}
    both = len(right & said)
    precision, recall = (both / len(said) if said else 0.0), both / len(right)
    return precision, recall, (2 * precision * recall / (precision + recall) if both else 0.0)


def run(arguments: Sequence[str], **more: object) -> str:
    """What a command of ours prints."""
    command = [sys.executable, "-m", "kg_builder.cli", *arguments]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, check=True, **more)  # type: ignore[call-overload]
    return str(done.stdout)


def measure(ontology: Path, gold: Texts, learn: Sequence[str], held: Sequence[str], workers: int) -> dict[str, float]:
    """Learn from `learn`, extract from `held`, score."""
    with tempfile.TemporaryDirectory() as folder:
        examples, texts, taught = (Path(folder) / name for name in ("examples.jsonl", "held.txt", "learnt.toml"))
        rows = (
            {"text": text, "triples": [{"head": h, "relation": r, "tail": t} for h, r, t in gold[text]]}
            for text in learn
        )
        examples.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        texts.write_text("".join(" ".join(text.split("\n")) + "\n" for text in held), encoding="utf-8")
        begin = time.perf_counter()
        flags = ["--workers", str(workers), "--quiet"]
        run(["ontology", "learn", str(ontology), "--examples", str(examples), "--out", str(taught), *flags])
        learnt = time.perf_counter()
        printed = run(["extract", "--lines", "--ontology", str(taught), "--format", "jsonl", *flags, str(texts)])
        done = time.perf_counter()
        size = taught.stat().st_size
    found: dict[int, list[Triple]] = {}
    for line in printed.splitlines():
        row = json.loads(line)
        found.setdefault(row["line"], []).append((row["head"], row["relation"], row["tail"]))
    scores = [score(gold[text], found.get(at, ()), everything=False) for at, text in enumerate(held, 1)]
    stern = [score(gold[text], found.get(at, ()), everything=True) for at, text in enumerate(held, 1)]
    count = len(held)
    return {
        "texts": count,
        "examples": len(learn),
        "precision": sum(s[0] for s in scores) / count,
        "recall": sum(s[1] for s in scores) / count,
        "f1": sum(s[2] for s in scores) / count,
        "all_relations": sum(s[2] for s in stern) / count,
        "learn_s": learnt - begin,
        "extract_s": done - learnt,
        "megabytes": size / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=[*sorted(HALVES), "duie"], required=True)
    parser.add_argument("--only", action="append", default=[], help="ontologies whose name has this in it (repeatable)")
    parser.add_argument("--most", type=int, action="append", help="examples a relation; 0: all (repeatable)")
    parser.add_argument("--held", type=float, default=0.3, help="share of the texts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    options = parser.parse_args()
    figures: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        sets = list(sets_of(options.half, options.only, Path(folder)))
        for most in options.most or [0]:
            made = figures[str(most or "all")] = {}
            for name, file, gold in sets:
                learn, held = split(gold, options.held, options.seed)
                made[name] = measure(file, gold, at_most(learn, gold, most), held, options.workers)
                print(f"{most or 'all':>4} {name:24}", *(f"{k} {v:.3f}" for k, v in made[name].items()), flush=True)
            _summed_up(made, str(most or "all"))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _summed_up(made: dict[str, dict[str, float]], most: str) -> None:
    keys = ("precision", "recall", "f1", "all_relations")
    made["mean"] = {key: sum(m[key] for m in made.values()) / len(made) for key in keys}
    print(f"{most:>4} {'mean':24}", *(f"{k} {v:.3f}" for k, v in made["mean"].items()), flush=True)


if __name__ == "__main__":
    main()

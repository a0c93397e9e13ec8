"""Open IE benchmarks of the offline extractor, through its public API.

``python benchmarks/open_ie.py benchie|carb|mine|parser|names|speed --data $KG_DATA --out FOLDER`` writes the
predictions to
FOLDER in the form that each benchmark's scorer reads (``parser``, ``names`` and ``speed`` print their figures
themselves).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from kg_builder.extract.open_ie import OpenIE
from kg_builder.types import Extraction


def benchie(data: Path, out: Path) -> None:
    lines = (data / "openie/benchie_dev/sentences_en.tsv").read_text(encoding="utf-8").splitlines()
    numbered = [line.split("\t") for line in lines if line.strip()]
    with (out / "benchie_en.tsv").open("w", encoding="utf-8") as file:
        for number, sentence in numbered:
            for _, relation, head, tail in verbatim(sentence):
                print(number, head, relation, tail, sep="\t", file=file)


def carb(data: Path, out: Path) -> None:
    sentences = (data / "openie/carb_dev/dev.txt").read_text(encoding="utf-8").splitlines()
    with (out / "carb.tsv").open("w", encoding="utf-8") as file:
        for sentence in sentences:
            for confidence, relation, head, tail in verbatim(sentence):
                print(sentence, confidence, relation, head, tail, sep="\t", file=file)


def verbatim(sentence: str) -> Iterator[tuple[float, str, str, str]]:
    """Confidence, relation, head and tail as the sentence has them."""
    for e in OpenIE(verbatim=True).extract(sentence):
        head = e.head_argument.surface if e.head_argument else e.head.surface
        tail = e.tail_argument.surface if e.tail_argument else e.tail.surface
        yield e.confidence, e.relation.surface, head, tail


def mine(data: Path, out: Path) -> None:
    folder = out / "mine"
    folder.mkdir(exist_ok=True)
    extractor = OpenIE()
    for line in (data / "mine/essays.jsonl").read_text(encoding="utf-8").splitlines():
        essay = json.loads(line)
        triples = [
            [e.head.surface, e.relation.surface, e.tail.surface] for e in extractor.extract(essay["text"]) if _stored(e)
        ]
        (folder / f"{essay['id']}.json").write_text(json.dumps({"triples": triples}), encoding="utf-8")


def _stored(extraction: Extraction) -> bool:
    return extraction.polarity == "positive"


def parser(data: Path, out: Path) -> None:
    from finetune.pipelines.en_evaluate import evaluate_parser

    print(json.dumps(evaluate_parser(data)))


def names(data: Path, out: Path) -> None:
    from finetune.pipelines.en_evaluate import evaluate_names

    print(json.dumps(evaluate_names(data)))


def speed(data: Path, out: Path) -> None:
    texts = [
        p.read_text(encoding="utf-8", errors="replace") for p in sorted((data / "documents/en_gutenberg").glob("*.txt"))
    ]
    paragraphs = [p for t in texts for p in t.replace("\r", "").split("\n\n") if p.strip()]
    packed, current = [], ""
    for paragraph in paragraphs:
        if len(current) + len(paragraph) > 1000 and current:
            packed.append(current)
            current = ""
        current += paragraph + "\n\n"
        if len(packed) >= 250:
            break
    extractor = OpenIE()
    extractor.extract("Warm-up costs time.")
    words = sum(len(t.split()) for t in packed)
    began = time.perf_counter()
    count = sum(len(found) for found in extractor.pipe(packed))
    took = time.perf_counter() - began
    from kg_builder.extract.open_ie.pipeline_en import load_english

    pipeline = load_english()
    began = time.perf_counter()
    for text in packed:
        pipeline.parse(text)
    parsing = time.perf_counter() - began
    print(
        json.dumps(
            {
                "words": words,
                "extractions": count,
                "words_per_s": round(words / took),
                "parser_words_per_s": round(words / parsing),
            }
        )
    )


def main() -> None:
    tasks = {"benchie": benchie, "carb": carb, "mine": mine, "parser": parser, "names": names, "speed": speed}
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("task", choices=tasks)
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--out", type=Path, default=Path("build/open_ie"))
    arguments = options.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    tasks[arguments.task](Path(arguments.data), arguments.out)


if __name__ == "__main__":
    main()

"""Open IE benchmarks of the offline extractor, run as a user would.

``python benchmarks/open_ie.py benchie|benchie_zh|carb|mine|parser|names|speed --data $KG_DATA --out FOLDER`` writes the
predictions to FOLDER in the form that each benchmark's scorer reads (``parser``, ``names`` and ``speed`` print their
figures themselves). BenchIE and CaRB are read by ``kg extract --lines --arguments full`` in ordinary writing, and what
it finds is put back into the benchmark's tokens by its place in the text; ``--tokenized`` reads the tokens as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks.plain_text import PlainSentence  # noqa: E402
from kg_builder.extract.open_ie import OpenIE  # noqa: E402
from kg_builder.types import Extraction  # noqa: E402


def benchie(data: Path, out: Path, *, tokenized: bool, language: str = "en") -> None:
    lines = (data / f"openie/benchie_dev/sentences_{language}.tsv").read_text(encoding="utf-8").splitlines()
    numbered = [line.split("\t") for line in lines if line.strip()]
    plain = [(PlainSentence.of if language == "en" else PlainSentence.of_characters)(s) for _, s in numbered]
    with (out / f"benchie_{language}{'_tokenized' if tokenized else ''}.tsv").open("w", encoding="utf-8") as file:
        for line, _, relation, head, tail in extracted([s for _, s in numbered], plain, tokenized=tokenized):
            print(numbered[line][0], head, relation, tail, sep="\t", file=file)


def carb(data: Path, out: Path, *, tokenized: bool) -> None:
    sentences = (data / "openie/carb_dev/dev.txt").read_text(encoding="utf-8").splitlines()
    with (out / f"carb{'_tokenized' if tokenized else ''}.tsv").open("w", encoding="utf-8") as file:
        plain = [PlainSentence.of(s) for s in sentences]
        for line, confidence, relation, head, tail in extracted(sentences, plain, tokenized=tokenized):
            print(sentences[line], confidence, relation, head, tail, sep="\t", file=file)


def extracted(
    sentences: list[str], plain: list[PlainSentence], *, tokenized: bool
) -> Iterator[tuple[int, float, str, str, str]]:
    """What ``kg extract --lines --arguments full`` prints of `sentences`: line from 0, confidence, relation, head and
    tail, in the sentences' own tokens. It reads them in ordinary writing, or, `tokenized`, as they are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sentences.txt"
        file.write_text("".join((s if tokenized else p.text) + "\n" for s, p in zip(sentences, plain, strict=True)))
        command = [sys.executable, "-m", "kg_builder.cli", "extract", "--lines", "--arguments", "full", str(file)]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    for row in map(json.loads, printed.splitlines()):
        line = row["line"] - 1
        words = []
        for part in ("relation", "head", "tail"):
            start, surface = row[f"{part}_start"], row[part]
            if tokenized:
                words.append(surface)
            elif start is None:
                words.append(plain[line].tokens_of(surface))
            else:
                words.append(plain[line].tokens_in(start, row[f"{part}_end"]))
        yield line, row["confidence"], words[0], words[1], words[2]


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
    from kg_builder.extract.open_ie.english.pipeline import load_english

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
    quoted = {"benchie": benchie, "benchie_zh": partial(benchie, language="zh"), "carb": carb}
    tasks = {"mine": mine, "parser": parser, "names": names, "speed": speed}
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("task", choices=[*quoted, *tasks])
    options.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    options.add_argument("--out", type=Path, default=Path("build/open_ie"))
    options.add_argument("--tokenized", action="store_true", help="benchie, carb: read the benchmark's tokens as text")
    arguments = options.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.task in quoted:
        quoted[arguments.task](Path(arguments.data), arguments.out, tokenized=arguments.tokenized)
    else:
        tasks[arguments.task](Path(arguments.data), arguments.out)


if __name__ == "__main__":
    main()

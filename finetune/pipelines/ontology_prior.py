"""Trains ``kg_builder/ontology/prior.npz``: what arguments look like in any relation of any ontology.

    python -m finetune.pipelines.ontology_prior $KG_DATA/triples/text2kgbench/wikidata_tekgen

Takes the validation texts of Text2KGBench's Wikidata half (CC BY-SA 4.0), but for those that its train split has as
well, so that the train split stays good for measuring. The same texts give the same bytes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from kg_builder import open_extractor, read_ontology
from kg_builder.ontology.examples import Example
from kg_builder.ontology.learning import learn_prior
from kg_builder.types import Triple

OUT = Path(__file__).parents[2] / "kg_builder" / "ontology" / "prior.npz"


def texts_of(file: Path) -> dict[str, list[Triple]]:
    """The texts of a split with their triples."""
    texts: dict[str, list[Triple]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts.setdefault(row["sent"], []).append(Triple(row["sub_label"], row["rel_label"], row["obj_label"]))
    return texts


def main() -> None:
    """Train and write the prior."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    extractor = open_extractor()
    held = {text for file in sorted((options.folder / "train").glob("*.jsonl")) for text in texts_of(file)}
    sets = []
    for file in sorted((options.folder / "ontologies").glob("*.json")):
        name = file.name.removesuffix("_ontology.json")
        texts = texts_of(options.folder / "validation" / f"ont_{name}_validation.jsonl")
        examples = [Example(text, tuple(texts[text]), n) for n, text in enumerate(sorted(texts)) if text not in held]
        extractions = [extractor.extract(example.text) for example in examples]
        sets.append((read_ontology(file), examples, extractions))
        print(f"{name}: {len(examples)} texts", flush=True)  # noqa: T201
    options.out.write_bytes(learn_prior(sets, on_progress=lambda message: print(message, flush=True)))  # noqa: T201


if __name__ == "__main__":
    main()

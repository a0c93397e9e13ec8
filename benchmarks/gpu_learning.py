"""A small model made from scratch, for `gpu.py`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from gpu_models import Shape, config_of, make_tokenizer, sentences
from gpu_work import Found, Work

from finetune.examples import Example, write_examples
from kg_builder.types import Triple


def learn(work: Work) -> Iterator[Found]:
    """A small model made from scratch, trained on triples that may be shipped with a model (Re-DocRED and the Wikidata
    half of Text2KGBench, from the folder in KG_DATA; without one: made-up sentences), and its F1 on held-out texts."""
    import shutil

    from transformers import LlamaForCausalLM

    from finetune.settings import Training
    from finetune.train import train

    hidden, layers, steps, most = work.shape.learner
    data = os.environ.get("KG_DATA", "")
    examples = list(_shippable(Path(data))) if data else []
    source = "re_docred and text2kgbench (Wikidata)" if examples else "made-up sentences"
    examples = examples[:most] or list(sentences(most, seed=4))
    folder = work.folder / "learn"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    held = max(4, min(200, len(examples) // 10))
    parts = {"test": examples[:held], "train": examples[held:]}
    texts = {each.text for each in parts["test"]}
    parts["train"] = [each for each in parts["train"] if each.text not in texts]
    for part, rows in parts.items():
        write_examples(folder / "data" / f"{part}.jsonl", rows)
    said = [message["content"] for each in parts["train"] for message in each.conversation]
    small = work.shape_name == "tiny"
    tokenizer = make_tokenizer(folder / "model", 600 if small else 8_000, said)
    shape = Shape(
        hidden,
        hidden * 3,
        layers,
        max(2, hidden // 64),
        max(2, hidden // 64),
        len(tokenizer),
        True,
        0,
        0,
        0,
        0,
        (),
        0,
        work.shape.learner,
    )
    model = LlamaForCausalLM(config_of(shape))
    model.save_pretrained(folder / "model")
    settings = Training(
        model=str(folder / "model"),
        data=str(folder / "data"),
        out=str(folder / "run"),
        method="full",
        packing=True,
        checkpointing=False,
        batch_size=1 if small else 16,
        max_tokens=512,
        learning_rate=1e-3,
        schedule="cosine",
        warmup=0.05,
        max_grad_norm=1.0,
        max_steps=steps,
        metric="none",
        max_new_tokens=16 if small else 128,
        tensorboard=False,
        refused_above=0.5,  # paragraphs that are too long to be learnt from
    )
    begun = time.perf_counter()
    result = train(settings, say=lambda line: None, show=False)
    found: Found = {
        "data": source,
        "train": len(parts["train"]),
        "test": len(parts["test"]),
        "parameters": sum(each.numel() for each in model.parameters()),
        "seconds": round(time.perf_counter() - begun, 1),
        "result": result,
    }
    yield found
    found["constrained"] = _scored(folder, parts["test"])
    yield found


def _scored(folder: Path, test: list[Example]) -> Found:
    from kg_builder.evaluate.triples import score_triples
    from kg_builder.extract.grammar import grammar_for
    from kg_builder.generating import generate
    from kg_builder.language_models import Loading, load_model, load_tokenizer
    from kg_builder.prompt import parse_triples

    tokenizer = load_tokenizer(str(folder / "run" / "model"))
    model = load_model(str(folder / "run" / "model"), loading=Loading("none")).eval()
    made = generate(
        model,
        tokenizer,
        [each.question for each in test],
        batch_size=32,
        max_new_tokens=32 if len(test) < 10 else 128,
        grammars=[grammar_for(each.text, relations=each.relations) for each in test],
    )
    scores = score_triples([each.triples for each in test], [parse_triples(each.whole).triples for each in made])
    return {"precision": scores.precision, "recall": scores.recall, "f1": scores.f1}


def _shippable(data: Path) -> Iterator[Example]:
    """Sentences with their triples, mixed."""
    import random

    made = [
        *_text2kgbench(data / "triples" / "text2kgbench" / "wikidata_tekgen"),
        *_re_docred(data / "triples" / "re_docred"),
    ]
    random.Random(0).shuffle(made)
    yield from made


def _text2kgbench(folder: Path) -> Iterator[Example]:
    for file in sorted(folder.glob("train/*.jsonl")):
        topic = file.stem.removeprefix("ont_").removesuffix("_train")
        ontology = json.loads((folder / "ontologies" / f"{topic}_ontology.json").read_text("utf-8"))
        relations = tuple(dict.fromkeys(each["label"] for each in ontology["relations"]))
        facts: dict[str, list[Triple]] = {}
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            facts.setdefault(row["sent"], []).append(Triple(row["sub_label"], row["rel_label"], row["obj_label"]))
        for text, triples in facts.items():
            if len(text) < 400 and all(each.head in text and each.tail in text for each in triples):
                yield Example(
                    text=text, triples=tuple(dict.fromkeys(triples)), relations=relations, source="text2kgbench"
                )


def _re_docred(folder: Path) -> Iterator[Example]:
    """Facts whose two ends stand in one sentence. Relations are Wikidata's numbers, as the file has them."""
    for file in sorted(folder.glob("*.json")):
        for document in json.loads(file.read_text("utf-8")):
            for number, words in enumerate(document["sents"]):
                text = " ".join(words)
                triples = []
                for label in document["labels"]:
                    ends = [
                        next((m["name"] for m in document["vertexSet"][label[end]] if m["sent_id"] == number), "")
                        for end in ("h", "t")
                    ]
                    if all(end and end in text for end in ends):
                        triples.append(Triple(ends[0], label["r"], ends[1]))
                if triples and 30 < len(text) < 400:
                    yield Example(text=text, triples=tuple(dict.fromkeys(triples)), source="re_docred")

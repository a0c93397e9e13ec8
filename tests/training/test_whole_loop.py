"""From sentences with their facts to a graph, by the commands that people use: prepare, train, evaluate, merge, serve,
ingest. The language is a toy, the code path that of a large model: NF4, QLoRA, constrained answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

for needed in ("torch", "transformers", "peft", "bitsandbytes", "datasets", "llguidance", "fastapi", "openai"):
    pytest.importorskip(needed)

from click.testing import CliRunner  # noqa: E402
from tiny_models import make_model  # noqa: E402

from finetune.cli import cli as kg_finetune  # noqa: E402
from kg_builder.cli import cli as kg  # noqa: E402
from kg_builder.prompt import extraction_prompt  # noqa: E402
from kg_builder.store import open_store  # noqa: E402

FACTS = {
    "Dora Quill directs Oakfield Press.": [["Dora Quill", "directs", "Oakfield Press"]],
    "Oakfield Press acquired Tindall Books in June.": [["Oakfield Press", "acquired", "Tindall Books"]],
    "Emil Hart lives in Graz.": [["Emil Hart", "lives in", "Graz"]],
    "Emil Hart directs Tindall Books.": [["Emil Hart", "directs", "Tindall Books"]],
    "Tindall Books acquired Wren Library.": [["Tindall Books", "acquired", "Wren Library"]],
    "Dora Quill lives in Turin, near the river.": [["Dora Quill", "lives in", "Turin"]],
}
TRAINING = {
    "dtype": "fp32",
    "alpha": "32",
    "dropout": "0",
    "batch_size": "8",
    "accumulate": "1",
    "packing": "true",
    "warmup": "0",
    "schedule": "cosine",
    "checkpointing": "false",
    "max_grad_norm": "1",
    "metric": "none",
    "evaluate_every": "100",  # one checkpoint, not one for each of the short epochs
    "tensorboard": "false",
}


def make_base(folder: Path) -> Path:
    """A random model that can tell tokens apart, as a trained one can: an adapter leaves its head as it is."""
    from safetensors.torch import load_file, save_file

    said = ["|".join(fact) for facts in FACTS.values() for fact in facts]
    make_model("qwen", folder, texts=[*FACTS, *said, extraction_prompt()], vocabulary=1200)
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"] *= 50
    weights["model.embed_tokens.weight"] *= 25
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def done(group: Any, *arguments: object, statuses: tuple[int | None, ...] = (0, None)) -> str:
    """What the command prints."""
    run = CliRunner().invoke(group, [str(each) for each in arguments], standalone_mode=False)
    if run.exception is not None:
        raise run.exception
    assert run.return_value in statuses, run.output
    return run.stdout


@pytest.mark.slow
def test_sentences_with_their_facts_become_a_model_and_the_model_a_graph(
    tmp_path: Path, embedded_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.serve import serving
    from kg_builder.extract.model_options import ModelOptions

    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.chdir(tmp_path)
    base = make_base(tmp_path / "base")
    rows = [{"text": text, "triples": facts} for text, facts in FACTS.items()]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done(kg_finetune, "prepare", "rows.jsonl", "--test", 0, "--near", 2, "--out", "data")

    settings = [word for key, value in TRAINING.items() for word in ("--set", f"{key}={value}")]
    done(
        kg_finetune,
        *("train", "--preset", "llama3-re", "--model", base, "--data", "data", "--out", "run", "--method", "qlora"),
        *("--rank", 32, "--learning-rate", 0.005, "--max-steps", 100, "--quiet", *settings),
    )
    report = json.loads(
        done(
            kg_finetune,
            *("evaluate", "--data", "data/train.jsonl", "--model", base, "--adapter", "run/adapter", "--compare-base"),
            *("--quantize", "4bit", "--max-new-tokens", 40, "--bootstrap", 0, "--out", "evaluation", "--json"),
        )
    )
    before, after = (report["runs"][name]["triples"]["exact"]["f1"] for name in ("before", "after"))
    assert before == 0
    assert after == 1
    merged = json.loads(
        done(
            kg_finetune,
            *("merge", "--model", base, "--adapter", "run/adapter", "--out", "merged", "--json"),
            *("--check", "data/train.jsonl"),
            statuses=(0, 3),  # in 4 bits again it may say something else
        )
    )
    forms = {each["form"]: each for each in merged["parity"]["forms"]}
    assert forms["merged"]["answers"] == forms["merged, over HTTP"]["answers"] == 1

    texts = tmp_path / "texts"
    texts.mkdir()
    for number, text in enumerate(FACTS):
        (texts / f"{number}.txt").write_text(text)
    options = ModelOptions(model="merged", max_new_tokens=40)
    with serving(options) as client:
        for text, facts in FACTS.items():
            reply = client.post("/extract", json={"text": text}).json()
            assert [[x["head"], x["relation"], x["tail"]] for x in reply["extractions"]] == facts
        url = f"{str(client.base_url).rstrip('/')}/v1"
        lines = done(
            kg,
            "extract",
            texts,
            "--format",
            "pipe",
            "--extractor",
            "endpoint",
            "--base-url",
            url,
            "--model",
            "merged",
            "--workers",
            0,
        )
        assert sorted(lines.splitlines()) == sorted("|".join(fact) for facts in FACTS.values() for fact in facts)

    store = f"embedded:{embedded_path}"
    told = done(
        kg, "ingest", texts, "--extractor", "llm", "--model", "merged", "--store", store, "--workers", 0, "--json"
    )
    assert json.loads(told)["loaded"] == len(FACTS)
    with open_store(store) as opened:
        found = opened.execute("MATCH (h:Entity)-[r]->(t:Entity) RETURN h.name, r.relation, t.name")
        edges = {tuple(row) for row in found.rows}
    assert edges == {
        ("Dora Quill", "direct", "Oakfield Press"),
        ("Oakfield Press", "acquire", "Tindall Books"),
        ("Emil Hart", "live in", "Graz"),
        ("Emil Hart", "direct", "Tindall Books"),
        ("Tindall Books", "acquire", "Wren Library"),
        ("Dora Quill", "live in", "Turin"),
    }

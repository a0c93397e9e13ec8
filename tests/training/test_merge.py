"""Merging: the merged model is the one that was trained, and the test that says so can fail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")
pytest.importorskip("bitsandbytes")

from click.testing import CliRunner  # noqa: E402
from tiny_models import make_model  # noqa: E402
from toy_language import FACTS, toy_model  # noqa: E402

from finetune.cli import cli  # noqa: E402
from finetune.examples import Example, write_examples  # noqa: E402
from finetune.merge import merge, trained_on  # noqa: E402
from finetune.parity import Seen, compare, merge_and_check  # noqa: E402
from finetune.parity_report import Limits  # noqa: E402
from finetune.relation_question import RelationAsking, kept_asking  # noqa: E402
from kg_builder.errors import ConfigError, ModelError  # noqa: E402
from kg_builder.language import detect_language  # noqa: E402
from kg_builder.language_models import Loading, load_adapter, load_model, load_tokenizer  # noqa: E402

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
HOW = Loading(dtype="fp32", device="cpu", trust_remote_code=True)


def make_adapter(
    base: Path, run: Path, *, targets: Any = "all-linear", scale: float = 0.1, method: str = "qlora"
) -> Path:
    """A run's folder with an adapter on the base in 4 bits, whose product is not zero."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    model = load_model(str(base), loading=Loading("4bit", "fp32", device="cpu", trust_remote_code=True))
    config = LoraConfig(r=8, lora_alpha=16, target_modules=targets, task_type="CAUSAL_LM", use_rslora=True)
    wrapped = get_peft_model(model, config)
    for name, weight in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=scale)
    wrapped.save_pretrained(run / "adapter")
    load_tokenizer(str(base), trust_remote_code=True).save_pretrained(run / "adapter")
    (run / "config.json").write_text(json.dumps({"method": method, "model": str(base)}))
    return run / "adapter"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("qwen", tmp_path_factory.mktemp("base") / "base")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(base, tmp_path_factory.mktemp("run"))


def logits(model: Any) -> Any:
    """As training has them: in evaluation, bitsandbytes computes with fewer bits on some CPUs."""
    with torch.no_grad():
        return model.train()(input_ids=torch.arange(5, 45).unsqueeze(0)).logits


def test_the_merged_model_is_the_adapter_on_four_bits_and_not_the_adapter_on_the_originals(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    trained = logits(load_adapter(load_model(str(base), loading=Loading("4bit", "fp32", device="cpu")), str(adapter)))
    kept = merge(str(base), str(adapter), tmp_path / "kept", loading=HOW)
    assert kept is not None
    assert (kept.onto, kept.layers, kept.dtype) == ("4bit", 14, "fp32")
    merge(str(base), str(adapter), tmp_path / "other", loading=HOW, onto="original")
    plain = Loading("none", "fp32", device="cpu")
    same = (logits(load_model(str(tmp_path / "kept"), loading=plain)) - trained).abs().max()
    other = (logits(load_model(str(tmp_path / "other"), loading=plain)) - trained).abs().max()
    assert same < 1e-4
    assert other > 100 * same


def test_what_is_merged_loads_everywhere_and_says_where_it_comes_from(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    run, asking = shutil.copytree(adapter.parent, tmp_path / "run"), RelationAsking("long", ("unknown", "夫妻"))
    asking.write(run / "adapter")
    done = merge(str(base), str(run / "adapter"), tmp_path / "out", loading=HOW, dtype="bf16", largest_file="100KB")
    assert done is not None
    assert kept_asking(str(tmp_path / "out")) == asking  # it is asked as it was trained
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names >= {"model.safetensors.index.json", "tokenizer.json", "generation_config.json", "merge.json"}
    assert sum(name.endswith(".safetensors") for name in names) > 1
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["dtype"] == "bfloat16"
    assert "quantization_config" not in config
    assert "<|im_start|>" in load_tokenizer(str(tmp_path / "out")).chat_template
    assert json.loads((tmp_path / "out" / "merge.json").read_text())["onto"] == "4bit"
    assert not (tmp_path / "out.partial").exists()


def test_a_model_with_packed_projections_and_code_of_its_own_is_merged(tmp_path: Path) -> None:
    base = make_model("baichuan", tmp_path / "base")
    adapter = make_adapter(base, tmp_path / "run", targets=["W_pack", "o_proj"])
    done = merge(str(base), str(adapter), tmp_path / "out", loading=HOW)
    assert done is not None
    assert done.layers == 4
    four = Loading("4bit", "fp32", device="cpu", trust_remote_code=True)
    trained = logits(load_adapter(load_model(str(base), loading=four), str(adapter)))
    assert (logits(load_model(str(tmp_path / "out"), loading=HOW)) - trained).abs().max() < 1e-4


def test_a_classifier_is_merged_with_its_head_and_its_labels(base: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    labels, four = ("sports", "science", "business"), Loading("4bit", "fp32", device="cpu")
    torch.manual_seed(2)
    model = load_model(str(base), loading=four, labels=labels)
    wrapped = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "o_proj"], task_type="SEQ_CLS"))
    for name, weight in wrapped.named_parameters():
        if "lora_B" in name or "score" in name:
            torch.nn.init.normal_(weight, std=0.5)
    adapter = tmp_path / "adapter"
    wrapped.save_pretrained(adapter)
    (adapter / "labels.json").write_text(json.dumps({"labels": labels}))
    done = merge_and_check(
        str(base), str(adapter), tmp_path / "out", loading=HOW, onto="4bit", limits=Limits(0.05, 0.7, 0.7)
    )
    assert done.merged is not None, done.told()
    ids = torch.arange(5, 25).unsqueeze(0)
    merged = load_model(str(tmp_path / "out"), loading=Loading("none", "fp32", device="cpu"), labels=labels)
    assert tuple(merged.config.id2label.values()) == labels
    merged.config.pad_token_id = model.config.pad_token_id = None
    with torch.no_grad():
        apart = merged.eval()(input_ids=ids).logits - wrapped.train()(input_ids=ids).logits
    assert apart.abs().max() < 1e-3
    (adapter / "labels.json").unlink()
    with pytest.raises(ModelError, match=r"labels\.json"):
        merge(str(base), str(adapter), tmp_path / "other", loading=HOW, onto="4bit")


def test_another_base_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    larger = make_model("qwen", tmp_path / "larger", hidden=128)
    with pytest.raises(ModelError, match="--same-base"):
        merge(str(larger), str(adapter), tmp_path / "out", loading=HOW)
    with pytest.raises(ModelError, match="does not fit the model"):
        merge(str(larger), str(adapter), tmp_path / "out", loading=HOW, same_base=True)
    assert not list(tmp_path.glob("out*"))


def test_a_damaged_adapter_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(adapter / "adapter_model.safetensors")
    cut, lacking, broken = (shutil.copytree(adapter, tmp_path / name) for name in ("cut", "lacking", "broken"))
    raw = (adapter / "adapter_model.safetensors").read_bytes()
    (cut / "adapter_model.safetensors").write_bytes(raw[: len(raw) // 2])
    first = next(iter(weights))
    save_file({name: value for name, value in weights.items() if name != first}, lacking / "adapter_model.safetensors")
    save_file(weights | {first: weights[first] * float("nan")}, broken / "adapter_model.safetensors")
    for folder, told in ((cut, "damaged"), (lacking, "lacks 1 of"), (broken, "weights that are numbers")):
        with pytest.raises(ModelError, match=told):
            merge(str(base), str(folder), tmp_path / "out", loading=HOW, onto="4bit")
    with pytest.raises(ModelError, match=r"adapter_config\.json"):
        merge(str(base), str(tmp_path / "none"), tmp_path / "out", loading=HOW)


def test_room_and_an_empty_folder_are_asked_for_before_anything_is_loaded(
    base: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").touch()
    with pytest.raises(ConfigError, match="new or empty folder"):
        merge(str(base), str(adapter), tmp_path / "full", loading=HOW)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(ModelError, match="GB of room"):
        merge(str(base), str(adapter), tmp_path / "out", loading=HOW)
    assert {path.name for path in tmp_path.iterdir()} == {"full"}


def test_what_an_adapter_was_trained_on_is_read_off_its_run_or_asked_for(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    assert trained_on(str(adapter), str(base)) == "4bit"
    alone = shutil.copytree(adapter, tmp_path / "alone")
    with pytest.raises(ConfigError, match="--onto"):
        trained_on(str(alone), str(base))
    (tmp_path / "config.json").write_text(json.dumps({"method": "lora", "quantize": "none"}))
    assert trained_on(str(alone), str(base)) == "original"


def test_the_command_compares_all_forms_and_its_limits_can_fail(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = toy_model(tmp_path_factory.getbasetemp() / "toy")
    adapter = make_adapter(base, tmp_path / "run", scale=0.03)
    examples = [Example(text=text, triples=facts, language=detect_language(text)) for text, facts in FACTS.items()]
    write_examples(tmp_path / "test.jsonl", examples)
    arguments = ["merge", "--model", str(base), "--adapter", str(adapter), "--device", "cpu", "--dtype", "fp32"]
    arguments += [
        "--check",
        str(tmp_path / "test.jsonl"),
        "--out",
        str(tmp_path / "out"),
        "--most-kl",
        "0.001",
        "--json",
    ]
    run = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert run.return_value == 3, run.output
    forms = {each["form"]: each for each in json.loads(run.stdout)["parity"]["forms"]}
    assert not forms["merged"]["problems"]
    assert forms["merged"]["answers"] == forms["merged, over HTTP"]["answers"] == forms["merged"]["top1"] == 1.0
    for other in ("merged, in 4 bits again", "adapter on the base's own weights"):
        assert forms[other]["kl"] > 10 * forms["merged"]["kl"]
    assert json.loads((tmp_path / "out" / "merge.json").read_text())["parity"]["forms"]
    again = merge_and_check(
        *(str(base), str(adapter), tmp_path / "wrong"),
        loading=HOW,
        onto="4bit",
        examples=examples[-1:],
        limits=Limits(kl=-1.0),
    )
    assert again.verdict == "beyond"
    assert again.folder == tmp_path / "wrong.partial"
    assert not (tmp_path / "wrong").exists()


def test_differences_are_those_of_the_logits(base: Path, adapter: Path, tmp_path: Path) -> None:
    a = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    b = torch.tensor([[2.0, 0.0, 0.5], [1.0, 0.0, 0.0]])
    found = compare("b", Seen((a,), ("x|y|z",)), Seen((b,), ("x|y|w",)))
    p, q = a.softmax(-1), b.softmax(-1)
    assert found.max_abs == 1.0
    assert found.mean_abs == pytest.approx(2.5 / 6)
    assert found.kl == pytest.approx(float((p * (p / q).log()).sum() / 2))
    assert (found.top1, found.answers, found.tokens) == (0.5, 0.0, 2)

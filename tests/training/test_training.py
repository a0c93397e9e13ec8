"""Training of tiny models: the answer is learnt and nothing else, and no crash, fault or bad file spoils a run."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
import time
from base64 import b64decode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, ClassVar

import pytest
import torch
from click.testing import CliRunner

from finetune.adapters import trainable
from finetune.checkpoints import checkpoint_steps, what_is_damaged
from finetune.cli import cli
from finetune.examples import Example, write_examples
from finetune.faults import memory_faults_told
from finetune.settings import PRESETS, Training, load_training
from finetune.train import train, uses_liger
from finetune.trainer import usable_optimizer
from kg_builder.errors import ConfigError, DataError, ModelError, TrainingError
from kg_builder.language_models import Loading, load_model, load_tokenizer

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

import toy
from forked import forked

CPU = Loading(quantize="none", dtype="fp32", device="cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy.folder(tmp_path_factory.mktemp("data"), toy.triples(24))


@pytest.fixture
def said() -> list[str]:
    return []


def settings(models: Path, data: Path, out: Path, **values: Any) -> Training:
    quick: dict[str, Any] = {
        "model": str(models / "llama"),
        "data": str(data),
        "out": str(out),
        "device": "cpu",
        "dtype": "fp32",
        "method": "lora",
        "rank": 8,
        "batch_size": 4,
        "learning_rate": 5e-3,
        "tensorboard": False,
        "seed": 1,
        "max_new_tokens": 4,
        "evaluate_limit": 4,
    }
    return load_training("", quick | values)


def run(settings: Training, said: list[str] | None = None) -> dict[str, Any]:
    return train(settings, say=(said if said is not None else []).append, show=False)


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def losses(out: Path) -> list[tuple[int, float]]:
    return [(line["step"], line.get("loss", line.get("dev_loss"))) for line in lines(out)]


# --- a run -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(models: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Training, dict[str, Any]]:
    """A run of 12 steps with packing, undisturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    values = {"packing": True, "batch_size": 2, "epochs": 3.0, "evaluate_every": 3, "dropout": 0.1}
    chosen = settings(models, data, out, **values, metric="triple_f1", tensorboard=True)
    return chosen, run(chosen)


def test_a_run_leaves_a_folder_that_says_all_of_it(whole: tuple[Training, dict[str, Any]]) -> None:
    chosen, result = whole
    out = Path(chosen.out)
    assert json.loads((out / "config.json").read_text()) == chosen.to_json()
    facts = json.loads((out / "data.json").read_text())
    assert facts["parts"]["train"]["examples"] == 20 and len(facts["parts"]["train"]["sha256"]) == 64
    assert json.loads((out / "result.json").read_text()) == result
    figures = lines(out)
    steps = [line for line in figures if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, result["steps"] + 1))
    for key in ("epoch", "lr", "tokens_per_second", "memory_mb", "grad_norm"):
        assert all(key in line for line in steps)
    assert steps[-1]["loss"] < steps[0]["loss"]
    measured = [line for line in figures if "dev_triple_f1" in line]
    assert measured[0]["step"] == 3 and measured[-1]["step"] == result["steps"]
    for name in ("loss", "dev", "memory"):
        assert (out / "plots" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    card = (out / "README.md").read_text()
    assert "CC0" in card and "llama" in card and "| rank | 8 |" in card and str(out.parent) not in card
    assert list((out / "tensorboard").glob("events*"))
    assert result["trained_parameters"] < result["parameters"] and result["seconds"] > 0


def test_what_a_run_leaves_is_loaded_as_any_adapter(whole: tuple[Training, dict[str, Any]]) -> None:
    from kg_builder.language_models import load_adapter

    chosen, _ = whole
    adapter = Path(chosen.out) / "adapter"
    model = load_adapter(load_model(chosen.model, loading=CPU), str(adapter))
    tokenizer = load_tokenizer(str(adapter))
    assert tokenizer.chat_template
    assert any(float(weight.abs().sum()) > 0 for name, weight in model.named_parameters() if "lora_B" in name)


def test_a_run_that_is_done_is_not_done_again(whole: tuple[Training, dict[str, Any]], said: list[str]) -> None:
    chosen, result = whole
    assert run(chosen, said) == result
    assert "is done" in said[0]
    with pytest.raises(ConfigError, match="rank was 8 and is 4"):
        run(replace(chosen, rank=4))


def test_a_run_that_is_killed_goes_on_as_if_nothing_had_been(
    whole: tuple[Training, dict[str, Any]], tmp_path: Path, said: list[str]
) -> None:
    undisturbed = Path(whole[0].out)
    chosen = replace(whole[0], out=str(tmp_path / "run"), tensorboard=False, metric="triple_f1")
    metrics = tmp_path / "run" / "metrics.jsonl"
    with forked(run, chosen) as process:
        while process.is_alive() and (not metrics.exists() or '"step": 8' not in metrics.read_text()):
            time.sleep(0.01)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    assert len(losses(tmp_path / "run")) < len(losses(undisturbed))
    result = run(chosen, said)
    assert "goes on from step" in " ".join(said)
    found, wanted = losses(tmp_path / "run"), losses(undisturbed)
    assert [step for step, _ in found] == [step for step, _ in wanted]
    assert [loss for _, loss in found] == pytest.approx([loss for _, loss in wanted], abs=1e-4)
    assert result["best_step"] == whole[1]["best_step"]


def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_it_taken(
    whole: tuple[Training, dict[str, Any]], tmp_path: Path, said: list[str]
) -> None:
    out = tmp_path / "run"
    shutil.copytree(whole[0].out, out)
    (out / "result.json").unlink()
    latest = sorted(checkpoint_steps(out / "checkpoints"))[-1]
    weights = out / "checkpoints" / f"checkpoint-{latest}" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    assert "adapter_model.safetensors is damaged" in what_is_damaged(weights.parent)
    run(replace(whole[0], out=str(out)), said)
    told = " ".join(said)
    assert f"the checkpoint of step {latest} cannot be used" in told
    assert (out / "checkpoints" / f"damaged-checkpoint-{latest}").is_dir()
    wanted = losses(Path(whole[0].out))
    assert [loss for _, loss in losses(out)] == pytest.approx([loss for _, loss in wanted], abs=1e-4)


def test_a_run_killed_before_its_last_words_only_says_them(
    whole: tuple[Training, dict[str, Any]], tmp_path: Path, said: list[str]
) -> None:
    out = tmp_path / "run"
    shutil.copytree(whole[0].out, out)
    (out / "result.json").unlink()
    shutil.rmtree(out / "adapter")
    assert run(replace(whole[0], out=str(out)), said)["value"] == whole[1]["value"]
    assert (out / "adapter" / "adapter_model.safetensors").is_file()
    assert "all" in said[-1] and losses(out) == losses(Path(whole[0].out))


def test_a_loss_that_is_no_number_stops_the_run_which_goes_on_with_a_lower_rate(
    models: Path, data: Path, tmp_path: Path, said: list[str]
) -> None:
    values = {"max_steps": 6, "evaluate_every": 2, "metric": "none"}
    begun = settings(models, data, tmp_path / "run", **values, max_grad_norm=0.0)
    run(replace(begun, out=str(tmp_path / "other"), learning_rate=1e-3))
    shutil.copytree(tmp_path / "other", tmp_path / "run")
    for each in ("result.json", "checkpoints/checkpoint-6"):
        target = tmp_path / "run" / each
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(TrainingError, match=r"found (nan|inf) at step [56].*lower learning_rate .it is 1e\+30"):
        run(replace(begun, learning_rate=1e30))
    assert checkpoint_steps(tmp_path / "run" / "checkpoints")[-1] == 4
    result = run(replace(begun, learning_rate=1e-3), said)
    assert result["steps"] == 6 and "the run goes on from step 4" in said
    found, wanted = losses(tmp_path / "run"), losses(tmp_path / "other")
    assert [loss for _, loss in found] == pytest.approx([loss for _, loss in wanted], abs=1e-4)


def test_a_model_learns_and_the_checkpoint_that_answers_best_is_kept(models: Path, tmp_path: Path) -> None:
    examples = []
    for each in toy.triples(8, first=2):
        asked = {"role": "user", "content": each.text}
        answer = {"role": "assistant", "content": each.answer}
        examples.append(Example(messages=(asked, answer), triples=each.triples, task="triples"))
    data = toy.folder(tmp_path / "data", examples * 2, dev=8)
    values = {"method": "full", "learning_rate": 6e-3, "batch_size": 8, "max_steps": 120, "evaluate_every": 40}
    values |= {"checkpointing": False, "max_grad_norm": 1.0, "schedule": "linear", "evaluate_limit": 8}
    result = run(settings(models, data, tmp_path / "run", **values, metric="triple_f1", max_new_tokens=30))
    measured = {line["step"]: line["dev_triple_f1"] for line in lines(tmp_path / "run") if "dev_triple_f1" in line}
    assert list(measured) == [40, 80, 120]
    assert result["value"] == max(measured.values()) == measured[result["best_step"]] > 0.9 > measured[40]
    assert (tmp_path / "run" / "model" / "config.json").is_file()


def test_progress_tells_loss_pace_memory_and_the_time_left(
    models: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = settings(models, data, tmp_path / "run", max_steps=2, metric="loss")
    train(chosen, say=lambda line: None, show=True)
    told = capsys.readouterr().err
    figures = r"loss \d+\.\d{4}, [\d,]+ tokens/s, [\d,]+ MB, \S.* left"
    assert re.search(f"^step 1 of 2: {figures}$", told, re.MULTILINE)
    assert re.search(f"^step 2 of 2: {figures}$", told, re.MULTILINE)
    assert re.search(r"^step 2: dev_loss \d", told, re.MULTILINE)


def test_early_stopping_and_the_best_checkpoint(models: Path, data: Path, tmp_path: Path) -> None:
    values = {"epochs": 9.0, "evaluate_every": 1, "patience": 2, "metric": "loss", "learning_rate": 0.3}
    result = run(settings(models, data, tmp_path / "run", **values))
    measured = [(line["dev_loss"], line["step"]) for line in lines(tmp_path / "run") if "dev_loss" in line]
    assert result["best_step"] == min(measured)[1]
    assert result["steps"] == result["best_step"] + 2 < 45
    best = tmp_path / "run" / "checkpoints" / f"checkpoint-{result['best_step']}" / "adapter_model.safetensors"
    assert (tmp_path / "run" / "adapter" / best.name).read_bytes() == best.read_bytes()


# --- bad input -------------------------------------------------------------------------------------------------------


def test_samples_over_the_limit_are_counted_and_never_cut(models: Path, tmp_path: Path, said: list[str]) -> None:
    examples = toy.triples(40)
    examples[3] = replace(examples[3], text=examples[3].text * 60)
    data = toy.folder(tmp_path / "data", examples, dev=0)
    chosen = settings(models, data, tmp_path / "run", max_tokens=300, max_steps=1, metric="none")
    run(chosen, said)
    assert "1 of 40 samples are left out, none is cut (1 too-long)" in said
    assert json.loads((tmp_path / "run" / "data.json").read_text())["encoded"]["left_out"] == {"too-long": 1}
    with pytest.raises(DataError, match=r"found 40 of 40|found none \(40 too-long\)"):
        run(replace(chosen, out=str(tmp_path / "other"), max_tokens=50))


def test_a_file_with_too_many_bad_lines_is_refused_and_few_are_told(
    models: Path, tmp_path: Path, said: list[str]
) -> None:
    data = toy.folder(tmp_path / "data", toy.triples(24))
    with (data / "train.jsonl").open("a") as file:
        file.write('{"text": "x", "triples": []}\n')
    chosen = settings(models, data, tmp_path / "run", max_steps=1, metric="none")
    run(chosen, said)
    assert any("1 of 21 lines are no examples and left out (1 empty-answer)" in each for each in said)
    with (data / "train.jsonl").open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(DataError, match="1 empty-answer, 1 json"):
        run(replace(chosen, out=str(tmp_path / "other")))
    with pytest.raises(DataError, match=r"expected a folder with train\.jsonl"):
        run(replace(chosen, data=str(tmp_path), out=str(tmp_path / "third")))


def test_a_test_set_that_was_learnt_is_told(models: Path, tmp_path: Path, said: list[str]) -> None:
    data = toy.folder(tmp_path / "data", toy.triples(8))
    write_examples(data / "test.jsonl", toy.triples(2))
    run(settings(models, data, tmp_path / "run", max_steps=1, metric="none"), said)
    assert any("2 texts of test are in train, too" in each for each in said)


def test_running_out_of_memory_names_what_to_lower() -> None:
    told = r"batch_size .it is 4.*max_tokens .it is 512.*rank .it is 16.*qlora"
    with pytest.raises(TrainingError, match=told), memory_faults_told(Training(method="lora")):
        torch.empty(10**15)
    with pytest.raises(RuntimeError, match="another"), memory_faults_told(Training()):
        raise RuntimeError("another")


def test_layers_that_a_model_does_not_have_are_named_with_those_it_has(models: Path) -> None:
    model = load_model(str(models / "baichuan"), loading=replace(CPU, trust_remote_code=True))
    with pytest.raises(ConfigError, match=r"no layers named k_proj, q_proj, v_proj; it has .*W_pack.*all-linear"):
        trainable(model, load_training("llama3-re", {"method": "lora", "quantize": ""}))


def test_an_optimizer_that_a_device_lacks_is_replaced_and_told(said: list[str]) -> None:
    assert usable_optimizer("adamw_torch", "cpu", say=said.append) == "adamw_torch"
    assert not said
    assert usable_optimizer("paged_adamw_32bit", "cpu", say=said.append) == "adamw_torch"
    assert "paged_adamw_32bit does not work on this device; adamw_torch is taken" in said[0]


def test_the_token_of_the_hub_is_asked_for_before_anything_is_trained(
    models: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    command = ["train", "--model", str(models / "llama"), "--data", str(data), "--out", str(tmp_path / "run")]
    found = CliRunner().invoke(cli, [*command, "--push-to-hub", "some/name"])
    assert "set HF_TOKEN" in str(found.exception) and not (tmp_path / "run").exists()


class Hub(BaseHTTPRequestHandler):
    """What the hub says to who creates a repository and commits files to it; 401 without the token."""

    committed: ClassVar[dict[str, bytes]] = {}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        answer: dict[str, Any] = {"url": "https://huggingface.co/some/name", "name": "some/name"}
        if self.path.endswith("/preupload/main"):
            files = [each["path"] for each in json.loads(body)["files"]]
            answer = {"files": [{"path": each, "uploadMode": "regular", "shouldIgnore": False} for each in files]}
        elif self.path.endswith("/commit/main"):
            parts = [json.loads(line) for line in body.splitlines()]
            files = [each["value"] for each in parts if each["key"] == "file"]
            self.committed.update({each["path"]: b64decode(each["content"]) for each in files})
            answer = {"commitUrl": "https://huggingface.co/some/name/commit/1", "commitOid": "1", "success": True}
        raw = json.dumps(answer).encode()
        self.send_response(200 if self.headers["authorization"] == "Bearer hf_right" else 401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


def test_a_run_that_is_done_is_pushed_and_pushed_again_where_that_failed(
    models: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(models, data, tmp_path / "run", max_steps=1, metric="none", push_to_hub="some/name")
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{hub.server_port}")
        monkeypatch.setenv("HF_TOKEN", "hf_wrong")
        with pytest.raises(
            TrainingError, match=r"the run is done, but could not be pushed .*run the same command again"
        ):
            run(chosen)
        monkeypatch.setenv("HF_TOKEN", "hf_right")
        result = run(chosen)
        hub.shutdown()
    assert result["pushed_to"] and result["steps"] == 1
    adapter = tmp_path / "run" / "adapter"
    assert {"adapter_config.json", "adapter_model.safetensors", "README.md"} <= Hub.committed.keys()
    assert all((adapter / name).read_bytes() == content for name, content in Hub.committed.items())


def test_fused_kernels_are_used_where_they_are_installed_and_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "liger_kernel", None)
    with pytest.raises(ModelError, match="liger_kernel, which is not installed"):
        uses_liger(Training(liger="on"), "cuda")
    assert not uses_liger(Training(), "cuda")
    installed = ModuleType("liger_kernel")
    installed.__spec__ = ModuleSpec("liger_kernel", None)
    monkeypatch.setitem(sys.modules, "liger_kernel", installed)
    for liger, device, used in (("auto", "cuda:1", True), ("auto", "cpu", False), ("off", "cuda", False)):
        assert uses_liger(Training(liger=liger), device) is used, (liger, device)


# --- presets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_runs_with_every_method(
    preset: str, method: str, models: Path, data: Path, tmp_path: Path
) -> None:
    values: dict[str, Any] = {"device": "cpu", "max_steps": 1, "out": str(tmp_path / "run"), "tensorboard": False}
    values |= {"batch_size": 2, "accumulate": 1}
    if method != "qlora":
        values["dtype"] = "fp32"
    values |= {"method": method, "quantize": "", "rank": 4, "max_new_tokens": 2, "reader": "examples", "prompt": ""}
    values |= {"model": str(models / ("baichuan" if "baichuan" in preset else "llama")), "data": str(data)}
    if preset == "sequence-classification":
        values["data"] = str(toy.folder(tmp_path / "data", toy.labelled(20)))
    result = run(load_training(preset, values))
    assert result["steps"] == 1 and result["quantize"] == ("4bit" if method == "qlora" else "none")
    assert (tmp_path / "run" / ("model" if method == "full" else "adapter") / "tokenizer.json").is_file()
    if method == "full":
        assert result["trained_parameters"] == result["parameters"]

"""Loading language models, tokenizers and adapters, from folders that were really made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tiny_models import make_model, teach

from kg_builder.errors import ConfigError, ModelError
from kg_builder.language_models import Loading, adapter_base, load_adapter, load_model, load_tokenizer, needed
from kg_builder.prompt import extraction_messages
from kg_builder.types import Triple

torch = pytest.importorskip("torch")
pytest.importorskip("bitsandbytes")

ASKED = "Ada Lovelace worked for Analytical Engines. 李明出生于北京，𠮷 | \\ \n"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    kinds = ("llama", "qwen", "baichuan")
    return {kind: make_model(kind, tmp_path_factory.mktemp(kind)) for kind in kinds}


@pytest.mark.parametrize("kind", ["llama", "qwen", "baichuan"])
def test_models_of_all_kinds_load_and_read(folders: dict[str, Path], kind: str) -> None:
    folder = str(folders[kind])
    tokenizer = load_tokenizer(folder, trust_remote_code=True)
    assert tokenizer.padding_side == "left"
    assert tokenizer.pad_token is not None
    ids = tokenizer(ASKED, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == ASKED
    model = load_model(folder, loading=Loading(quantize="none", dtype="fp32", trust_remote_code=True))
    assert next(model.parameters()).dtype == torch.float32
    scores = model(input_ids=torch.tensor([ids])).logits
    assert scores.shape == (1, len(ids), len(tokenizer))
    assert torch.isfinite(scores).all()


@pytest.mark.parametrize("kind", ["llama", "baichuan"])
def test_4_bit_models_are_near_their_originals(folders: dict[str, Path], kind: str) -> None:
    ids = torch.tensor([[5, 6, 7, 300, 301]])
    whole, small = (
        load_model(str(folders[kind]), loading=Loading(quantize, "fp32", trust_remote_code=True))
        for quantize in ("none", "4bit")
    )
    assert type(small.model.layers[0].mlp.up_proj).__name__ == "Linear4bit"
    first, second = (model(input_ids=ids).logits[0].flatten() for model in (whole, small))
    assert torch.nn.functional.cosine_similarity(first, second, dim=0) > 0.9
    assert not torch.equal(first, second)


def test_a_model_can_be_given_labels(folders: dict[str, Path]) -> None:
    model = load_model(str(folders["qwen"]), loading=Loading("none", "fp32"), labels=("no", "yes"))
    assert model.config.id2label == {0: "no", 1: "yes"}
    assert model(input_ids=torch.tensor([[5, 6]])).logits.shape == (1, 2)


def test_code_that_comes_with_a_model_runs_only_if_it_may(folders: dict[str, Path]) -> None:
    with pytest.raises(ModelError, match="trust_remote_code"):
        load_model(str(folders["baichuan"]), loading=Loading("none", "fp32"))


def test_adapters_go_into_the_model_that_they_were_made_for(folders: dict[str, Path], tmp_path: Path) -> None:
    base = str(folders["qwen"])
    lesson = extraction_messages("Ada met Bob.", answer=[Triple("Ada", "met", "Bob")])
    teach(folders["qwen"], [lesson], steps=2, adapter=tmp_path / "adapter")
    assert adapter_base(str(tmp_path / "adapter")) == base
    ids = torch.tensor([[5, 6, 7]])
    plain, adapted = (load_model(base, loading=Loading("none", "fp32")) for _ in range(2))
    adapted = load_adapter(adapted, str(tmp_path / "adapter"))
    assert not torch.equal(plain(input_ids=ids).logits, adapted(input_ids=ids).logits)
    other = make_model("llama", tmp_path / "other", hidden=32)
    with pytest.raises(ModelError, match=r"was made for .* does not fit"):
        load_adapter(load_model(str(other), loading=Loading("none", "fp32")), str(tmp_path / "adapter"))
    with pytest.raises(ModelError, match="an adapter"):
        load_adapter(plain, str(tmp_path / "nothing"))


def test_what_is_missing_or_damaged_is_told(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a folder that holds one"):
        load_model(str(tmp_path / "nothing"), loading=Loading("none", "fp32"))
    with pytest.raises(ModelError, match="a tokenizer"):
        load_tokenizer(str(tmp_path / "nothing"))
    damaged = Path(shutil.copytree(folders["qwen"], tmp_path / "damaged"))
    weights = (damaged / "model.safetensors").read_bytes()
    (damaged / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelError, match="incomplete or damaged"):
        load_model(str(damaged), loading=Loading("none", "fp32"))
    (damaged / "config.json").write_text("{")
    with pytest.raises(ModelError, match="incomplete or damaged"):
        load_model(str(damaged), loading=Loading("none", "fp32"))
    with pytest.raises(ModelError, match="no_such_module"):
        needed("json", "no_such_module")


def test_how_to_load_is_decided_for_the_machine() -> None:
    decided = Loading(device="cpu").resolved()
    assert (decided.quantize, decided.attention, decided.device) == ("none", "sdpa", "cpu")
    assert decided.dtype in ("bf16", "fp32")
    wrong: Any = "3bit"
    with pytest.raises(ConfigError, match="quantize"):
        Loading(quantize=wrong).resolved()


def test_a_gpu_that_is_not_there_is_told_before_anything_is_loaded() -> None:
    with pytest.raises(ModelError, match=r"expected a GPU for the device 'cuda:99', .* or give cpu"):
        Loading(device="cuda:99").resolved()
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="torch finds none"):
            load_model("nothing", loading=Loading(device="cuda"))


def test_a_gpu_is_named_by_its_number() -> None:
    for device in ("cuda:x", "cuda:", "cuda:-1", "cuda0"):
        with pytest.raises(ConfigError, match=f"expected cuda, .* found '{device}'"):
            Loading(device=device).resolved()


def test_a_shape_is_no_status_and_what_only_extracts_needs_no_more_than_that(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misshapen(*_: Any, **__: Any) -> None:
        raise RuntimeError("expected shape [4016, 4031]")

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", misshapen)
    with pytest.raises(ModelError, match="incomplete or damaged"):
        load_model(str(folders["qwen"]), loading=Loading("none", "fp32"))
    monkeypatch.setattr("kg_builder.language_models._has", lambda module: module == "torch")
    with pytest.raises(ModelError, match=r"\[llm\]"):
        needed("torch", "transformers")
    with pytest.raises(ModelError, match=r"\[finetune\]"):
        needed("transformers", "fastapi")


def test_4_bits_are_nf4_with_double_quantisation(folders: dict[str, Path]) -> None:
    model = load_model(str(folders["llama"]), loading=Loading("4bit", "bf16", device="cpu"))
    layer = model.model.layers[0].self_attn.q_proj
    assert (layer.weight.quant_type, layer.weight.compress_statistics) == ("nf4", True)
    assert layer.weight.quant_state.nested and layer.compute_dtype == torch.bfloat16


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_model_is_named_with_what_to_do(status: int, tmp_path: Path) -> None:
    """As the hub answers who has no token, or one that may not read the model."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", "GatedRepo")
            self.send_header("X-Error-Message", "Access to model some/gated is restricted.")
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_HEAD

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        asked = "from kg_builder.language_models import load_model, load_tokenizer\n"
        asked += "for load in (load_tokenizer, load_model):\n"
        asked += "    try: load('some/gated')\n    except Exception as exc: print(type(exc).__name__, exc)"
        environment = {**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HOME": str(tmp_path)}
        environment = {name: value for name, value in environment.items() if name != "HF_HUB_OFFLINE"}
        command = [sys.executable, "-c", asked]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
        hub.shutdown()
    assert len(told) == 2
    for line in told:
        assert line.startswith("ModelError") and "'some/gated'" in line
        assert "it is gated: ask for access" in line and "set HF_TOKEN" in line


def test_an_adapter_that_says_nothing_of_its_base(tmp_path: Path) -> None:
    assert adapter_base(str(tmp_path)) == ""
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": None}))
    assert adapter_base(str(tmp_path)) == ""

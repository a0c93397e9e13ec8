"""Exports a trained English pipeline as int8 ONNX: ``python -m finetune.pipelines.en_export --model FOLDER --out
kg_builder/models/en``."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from finetune.pipelines.en_train import base_model_folder, build
from finetune.pipelines.encoder import Heads, Tagger

__all__ = ["Exported", "export", "load_trained", "main", "quantize"]

log = logging.getLogger(__name__)
INPUTS = ("pieces", "shapes", "mask", "first")
OUTPUTS = ("upos", "xpos", "kind", "ner", "arc", "dependent", "head")


class Exported(nn.Module):  # type: ignore[misc,unused-ignore]
    """The model as the runtime sees it: best tags by number, scores of names and arcs, and the ends' vectors for
    labels."""

    def __init__(self, model: Tagger) -> None:
        super().__init__()
        self.model = model

    def forward(self, pieces: Tensor, shapes: Tensor, mask: Tensor, first: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `OUTPUTS`."""
        out = self.model(pieces, shapes, mask, first)
        best = [t.argmax(-1).to(torch.int32) for t in (out.upos, out.xpos, out.kind)]
        return (*best, out.ner, out.arc, out.dependent, out.head)


def load_trained(folder: Path) -> tuple[Tagger, Heads, dict[str, object]]:
    """A model that `finetune.pipelines.en_train` saved, its label sets, and its configuration."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    heads = Heads(**{name: tuple(labels) for name, labels in config["heads"].items()})
    model = build(heads, layers=config["layers"], folder=base_model_folder())
    model.load_state_dict(torch.load(folder / "model.pt", map_location="cpu", weights_only=True))
    return model.eval(), heads, config


def export(model: Tagger, path: Path) -> None:
    """Writes `model` in float32 with free batch, piece and word dimensions."""
    b, s, w = 2, 11, 7
    pieces = torch.arange(b * s).view(b, s) % 8
    first = torch.arange(1, w + 1).repeat(b, 1)
    example = (pieces, torch.zeros_like(pieces), torch.ones_like(pieces), first)
    axes = {name: {0: "batch", 1: "pieces"} for name in INPUTS[:3]}
    axes["first"] = {0: "batch", 1: "words"}
    axes |= {name: {0: "batch", 1: "words"} for name in OUTPUTS}
    torch.onnx.export(
        Exported(model).eval(),
        example,
        str(path),
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


def quantize(source: Path, target: Path) -> None:
    """int8 weights, one scale per channel; seven bits in use, since the sums of eight overflow on CPUs without VNNI."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(source), str(target), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def main() -> None:
    """Writes ``model.onnx``, ``labels.npz`` (the label scorer), ``config.json`` and ``vocab.txt``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    model, _, config = load_trained(options.model)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        export(model, plain)
        quantize(plain, options.out / "model.onnx")
    weight, bias = model.label.weight.detach().numpy(), model.label.bias.detach().numpy()
    np.savez_compressed(options.out / "labels.npz", weight=weight.T.astype(np.float16), bias=bias.astype(np.float32))
    shipped = {"layers": config["layers"], "heads": config["heads"]}
    (options.out / "config.json").write_text(json.dumps(shipped, indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(base_model_folder() / "vocab.txt", options.out / "vocab.txt")
    log.info("%d bytes", sum(p.stat().st_size for p in options.out.iterdir()))


if __name__ == "__main__":
    main()

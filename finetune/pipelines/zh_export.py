"""Writes a trained Chinese model as the three small ONNX graphs, vocabulary and dictionary that the package ships.

    python -m finetune.pipelines.zh_export --work RUN --name second --out kg_builder/models/zh

The graphs are built node by node: LSTMs with true sequence lengths, embeddings as int8 rows with one scale each, and
everything else quantised to int8 by onnxruntime. ``units.onnx``: characters -> states and word starts; ``words.onnx``:
states of a word's first and last unit -> tags, arc scores, label layers; ``labels.onnx``: pairs of layers -> labels.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from finetune.pipelines.zh_model import ChineseModel
from finetune.pipelines.zh_train import load_model, load_vocabulary
from kg_builder.extract.open_ie.chinese.lexicon import LONGEST, TAGS

__all__ = ["export"]

OPSET = 17


class _Graph:
    """A growing ONNX graph: each method adds a node and gives its output's name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.count = 0

    def weight(self, array: np.ndarray) -> str:
        self.count += 1
        name = f"w{self.count}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return name

    def add(self, kind: str, *inputs: str, outputs: int = 1, name: str = "", **attributes: Any) -> str:
        self.count += 1
        names = [name or f"t{self.count}"] + [f"t{self.count}_{i}" for i in range(1, outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"n{self.count}", **attributes))
        return names[0]

    def embed(self, table: np.ndarray, ids: str) -> str:
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-8) / 127
        rows = self.add("Cast", self.add("Gather", self.weight(np.round(table / scale).astype(np.int8)), ids), to=1)
        return self.add("Mul", rows, self.add("Gather", self.weight(scale.astype(np.float32)), ids))

    def linear(self, inputs: str, layer: nn.Linear, name: str = "") -> str:
        product = self.add("MatMul", inputs, self.weight(_array(layer.weight).T))
        return self.add("Add", product, self.weight(_array(layer.bias)), name=name)

    def lstm(self, inputs: str, lengths: str, lstm: nn.LSTM, layer: int) -> str:
        """Inputs and outputs are (time, batch, width)."""

        def both(kind: str) -> np.ndarray:
            return np.stack([_gates(_array(getattr(lstm, f"{kind}_l{layer}{s}"))) for s in ("", "_reverse")])

        bias = np.concatenate([both("bias_ih"), both("bias_hh")], axis=1)
        names = (self.weight(both("weight_ih")), self.weight(both("weight_hh")), self.weight(bias))
        out = self.add("LSTM", inputs, *names, lengths, hidden_size=lstm.hidden_size, direction="bidirectional")
        out = self.add(
            "Transpose", out, perm=[0, 2, 1, 3]
        )  # (time, directions, batch, h) -> (time, batch, directions, h)
        return self.add("Reshape", out, self.weight(np.array([0, 0, -1], dtype=np.int64)))

    def save(self, inputs: dict[str, tuple[int, list[Any]]], outputs: dict[str, tuple[int, int]], path: Path) -> None:
        """Inputs by kind and shape, outputs by kind and rank."""
        graph = helper.make_graph(
            self.nodes,
            path.stem,
            [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
            [helper.make_tensor_value_info(name, kind, [None] * rank) for name, (kind, rank) in outputs.items()],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        model = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


def _array(tensor: Any) -> np.ndarray:
    out: np.ndarray = tensor.detach().numpy().astype(np.float32)
    return out


def _gates(matrix: np.ndarray) -> np.ndarray:
    """Torch's gate order (input, forget, cell, output) as ONNX's (input, output, forget, cell)."""
    i, f, c, o = np.split(matrix, 4)
    return np.concatenate([i, o, f, c])


def units_graph(model: ChineseModel, path: Path) -> None:
    """chars (B, C), bigrams (B, C + 1), features (B, C, 5), units (B,) -> states (B, C, 2h), log odds of starts."""
    g = _Graph()
    grams = g.embed(_array(model.bigram.weight), "bigrams")
    one, far, zero, minus = (g.weight(np.array([n], dtype=np.int64)) for n in (1, 2**31, 0, -1))
    parts = [g.embed(_array(model.char.weight), "chars"), g.add("Slice", grams, zero, minus, one)]
    parts.append(g.add("Slice", grams, one, far, one))
    for i in range(5):
        column = g.add("Gather", "features", g.weight(np.array(i, dtype=np.int64)), axis=2)
        table = model.length[i].weight if i < 3 else model.tag_in.weight
        parts.append(g.embed(_array(table), column))
    states = g.add("Transpose", g.add("Concat", *parts, axis=-1), perm=[1, 0, 2])
    for layer in (0, 1):
        states = g.lstm(states, "units", model.char_lstm, layer)
    states = g.add("Transpose", states, perm=[1, 0, 2], name="states")
    logits = g.linear(states, model.start)
    pick = g.weight(np.array([[-1.0], [1.0]], dtype=np.float32))
    g.add("Squeeze", g.add("Gemm", g.add("Reshape", logits, g.weight(np.array([-1, 2]))), pick), minus, name="starts")
    kind = TensorProto.INT64
    shapes = {"chars": ["B", "C"], "bigrams": ["B", "D"], "features": ["B", "C", 5]}
    g.save(
        {k: (kind, s) for k, s in shapes.items()} | {"units": (TensorProto.INT32, ["B"])},
        {"states": (TensorProto.FLOAT, 3), "starts": (TensorProto.FLOAT, 1)},
        path,
    )


def words_graph(model: ChineseModel, path: Path) -> None:
    """edges (B, W, 4h): first and last states; words, word_tags (B, W), lengths (B,) -> tags, arcs, label layers."""
    g = _Graph()
    pooled = g.add("Relu", g.linear("edges", model.pool))
    parts = [pooled, g.embed(_array(model.word.weight), "words"), g.embed(_array(model.tag_in.weight), "word_tags")]
    inputs = g.add("Transpose", g.add("Concat", *parts, axis=-1), perm=[1, 0, 2])
    words = g.add("Transpose", g.lstm(inputs, "lengths", model.word_lstm, 0), perm=[1, 0, 2])
    tags = g.linear(g.add("Concat", words, pooled, axis=-1), model.tag)
    g.add("ArgMax", tags, axis=-1, keepdims=0, name="tags")
    root = g.weight(_array(model.root)[None, None])
    batch = g.add("Concat", g.add("Shape", words, start=0, end=1), g.weight(np.array([1, 1], dtype=np.int64)), axis=0)
    heads = g.add("Concat", g.add("Expand", root, batch), words, axis=1)
    arc_heads = g.add("Relu", g.linear(heads, model.arc_head))
    arc_words = g.add("Relu", g.linear(words, model.arc_word))
    arc = _array(model.arc)
    mixed = g.add("Add", g.add("MatMul", arc_words, g.weight(arc[:-1])), g.weight(arc[-1]))
    g.add("MatMul", mixed, g.add("Transpose", arc_heads, perm=[0, 2, 1]), name="arcs")
    g.add("Relu", g.linear(heads, model.label_head), name="label_heads")
    g.add("Relu", g.linear(words, model.label_word), name="label_words")
    width = 4 * model.sizes.hidden
    kind = TensorProto.INT64
    g.save(
        {
            "edges": (TensorProto.FLOAT, ["B", "W", width]),
            "words": (kind, ["B", "W"]),
            "word_tags": (kind, ["B", "W"]),
            "lengths": (TensorProto.INT32, ["B"]),
        },
        {"tags": (kind, 2), **dict.fromkeys(("arcs", "label_heads", "label_words"), (TensorProto.FLOAT, 3))},
        path,
    )


def labels_graph(model: ChineseModel, path: Path) -> None:
    """head, word (N, l) -> label (N,)."""
    g = _Graph()
    tensor = _array(model.label)  # (labels, word, head)
    labels, size, _ = tensor.shape
    product = g.add("MatMul", "word", g.weight(tensor[:, :-1].transpose(1, 0, 2).reshape(size - 1, -1)))
    mixed = g.add("Add", product, g.weight(tensor[:, -1].reshape(-1)))
    mixed = g.add("Reshape", mixed, g.weight(np.array([-1, labels, size], dtype=np.int64)))
    minus = g.weight(np.array([-1], dtype=np.int64))
    ones = g.weight(np.ones((1, 1), dtype=np.float32))
    one = g.add(
        "Expand", ones, g.add("Concat", g.add("Shape", "head", start=0, end=1), g.weight(np.array([1])), axis=0)
    )
    head = g.add("Unsqueeze", g.add("Concat", "head", one, axis=1), minus)
    scores = g.add("Squeeze", g.add("MatMul", mixed, head), minus)
    g.add("ArgMax", scores, axis=-1, keepdims=0, name="label")
    shape = ["N", size - 1]
    g.save(
        {"head": (TensorProto.FLOAT, shape), "word": (TensorProto.FLOAT, shape)},
        {"label": (TensorProto.INT64, 1)},
        path,
    )


def export(model: ChineseModel, work: Path, out: Path, *, quantise: bool = True) -> None:
    """All that the run time needs, into the folder `out`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, build in (("units", units_graph), ("words", words_graph), ("labels", labels_graph)):
            plain = Path(folder) / f"{name}.onnx"
            build(model, plain)
            if quantise:
                quantize_dynamic(
                    plain,
                    out / plain.name,
                    op_types_to_quantize=["LSTM", "MatMul"],
                    weight_type=QuantType.QInt8,
                    per_channel=True,
                    reduce_range=True,
                    extra_options={"MatMulConstBOnly": True},
                )
            else:
                shutil.copy(plain, out / plain.name)
    vocabulary = load_vocabulary(work)
    fields = {name: getattr(vocabulary, name) for name in ("chars", "bigrams", "words", "tags", "labels")}
    fields |= {"longest": LONGEST, "dictionary_tags": list(TAGS), "hidden": model.sizes.hidden}
    (out / "vocabulary.json").write_text(
        json.dumps(fields, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    if (work / "lexicon.txt.xz").resolve() != (out / "lexicon.txt.xz").resolve():
        shutil.copy(work / "lexicon.txt.xz", out / "lexicon.txt.xz")


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--name", default="first")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true")
    options = parser.parse_args()
    export(load_model(options.work, options.name), options.work, options.out, quantise=not options.float)


if __name__ == "__main__":
    main()

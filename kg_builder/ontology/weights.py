"""Which pairs of spans stand in which relation: a log-linear model of sparse features, in numpy.

The score of a head, a relation and a tail is the sum of what the relation's weights make of the head's features, the
tail's, the pair's and the sentence's words, of what weights that all relations share make of the same (Daumé,
"Frustratingly easy domain adaptation", 2007), and of how well relation and pair go together by the relation's name,
domain and range. A softmax over the pairs of a text, and none of them, makes it a probability. Learnt by AdaGrad
(Duchi, Hazan and Singer, 2011), an example at a time, first with spans alone, then with the pairs of the best spans:
what the spans of a text look like that are no arguments is the better part of what there is to learn.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg_builder.errors import OntologyError

__all__ = ["FITS", "PARTS", "Features", "Weights", "pack", "unpack"]

PARTS = ("head", "tail", "pair", "sentence")
FITS = 10
"""How many features a pair and a relation have together (`understanding.Understanding`)."""
_FORM = 1

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def feature_ids(features: Iterable[str]) -> list[int]:
    """The features as 32-bit numbers, the same on every machine."""
    return [zlib.crc32(feature.encode("utf-8", "surrogatepass")) for feature in features]


@dataclass(slots=True)
class Features:
    """Rows of feature ids, as long as the longest; what a row lacks is -1, later the row of zeros."""

    ids: Ints

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Features:
        """The rows as one array."""
        width = max((len(row) for row in rows), default=0)
        made = np.full((len(rows), width), -1, dtype=np.int64)
        for i, row in enumerate(rows):
            made[i, : len(row)] = row
        return cls(made)


class Weights:
    """Weights by part and feature, a column for each relation and a last one that all share."""

    def __init__(
        self, relations: Sequence[str], ids: dict[str, Ints], values: dict[str, Floats], bias: Floats, fit: Floats
    ) -> None:
        self.relations = list(relations)
        self.ids = ids  # sorted, by part
        self.values = values  # (ids + 1, relations + 1): the last row is of zeros, for unknown features
        self.bias = bias
        self.fit = fit  # of the features of a pair and a relation together

    @classmethod
    def zero(cls, relations: Sequence[str], ids: dict[str, Ints]) -> Weights:
        """Weights that know nothing yet."""
        values = {part: np.zeros((len(ids[part]) + 1, len(relations) + 1), np.float32) for part in PARTS}
        return cls(relations, ids, values, np.zeros(len(relations), np.float32), np.zeros(FITS, np.float32))

    def rows(self, part: str, features: Features) -> Ints:
        """Where the weights of `features` stand."""
        known = self.ids[part]
        if not len(known):
            return np.full(features.ids.shape, 0, dtype=np.int64)
        at = np.minimum(np.searchsorted(known, features.ids), len(known) - 1)
        return np.where(known[at] == features.ids, at, len(known))

    def score(self, part: str, rows: Ints) -> Floats:
        """The sums of weights: (rows, relations)."""
        if rows.size == 0:
            return np.zeros((rows.shape[0], len(self.relations)), np.float32)
        sums: Floats = self.values[part][rows].sum(axis=1, dtype=np.float32)
        return sums[:, :-1] + sums[:, -1:]


def pack(weights: Weights, said: dict[str, Any], *, least: float = 0.02) -> str:
    """Weights and what else was learnt as text for a file. Features without a weight of `least` are left out."""
    arrays: dict[str, NDArray[Any]] = {"bias": weights.bias, "fit": weights.fit}
    for part in PARTS:
        values = weights.values[part][:-1]
        kept = np.abs(values).max(axis=1, initial=0.0) >= least if len(values) else np.zeros(0, bool)
        small = np.where(np.abs(values[kept]) < 0.01, 0, values[kept])
        arrays[f"{part}_ids"] = weights.ids[part][kept].astype(np.uint32)
        arrays[f"{part}_values"] = small.astype(np.float16)
    meta = {"form": _FORM, "relations": weights.relations, **said}
    raw = json.dumps(meta, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    arrays["meta"] = np.frombuffer(raw, dtype=np.uint8)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):  # with a fixed date, so that equal weights give equal text
            part_file = io.BytesIO()
            np.save(part_file, arrays[name], allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), part_file.getvalue(), zipfile.ZIP_DEFLATED)
    return base64.b64encode(file.getvalue()).decode("ascii")


def unpack(data: str | bytes) -> tuple[Weights, dict[str, Any]]:
    """What `pack` made, as text or as the bytes that the text stands for.

    Raises:
        OntologyError: this is not what `kg ontology learn` writes, or a version writes it that this one cannot read.
    """
    try:
        raw = base64.b64decode(data, validate=True) if isinstance(data, str) else data
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(arrays["meta"].tobytes().decode("utf-8", "surrogatepass"))
        if meta["form"] != _FORM:
            raise ValueError(f"form {meta['form']!r}")
        relations = [str(name) for name in meta["relations"]]
        ids = {part: arrays[f"{part}_ids"].astype(np.int64) for part in PARTS}
        values = {}
        for part in PARTS:
            found = arrays[f"{part}_values"].astype(np.float32)
            if found.shape != (len(ids[part]), len(relations) + 1):
                raise ValueError(f"weights of shape {found.shape}")
            values[part] = np.vstack([found, np.zeros((1, len(relations) + 1), np.float32)])
        bias, fit = (arrays[name].astype(np.float32) for name in ("bias", "fit"))
        if bias.shape != (len(relations),) or fit.shape != (FITS,):
            raise ValueError(f"weights of shapes {bias.shape} and {fit.shape}")
        return Weights(relations, ids, values, bias, fit), meta
    except (binascii.Error, ValueError, KeyError, OSError, zipfile.BadZipFile, zlib.error, TypeError) as exc:
        raise OntologyError(
            f"the [learnt] part of this ontology cannot be read ({exc}); make it again with `kg ontology learn`"
        ) from exc

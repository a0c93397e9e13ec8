"""Vectors of names by any embedding model: one that transformers loads, by name or path, or anybody's callable.

The default install needs none of it; the extra ``vectors`` brings what a model needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg_builder.errors import ConfigError
from kg_builder.named_callables import imported, told_from_others
from kg_builder.resolve.records import Profile
from kg_builder.resolve.vectors import alike, quantised, score

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NameVectors", "open_vectors", "text_of"]

_AT_ONCE = 256
_TOKENS = 64  # names are short
_WEIGHED = (".json", ".txt", ".safetensors", ".bin", ".model")


class NameVectors:
    """Texts in, vectors out. ``name`` is how the settings call it, ``fingerprint`` changes with what it computes."""

    def __init__(self, name: str, fingerprint: str, embed: Callable[[list[str]], Any]) -> None:
        """Use `open_vectors` instead."""
        self.name = name
        self.fingerprint = fingerprint
        self._embed = embed

    def of(self, texts: Sequence[str]) -> NDArray[Any]:
        """Quantised vectors, ``(texts, dimensions)``.

        Raises:
            ConfigError: what came out is no array of that shape, or is not finite.
        """
        import numpy as np

        parts = []
        for start in range(0, len(texts), _AT_ONCE):
            some = [text.encode("utf-8", "replace").decode() for text in texts[start : start + _AT_ONCE]]
            try:
                made = np.asarray(self._embed(some), dtype=np.float32)
            except (TypeError, ValueError) as exc:
                raise ConfigError(f"expected an array of numbers from {self.name!r}, but {exc}") from exc
            if made.ndim != 2 or len(made) != len(some) or not np.isfinite(made).all():
                shaped = made.ndim == 2 and len(made) == len(some)
                what = "values that are not finite" if shaped else f"shape {made.shape}"
                raise ConfigError(
                    f"expected an array of {len(some)} rows, one for each text, of finite numbers from {self.name!r}, "
                    f"found {what}; mend it, or set resolve_vectors to another."
                )
            parts.append(quantised(made))
        return np.concatenate(parts)

    def alike(self, a: Profile, b: Profile) -> float:
        """How alike two names are, from 0 to 1."""
        one, other = self.of([text_of(a), text_of(b)])
        return alike(score(one, other))


def text_of(profile: Profile) -> str:
    """What a name is embedded as: its most frequent spelling, or its key."""
    surfaces = profile.surfaces
    return min(surfaces, key=lambda surface: (-surfaces[surface], surface)) if surfaces else profile.name.plain


@cache
def open_vectors(name: str) -> NameVectors:
    """The vectors that `name` says: a folder with a model, ``package.module:name``, or a model of the Hugging Face hub.

    A callable takes a list of texts and gives an array ``(texts, dimensions)``; a row must not depend on the others. A
    model of the hub is downloaded once, by transformers; weights are read with the first texts.

    Raises:
        ConfigError: there is no such thing, or the extra ``vectors`` is missing.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir() and ":" in name:
        made = imported(name)
        return NameVectors(name, told_from_others(name, made), made)
    for needed in ("torch", "transformers"):
        if find_spec(needed) is None:
            raise ConfigError(
                f"expected {needed} for the vectors {name!r}, found it missing: pip install 'kg-builder[vectors]', or "
                "name a callable (package.module:name)."
            )
    if folder.is_dir():
        return NameVectors(name, _sha256_of(folder), _Model(name, folder))
    commit = _file(name, "config.json")
    if commit is None:
        raise ConfigError(
            f"expected a folder, package.module:name or a model of the Hugging Face hub as vectors, found {name!r}, "
            "which is none of these or cannot be downloaded now; see to the name and the network."
        )
    return NameVectors(name, f"{name}@{commit.parent.name}", _Model(name, name))


class _Model:
    """A sentence embedding: the mean of the last layer over the tokens, or the first token where the model says so."""

    def __init__(self, name: str, source: Path | str) -> None:
        self._name = name
        self._source = source
        self._loaded: tuple[Any, Any, bool] | None = None

    def __call__(self, texts: list[str]) -> Any:
        """Vectors, ``(texts, dimensions)``, one text at a time: in a batch a row depends on what else there is, if only
        by the last digits."""
        import numpy as np
        import torch

        tokenizer, model, first = self._load()
        rows = []
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # a few tokens are too little to share: on a busy machine threads wait for each other
        try:
            with torch.inference_mode():
                for text in texts:
                    tokens = tokenizer(text, truncation=True, max_length=_TOKENS, return_tensors="pt")
                    layer = model(**tokens).last_hidden_state[0]  # (tokens, dimensions)
                    rows.append((layer[0] if first else layer.mean(dim=0)).float().numpy())
        finally:
            torch.set_num_threads(threads)
        return np.stack(rows)

    def _load(self) -> tuple[Any, Any, bool]:
        if self._loaded is None:
            from transformers import AutoModel, AutoTokenizer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()
            try:
                tokenizer = AutoTokenizer.from_pretrained(self._source)
                model = AutoModel.from_pretrained(self._source).eval()
            except (OSError, ValueError, KeyError, ImportError) as exc:
                raise ConfigError(
                    f"expected a model with its tokenizer at {self._name!r}, as transformers loads it, but {exc}"
                ) from exc
            self._loaded = tokenizer, model, _takes_first_token(self._source)
        return self._loaded


def _takes_first_token(source: Path | str) -> bool:
    """What the model's own pooling is, as sentence-transformers notes it."""
    path = source / "1_Pooling/config.json" if isinstance(source, Path) else _file(source, "1_Pooling/config.json")
    if path is None or not path.is_file():
        return False
    told = json.loads(path.read_text(encoding="utf-8"))
    return bool(told.get("pooling_mode_cls_token") or told.get("pooling_mode") == "cls")


def _file(name: str, path: str) -> Path | None:
    """A file of a model of the hub, on this machine."""
    from transformers.utils import cached_file

    try:
        found = cached_file(name, path, _raise_exceptions_for_missing_entries=False)
    except (OSError, ValueError):
        return None
    return Path(found) if found else None


def _sha256_of(folder: Path) -> str:
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in _WEIGHED:
            sha.update(str(path.relative_to(folder)).encode())
            with path.open("rb") as file:
                sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()[:32]

"""Models that the tests of training share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import toy
from tiny_models import make_model


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained model of each kind, whose tokenizers know the toy language."""
    folder = tmp_path_factory.mktemp("models")
    for kind in ("llama", "qwen", "baichuan"):
        make_model(kind, folder / kind, texts=toy.TEXTS, hidden=32)  # type: ignore[arg-type]
    return folder


@pytest.fixture(scope="module", autouse=True)
def _no_old_rubbish() -> Iterator[None]:
    """A trainer has Python look through all objects at its end: those that imports have left are spared that."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()

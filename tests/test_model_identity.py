"""By which a model is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kg_builder.model_identity import hashes_path, model_identity


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg_builder.model_identity._LARGE", 1000)
    monkeypatch.setattr("kg_builder.model_identity.hashes_path", lambda: tmp_path / "cache" / "hashes.sqlite")


@pytest.mark.parametrize(
    "name", ["model-00001-of-00002.safetensors", "pytorch_model.bin", "tokenizer.json", "adapter_config.json"]
)
def test_any_byte_of_any_file_counts(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    seen = {model_identity(str(folder))}
    for content in (bytes(9999), bytes(5000) + b"x" + bytes(4998), b"x"):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1, 1))  # as copying with times leaves it
        found = model_identity(str(folder))
        assert found == model_identity(str(folder))
        seen.add(found)
    assert len(seen) == 4
    (folder / "README.md").write_text("A card.")
    assert model_identity(str(folder)) in seen


def test_a_large_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").write_bytes(bytes(9999))
    found = model_identity(str(folder))
    with monkeypatch.context() as patched:
        patched.setattr("kg_builder.model_identity._hash", lambda _: "read again")
        assert model_identity(str(folder)) == found
    (tmp_path / "cache" / "hashes.sqlite").write_bytes(b"damaged" * 1000)
    assert model_identity(str(folder)) == found
    assert model_identity("some/model") == "some/model"
    assert hashes_path().name == "model-hashes.sqlite"

"""What this installation has: versions, models and room on the disks. Nothing here takes longer than a moment."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import kg_builder
from kg_builder.config import Settings
from ui.workspace import workspace

__all__ = ["Disk", "Model", "disks", "models", "versions"]

_PACKAGES = (
    *("kg-builder", "streamlit", "arcadedb-embedded", "neo4j", "onnxruntime", "spacy", "numpy", "pandas"),
    *("torch", "transformers", "peft", "bitsandbytes", "llguidance", "openai", "ray", "rdflib", "pyyaml"),
)
_MODELS = {
    "en": ("models/en/model.onnx", "models/en/vocab.txt"),
    "zh": ("models/zh/units.onnx", "models/zh/labels.onnx", "models/zh/words.onnx"),
    "resolution": ("models/resolution/weights.json",),
    "ontology": ("ontology/prior.npz",),
}


@dataclass(frozen=True, slots=True)
class Model:
    """A model that comes with the package: whether all its files are there, and their size."""

    name: str
    there: bool
    bytes: int


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder that is written to, and the room on its disk."""

    what: str
    path: str
    free: int
    total: int


@cache
def versions() -> dict[str, str]:
    """Installed packages that the product uses, with their versions; empty where one is not installed."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


@cache
def models() -> list[Model]:
    """The models that come with the package."""
    package = Path(kg_builder.__file__).parent
    found = []
    for name, files in _MODELS.items():
        paths = [package / file for file in files]
        there = all(path.is_file() for path in paths)
        found.append(Model(name, there, sum(path.stat().st_size for path in paths if path.is_file())))
    return found


def disks(settings: Settings, store_uri: str) -> list[Disk]:
    """The folders that are written to: the store's, where it is on this machine, the workspace, and the cache."""
    places = {"workspace": workspace()}
    if store_uri.startswith("embedded:"):
        places["store"] = Path(store_uri.removeprefix("embedded:")).expanduser()
    if settings.cache and settings.cache.lower() != "none":
        places["cache"] = Path(settings.cache).expanduser()
    found = []
    for what, path in places.items():
        there = next((each for each in (path, *path.parents) if each.exists()), None)
        if there is not None:
            usage = shutil.disk_usage(there)
            found.append(Disk(what, str(path), usage.free, usage.total))
    return found

"""What the parts of `gpu.py` share: where things lie, what is measured on, and memory."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_models import SHAPES, Shape

Found = dict[str, Any]
WARM_UP = 2  # steps that are not counted


@dataclass(frozen=True, slots=True)
class Work:
    """Where the parts find what others have made."""

    shape_name: str
    folder: Path

    @property
    def shape(self) -> Shape:
        """Sizes."""
        return SHAPES[self.shape_name]

    @property
    def base(self) -> Path:
        """The model."""
        return self.folder / "base"

    @property
    def adapter(self) -> Path:
        """Its adapter."""
        return self.folder / "adapter"

    @property
    def data(self) -> Path:
        """The prepared folder."""
        return self.folder / "data"


def environment() -> Found:
    """What was measured on."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import torch

    versions = {}
    for name in (
        "torch",
        "transformers",
        "peft",
        "trl",
        "bitsandbytes",
        "accelerate",
        "llguidance",
        "flash-attn",
        "vllm",
    ):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    found: Found = {"python": platform.python_version(), "cores": os.cpu_count(), "versions": versions, "gpu": None}
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        found["gpu"] = {
            "name": properties.name,
            "memory_gib": round(properties.total_memory / 2**30, 1),
            "cuda": torch.version.cuda,
        }
    return found


def device() -> str:
    """Where things run."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def peak_gib() -> float:
    """The most memory since `fresh`; on a CPU that of the process."""
    import resource

    import torch

    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 2**30, 2)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def fresh() -> None:
    """Forget what was, so that a peak is that of what comes."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

"""Checkpoints that a crash cannot spoil: each is sealed when it is whole, and one with a broken seal is set aside.

The folders are ``checkpoint-STEP``, as transformers names them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

__all__ = ["SEAL", "checkpoint_steps", "newest_intact", "seal", "what_is_damaged"]

SEAL = "sealed.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def seal(folder: Path) -> None:
    """Write down the size and the hash of every file of a checkpoint; last, so that a seal says: all is there."""
    found = {
        str(file.relative_to(folder)): [file.stat().st_size, _digest(file)]
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != SEAL
    }
    partial = folder / f"{SEAL}.partial"
    partial.write_text(json.dumps(found, indent=1), "utf-8")
    partial.replace(folder / SEAL)


def what_is_damaged(folder: Path) -> str:
    """What is wrong with a checkpoint; empty if nothing is."""
    try:
        found = json.loads((folder / SEAL).read_text("utf-8"))
    except OSError:
        return "it was not written to its end"
    except ValueError:
        return f"{SEAL} is damaged"
    for name, (size, digest) in found.items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != size or _digest(file) != digest:
            return f"{name} is damaged"
    return ""


def newest_intact(folder: Path, *, say: Callable[[str], None]) -> Path | None:
    """The latest checkpoint in `folder` that can be gone on from; damaged ones are renamed ``damaged-…`` and told."""
    for step in sorted(checkpoint_steps(folder), reverse=True):
        checkpoint = folder / f"checkpoint-{step}"
        wrong = what_is_damaged(checkpoint)
        if not wrong:
            return checkpoint
        aside = folder / f"damaged-{checkpoint.name}"
        for number in range(1, 100):
            if not aside.exists():
                break
            aside = folder / f"damaged-{checkpoint.name}-{number}"
        checkpoint.rename(aside)
        say(f"the checkpoint of step {step} cannot be used ({wrong}) and is {aside.name} now; the one before is taken")
    return None


def checkpoint_steps(folder: Path) -> list[int]:
    """The steps of which there is a checkpoint, in order."""
    names = (_NAME.fullmatch(each.name) for each in folder.glob("checkpoint-*") if each.is_dir())
    return sorted(int(name[1]) for name in names if name)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "blake2b").hexdigest()[:32]

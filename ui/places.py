"""What a person may name on the machine of the server: files and folders inside the allowed roots, and nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path

from kg_builder.errors import ConfigError
from ui.workspace import allowed_roots, workspace

__all__ = ["allowed_path", "followed", "inside", "is_allowed", "model_named"]

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def allowed_path(text: str) -> Path:
    """The file or folder that `text` names, with every link followed; a relative one is looked for in each root.

    Raises:
        ConfigError: it is outside the roots, wherever its links lead, or names nothing that can be.
    """
    if not text.strip() or "\0" in text:
        raise ConfigError(f"expected a path, found {text!r}")
    roots = allowed_roots()
    try:
        named = Path(text.strip()).expanduser()
        if not named.is_absolute():
            named = next((root / named for root in roots if os.path.lexists(root / named)), roots[0] / named)
    except (OSError, RuntimeError, ValueError) as exc:
        raise ConfigError(f"expected a path that can be followed, found {text!r}: {exc}") from exc
    resolved = followed(named)
    if not is_allowed(resolved, roots):
        shown = ", ".join(str(root) for root in roots)
        raise ConfigError(f"expected a path inside {shown}, found {text!r}; `kg ui --root DIR` allows another folder")
    return resolved


def is_allowed(resolved: Path, roots: tuple[Path, ...] | None = None) -> bool:
    """Whether a path that has no links left lies inside one of the roots."""
    return any(resolved == root or root in resolved.parents for root in roots or allowed_roots())


def followed(path: str | Path) -> Path:
    """A path from the root, with every link followed; a relative one is looked for where the server was started.

    Raises:
        ConfigError: it names nothing that can be: the home of nobody, a link to itself, too long a name.
    """
    try:
        found = Path(path).expanduser().resolve()
        found.exists()  # raises where a name is too long
    except (OSError, RuntimeError, ValueError) as exc:
        raise ConfigError(f"expected a path that can be followed, found {str(path)!r}: {exc}") from exc
    return found


def inside(path: str | Path) -> bool:
    """Whether a file or folder lies where this server may read, links followed: in the roots or in the workspace."""
    try:
        found = followed(path)
    except ConfigError:
        return False
    return any(found.is_relative_to(root) for root in (*allowed_roots(), workspace().resolve()))


def model_named(text: str) -> str:
    """A model to load that may be named on a page: a folder that this server may read, or OWNER/NAME of the hub.

    Raises:
        ConfigError: it is neither.
    """
    name = text.strip()
    folder = followed(name)
    if name and folder.is_dir() and inside(folder):
        return str(folder)
    if _HUB_NAME.fullmatch(name) and not folder.exists():
        return name
    raise ConfigError(
        f"expected a folder with a model that this server may read, or OWNER/NAME of the hub, found {name!r}"
    )

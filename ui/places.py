"""What a person may name on the machine of the server: files and folders inside the allowed roots, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from kg_builder.errors import ConfigError
from ui.workspace import allowed_roots

__all__ = ["allowed_path", "is_allowed"]


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
        resolved = named.resolve()
    except (OSError, RuntimeError, ValueError) as exc:
        raise ConfigError(f"expected a path that can be followed, found {text!r}: {exc}") from exc
    if not is_allowed(resolved, roots):
        shown = ", ".join(str(root) for root in roots)
        raise ConfigError(f"expected a path inside {shown}, found {text!r}; `kg ui --root DIR` allows another folder")
    return resolved


def is_allowed(resolved: Path, roots: tuple[Path, ...] | None = None) -> bool:
    """Whether a path that has no links left lies inside one of the roots."""
    return any(resolved == root or root in resolved.parents for root in roots or allowed_roots())

"""The database driver, loaded without what it would take along.

The driver imports pandas and numpy wherever they are installed, for parameters of their types, which this project never
passes; they take longer to load than most commands run. A program of its own (`lean`) does without; in a library's
process everything stays as the driver has it.
"""

from __future__ import annotations

import sys

__all__ = ["be_lean", "load_driver"]

_NOT_NEEDED = ("numpy", "pandas", "pyarrow")
_lean = False


def be_lean() -> None:
    """Have this process load the driver alone: for commands, which nobody else shares a process with."""
    global _lean
    _lean = True


def load_driver() -> None:
    """Import the driver, if it is not there yet. Whoever needs numpy or pandas may import them afterwards."""
    if not _lean or "neo4j" in sys.modules:
        return
    hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import neo4j  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]

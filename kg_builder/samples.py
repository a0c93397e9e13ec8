"""Where the sample documents are, in a checkout as in an installed package."""

from __future__ import annotations

from pathlib import Path

from kg_builder.errors import ConfigError

__all__ = ["sample_folder"]


def sample_folder() -> Path:
    """The folder of the sample documents.

    Raises:
        ConfigError: the package was installed without them.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "sample", package.parent / "data" / "sample"):
        if folder.is_dir():
            return folder
    raise ConfigError(f"expected the sample documents at {package / 'sample'}, found none; install kg-builder again")

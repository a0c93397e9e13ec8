"""Where the page's own font is, for components in frames of their own."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

__all__ = ["font_url"]

_FOLDER = Path(st.__file__).parent / "static" / "static" / "media"


def font_url() -> str:
    """The font's address seen from a component's frame; empty where Streamlit keeps it elsewhere."""
    found = sorted(_FOLDER.glob("SourceSansVF-Upright.ttf*.woff2"))
    return f"../../static/media/{found[0].name}" if found else ""

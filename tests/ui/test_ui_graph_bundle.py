"""The committed bundle of the drawing: complete, from nowhere else, and built from the source beside it."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

GRAPH = Path(__file__).resolve().parents[2] / "ui" / "graph"
BUNDLE = GRAPH / "bundle"


def test_the_bundle_is_complete_and_asks_nobody() -> None:
    assert {path.name for path in BUNDLE.iterdir()} == {
        "BUILT_FROM.txt",
        "THIRD_PARTY.txt",
        "graph.css",
        "graph.js",
        "index.html",
        "worker.js",
    }
    page = (BUNDLE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["graph.css", "graph.js"]
    assert "default-src 'none'; script-src 'self'; worker-src 'self'; " in page
    assert "url(" not in (BUNDLE / "graph.css").read_text(encoding="utf-8")


def test_the_source_writes_no_markup() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (GRAPH / "src").glob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", source)


def test_the_licences_of_what_is_bundled_are_there() -> None:
    notices = (BUNDLE / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    for name in ("d3-dispatch ", "d3-force ", "d3-quadtree ", "d3-timer "):
        assert re.search(rf"^{re.escape(name)}\d", notices, re.MULTILINE)
    assert notices.count("Permission to use, copy, modify, and/or distribute this software") == 4


def test_the_lock_file_names_no_registry_and_matches() -> None:
    lock = json.loads((GRAPH / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    wanted = json.loads((GRAPH / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert lock["packages"][""]["devDependencies"] == wanted


def test_the_bundle_was_made_from_the_source_beside_it() -> None:
    """Finds a stale bundle without Node; ``npm run check`` in ui/graph builds again and compares every byte."""
    names = sorted([f"src/{path.name}" for path in (GRAPH / "src").iterdir()] + ["build.mjs", "package-lock.json"])
    made = sha256()
    for name in names:
        made.update(f"{name}\0".encode() + (GRAPH / name).read_bytes() + b"\0")
    assert (BUNDLE / "BUILT_FROM.txt").read_text(encoding="utf-8") == f"sha256 {made.hexdigest()}\n"

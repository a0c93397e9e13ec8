"""The committed bundles of the drawing and the editor: complete, and built from the source beside them."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

UI = Path(__file__).resolve().parents[2] / "ui"
FILES = {"graph": {"graph.css", "graph.js", "worker.js"}, "editor": {"editor.css", "editor.js"}}

component = pytest.mark.parametrize("name", FILES)


@component
def test_the_bundle_is_complete_and_asks_nobody(name: str) -> None:
    bundle = UI / name / "bundle"
    assert {path.name for path in bundle.iterdir()} == FILES[name] | {"BUILT_FROM.txt", "THIRD_PARTY.txt", "index.html"}
    page = (bundle / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == [f"{name}.css", f"{name}.js"]
    assert "default-src 'none'; script-src 'self'" in page
    assert "url(" not in (bundle / f"{name}.css").read_text(encoding="utf-8")


def test_the_source_writes_no_markup() -> None:
    sources = [UI / "links.js", *UI.glob("*/src/*.js")]
    assert len(sources) > 10
    for path in sources:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", source)


@pytest.mark.parametrize(
    ("name", "granted"),
    [
        ("graph", "Permission to use, copy, modify, and/or distribute this software"),
        ("editor", "Permission is hereby granted"),
    ],
)
def test_the_licences_of_what_is_bundled_are_there(name: str, granted: str) -> None:
    notices = (UI / name / "bundle" / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^(\S+) \d[\w.]*\n-+$", notices, re.MULTILINE)
    assert set(_wanted(name)) - {"esbuild"} <= set(packages)
    assert notices.count(granted) == len(packages)


@component
def test_the_lock_file_names_no_registry_and_matches(name: str) -> None:
    lock = json.loads((UI / name / "package-lock.json").read_text(encoding="utf-8"))
    assert not [each for each, package in lock["packages"].items() if "resolved" in package]
    assert lock["packages"][""]["devDependencies"] == _wanted(name)


@component
def test_the_bundle_was_made_from_the_source_beside_it(name: str) -> None:
    """Finds a stale bundle without Node; ``npm run check`` in the component builds again and compares every byte."""
    folder = UI / name
    names = [f"src/{path.name}" for path in (folder / "src").iterdir()]
    made = sha256()
    for each in sorted([*names, "../bundle.mjs", "build.mjs", "package-lock.json"]):
        made.update(f"{each}\0".encode() + (folder / each).read_bytes() + b"\0")
    assert (folder / "bundle" / "BUILT_FROM.txt").read_text(encoding="utf-8") == f"sha256 {made.hexdigest()}\n"


def _wanted(name: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((UI / name / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    return found

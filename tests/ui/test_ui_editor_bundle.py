"""The committed bundle of the Cypher editor: complete, from nowhere else, and built from the source beside it."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

EDITOR = Path(__file__).resolve().parents[2] / "ui" / "editor"
BUNDLE = EDITOR / "bundle"


def test_the_bundle_is_complete_and_asks_nobody() -> None:
    names = {"BUILT_FROM.txt", "THIRD_PARTY.txt", "editor.css", "editor.js", "index.html"}
    assert {path.name for path in BUNDLE.iterdir()} == names
    page = (BUNDLE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["editor.css", "editor.js"]
    assert "default-src 'none'; script-src 'self'" in page
    assert "url(" not in (BUNDLE / "editor.css").read_text(encoding="utf-8")


def test_the_source_writes_no_markup() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (EDITOR / "src").glob("*.js"))
    source += (EDITOR.parent / "links.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", source)


def test_the_licences_of_what_is_bundled_are_there() -> None:
    notices = (BUNDLE / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^(\S+) \d[\w.]*\n-+$", notices, re.MULTILINE)
    wanted = {
        name for name in json.loads((EDITOR / "package.json").read_text())["devDependencies"] if name != "esbuild"
    }
    assert wanted <= set(packages)
    assert notices.count("Permission is hereby granted") == len(packages)


def test_the_lock_file_names_no_registry_and_matches() -> None:
    lock = json.loads((EDITOR / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    wanted = json.loads((EDITOR / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert lock["packages"][""]["devDependencies"] == wanted


def test_the_bundle_was_made_from_the_source_beside_it() -> None:
    """Finds a stale bundle without Node; ``npm run check`` in ui/editor builds again and compares every byte."""
    names = sorted([f"src/{path.name}" for path in (EDITOR / "src").iterdir()] + ["build.mjs", "package-lock.json"])
    made = sha256()
    for name in names:
        made.update(f"{name}\0".encode() + (EDITOR / name).read_bytes() + b"\0")
    assert (BUNDLE / "BUILT_FROM.txt").read_text(encoding="utf-8") == f"sha256 {made.hexdigest()}\n"

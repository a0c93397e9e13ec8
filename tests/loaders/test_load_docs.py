"""docs/loaders.md says what the code does."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import kg_builder.loaders as loaders
from kg_builder.loaders.formats import SUFFIXES

PACKAGE = Path(loaders.__file__).parent
PAGE = (PACKAGE.parents[1] / "docs" / "loaders.md").read_text(encoding="utf-8")


def used_reasons() -> set[str]:
    """Every slug that is given as a reason, or chosen as one, somewhere in the package."""
    slug = re.compile(r"[a-z]+(?:-[a-z]+)*")
    found: set[str] = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.keyword) and node.arg in ("reason", "missing"):
                values = [node.value]
            elif isinstance(node, ast.Assign) and any(ast.unparse(t) in ("reason", "problem") for t in node.targets):
                values = [node.value.elts[0] if isinstance(node.value, ast.Tuple) else node.value]
            elif isinstance(node, ast.FunctionDef):
                values = [*node.args.kw_defaults] if path.name == "discovery.py" else []
            for value in values:
                if isinstance(value, ast.IfExp):
                    values += [value.body, value.orelse]
                elif isinstance(value, ast.Constant) and isinstance(value.value, str) and slug.fullmatch(value.value):
                    found.add(value.value)
    return found


def test_the_table_of_reasons_is_that_of_the_code() -> None:
    table = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.partition("## Reasons")[2], re.MULTILINE))
    assert table == used_reasons()


def test_every_limit_is_in_the_table_with_its_default() -> None:
    table = dict(re.findall(r"^\| `(max_\w+)` \| ([\d,]+) \|", PAGE, re.MULTILINE))
    limits = {field.name: f"{field.default:,}" for field in dataclasses.fields(loaders.Limits)}
    assert table == limits


def test_every_format_is_in_the_table() -> None:
    rows = re.findall(r"^\| ([a-z, ]+) \|", PAGE.partition("## What is found")[0], re.MULTILINE)
    assert {name for row in rows for name in row.split(", ")} - {"format"} == set(SUFFIXES.values())


def test_public_names() -> None:
    assert all(hasattr(loaders, name) for name in loaders.__all__)


def test_the_package_loads_no_parser_before_it_is_needed() -> None:
    heavy = {"bs4", "charset_normalizer", "docutils", "docx", "lxml", "markdown_it", "openpyxl", "pptx", "pypdfium2"}
    code = "import sys, kg_builder.loaders; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert heavy & set(out.split()) == set()

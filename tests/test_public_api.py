"""The public surface: names, lazy imports, the speed of help."""

import json
import os
import subprocess
import sys

import pytest

import kg_builder

HEAVY = [
    "torch",
    "transformers",
    "spacy",
    "onnxruntime",
    "neo4j",
    "streamlit",
    "pandas",
    "numpy",
    "networkx",
    "pypdfium2",
]


def test_every_public_name_can_be_imported_and_says_what_it_is() -> None:
    assert sorted(kg_builder.__all__) == kg_builder.__all__
    for name in kg_builder.__all__:
        assert getattr(kg_builder, name).__doc__, f"{name} has no docstring"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kg_builder.nothing


@pytest.mark.parametrize("arguments", [["--help"], ["ingest", "--help"], ["query", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys, json\n"
        "from kg_builder.cli import cli\n"
        f"cli.main({arguments!r}, standalone_mode=False)\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout.splitlines()[-1]) == []


def test_help_answers_in_half_a_second() -> None:
    """In processor time, which other work beside it leaves nearly as it is."""

    def seconds() -> float:
        process = subprocess.Popen([sys.executable, "-m", "kg_builder.cli", "--help"], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return used.ru_utime + used.ru_stime

    assert min(seconds() for _ in range(5)) < 0.5

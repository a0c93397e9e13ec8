"""The page of thirty sentences shows what the extractor gives now."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_examples_is_what_the_extractor_gives() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "document-examples"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{result.stderr.strip()} (after a change of rules or models: that one command)"

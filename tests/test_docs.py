"""What the documents claim about files, links and commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kg_builder.cli import cli

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "data").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_our_pages_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_command_line_page_is_what_the_commands_say() -> None:
    subprocess.run([sys.executable, str(ROOT / "scripts" / "document-commands"), "--check"], check=True)


def test_every_command_has_an_example_and_is_in_the_documents() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name, command in cli.commands.items():
        assert command.help
        assert f"Example: {'kg' if name != 'extract' else 'echo'} " in command.help, name
        assert f"kg {name}" in pages


def test_readme_commands_exist() -> None:
    for readme in ("README.md", "README.zh.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        for script in re.findall(r"^\./(scripts/\S+)$", text, flags=re.MULTILINE):
            assert (ROOT / script).stat().st_mode & 0o111, f"{script} is not executable"
        for name in re.findall(r"^kg (\w+)", text, flags=re.MULTILINE):
            assert name in cli.commands

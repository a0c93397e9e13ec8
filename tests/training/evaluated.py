"""What the tests of evaluation share: two texts with their triples, and the command."""

from __future__ import annotations

from click.testing import CliRunner, Result

from finetune.cli import cli
from kg_builder.types import Triple

CPU = ("--quantize", "none", "--dtype", "fp32", "--max-new-tokens", "60", "--bootstrap", "50", "--json")


def triples(*rows: str) -> list[Triple]:
    return [Triple(*row.split("|")) for row in rows]


TEXTS = ("Ada Lovelace worked for Analytical Engines in London.", "Bob Stone was born in Paris and lives in Berlin.")
TEACHING = (
    triples("Ada Lovelace|worked for|Analytical Engines"),
    triples("Bob Stone|born in|Paris", "Bob Stone|lives in|Berlin"),
)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *map(str, arguments)], standalone_mode=False, catch_exceptions=False)

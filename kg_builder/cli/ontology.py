"""The commands for ontologies: check one, draft one from documents, teach one by examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from kg_builder.cli.common import PARTLY_DONE, options, recipe_of
from kg_builder.config import Settings

__all__ = ["ontology"]


@click.group()
def ontology() -> None:
    """Types and relations that extractions are brought into: check, draft, learn. See docs/ontology.md.

    Example: kg ontology draft reports/ --out reports.toml && kg ingest reports/ --ontology reports.toml
    """


@ontology.command()
@click.argument("file", type=click.Path(path_type=Path))
@options("json")
def check(file: Path, as_json: bool) -> int:
    """Say what an ontology file holds, or every mistake in it with its line.

    Example: kg ontology check company.toml
    """
    import json

    from kg_builder.ontology import Mapper, read_ontology
    from kg_builder.ontology.describing import advice, describe

    found = read_ontology(file)
    Mapper(found)  # a learnt part that cannot be read is a mistake, too
    hints = advice(found)
    if as_json:
        click.echo(json.dumps({**describe(found), "advice": hints}, ensure_ascii=False))
        return 0
    told = describe(found)
    click.echo(
        f"{file}: {told['types']} types, {told['relations']} relations"
        + (f", learnt from {told['learnt_from']} triples" if told["learnt_from"] else "")
        + f"; fingerprint {told['fingerprint']}"
    )
    for hint in hints:
        click.echo(f"  {hint}")
    return 0


@ontology.command()
@click.argument("paths", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it here; default: print it.")
@click.option(
    "--least",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Statements a relation must have.",
)
@click.option(
    "--most", type=click.IntRange(min=1), default=60, show_default=True, metavar="N", help="Relations to propose."
)
@options("extractor", "workers", "quiet")
def draft(
    paths: tuple[str, ...],
    out: Path | None,
    least: int,
    most: int,
    settings: Settings,
    quiet: bool,
) -> int:
    """Propose types and relations from what documents say, with domain, range, counts, examples and aliases.

    Example: kg ontology draft reports/ --out reports.toml
    """
    from kg_builder.extracting import extract_paths
    from kg_builder.ontology.drafting import Draft
    from kg_builder.ontology.writing import write_ontology

    made, failed = Draft(), 0
    recipe = replace(recipe_of(settings), ontology="")
    for item in extract_paths(
        paths,
        recipe=recipe,
        workers=settings.workers or None,
        file_timeout_s=settings.file_timeout_s,
        file_memory_bytes=settings.file_memory_mb << 20,
    ):
        if item.problem is not None:
            failed += 1
            if not quiet:
                click.echo(f"kg: {item.document}: {item.problem}", err=True)
        made.add(item.extractions)
    text = made.to_toml(least=least, most=most)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_ontology(out, text)
        if not quiet:
            click.echo(
                f"{made.facts:,} statements read; the draft is in {out}: look it over before you use it", err=True
            )
    return PARTLY_DONE if failed else 0


@ontology.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--examples", type=click.Path(path_type=Path), required=True, metavar="JSONL", help="{text, triples} a line."
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The ontology with what was learnt."
)
@options("extractor", "workers", "json", "quiet")
def learn(
    file: Path,
    examples: Path,
    out: Path,
    settings: Settings,
    as_json: bool,
    quiet: bool,
) -> int:
    """Learn from examples how texts speak of an ontology's relations; FILE with what was learnt is one file to use.

    A line of the examples: {"text": "…", "triples": [{"head": "…", "relation": "…", "tail": "…"}]}.

    Example: kg ontology learn company.toml --examples company.jsonl --out company.learnt.toml
    """
    import json

    from kg_builder.ontology.teaching import teach

    recipe = replace(recipe_of(settings), ontology="")

    def say(message: str) -> None:
        if not quiet:
            click.echo(f"kg: {message}", err=True)

    told = teach(file, examples, out, recipe=recipe, workers=settings.workers or None, on_message=say)
    if as_json:
        click.echo(json.dumps(told.to_dict(), ensure_ascii=False))
    elif not quiet:
        click.echo(told.in_words())
    return 0

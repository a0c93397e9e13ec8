"""The commands that say which names are one entity: resolution, and people's decisions on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg_builder.cli.common import aids_of, open_graph, options
from kg_builder.config import Settings

if TYPE_CHECKING:
    from kg_builder.resolve.records import Decision
    from kg_builder.resolving import ResolveReport
    from kg_builder.resolving_aids import Aids
    from kg_builder.reviewing_records import StatementDecision
    from kg_builder.store import GraphStore

__all__ = [
    "by",
    "decisions",
    "explain",
    "merge",
    "never_merge",
    "note",
    "rename",
    "resolve",
    "resolved",
    "say",
    "split",
]

by = click.option("--by", metavar="WHO", default="", help="Who decides; default: the user of the system.")
note = click.option("--note", metavar="TEXT", default="", help="Why, in a few words.")


@click.command()
@click.option("--again", is_flag=True, help="Look at all names, not only at what is new or has changed.")
@click.option("--dry-run", is_flag=True, help="Change nothing; list what would be done, the surest first.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="P",
    help="From which probability on two names are one; kept for later runs (at first 0.5).",
)
@click.option(
    "--vectors",
    metavar="NAME",
    help="Compare names by vectors too: an embedding model's folder or name, package.module:name, or none "
    "(docs/resolution.md; better set as resolve_vectors, for all commands).",
)
@click.option(
    "--judge",
    metavar="NAME",
    help="Who is asked about doubtful pairs: package.module:name, the URL of an OpenAI-compatible endpoint, or none.",
)
@click.option("--judge-model", metavar="MODEL", help="The model behind that URL.")
@click.option("--judge-limit", type=click.IntRange(min=0), metavar="N", help="The most questions of this run (200).")
@options("store", "json", "quiet")
def resolve(
    again: bool, dry_run: bool, threshold: float | None, settings: Settings, as_json: bool, quiet: bool, **aids: Any
) -> int:
    """Bring together the names that are one entity, and part those that are not, by evidence and by decisions.

    `kg ingest`, `kg import` and `kg remove` do so at their end, unless --no-resolve is given.

    Example: kg resolve --dry-run
    """
    from kg_builder.resolving import resolve_graph

    with open_graph(settings) as graph:
        report = resolve_graph(graph, again=again, dry_run=dry_run, threshold=threshold, aids=_aids(settings, **aids))
    if report.trouble:
        click.echo(f"kg: {_without(report)}", err=True)
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False))
        return 0
    for change in report.changes:
        sign = " = " if change.kind == "merge" else " | "
        rules = f"  ({', '.join(change.rules)})" if change.rules else ""
        click.echo(f"{change.confidence:.3f}  {change.kind:5}  {change.type}: {sign.join(change.names)}{rules}")
    if not quiet:
        click.echo(_told(report, dry_run=dry_run), err=True)
    return 0


def _aids(settings: Settings, **flags: Any) -> Aids:
    """What may be used, by flags where they are given."""
    given = {name: value for name, value in flags.items() if value is not None}
    return replace(aids_of(settings), **given)


def _without(report: ResolveReport) -> str:
    return f"resolved without the judge, {report.open:,} questions are left for the next run: {report.trouble}"


def _told(report: ResolveReport, *, dry_run: bool = False) -> str:
    would = "would be " if dry_run else ""
    judged = ""
    if report.asked or report.judged or report.open:
        judged = f", {report.asked:,} asked of the judge ({report.unsure:,} unsure, {report.open:,} left)"
    return (
        f"{report.names:,} names looked at, {report.compared:,} pairs compared{judged}; "
        f"{report.merged:,} entities {would}put together, {report.split:,} {would}taken apart ({report.seconds:.1f} s)"
    )


def resolved(graph: GraphStore, settings: Settings, *, quiet: bool) -> ResolveReport:
    """Resolve what a command has changed, and say what came of it where something did."""
    from kg_builder.resolving import resolve_graph

    report = resolve_graph(graph, aids=aids_of(settings))
    if report.trouble:
        click.echo(f"kg: {_without(report)}", err=True)
    if not quiet and (report.merged or report.split):
        click.echo(_told(report), err=True)
    return report


@click.command()
@click.argument("a")
@click.argument("b")
@by
@note
@options("store", "quiet")
def merge(a: str, b: str, by: str, note: str, settings: Settings, quiet: bool) -> int:
    """Decide that A and B are one entity. Both are names, or ids of entities.

    Example: kg merge IBM 'International Business Machines'
    """
    from kg_builder.resolving_by_hand import merge_entities

    with open_graph(settings) as graph:
        say([merge_entities(graph, a, b, who=by, note=note)], quiet=quiet)
    return 0


@click.command("never-merge")
@click.argument("a")
@click.argument("b")
@by
@note
@options("store", "quiet")
def never_merge(a: str, b: str, by: str, note: str, settings: Settings, quiet: bool) -> int:
    """Decide that A and B are two entities, whatever speaks for one; part them if need be.

    Example: kg never-merge Java JavaScript
    """
    from kg_builder.resolving_by_hand import never_merge as decide

    with open_graph(settings) as graph:
        say([decide(graph, a, b, who=by, note=note)], quiet=quiet)
    return 0


@click.command()
@click.argument("a")
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="URI",
    help="In this document A is somebody else than in others (uri or path; repeatable).",
)
@by
@note
@options("store", "quiet")
def split(a: str, documents: tuple[str, ...], by: str, note: str, settings: Settings, quiet: bool) -> int:
    """Take the name A out of its entity; with an id, take the entity apart into its names.

    With --document it is not the name that is taken out, but what that document says by it: two people of one name.

    Example: kg split 'John Smith' --document reports/2019.pdf
    """
    from kg_builder.loaders import to_uri
    from kg_builder.resolving_by_hand import part_entity, split_entity

    with open_graph(settings) as graph:
        if documents:
            taken = part_entity(graph, a, [to_uri(each) for each in documents], who=by, note=note)
        else:
            taken = split_entity(graph, a, who=by, note=note)
        say(taken, quiet=quiet)
    return 0


@click.command()
@click.argument("a")
@click.argument("name")
@by
@note
@options("store", "quiet")
def rename(a: str, name: str, by: str, note: str, settings: Settings, quiet: bool) -> int:
    """Show the entity A under NAME; what the documents call it stays among its aliases.

    Example: kg rename IBM 'International Business Machines'
    """
    from kg_builder.resolving_by_hand import rename_entity

    with open_graph(settings) as graph:
        say([rename_entity(graph, a, name, who=by, note=note)], quiet=quiet)
    return 0


@click.command()
@click.argument("a")
@click.argument("b")
@options("store", "json")
def explain(a: str, b: str, settings: Settings, as_json: bool) -> int:
    """Say why A and B (names, or ids of entities) are one entity, or are not.

    Example: kg explain IBM 'International Business Machines'
    """
    from kg_builder.resolving_explained import explain_names

    with open_graph(settings) as graph:
        found = explain_names(graph, a, b, aids=aids_of(settings))
    if as_json:
        told: dict[str, Any] = {"one": found.one, "entities": list(found.entities), "reasons": list(found.reasons)}
        click.echo(json.dumps(told, ensure_ascii=False))
        return 0
    click.echo("One entity." if found.one else "Two entities.")
    for reason in found.reasons:
        click.echo(f"- {reason}")
    return 0


@click.command()
@click.option("--export", "export", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write them.")
@click.option(
    "--import",
    "take",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Take over those of FILE, all or none.",
)
@click.option("--forget", multiple=True, metavar="ID", help="Take one back (repeatable).")
@options("store", "json", "quiet")
def decisions(
    export: Path | None, take: Path | None, forget: tuple[str, ...], settings: Settings, as_json: bool, quiet: bool
) -> int:
    """List what people decided, with ids; take decisions to another graph, or back.

    Example: kg decisions --export decisions.jsonl
    """
    from kg_builder.files import replacing_text
    from kg_builder.resolving_by_hand import decision_lines, decisions_of, forget_decisions, take_decisions
    from kg_builder.resolving_decisions import described

    with open_graph(settings, create=take is not None) as graph:
        if forget:
            say(forget_decisions(graph, forget), quiet=quiet, done="taken back")
        if take is not None:
            count = take_decisions(graph, take)
            if not quiet:
                click.echo(f"{count:,} decisions of {take} hold", err=True)
        if export is not None:
            with replacing_text(export) as file:
                file.writelines(decision_lines(graph))
        if as_json:
            click.echo(json.dumps([json.loads(line) for line in decision_lines(graph)], ensure_ascii=False))
        elif not (forget or take or export):
            for id_, each in decisions_of(graph):
                click.echo(f"{id_}  {described(each)}")
    return 0


def say(taken: Sequence[Decision | StatementDecision], *, quiet: bool, done: str = "decided") -> None:
    """Tell which decisions were taken."""
    from kg_builder.resolving_decisions import described

    if not quiet:
        for each in taken:
            click.echo(f"{done}: {described(each)}", err=True)

"""The command that sets two extractors' opinions side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg_builder.cli.common import NOTHING_DONE, PARTLY_DONE, cache_of, options, recipe_of
from kg_builder.config import Settings

if TYPE_CHECKING:
    from kg_builder.differences import Comparison

__all__ = ["diff"]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--with", "other", required=True, metavar="NAME", help="The extractor to compare with.")
@click.option("--format", "form", type=click.Choice(["table", "jsonl"]), default="table", show_default=True)
@options("extractor", "store", "workers", "quiet")
def diff(
    paths: tuple[Path, ...],
    other: str,
    form: str,
    settings: Settings,
    quiet: bool,
) -> int:
    """Compare two extractors on the same files: what both find, and what only one does. Touches no graph.

    What was extracted before comes from the cache beside the store. Exit status: 0 equal, 3 different.

    Example: kg diff reports/ --with mypackage.extractors:Mine
    """
    from kg_builder.differences import compare_extractors

    recipe, cache = recipe_of(settings), cache_of(settings)
    if cache is not None and not settings.cache and not cache.parent.is_dir():
        cache = None  # no store is made for a comparison
    compared = compare_extractors(
        paths,
        first=recipe,
        second=other,
        cache=cache,
        workers=settings.workers or None,
        file_timeout_s=settings.file_timeout_s,
        file_memory_bytes=settings.file_memory_mb << 20,
    )
    names = (recipe.extractor, other) if recipe.extractor != other else (f"{other} (1)", f"{other} (2)")
    totals, failed = _print(compared, names, form=form, quiet=quiet)
    if failed and not totals["documents"]:
        return NOTHING_DONE
    return PARTLY_DONE if failed or totals["different"] else 0


def _print(
    compared: Iterable[Comparison], names: tuple[str, str], *, form: str, quiet: bool
) -> tuple[dict[str, int], int]:
    """Print comparisons as they come; gives the totals, and how many documents could not be compared in full."""
    from kg_builder.render import render_table

    totals = dict.fromkeys(("documents", "different", "both", "only_first", "only_second"), 0)
    rows: list[tuple[str, int, int, int]] = []
    failed = 0
    for each in compared:
        failed += bool(each.problem or each.faults)
        if not quiet:
            for message in [str(each.problem)] if each.problem else each.faults:
                click.echo(f"kg: {_plain(each.document)}: {_plain(message)}", err=True)
        if each.problem:
            continue
        only = len(each.only_first), len(each.only_second)
        row = (each.document, each.both, *only)
        totals["documents"] += 1
        totals["different"] += bool(sum(only))
        for name, count in zip(("both", "only_first", "only_second"), row[1:], strict=True):
            totals[name] += count
        for name, differing in zip(names, (each.only_first, each.only_second), strict=True):
            for one in differing:
                if form == "jsonl":
                    fields = asdict(replace(one, extractor=name))
                    click.echo(_json({"kind": "triple", "document": each.document, "only": name, **fields}))
                else:
                    triple = f"{one.head} | {one.relation} | {one.tail}"
                    said = "" if (one.polarity, one.modality) == ("positive", "asserted") else (
                        f" ({one.polarity}, {one.modality})"
                    )  # fmt: skip
                    place = f"{each.document} {one.sentence_start}-{one.sentence_end}"
                    click.echo(_plain(f"only {name}: {triple}{said}"))
                    click.echo(_plain(f"    {place}: {one.sentence}"))
        if form == "jsonl":
            click.echo(_json({"kind": "document", **_counts(row)}))
        else:
            rows.append(row)
    total = (f"all {totals['documents']:,}", totals["both"], totals["only_first"], totals["only_second"])
    if form == "jsonl":
        fields = {"first": names[0], "second": names[1], **totals}
        click.echo(_json({"kind": "total", **fields}))
    else:
        click.echo(render_table(("document", "both", *(f"only {n}" for n in names)), [*rows, total]), nl=False)
    return totals, failed


def _counts(row: tuple[str, int, int, int]) -> dict[str, object]:
    return dict(zip(("document", "both", "only_first", "only_second"), row, strict=True))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """`text` on one line, without what would move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)

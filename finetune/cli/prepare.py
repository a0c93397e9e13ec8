"""The command that makes training data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from finetune.cli.instructions_options import (
    INSTRUCTION_OPTIONS,
    instruction_items,
    instruction_options,
    told_of_instructions,
)

if TYPE_CHECKING:
    from finetune.corpus import LeftOut, Tally
    from finetune.examples import Example

__all__ = ["prepare"]


@click.command()
@click.argument("sources", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write.")
@click.option("--where", multiple=True, metavar="FIELD=VALUE", help="Only rows with that value (repeatable).")
@click.option("--field", default="text", show_default=True, help="The field of a row that holds its text.")
@click.option("--answer", multiple=True, default=("triples", "gold_re"), help="Fields of answers.", show_default=True)
@click.option("--sentences", type=click.Choice(["whole", "first", "all"]), help="Default: whole; of --texts all.")
@click.option("--rule", type=click.Choice(["period", "language"]), default="language", show_default=True)
@click.option("--longer-than", type=int, metavar="N", help="Characters of a text. Default: 30 where it is cut, else 0.")
@click.option("--shorter-than", type=int, metavar="N", help="Default: 170 where a text is cut, else any number.")
@click.option("--in-text-only", is_flag=True, help="Leave out triples whose entities do not stand in the text.")
@click.option("--allow-empty", is_flag=True, help="Rows with an empty list of triples are texts without facts.")
@click.option("--from-graph", metavar="STORE|FILE", help="Label --texts with what this graph knows.")
@click.option("--texts", "paths", multiple=True, metavar="PATH", help="Files and folders to label (repeatable).")
@click.option("--lines", is_flag=True, help="Every line of --texts is a text of its own.")
@click.option("--support", type=int, default=3, show_default=True, help="Pairs to have seen a cue with; 0: needs none.")
@click.option("--several", type=click.Choice(["keep", "drop"]), default="keep", help="Relations of one pair.")
@click.option(
    "--negatives", type=click.FloatRange(0, 0.9), default=0.1, show_default=True, help="Most without triples."
)
@click.option("--from-store", metavar="STORE", help="The extractions of a graph, as people corrected them.")
@click.option("--corrections", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="As JSON lines.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--unit", type=click.Choice(["sentence", "segment"]), default="sentence", show_default=True)
@click.option("--canonical", is_flag=True, help="The graph's names and relations in place of the text's words.")
@click.option("--reviewed-only", is_flag=True, help="Only texts of which a person said something.")
@instruction_options
@click.option("--tokenizer", metavar="MODEL", help="Count samples that this model cannot take as problems.")
@click.option("--max-tokens", type=click.IntRange(8), default=512, show_default=True, help="Of a sample.")
@click.option("--pack", is_flag=True, help="Put whole sentences of unlabelled texts together up to --max-tokens.")
@click.option("--test", type=click.IntRange(0), default=20, show_default=True, help="Rows to hold out.")
@click.option("--dev", type=click.IntRange(0), default=0, show_default=True, help="Rows to choose checkpoints by.")
@click.option("--seed", type=int, default=17, show_default=True)
@click.option("--held-out", multiple=True, metavar="FILE", help="Never train on the texts in it (repeatable).")
@click.option("--near", type=float, default=0.8, show_default=True, help="Likeness of repeats; over 1: equal only.")
@click.option("--keep-repeats", is_flag=True, help="Train on repeats too, if not on those of held-out texts.")
@click.option("--licence", metavar="TEXT", help="Of the data: kept for the model card.")
@click.option("--allow-problems", type=click.FloatRange(0, 1), default=0.05, show_default=True, metavar="SHARE")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.option("--quiet", is_flag=True, help="Print no summary.")
def prepare(sources: tuple[str, ...], out: Path, as_json: bool, quiet: bool, **given: Any) -> int:
    """Make training data: from rows of SOURCES (JSON lines, a JSON array, Parquet, data sets of Hugging Face), from a
    graph and texts, from a graph and people's corrections, or instructions from annotated data sets.

    Example: kg-finetune prepare labelled.jsonl --test 20 --seed 17 --out data/
    """
    from finetune.corpus import Tally
    from finetune.preparing import prepare_folder

    _insist_on_sense(sources, given)
    tally, dropped = Tally(), Counter[str]()
    by_source: dict[str, Counter[str]] = {}
    items = _fitting(_items(sources, given, tally, dropped, by_source), given)
    prepared = prepare_folder(
        items,
        out,
        split=_split(given),
        allow_problems=given["allow_problems"],
        made_by=partial(_made_by, sources, given, tally, dropped, by_source),
    )
    if as_json:
        click.echo(json.dumps(json.loads((out / "data.json").read_text("utf-8")), ensure_ascii=False))
    if not quiet:
        told = {"": prepared.examples, "left out: ": prepared.left_out, "of no use: ": prepared.problems}
        for what, counts in told.items():
            if counts:
                click.echo(what + ", ".join(f"{count:,} {name}" for name, count in counts.items()), err=True)
    return 0


_NAMED = ("paths", "from_graph", "from_store", "licence")
_ONLY_WITH = {
    "SOURCES": ("where", "answer", "rule", "in_text_only", "allow_empty"),
    "--from-graph": ("paths", "lines", "support", "several", "negatives"),
    "--from-store": ("corrections", "min_confidence", "unit", "canonical", "reviewed_only"),
    "--dataset": INSTRUCTION_OPTIONS,
}


def _insist_on_sense(sources: tuple[str, ...], given: dict[str, Any]) -> None:
    """One way of making data, and no option of another."""
    ways = {
        "SOURCES": sources,
        "--from-graph": given["from_graph"],
        "--from-store": given["from_store"],
        "--dataset": given["datasets"],
    }
    if sum(map(bool, ways.values())) != 1:
        raise click.UsageError("expected one of SOURCES, --from-graph, --from-store and --dataset")
    if given["from_graph"] and not given["paths"]:
        raise click.UsageError("--from-graph needs --texts")
    if not all(each.partition("=")[0] and "=" in each for each in given["where"]):
        raise click.BadParameter("expected FIELD=VALUE", param_hint="--where")
    said = click.get_current_context().get_parameter_source
    for way, names in _ONLY_WITH.items():
        wrong = [name for name in names if not ways[way] and said(name) is not ParameterSource.DEFAULT]
        if wrong:
            shown = "texts" if wrong[0] == "paths" else wrong[0].replace("_", "-")
            raise click.UsageError(f"--{shown} goes with {way} only")


def _made_by(
    sources: tuple[str, ...],
    given: dict[str, Any],
    tally: Tally,
    dropped: Counter[str],
    by_source: dict[str, Counter[str]],
) -> dict[str, Any]:
    """What `data.json` says of where the data came from, and of what happened inside rows that were used."""
    named = [*sources, *given["paths"], *filter(None, (given["from_graph"], given["from_store"]))]
    named += [*(each.partition("=")[2] for each in given["datasets"]), *given["general"]]
    options = {name: value for name, value in given.items() if name not in _NAMED and value is not None}
    return {
        "sources": {_without_password(each): _sha256(Path(each)) for each in named},
        **({"licence": given["licence"]} if given["licence"] else {}),
        "options": {name: str(value) if isinstance(value, Path) else value for name, value in options.items()},
        "malformed_lines": dict(sorted(tally.malformed_lines.items())),
        "full_stops_removed": tally.stops_removed,
        "triples_not_in_text": tally.not_in_text,
        "triples_dropped": dict(sorted((+dropped).items())),
        **(told_of_instructions(given, by_source) if by_source else {}),
    }


def _items(
    sources: tuple[str, ...],
    given: dict[str, Any],
    tally: Tally,
    dropped: Counter[str],
    by_source: dict[str, Counter[str]],
) -> Iterable[Example | LeftOut]:
    if given["datasets"]:
        return instruction_items(given, by_source)
    if given["from_store"]:
        return _from_store(given)
    if given["from_graph"]:
        return _from_graph(given, dropped)
    return _from_rows(sources, given, tally)


def _from_rows(sources: tuple[str, ...], given: dict[str, Any], tally: Tally) -> Iterator[Example | LeftOut]:
    from finetune.corpus import Selection, examples_of_rows, rows_of

    cut = given["sentences"] in ("first", "all")
    selection = Selection(
        where=tuple((name, value) for name, _, value in (each.partition("=") for each in given["where"])),
        text=given["field"],
        answers=given["answer"],
        sentences=given["sentences"] or "whole",
        rule=given["rule"],
        longer_than=_or(given["longer_than"], 30 if cut else 0),
        shorter_than=_or(given["shorter_than"], 170 if cut else 0),
        in_text_only=given["in_text_only"],
        allow_empty=given["allow_empty"],
    )
    for source in sources:
        yield from examples_of_rows(rows_of(source), selection, tally)


def _from_graph(given: dict[str, Any], dropped: Counter[str]) -> Iterator[Example | LeftOut]:
    from finetune.distant import Supervision, label_texts, load_graph
    from finetune.texts import texts_of_paths

    supervision = Supervision(
        support=given["support"], several=given["several"], negatives=given["negatives"], seed=given["seed"]
    )
    graph = load_graph(given["from_graph"])
    dropped.update({f"graph-{reason}": count for reason, count in graph.refused.items()})
    return label_texts(
        graph,
        lambda: texts_of_paths(
            given["paths"],
            lines=given["lines"],
            field=given["field"],
            sentences=given["sentences"] or "all",
            longer_than=given["longer_than"] or 0,
            shorter_than=given["shorter_than"] or 0,
        ),
        supervision,
        dropped=dropped,
    )


def _from_store(given: dict[str, Any]) -> Iterator[Example | LeftOut]:
    from finetune.corrections import FromStore, examples_of_store, read_corrections
    from kg_builder.store import open_store

    options = FromStore(given["min_confidence"], given["unit"], given["canonical"], given["reviewed_only"])
    corrections, problems = read_corrections(given["corrections"]) if given["corrections"] else ({}, [])
    yield from problems
    with open_store(given["from_store"], create=False, read_only=True) as store:
        yield from examples_of_store(store, options, corrections=corrections)


def _fitting(items: Iterable[Example | LeftOut], given: dict[str, Any]) -> Iterable[Example | LeftOut]:
    """The items that a model can take, if one is given; unlabelled texts packed, if that is wanted."""
    if not given["tokenizer"]:
        if given["pack"]:
            raise click.UsageError("--pack needs --tokenizer: it measures in tokens")
        return items
    from finetune.encoding import fitting
    from finetune.packing import packed
    from kg_builder.language_models import load_tokenizer

    tokenizer = load_tokenizer(given["tokenizer"])
    if given["pack"]:
        return packed(items, tokenizer, max_tokens=given["max_tokens"])
    return fitting(items, tokenizer, max_tokens=given["max_tokens"])


def _split(given: dict[str, Any]) -> Any:
    from finetune.corpus import Row, rows_of
    from finetune.preparing import Split

    texts = [
        row.values[given["field"]]
        for source in given["held_out"]
        for row in rows_of(source)
        if isinstance(row, Row) and isinstance(row.values.get(given["field"]), str)
    ]
    if given["held_out"] and not texts:
        raise click.BadParameter(
            f"expected rows with the field {given['field']!r}, found none", param_hint="--held-out"
        )
    return Split(given["test"], given["dev"], given["seed"], given["near"], given["keep_repeats"], tuple(texts))


def _without_password(source: str) -> str:
    """The name of a source; of the uri of a server without the user and the password that some write into it."""
    scheme, mark, rest = source.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else source


def _sha256(path: Path) -> str:
    """The fingerprint of a file; empty for folders, and names of the hub."""
    import hashlib

    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _or(value: int | None, default: int) -> int:
    return default if value is None else value

"""The options of ``kg-finetune prepare`` for instructions from annotated data sets, and what they stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from finetune.corpus import LeftOut
    from finetune.examples import Example

__all__ = ["INSTRUCTION_OPTIONS", "instruction_items", "instruction_options", "told_of_instructions"]

F = TypeVar("F", bound=Callable[..., Any])

INSTRUCTION_OPTIONS = ("task", "labels_per_prompt", "output_format", "template", "general", "weight")
"""What goes with ``--dataset`` only."""

_NO_PROBLEM = "not-in-text"


def instruction_options(command: F) -> F:
    """Add the options to a command."""
    for option in reversed(
        (
            click.option("--dataset", "datasets", multiple=True, metavar="NAME=PATH", help="Instructions from a set."),
            click.option(
                "--task", multiple=True, type=click.Choice(["re", "ner", "ee", "choice"]), help="Of --dataset."
            ),
            click.option("--labels-per-prompt", type=click.IntRange(0), default=5, show_default=True, metavar="N"),
            click.option(
                "--output-format",
                multiple=True,
                type=click.Choice(["json", "tuple", "bracket", "angle", "colon", "pipe"]),
                help="Of the answers to --dataset (repeatable). Default: all.",
            ),
            click.option("--template", multiple=True, type=click.IntRange(1), metavar="N", help="Only that wording."),
            click.option("--general", multiple=True, metavar="FILE", help="Conversations of any kind to mix in."),
            click.option(
                "--weight",
                multiple=True,
                metavar="NAME=X",
                help="Shares of sets and general files (by stem); ends when one of them is used up.",
            ),
        )
    ):
        command = option(command)
    return command


def instruction_items(given: Mapping[str, Any], told: dict[str, Counter[str]]) -> Iterator[Example | LeftOut]:
    """The instructions of all data sets and the general conversations, mixed; what was no use follows each source.
    `told` is given the counts of each source.

    Raises:
        ConfigError: there is no such data set, task or weight.
    """
    from finetune.instructions.building import instruction_examples
    from finetune.instructions.mixing import general_examples, mix
    from finetune.instructions.sources import open_data_set

    sources: dict[str, Iterable[Example]] = {}
    for name, path in _pairs(given["datasets"], "--dataset", "NAME=PATH"):
        counts = told[name] = Counter()
        known = open_data_set(name).tasks
        tasks = [task for task in given["task"] if task in known]
        if given["task"] and not tasks:
            raise click.BadParameter(f"{name} is for {', '.join(known)}", param_hint="--task")
        sources[name] = instruction_examples(
            name,
            Path(path),
            tasks=tasks,
            labels_per_prompt=given["labels_per_prompt"],
            formats=given["output_format"],
            templates=given["template"],
            seed=given["seed"],
            counts=counts,
        )
    for file in given["general"]:
        name = Path(file).stem
        counts = told[name] = Counter()
        sources[name] = general_examples(Path(file), source=name, counts=counts)
    weights = _weights(given["weight"], sources)
    mixed = {name: (_with_left_out(name, each, told[name]), weights.get(name, 1.0)) for name, each in sources.items()}
    return mix(mixed, given["seed"], until="first" if weights else "all")


def told_of_instructions(given: Mapping[str, Any], told: Mapping[str, Counter[str]]) -> dict[str, Any]:
    """What ``data.json`` says of the sources: their licences, the ``use`` of all of them together (``measure`` if
    one is for that only), and how many labels could not be asked for."""
    from finetune.instructions.sources import licences

    names = [name for name, _ in _pairs(given["datasets"], "--dataset", "NAME=PATH")]
    known = licences([*names, *(Path(file).stem for file in given["general"])])
    return {
        "licences": {each["source"]: f"{each['licence']} ({each['use']})" for each in known},
        "use": "ship" if all(each["use"] == "ship" for each in known) else "measure",
        "labels_not_in_text": {name: counts[_NO_PROBLEM] for name, counts in told.items() if counts[_NO_PROBLEM]},
    }


def _with_left_out(name: str, examples: Iterable[Example], counts: Counter[str]) -> Iterator[Example | LeftOut]:
    from finetune.corpus import LeftOut

    yield from examples
    for reason, count in sorted(counts.items()):
        if reason != _NO_PROBLEM:
            yield from (LeftOut(name, 0, reason) for _ in range(count))


def _weights(given: Iterable[str], sources: Mapping[str, object]) -> dict[str, float]:
    weights = {}
    for name, number in _pairs(given, "--weight", "NAME=X"):
        if name not in sources:
            raise click.BadParameter(f"expected one of {', '.join(sources)}, found {name!r}", param_hint="--weight")
        try:
            weights[name] = float(number)
        except ValueError:
            raise click.BadParameter(f"expected a number, found {number!r}", param_hint="--weight") from None
    return weights


def _pairs(given: Iterable[str], option: str, form: str) -> Iterator[tuple[str, str]]:
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals and value):
            raise click.BadParameter(f"expected {form}, found {each!r}", param_hint=option)
        yield name, value

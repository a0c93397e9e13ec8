"""From an ontology file and examples to an ontology file that has learnt from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kg_builder.errors import OntologyError
from kg_builder.ontology.examples import read_examples
from kg_builder.ontology.learning import Learnt, learn
from kg_builder.ontology.reading import read_ontology
from kg_builder.ontology.writing import ontology_to_toml, write_ontology
from kg_builder.recipe import Recipe
from kg_builder.stages import TextTask, extract_texts
from kg_builder.types import Extraction
from kg_builder.workers import run_tasks

__all__ = ["Taught", "teach"]

_TEXTS_PER_TASK = 64


@dataclass(frozen=True, slots=True)
class Taught:
    """What came of examples: how many triples had both names in their text, by relation, and what was of no use."""

    out: Path
    learnt: Learnt
    without: tuple[str, ...]  # relations that no example shows

    def to_dict(self) -> dict[str, Any]:
        """For a program."""
        learnt = self.learnt
        return {
            "out": str(self.out),
            "examples": learnt.examples,
            "triples": learnt.triples,
            "learnt_from": learnt.aligned,
            "by_relation": dict(sorted(learnt.by_relation.items())),
            "unknown_relations": dict(sorted(learnt.unknown.items())),
            "without_examples": list(self.without),
        }

    def in_words(self) -> str:
        """For a person."""
        learnt = self.learnt
        lines = [
            f"{learnt.aligned:,} of {learnt.triples:,} triples of {learnt.examples:,} examples learnt from; "
            f"the ontology is in {self.out}"
        ]
        elsewhere = learnt.triples - learnt.aligned - sum(learnt.unknown.values())
        if elsewhere:
            lines.append(f"{elsewhere:,} triples have a head or tail that is not in their text, and taught less")
        if learnt.unknown:
            names = ", ".join(f"{name} ({n})" for name, n in sorted(learnt.unknown.items())[:10])
            lines.append(f"relations that the ontology does not have: {names}")
        if self.without:
            more = " …" if len(self.without) > 10 else ""
            lines.append(f"without examples, found by their words only: {', '.join(self.without[:10])}{more}")
        return "\n".join(lines)


def teach(
    file: Path,
    examples: Path,
    out: Path,
    *,
    recipe: Recipe | None = None,
    workers: int | None = None,
    on_message: Callable[[str], None] | None = None,
) -> Taught:
    """Learn from the `examples` what the ontology's relations look like, and write the ontology with it to `out`.

    Raises:
        OntologyError: the ontology or the examples cannot be used, or no example shows a relation of the ontology.
        ExtractionError: the extractor cannot run.
    """
    if out.suffix.lower() != ".toml":
        raise OntologyError(f"expected a file to write that ends in .toml, found {str(out)!r}")
    ontology = read_ontology(file)
    read = read_examples(examples)
    found = _extractions([example.text for example in read], recipe or Recipe(), workers)
    learnt = learn(replace(ontology, learnt=""), read, found, on_progress=on_message)
    if not learnt.aligned:
        raise OntologyError(
            f"{examples}: expected triples with a relation of {file} whose head and tail stand in their text, "
            f"found none among {learnt.triples:,}"
        )
    write_ontology(out, ontology_to_toml(replace(ontology, learnt=learnt.text)))
    without = tuple(name for name in ontology.relations if name not in learnt.by_relation)
    return Taught(out, learnt, without)


def _extractions(texts: list[str], recipe: Recipe, workers: int | None) -> list[list[Extraction]]:
    tasks = [
        TextTask(tuple(texts[at : at + _TEXTS_PER_TASK]), at + 1, recipe)
        for at in range(0, len(texts), _TEXTS_PER_TASK)
    ]
    made: list[list[Extraction]] = []
    workers = recipe.workers(workers)
    for outcome in run_tasks(extract_texts, tasks, workers=workers, ordered=True, network=recipe.needs_network):
        if outcome.result is None:  # a text that kills the extractor still teaches by its words
            if outcome.failure is not None and outcome.failure.error is not None:
                raise outcome.failure.error
            made += [[] for _ in outcome.task.texts]
        else:
            made += [list(extractions) for extractions, _ in outcome.result]
    return made

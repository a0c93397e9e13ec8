"""The command that shows what is worth a person's look, and takes decisions on statements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from kg_builder.cli.common import open_graph, options
from kg_builder.cli.resolving import by, note, say
from kg_builder.config import Settings

if TYPE_CHECKING:
    from kg_builder.review_queue import QueueFact, QueueItem, QueueKind
    from kg_builder.store import GraphStore, StoredEntity
    from kg_builder.store.records import StoredEvidence

__all__ = ["review"]

_KINDS = ("unsure", "duplicate", "conflict", "ontology")


@click.command()
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="What to list (repeatable); default: all."
)
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N", help="The most of each kind (20).")
@click.option("--part", type=click.IntRange(min=1), default=1, metavar="N", help="Which share of a large graph (1).")
@click.option("--accept", multiple=True, metavar="ID", help="This statement is right (repeatable).")
@click.option("--reject", multiple=True, metavar="ID", help="The sentence does not say so (repeatable).")
@click.option("--edit", metavar="ID", help="It should be another: see --head, --relation, --tail.")
@click.option("--head", default="", metavar="WORDS", help="The right head, in words of the sentence.")
@click.option("--relation", default="", metavar="WORDS", help="The right relation, in words of the sentence or any.")
@click.option("--tail", default="", metavar="WORDS", help="The right tail, in words of the sentence.")
@click.option("--head-type", metavar="TYPE", help="What the head is.")
@click.option("--tail-type", metavar="TYPE", help="What the tail is.")
@click.option("--type", "types", multiple=True, metavar="A=TYPE", help="The entity A (a name, or its id) is a TYPE.")
@by
@note
@options("store", "ontology", "json", "quiet")
def review(
    kinds: tuple[QueueKind, ...],
    limit: int,
    part: int,
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    edit: str | None,
    head: str,
    relation: str,
    tail: str,
    head_type: str | None,
    tail_type: str | None,
    types: tuple[str, ...],
    by: str,
    note: str,
    settings: Settings,
    as_json: bool,
    quiet: bool,
) -> int:
    """List what is worth a look, the most worthwhile first; or decide on statements, which holds at once.

    The ids are those of the list. `kg decisions` lists what was decided, and takes it back.

    Example: kg review --kind unsure
    """
    from kg_builder import reviewing

    changes = {"head": head, "relation": relation, "tail": tail, "head_type": head_type, "tail_type": tail_type}
    if any(changes.values()) and not edit:
        raise click.UsageError("--head, --relation, --tail, --head-type and --tail-type go with --edit.")
    pairs = [_typed(each) for each in types]
    with open_graph(settings) as graph:
        if not (accept or reject or edit or types):
            _list(graph, kinds, limit, part, settings, as_json=as_json)
            return 0
        taken: list[Any] = []
        taken += reviewing.accept(graph, accept, who=by, note=note)
        taken += reviewing.reject(graph, reject, who=by, note=note)
        if edit:
            taken.append(reviewing.edit_by_words(graph, edit, **cast(Any, changes), who=by, note=note))
        taken += [reviewing.retype_entity(graph, name, type_, who=by, note=note) for name, type_ in pairs]
        if as_json:
            from kg_builder.resolving_by_hand import decision_row

            click.echo(json.dumps([decision_row(each) for each in taken], ensure_ascii=False))
        say(taken, quiet=quiet)
    return 0


def _typed(text: str) -> tuple[str, str]:
    name, equals, type_ = text.rpartition("=")
    if not (equals and name.strip() and type_.strip()):
        raise click.UsageError(f"expected A=TYPE for --type, found {text!r}.")
    return name.strip(), type_.strip()


def _list(
    graph: GraphStore, kinds: tuple[QueueKind, ...], limit: int, part: int, settings: Settings, *, as_json: bool
) -> None:
    from kg_builder.review_queue import queue_parts, review_queue

    ontology = Path(settings.ontology).expanduser() if settings.ontology else None
    found = review_queue(graph, kinds=kinds or None, limit=limit, ontology=ontology, part=part - 1)
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False))
        return
    for item in found:
        click.echo(f"{item.score:.3f}  {item.kind}  {item.reason}")
        for fact in item.facts:
            _tell(fact)
        if item.entities:
            click.echo("  " + " = ".join(f"{each.name} ({each.type}, {each.id})" for each in item.entities))
    if (parts := queue_parts(graph)) > 1:
        click.echo(f"looked at share {part:,} of {parts:,} (--part)", err=True)


def _tell(fact: QueueFact) -> None:
    statements = f"{fact.support:,} statement{'s' if fact.support != 1 else ''}"
    click.echo(f"  {fact.head.name} | {fact.relation} | {fact.tail.name}  ({fact.confidence:.2f}, {statements})")
    for one in fact.evidence:
        click.echo(f"    {one.extraction_id}  {' '.join(_sentence(one).split())[:300]}  [{one.document_uri}]")


def _sentence(one: StoredEvidence) -> str:
    from kg_builder.export.jsonl import sentence_span

    start, end = sentence_span(one)
    return one.text[start:end]


def _row(item: QueueItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "score": round(item.score, 4),
        "uncertainty": round(item.uncertainty, 4),
        "effect": round(item.effect, 4),
        "reason": item.reason,
        "facts": [_fact(each) for each in item.facts],
        "entities": [_entity(each) for each in item.entities],
    }


def _fact(fact: QueueFact) -> dict[str, Any]:
    return {
        "head": _entity(fact.head),
        "relation": fact.relation,
        "tail": _entity(fact.tail),
        "support": fact.support,
        "confidence": fact.confidence,
        "evidence": [
            {
                "id": one.extraction_id,
                "document": one.document_uri,
                "page": one.page,
                "sentence": _sentence(one),
                "head": one.head,
                "relation": one.relation,
                "tail": one.tail,
                "confidence": one.confidence,
            }
            for one in fact.evidence
        ],
    }


def _entity(entity: StoredEntity) -> dict[str, Any]:
    return {"id": entity.id, "name": entity.name, "type": entity.type, "mentions": entity.mentions}

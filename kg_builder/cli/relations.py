"""The commands that look at relations: which there are, which may be one, and which facts exclude each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg_builder.cli.common import open_graph, options
from kg_builder.config import Settings

if TYPE_CHECKING:
    from kg_builder.conflicts import Conflict, Side
    from kg_builder.relations_clusters import Cluster, RelationFound

__all__ = ["conflicts", "relations"]


@click.command()
@click.option("--clusters", is_flag=True, help="Propose which relations of the long tail may be one, and why.")
@click.option("--top", default=50, show_default=True, metavar="N", help="How many to print; 0: all.")
@options("store", "json")
def relations(clusters: bool, top: int, settings: Settings, as_json: bool) -> int:
    """The relations of the graph with their types and numbers of facts, most frequent first.

    Known relations have one name for many ways to say it, in English and Chinese; all others keep their words. With
    --clusters, groups of those that join the same pairs or share their words are proposed; nothing is merged.

    Example: kg relations --clusters
    """
    from kg_builder.relations_clusters import found_relations, relation_clusters

    with open_graph(settings) as graph:
        if clusters:
            groups = _first(relation_clusters(graph), top)
            text = _json({"clusters": [_cluster(each) for each in groups]}) if as_json else _clusters(groups)
        else:
            found = _first(found_relations(graph), top)
            text = _json({"relations": [_relation(each) for each in found]}) if as_json else _relations(found)
    click.echo(text, nl=False)
    return 0


@click.command()
@click.option(
    "--ontology",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Take the functional relations from an ontology, besides those known by their meaning.",
)
@click.option("--top", default=50, show_default=True, metavar="N", help="How many to print; 0: all.")
@options("store", "json")
def conflicts(ontology: Path | None, top: int, settings: Settings, as_json: bool) -> int:
    """Facts that cannot both hold: two birthplaces of one person, two chief executives of one company at a time.

    A contradiction is for a person to judge; a supersession is one fact that follows another in time; undated are two
    of which the texts do not say when. Both sides stay in the graph, and are shown with their sentences.

    Example: kg conflicts --json
    """
    from kg_builder.conflicts import find_conflicts, functional_rules, rules_of_ontology

    rules = functional_rules() + (rules_of_ontology(ontology) if ontology else [])
    with open_graph(settings) as graph:
        found = find_conflicts(graph, rules=rules)
    shown = _first(found, top)
    if as_json:
        click.echo(_json({"conflicts": [_conflict(each) for each in shown]}), nl=False)
        return 0
    for each in shown:
        click.echo(_told(each))
    kinds = ("contradiction", "supersession", "undated")
    counts = ", ".join(f"{sum(each.kind == kind for each in found):,} {kind}" for kind in kinds)
    click.echo(f"{counts}{f'; the first {top} are shown (--top)' if len(shown) < len(found) else ''}", err=True)
    return 0


def _first(found: list[Any], top: int) -> list[Any]:
    return found[:top] if top > 0 else found


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


# ---------------------------------------------------------------- relations
def _relation(found: RelationFound) -> dict[str, Any]:
    known = found.known
    about: dict[str, Any] = {"relation": found.relation, "type": found.type, "facts": found.facts, "known": bool(known)}
    if known is not None:
        about |= {"zh": known.zh, "inverse": known.inverse or None, "inverse_zh": known.inverse_zh or None}
        about |= {"symmetric": known.symmetric, "functional": known.functional, "one_head": known.one_head}
    return about


def _relations(found: list[RelationFound]) -> str:
    from kg_builder.render import render_table

    rows = [(each.facts, each.relation, each.type, *_known(each)) for each in found]
    return render_table(("facts", "relation", "type", "zh", "inverse"), rows)


def _known(found: RelationFound) -> tuple[str, str]:
    known = found.known
    return (known.zh, "(symmetric)" if known.symmetric else known.inverse) if known else ("", "")


def _cluster(cluster: Cluster) -> dict[str, Any]:
    members = [
        {
            "relation": m.relation,
            "facts": m.facts,
            "shared_pairs": m.shared,
            "turned": m.turned,
            "words": list(m.words),
            "examples": [list(pair) for pair in m.examples],
        }
        for m in cluster.members
    ]
    return {"relation": cluster.relation, "facts": cluster.facts, "known": cluster.known, "members": members}


def _clusters(clusters: list[Cluster]) -> str:
    lines = []
    for cluster in clusters:
        lines.append(f"{cluster.relation}  ({cluster.facts:,} facts{', known' if cluster.known else ''})")
        for m in cluster.members:
            why = []
            if m.shared:
                pairs = "; ".join(f"{head}, {tail}" for head, tail in m.examples)
                why.append(f"{m.shared:,} pairs in common{' the other way round' if m.turned else ''}: {pairs}")
            if m.words:
                why.append(f"words: {' '.join(m.words)}")
            lines.append(f"  {m.relation}  ({m.facts:,} facts; {'; '.join(why)})")
    return "".join(f"{line}\n" for line in lines)


# ---------------------------------------------------------------- conflicts
def _conflict(conflict: Conflict) -> dict[str, Any]:
    from kg_builder.store.naming import relation_type

    return {
        "kind": conflict.kind,
        "relation": conflict.relation,
        "type": relation_type(conflict.relation),
        "support": conflict.support,
        "entity": {"id": conflict.entity.id, "name": conflict.entity.name, "type": conflict.entity.type},
        "entity_is": conflict.end,
        "sides": [_side(side) for side in conflict.sides],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "id": side.entity.id,
        "name": side.entity.name,
        "type": side.entity.type,
        "support": side.support,
        "confidence": side.confidence,
        "valid_from": side.valid_from,
        "valid_to": side.valid_to,
        "closed_on": side.closed_on,
        "evidence": [
            {"document": one.document_uri, "page": one.page, "sentence": sentence, "confidence": one.confidence}
            for one, sentence in _sentences(side)
        ],
    }


def _sentences(side: Side) -> list[tuple[Any, str]]:
    from kg_builder.export.jsonl import sentence_span

    found = []
    for one in side.evidence:
        start, end = sentence_span(one)
        found.append((one, one.text[start:end]))
    return found


def _told(conflict: Conflict) -> str:
    lines = []
    for side in conflict.sides:
        head, tail = conflict.ends_of(side)
        when = ""
        if side.valid_from or side.valid_to:
            when = f", from {side.valid_from or '?'} to {side.valid_to or '?'}"
        if side.closed_on:
            when += f" (ended by the other on {side.closed_on})"
        statements = f"{side.support:,} statement{'s' if side.support != 1 else ''}"
        lines.append(f"  {head.name} | {conflict.relation} | {tail.name}  ({statements}{when})")
        for one, sentence in _sentences(side):
            lines.append(f"    {' '.join(sentence.split())[:300]}  [{one.document_uri}]")
    return f"{conflict.kind}\n" + "\n".join(lines) + "\n"

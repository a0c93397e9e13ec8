"""What an ontology holds, and what would make it easier to map to."""

from __future__ import annotations

from typing import Any

from kg_builder.ontology.records import Ontology

__all__ = ["advice", "describe"]


def describe(ontology: Ontology) -> dict[str, Any]:
    """Its figures."""
    learnt_from = 0
    if ontology.learnt:
        from kg_builder.ontology.weights import unpack

        learnt_from = sum(unpack(ontology.learnt)[1].get("examples", {}).values())
    return {
        "title": ontology.title,
        "types": len(ontology.types),
        "relations": len(ontology.relations),
        "functional": sorted(name for name, r in ontology.relations.items() if r.functional),
        "learnt_from": learnt_from,
        "fingerprint": ontology.fingerprint,
    }


def advice(ontology: Ontology) -> list[str]:
    """What is no mistake, but leaves more to chance than it need."""
    hints = []
    bare = [r.name for r in ontology.relations.values() if not r.aliases and not ontology.learnt]
    if bare:
        hints.append(f"no aliases: {_some(bare)}; texts seldom use a relation's own name")
    untyped = [r.name for r in ontology.relations.values() if not r.domain or not r.range]
    if untyped:
        hints.append(f"no domain or no range: {_some(untyped)}; they tell directions and wrong readings apart")
    used = {t for r in ontology.relations.values() for t in (*r.domain, *r.range)}
    used |= {above for name in used for above in ontology.above(name)}
    idle = [name for name, type_ in ontology.types.items() if name not in used and type_.parent not in used]
    if idle:
        hints.append(f"types that no relation uses: {_some(idle)}")
    return hints


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")

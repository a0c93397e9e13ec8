"""Folders of documents in, a knowledge graph with evidence out.

>>> from kg_builder import build_graph, open_store
>>> with open_store("embedded:graph") as store:          # doctest: +SKIP
...     build_graph(["reports/"], store=store)
...     for edge in store.edges():
...         print(edge.head.name, edge.relation, edge.tail.name)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kg_builder.analysis import graph_statistics
    from kg_builder.backup import back_up, restore
    from kg_builder.budgets import Budget, Prices
    from kg_builder.config import Settings, load_settings
    from kg_builder.conflicts import find_conflicts
    from kg_builder.differences import compare_extractors
    from kg_builder.doctor import examine
    from kg_builder.errors import KGError
    from kg_builder.estimate import estimate_ingest
    from kg_builder.evaluate import evaluate_files
    from kg_builder.evaluate.pairs import evaluate_pairs
    from kg_builder.export import export_graph
    from kg_builder.extract import ModelOptions, open_extractor
    from kg_builder.extracting import extract_lines, extract_paths
    from kg_builder.importing import import_triples
    from kg_builder.loaders import discover, load
    from kg_builder.ontology import Mapper, Ontology, ontology_to_toml, read_ontology
    from kg_builder.ontology.teaching import teach
    from kg_builder.pipeline import build_graph
    from kg_builder.recipe import Recipe
    from kg_builder.relations_clusters import found_relations, relation_clusters
    from kg_builder.reports import IngestReport
    from kg_builder.resolve.batch import resolve_names
    from kg_builder.resolving import resolve_graph
    from kg_builder.resolving_by_hand import merge_entities, never_merge, rename_entity, split_entity
    from kg_builder.resolving_explained import explain_names
    from kg_builder.samples import sample_folder
    from kg_builder.segment import segment_document
    from kg_builder.store import GraphStore, open_store
    from kg_builder.types import (
        Document,
        Extraction,
        Extractor,
        Mention,
        Name,
        Relation,
        Segment,
        Statement,
        Triple,
        Usage,
    )
    from kg_builder.values import Value, parse_value
    from kg_builder.watching import watch_folders

_HOMES = {
    "graph_statistics": "analysis",
    "back_up": "backup",
    "restore": "backup",
    "Budget": "budgets",
    "Prices": "budgets",
    "Settings": "config",
    "load_settings": "config",
    "find_conflicts": "conflicts",
    "compare_extractors": "differences",
    "examine": "doctor",
    "KGError": "errors",
    "estimate_ingest": "estimate",
    "evaluate_files": "evaluate",
    "evaluate_pairs": "evaluate.pairs",
    "export_graph": "export",
    "ModelOptions": "extract",
    "open_extractor": "extract",
    "extract_lines": "extracting",
    "extract_paths": "extracting",
    "import_triples": "importing",
    "discover": "loaders",
    "load": "loaders",
    "Mapper": "ontology",
    "Ontology": "ontology",
    "ontology_to_toml": "ontology",
    "read_ontology": "ontology",
    "teach": "ontology.teaching",
    "IngestReport": "pipeline",
    "build_graph": "pipeline",
    "resolve_graph": "resolving",
    "merge_entities": "resolving_by_hand",
    "never_merge": "resolving_by_hand",
    "rename_entity": "resolving_by_hand",
    "split_entity": "resolving_by_hand",
    "explain_names": "resolving_explained",
    "found_relations": "relations_clusters",
    "relation_clusters": "relations_clusters",
    "segment_document": "segment",
    "resolve_names": "resolve.batch",
    "sample_folder": "samples",
    "Recipe": "recipe",
    "GraphStore": "store",
    "open_store": "store",
    "Document": "types",
    "Extraction": "types",
    "Extractor": "types",
    "Mention": "types",
    "Name": "types",
    "Relation": "types",
    "Segment": "types",
    "Statement": "types",
    "Triple": "types",
    "Usage": "types",
    "Value": "values",
    "parse_value": "values",
    "watch_folders": "watching",
}

__all__ = [
    "Budget",
    "Document",
    "Extraction",
    "Extractor",
    "GraphStore",
    "IngestReport",
    "KGError",
    "Mapper",
    "Mention",
    "ModelOptions",
    "Name",
    "Ontology",
    "Prices",
    "Recipe",
    "Relation",
    "Segment",
    "Settings",
    "Statement",
    "Triple",
    "Usage",
    "Value",
    "back_up",
    "build_graph",
    "compare_extractors",
    "discover",
    "estimate_ingest",
    "evaluate_files",
    "evaluate_pairs",
    "examine",
    "explain_names",
    "export_graph",
    "extract_lines",
    "extract_paths",
    "find_conflicts",
    "found_relations",
    "graph_statistics",
    "import_triples",
    "load",
    "load_settings",
    "merge_entities",
    "never_merge",
    "ontology_to_toml",
    "open_extractor",
    "open_store",
    "parse_value",
    "read_ontology",
    "relation_clusters",
    "rename_entity",
    "resolve_graph",
    "resolve_names",
    "restore",
    "sample_folder",
    "segment_document",
    "split_entity",
    "teach",
    "watch_folders",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: importing the package alone loads nothing heavy."""
    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

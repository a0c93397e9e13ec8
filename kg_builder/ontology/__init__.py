"""Ontologies: which types and relations a graph is to have, and how what texts say is brought into them."""

from __future__ import annotations

from kg_builder.ontology.mapping import MODES, Mapped, Mapper, Mode, open_mapper
from kg_builder.ontology.reading import read_ontology
from kg_builder.ontology.records import EntityType, Ontology, RelationType
from kg_builder.ontology.writing import ontology_to_toml

__all__ = [
    "MODES",
    "EntityType",
    "Mapped",
    "Mapper",
    "Mode",
    "Ontology",
    "RelationType",
    "ontology_to_toml",
    "open_mapper",
    "read_ontology",
]

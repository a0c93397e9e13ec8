"""Reads an ontology file: TOML or YAML in our own form, JSON as Text2KGBench has it, OWL, RDFS or SHACL."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg_builder.errors import OntologyError
from kg_builder.ontology.building import build_ontology, problems_of, refuse
from kg_builder.ontology.places import Places, places_in_toml
from kg_builder.ontology.records import LITERALS, EntityType, Ontology, RelationType

__all__ = ["SUFFIXES", "read_ontology"]

SUFFIXES = {
    ".toml": "TOML",
    ".yaml": "YAML",
    ".yml": "YAML",
    ".json": "JSON as Text2KGBench has it",
    ".ttl": "OWL, RDFS or SHACL in Turtle",
    ".owl": "OWL in RDF/XML",
    ".rdf": "RDF/XML",
    ".nt": "N-Triples",
    ".jsonld": "JSON-LD",
}
_MOST_BYTES = 200_000_000


def read_ontology(path: Path | str) -> Ontology:
    """The ontology in a file, by its suffix (`SUFFIXES`), checked.

    Raises:
        OntologyError: the file cannot be read, or something in it is wrong: each mistake with its line.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise OntologyError(
            f"expected an ontology file that ends in {', '.join(SUFFIXES)}, found {str(path)!r}; "
            "`kg ontology draft FOLDER --out FILE.toml` makes one from documents"
        )
    text = _text(path)
    if suffix == ".toml":
        try:
            tables: Any = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as exc:
            raise OntologyError(f"{path}: expected TOML, but {exc}; strings need quotes, tables [types.NAME]") from exc
        return build_ontology(tables, places_in_toml(text, path))
    if suffix in (".yaml", ".yml"):
        from kg_builder.ontology.yaml_form import tables_of

        tables, places = tables_of(text, path)
        return build_ontology(tables, places)
    if suffix == ".json":
        return _from_benchmark(_json(text, path), path, text)
    from kg_builder.ontology.rdf_form import ontology_of_rdf

    made = ontology_of_rdf(text, path)
    refuse(problems_of(made, Places(str(path))), str(path))
    return made


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise OntologyError(f"{path}: expected an ontology of at most {_MOST_BYTES:,} bytes, found {size:,}")
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as exc:
        raise OntologyError(f"expected a readable ontology file at {str(path)!r}, but {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise OntologyError(
            f"{path}:{line}: expected UTF-8, found byte {raw[exc.start]:#04x}; save it as UTF-8"
        ) from exc
    if not text.strip():
        raise OntologyError(
            f"{path}: expected types and relations, found an empty file; see docs/ontology.md for the form"
        )
    return text.replace("\r\n", "\n")


def _json(text: str, path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise OntologyError(f"{path}: expected JSON, but {exc}") from exc
    if not isinstance(value, Mapping) or not isinstance(value.get("relations"), list):
        raise OntologyError(
            f"{path}: expected an object with the lists 'concepts' and 'relations' as Text2KGBench has it; "
            "an ontology of our own form is TOML or YAML"
        )
    return value


def _from_benchmark(value: Mapping[str, Any], path: Path, text: str) -> Ontology:
    """``{title, concepts: [{qid, label}], relations: [{pid, label, domain, range}]}``.

    Such files refer to types that they do not list, and list one relation several times with different domains and
    ranges: the types are added, the relations made one.
    """
    lines = text.split("\n")
    problems: list[str] = []

    def fields(row: object, key: str, kind: str) -> tuple[str, str] | None:
        if isinstance(row, Mapping) and str(row.get("label", "")).strip():
            # As it stands, blanks at its end included: that is the name by which whoever wrote it looks for it.
            label = re.sub(r"[|\n\r\t]", " ", str(row["label"]))
            label = label if key == "pid" else " ".join(label.split())
            return str(row.get(key, "") or label), label
        shown = json.dumps(row, ensure_ascii=False)[:60]
        line = next(
            (n for n, words in enumerate(lines, 1) if isinstance(row, Mapping) and str(row.get(key)) in words), 1
        )
        problems.append(f"{path}:{line}: expected a {kind} with {key!r} and 'label', found {shown}; add the label")
        return None

    types: dict[str, EntityType] = {}
    labels: dict[str, str] = {}
    for row in value.get("concepts") or []:
        if (named := fields(row, "qid", "concept")) is not None:
            labels[named[0]] = named[1]
            types.setdefault(named[1], EntityType(named[1], id=named[0] if named[0] != named[1] else ""))
    relations: dict[str, RelationType] = {}
    for row in value["relations"]:
        if (named := fields(row, "pid", "relation")) is None:
            continue
        sides: dict[str, tuple[str, ...]] = {}
        for side in ("domain", "range"):
            wanted = str(row.get(side) or "")
            name = labels.get(wanted) or (wanted if wanted in types else "")
            literal = wanted.casefold()
            sides[side] = (name,) if name else ((literal,) if side == "range" and literal in LITERALS else ())
        before = relations.get(named[1])
        relations[named[1]] = RelationType(
            named[1],
            _joined(before.domain if before else None, sides["domain"]),
            _joined(before.range if before else None, sides["range"]),
            id=named[0] if named[0] != named[1] else "",
        )
    refuse(problems, str(path))
    return Ontology(str(value.get("title", "")), "", types, relations)


def _joined(before: tuple[str, ...] | None, more: tuple[str, ...]) -> tuple[str, ...]:
    """The types of a relation that is listed twice; one time without any, and anything goes."""
    if before is None:
        return more
    return tuple(dict.fromkeys((*before, *more))) if before and more else ()

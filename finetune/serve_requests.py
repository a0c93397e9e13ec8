"""What the server is asked, read and checked, and what it answers."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg_builder.errors import OntologyError
from kg_builder.types import Extraction

__all__ = ["Refused", "check_known", "read_body", "read_relations", "read_string", "read_strings", "to_json"]


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, kind: str, message: str, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.status, self.kind, self.retry_after_s = status, kind, retry_after_s


async def read_body(request: Any) -> Mapping[str, Any]:
    """The object that a request brings."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "content-type", f"expected application/json, found {kind!r}")
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError) as exc:
        raise Refused(400, "json", f"expected JSON, but {exc}") from exc
    if not isinstance(found, dict):
        raise Refused(422, "fields", f"expected an object, found {type(found).__name__}")
    return found


def check_known(body: Mapping[str, Any], *names: str) -> None:
    """That there are no fields but `names`: a slip of the pen is told, not passed over."""
    other = sorted(set(body) - set(names))
    if other:
        raise Refused(422, "fields", f"expected only {', '.join(names)}, found {', '.join(other)[:200]}")


def read_string(body: Mapping[str, Any], name: str, longest: int) -> str:
    """A field with some words."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(422, "fields", f"{name}: expected a string with something in it, found {str(value)[:50]!r}")
    if len(value) > longest:
        raise Refused(413, "too-large", f"{name}: expected at most {longest:,} characters, found {len(value):,}")
    return value


def read_strings(value: Any, name: str, most: int) -> tuple[str, ...]:
    """A list of names, each once."""
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise Refused(422, "fields", f"{name}: expected a list of names, found {str(value)[:50]!r}")
    made = tuple(dict.fromkeys(each.strip() for each in value))
    if len(made) > most:
        raise Refused(413, "too-large", f"{name}: expected at most {most:,}, found {len(made):,}")
    return made


def read_relations(value: Any, most: int) -> tuple[str, ...]:
    """The relations of an ontology: a list of their names, or what an ontology file in TOML or JSON says."""
    if value is None or isinstance(value, list):
        return read_strings(value or [], "ontology", most)
    if not isinstance(value, str | dict):
        raise Refused(422, "ontology", "expected a list of relations, or the content of an ontology file")
    from kg_builder.ontology import read_ontology

    text = value if isinstance(value, str) else json.dumps(value)
    suffix = ".json" if text.lstrip().startswith("{") else ".toml"
    with tempfile.TemporaryDirectory(prefix="kg-serve-") as folder:
        file = Path(folder) / f"ontology{suffix}"
        file.write_text(text, "utf-8")
        try:
            found = read_ontology(file)
        except OntologyError as exc:
            raise Refused(422, "ontology", str(exc).replace(f"{folder}{os.sep}", "")) from exc
    return read_strings([name.strip() for name in found.relations], "ontology", most)


def to_json(extraction: Extraction) -> dict[str, Any]:
    """An extraction as an object."""
    return {
        "head": extraction.head.surface,
        "relation": extraction.relation.lemma or extraction.relation.surface,
        "tail": extraction.tail.surface,
        "head_type": extraction.head.type,
        "tail_type": extraction.tail.type,
        "head_start": extraction.head.start,
        "head_end": extraction.head.end,
        "tail_start": extraction.tail.start,
        "tail_end": extraction.tail.end,
        "confidence": extraction.confidence,
        "polarity": extraction.polarity,
        "modality": extraction.modality,
    }

"""Writes an ontology as TOML, in the form that `read_ontology` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from kg_builder.errors import OntologyError
from kg_builder.ontology.records import EntityType, Ontology, RelationType

__all__ = ["ontology_to_toml", "table_header", "write_ontology"]

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_WIDTH = 120


def ontology_to_toml(ontology: Ontology) -> str:
    """`ontology` as TOML: only what is said, in its order. Reading it gives an equal ontology."""
    return "\n".join(_lines(ontology)) + "\n"


def _lines(ontology: Ontology) -> Iterator[str]:
    if ontology.title:
        yield f"title = {_text(ontology.title)}"
    if ontology.description:
        yield f"description = {_text(ontology.description)}"
    for type_ in ontology.types.values():
        yield from _table("types", type_.name, type_)
    for relation in ontology.relations.values():
        yield from _table("relations", relation.name, relation)
    if ontology.learnt:
        yield ""
        yield "[learnt]  # made by `kg ontology learn`"
        yield 'data = """'
        for at in range(0, len(ontology.learnt), _WIDTH):
            yield ontology.learnt[at : at + _WIDTH]
        yield '"""'


def _table(kind: str, name: str, item: EntityType | RelationType) -> Iterator[str]:
    yield ""
    yield table_header(kind, name)
    for key in (field.name for field in fields(item) if field.name != "name"):
        value = getattr(item, key)
        if isinstance(value, bool):
            if value:
                yield f"{key} = true"
        elif isinstance(value, str):
            if value:
                yield f"{key} = {_text(value)}"
        elif value:
            yield f"{key} = {_list(value)}"


def table_header(kind: str, name: str) -> str:
    """The line that opens a table."""
    return f"[{kind}.{name if _BARE.match(name) else _text(name)}]"


def _list(values: Sequence[str]) -> str:
    inline = f"[{', '.join(map(_text, values))}]"
    return _text(values[0]) if len(values) == 1 else inline


def _text(value: str) -> str:
    # A JSON string is a TOML basic string but for DEL, and for halves of characters, which TOML has no way to write.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_ontology(path: Path, text: str) -> None:
    """Write an ontology's text to a file, whole or not at all.

    Raises:
        OntologyError: the file cannot be written.
    """
    from kg_builder.files import replacing_text

    try:
        with replacing_text(path) as file:
            file.write(text)
    except OSError as exc:
        raise OntologyError(f"expected to write {str(path)!r}, but {exc.strerror or exc}") from exc

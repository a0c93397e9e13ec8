"""Writes the graph as a file for other programs: the format follows the suffix.

All formats stream, and depend on nothing but the graph: equal graphs give equal bytes, whichever server holds them.

* ``.jsonl``   one object per fact, with its evidence: complete, made for comparing and for scripts
* ``.graphml`` entities and facts for networkx, Gephi, yEd
* ``.ttl``, ``.jsonld``  RDF, with the evidence of every fact
* ``.csv``     two files in the form of ``neo4j-admin database import``
* ``.cypher``  a script that rebuilds entities and facts, one statement to a line
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TextIO

from kg_builder.errors import ConfigError, ExportError
from kg_builder.export.cypher_script import write_cypher
from kg_builder.export.graphml import write_graphml
from kg_builder.export.import_csv import write_nodes, write_relationships
from kg_builder.export.jsonl import write_jsonl
from kg_builder.export.rdf import write_jsonld, write_turtle
from kg_builder.files import FULL, replacing_text
from kg_builder.store.records import StoredEdge, StoredEntity

__all__ = ["EXPORT_SUFFIXES", "GraphSource", "export_graph", "export_paths"]


class GraphSource(Protocol):
    """What an export reads: any `GraphStore`, or anything else that can list entities and edges in a stable order."""

    def entities(self, *, type: str | None = None) -> Iterator[StoredEntity]:
        """All entities, sorted."""

    def edges(self, *, with_evidence: bool = True) -> Iterator[StoredEdge]:
        """All edges, sorted."""


Writer = Callable[[GraphSource, TextIO], int]

# For each suffix the files it makes (what replaces the suffix) with the function that writes each; every function gives
# the number of edges it wrote.
_FORMATS: dict[str, tuple[tuple[str, Writer], ...]] = {
    ".csv": ((".nodes.csv", write_nodes), (".relationships.csv", write_relationships)),
    ".cypher": ((".cypher", write_cypher),),
    ".graphml": ((".graphml", write_graphml),),
    ".jsonl": ((".jsonl", write_jsonl),),
    ".jsonld": ((".jsonld", write_jsonld),),
    ".ttl": ((".ttl", write_turtle),),
}

EXPORT_SUFFIXES: tuple[str, ...] = tuple(sorted(_FORMATS))


def export_paths(path: Path) -> tuple[Path, ...]:
    """What `export_graph` makes for `path`: itself, but ``x.nodes.csv`` and ``x.relationships.csv`` for ``x.csv``.

    Raises: ConfigError for a suffix that names no format.
    """
    parts = _format_of(path)
    if len(parts) == 1:
        return (path,)
    return tuple(path.with_name(path.stem + ending) for ending, _ in parts)


def export_graph(store: GraphSource, path: Path) -> int:
    """Writes the graph to `path` in the format of its suffix and gives the number of edges written.

    The files appear when they are complete: a failed export leaves what was there before.

    Raises:
        ConfigError: an unknown suffix, or a place where nothing can be written.
        ExportError: the file could not be written to its end: the disk is full, for example.
    """
    writers = [writer for _, writer in _format_of(path)]
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(replacing_text(target)) for target in export_paths(path)]
            return sum([writer(store, file) for writer, file in zip(writers, files, strict=True)])
    except OSError as exc:
        if exc.errno in FULL:
            raise ExportError(
                f"expected room for the export {str(path)!r}, but {exc.strerror}; make room on that disk or name a "
                "file on another, and run the same again. What was there before stays"
            ) from exc
        raise ConfigError(
            f"expected a file that can be written, found {str(path)!r}: {exc.strerror or exc}; "
            "name a file in an existing folder with enough free space"
        ) from exc


def _format_of(path: Path) -> tuple[tuple[str, Writer], ...]:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"expected a file name ending in one of {', '.join(EXPORT_SUFFIXES)}, found {path.name!r}; "
            "the suffix chooses the format of the export"
        ) from None

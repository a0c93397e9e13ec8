"""Our form of an ontology in YAML: the same keys as in TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kg_builder.errors import OntologyError
from kg_builder.ontology.places import Places

__all__ = ["tables_of"]


def tables_of(text: str, path: Path) -> tuple[dict[str, Any], Places]:
    """The tables of a YAML text and where their keys stand.

    Raises:
        OntologyError: PyYAML is missing, or this is no YAML, or a key stands twice.
    """
    try:
        import yaml
    except ImportError as exc:
        raise OntologyError(
            f"{path}: reading YAML needs PyYAML: pip install 'kg-builder[ontology]', or write the file as TOML"
        ) from exc
    places = Places(str(path))
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            _mark(root, (), places, path)
        # Aliases can make a small file huge (a "billion laughs"): an ontology has no use for them.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise OntologyError(f"{path}: expected no YAML aliases (*name); write the values out")
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise OntologyError(
            f"{path}:{line}: expected YAML, but {exc.problem or exc}; names with : need quotes"
        ) from exc
    except (yaml.YAMLError, RecursionError, ValueError) as exc:
        raise OntologyError(f"{path}: expected YAML, but {exc}") from exc
    if not isinstance(value, dict):
        raise OntologyError(f"{path}: expected the keys title, types, relations, found {type(value).__name__}")
    return _tables(value), places


def _mark(node: Any, key: tuple[str, ...], places: Places, path: Path) -> None:
    import yaml

    if not isinstance(node, yaml.MappingNode) or len(key) > 3:
        return
    seen: set[str] = set()
    for name, value in node.value:
        line = name.start_mark.line + 1
        if name.value in seen:
            raise OntologyError(f"{path}:{line}: {name.value!r} stands twice in one table; keep one of them")
        seen.add(name.value)
        places.add((*key, name.value), line)
        _mark(value, (*key, name.value), places, path)


def _tables(value: dict[Any, Any]) -> dict[str, Any]:
    """Keys as texts ("on" and 1984 are names too), and nothing as an empty table."""
    named = {str(key): item for key, item in value.items()}
    for kind in ("types", "relations"):
        if kind in named and named[kind] is None:
            named[kind] = {}
        if isinstance(named.get(kind), dict):
            named[kind] = {str(key): {} if item is None else item for key, item in named[kind].items()}
    return named

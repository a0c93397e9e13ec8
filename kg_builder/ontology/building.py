"""From the tables of a file to an ontology, with every mistake named by its line and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from kg_builder.errors import OntologyError
from kg_builder.ontology.places import Places
from kg_builder.ontology.records import LITERALS, EntityType, Ontology, RelationType

__all__ = ["build_ontology", "problems_of", "refuse"]

_TOP = {"title": str, "description": str, "types": dict, "relations": dict, "learnt": dict}
_TYPE = {"parent": str, "description": str, "aliases": list, "examples": list, "id": str}
_RELATION = {
    "domain": list,
    "range": list,
    "description": str,
    "aliases": list,
    "inverse": str,
    "symmetric": bool,
    "functional": bool,
    "inverse_functional": bool,
    "cardinality": str,
    "id": str,
}
_CARDINALITIES = {
    "one-to-one": (True, True),
    "many-to-one": (True, False),
    "one-to-many": (False, True),
    "many-to-many": (False, False),
}
_KINDS = {str: "a text", list: "a list of texts", bool: "true or false", dict: "a table"}
_SHOWN = 20
_LONGEST = 200


def build_ontology(tables: Mapping[str, Any], places: Places) -> Ontology:
    """The ontology that `tables` say.

    Raises:
        OntologyError: with a line for each mistake (the first twenty): where it stands, what was expected and found.
    """
    problems: list[str] = []
    made = _Builder(places, problems).build(tables)
    refuse(problems or problems_of(made, places), places.file)
    return made


def refuse(problems: list[str], file: str) -> None:
    """Raise what is wrong with a file, if anything."""
    if problems:
        more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise OntologyError(f"{file} cannot be used as an ontology:\n" + "\n".join(problems[:_SHOWN]) + more)


class _Builder:
    def __init__(self, places: Places, problems: list[str]) -> None:
        self._places = places
        self._problems = problems

    def build(self, tables: Mapping[str, Any]) -> Ontology:
        top = self._checked(tables, _TOP, ())
        types = {
            name: EntityType(name, **self._checked(table, _TYPE, ("types", name)))
            for name, table in self._named(top.get("types", {}), "types")
        }
        relations = {}
        for name, table in self._named(top.get("relations", {}), "relations"):
            fields = self._checked(table, _RELATION, ("relations", name))
            relations[name] = RelationType(name, **self._with_cardinality(fields, name))
        learnt = top.get("learnt", {})
        data = learnt.get("data", "") if isinstance(learnt, Mapping) else ""
        return Ontology(top.get("title", ""), top.get("description", ""), types, relations, "".join(str(data).split()))

    def _named(self, tables: Mapping[str, Any], kind: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
        for name, table in tables.items():
            if not name.strip() or len(name) > _LONGEST or any(c in name for c in "|\n\r\t"):
                self._say(
                    (kind, name),
                    f"expected a name of 1 to {_LONGEST} characters on one line without |, found {name[:40]!r}",
                )
            elif not isinstance(table, Mapping):
                self._say((kind, name), f"expected a table under {name!r}, found {table!r}: write [{kind}.{name}]")
            else:
                yield name, table

    def _checked(self, table: Mapping[str, Any], kinds: Mapping[str, type], path: tuple[str, ...]) -> dict[str, Any]:
        """The fields of a table that are as they should be."""
        kept: dict[str, Any] = {}
        for key, value in table.items():
            kind = kinds.get(key)
            if kind is None:
                self._say((*path, key), f"unknown key {key!r}; {_suggest(key, kinds)}")
                continue
            if kind is list and isinstance(value, str):
                value = [value]
            fits = isinstance(value, Mapping if kind is dict else kind)
            if not fits or (kind is list and not all(isinstance(item, str) and item.strip() for item in value)):
                self._say((*path, key), f"{key!r}: expected {_KINDS[kind]}, found {str(value)[:60]!r}")
                continue
            kept[key] = tuple(dict.fromkeys(value)) if kind is list else value
        return kept

    def _with_cardinality(self, fields: dict[str, Any], name: str) -> dict[str, Any]:
        stated = fields.pop("cardinality", "")
        if not stated:
            return fields
        if stated not in _CARDINALITIES:
            wanted = ", ".join(_CARDINALITIES)
            self._say(("relations", name, "cardinality"), f"'cardinality': expected one of {wanted}, found {stated!r}")
            return fields
        for key, value in zip(("functional", "inverse_functional"), _CARDINALITIES[stated], strict=True):
            if fields.setdefault(key, value) != value:
                where = ("relations", name, "cardinality")
                self._say(
                    where, f"cardinality {stated!r} and {key} = {str(not value).lower()} disagree; keep one of them"
                )
        return fields

    def _say(self, key: tuple[str, ...], message: str) -> None:
        self._problems.append(f"{self._places.at(*key)}: {message}")


def problems_of(ontology: Ontology, places: Places) -> list[str]:
    """What does not agree within an ontology, one line each."""
    return [*_in_types(ontology, places), *_in_relations(ontology, places), *_in_names(ontology, places)]


def _in_types(ontology: Ontology, places: Places) -> Iterable[str]:
    in_cycles: set[str] = set()
    for name, type_ in ontology.types.items():
        where = places.at("types", name, "parent")
        if type_.parent and type_.parent not in ontology.types:
            hint = _suggest(type_.parent, ontology.types)
            yield f"{where}: type {name!r} has an unknown parent {type_.parent!r}; {hint}"
        path = list(ontology.above(name))
        if ontology.types[path[-1]].parent == name and name not in in_cycles:
            in_cycles.update(path)
            way = " > ".join((*path, name))
            yield f"{where}: the parents of {name!r} go in a circle ({way}); remove one of these parents"


def _in_relations(ontology: Ontology, places: Places) -> Iterable[str]:
    known = {*ontology.types, *LITERALS}
    for name, relation in ontology.relations.items():
        for side in ("domain", "range"):
            for type_ in getattr(relation, side):
                if type_ not in known:
                    where = places.at("relations", name, side)
                    hint = _suggest(type_, sorted(known))
                    yield f"{where}: relation {name!r} has an unknown {side} {type_!r}; {hint}"
        for type_ in relation.domain:
            if type_ in LITERALS and type_ not in ontology.types:
                where = places.at("relations", name, "domain")
                yield f"{where}: relation {name!r} starts from a {type_}, but only types have relations; name a type"
        yield from _about_inverse(ontology, relation, places)


def _about_inverse(ontology: Ontology, relation: RelationType, places: Places) -> Iterable[str]:
    name, where = relation.name, places.at("relations", relation.name, "inverse")
    if relation.symmetric and set(relation.domain) != set(relation.range):
        place = places.at("relations", name, "symmetric")
        yield f"{place}: relation {name!r} is symmetric, but its domain and range differ; make them the same"
    if relation.symmetric and relation.inverse not in ("", name):
        yield f"{where}: relation {name!r} is symmetric and so its own inverse; remove inverse = {relation.inverse!r}"
    if not relation.inverse or relation.symmetric:
        return
    other = ontology.relations.get(relation.inverse)
    if other is None:
        yield (
            f"{where}: relation {name!r} has an unknown inverse {relation.inverse!r}; "
            f"{_suggest(relation.inverse, ontology.relations)}; other words for it belong in aliases"
        )
        return
    if other.inverse not in ("", name):
        theirs = f"but that has the inverse {other.inverse!r}"
        yield f"{where}: the inverse of {name!r} is {other.name!r}, {theirs}; make them agree"
    turned = {"domain": other.range, "range": other.domain}
    for side, opposed in turned.items():
        ours = getattr(relation, side)
        if ours and opposed and set(ours) != set(opposed):
            opposite = "range" if side == "domain" else "domain"
            yield (
                f"{where}: {name!r} and its inverse {other.name!r} do not agree: {side} {_listed(ours)} here, "
                f"{opposite} {_listed(opposed)} there; make them the same"
            )


def _in_names(ontology: Ontology, places: Places) -> Iterable[str]:
    """Names that differ in case only, and words that stand for two things at once."""
    for kind, items in (("types", ontology.types), ("relations", ontology.relations)):
        owners: dict[str, str] = {}
        for name in items:
            first = owners.setdefault(name.casefold(), name)
            if first != name:
                yield f"{places.at(kind, name)}: {name!r} and {first!r} differ in case only; rename one of them"
        for name, item in items.items():
            for alias in item.aliases:
                owner = owners.setdefault(alias.casefold(), name)
                if owner != name and not _apart(ontology, kind, owner, name):
                    where = places.at(kind, name, "aliases")
                    yield f"{where}: alias {alias!r} of {name!r} already stands for {owner!r}; keep it in one place"


def _apart(ontology: Ontology, kind: str, one: str, other: str) -> bool:
    """Whether two relations with an alias in common can be told apart by what they hold between."""
    if kind != "relations":
        return False
    a, b = ontology.relations[one], ontology.relations[other]
    return bool(a.domain and b.domain and not set(a.domain) & set(b.domain)) or bool(
        a.range and b.range and not set(a.range) & set(b.range)
    )


def _listed(names: Iterable[str]) -> str:
    return " or ".join(repr(name) for name in names)


def _suggest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return (
        f"expected one of {', '.join(map(repr, names[:12]))}{' …' if len(names) > 12 else ''}"
        if names
        else "there are none"
    )

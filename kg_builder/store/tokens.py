"""The labels and relationship types of one database: what a type or relation is called there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kg_builder.store import cypher
from kg_builder.store.connection import Connection
from kg_builder.store.naming import relation_type, type_label

__all__ = ["Tokens"]

_PLAIN = re.compile(r"\w+")  # what needs no care in SQL
_TOGETHER = 500  # types that are made by one script


class Tokens:
    """Names of labels and types, kept apart where a server wants them apart.

    ArcadeDB has one namespace for both, so that a label 公司 and a relation 公司 cannot both have that name: the second
    to come is marked by a ``%``. Which came first is known from the database, and never changes since types stay.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect
        self.has_functions = connection.has_functions
        self._labels: set[str] = set(cypher.SYSTEM_LABELS)
        self._types: set[str] = set()
        self._made: set[str] = set()
        self._relationships: dict[str, str] = {}
        self._loaded = not self.dialect.shared_namespace

    def label(self, type_: str) -> str:
        """The label of entities of a type; never one of ours."""
        token = self.dialect.token(type_label(type_))
        if token in cypher.SYSTEM_LABELS:
            token += "_"
        return self._apart(token, mine=self._labels, others=self._types)

    def relationship(self, relation: str) -> str:
        """The relationship type of facts of a relation."""
        wanted = relation_type(relation)
        if wanted not in self._relationships:
            self._relationships[wanted] = self._apart(self._type(wanted), mine=self._types, others=self._labels)
        return self._relationships[wanted]

    def possible(self, relations: Iterable[str]) -> list[str]:
        """The types that facts of some relations have, if there are any: for statements that are to read no others."""
        types = {self._type(relation_type(relation)) for relation in relations}
        return sorted(types | ({f"{each}%" for each in types} if self.dialect.shared_namespace else set()))

    def have_types(self, types: Iterable[str]) -> None:
        """See to it that relationship types are there before facts of them are written. Statements make them as well,
        but the embedded server takes long for each that comes so, the longer the more there are.
        """
        server = self._connection.embedded
        if server is None:
            return
        self._load()
        missing = sorted({each for each in types if each not in self._made and _PLAIN.fullmatch(each)})
        for start in range(0, len(missing), _TOGETHER):
            together = missing[start : start + _TOGETHER]
            if not server.make_types(together):
                return
            self._made.update(together)

    def _type(self, wanted: str) -> str:
        """`wanted` as this server can hold it; never a type of ours that `cypher.OTHER_TIES` are of."""
        token = self.dialect.token(wanted)
        return f"{token}_" if token in cypher.OTHER_TIES else token

    def _apart(self, token: str, *, mine: set[str], others: set[str]) -> str:
        if not self.dialect.shared_namespace:
            return token
        if token not in mine:
            self._load()
            if token in others and token not in mine:
                token += "%"
            mine.add(token)
        return token

    def _load(self) -> None:
        if not self._loaded:
            self._labels.update(next(iter(row.values())) for row in self._connection.read(cypher.LABELS))
            self._made.update(next(iter(row.values())) for row in self._connection.read(cypher.RELATIONSHIP_TYPES))
            self._types |= self._made
            self._loaded = True

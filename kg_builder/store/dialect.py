"""Where the two servers differ, and how a name from data becomes a name in Cypher."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["ARCADEDB", "NEO4J", "Dialect", "dialect_of", "quote_identifier"]

_MAX_FILE_NAME = 150  # ArcadeDB names a file after each type, percent-encoded; 255 bytes is the limit of file systems


def quote_identifier(name: str) -> str:
    """`name` as one Cypher identifier: whatever it holds, it stays a name.

    Raises:
        ValueError: for an empty name or one with a null character, which no server takes: `Dialect.token` maps those.
    """
    if not name or "\x00" in name:
        raise ValueError(f"expected a name without null characters for a label or relationship type, found {name!r}")
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server understands.

    Attributes:
        product: the server's name, for people.
        dynamic_types: whether a label or type may be an expression (``-[:$(row.type)]->``).
        light: neighbours of a node that may be looked through one by one. From busier ones, a relationship type is
            written into a statement of its own, so that the server leaves the others alone.
        joins_ends: whether a relationship between two nodes that are both given is found without reading the others of
            either, beyond their list of neighbours.
        enforces_read_mode: whether a session in READ mode refuses writes, and ``EXPLAIN`` tells a statement's kind.
        counts_from_start: whether the place of a mistake is counted from the statement's start, and not from behind
            ``EXPLAIN`` or what comments it begins with.
        text_indexes: whether there is an index for ``CONTAINS``.
        forbidden: characters that a label or a relationship type cannot hold.
        shared_namespace: whether a label and a relationship type cannot have the same name.
    """

    product: str
    dynamic_types: bool
    light: int
    joins_ends: bool
    enforces_read_mode: bool
    counts_from_start: bool
    text_indexes: bool
    forbidden: frozenset[str]
    shared_namespace: bool

    def token(self, name: str) -> str:
        """`name` as this server can hold it as a label or relationship type; the same name always gives the same token.

        Characters that the server refuses become ``%`` and their code in hexadecimal, as ``%`` itself does. The
        relation or type is kept verbatim as a property beside it.
        """
        safe = "".join(f"%{ord(c):02X}" if c in self.forbidden else c for c in name)
        if not safe.strip():
            safe = "".join(f"%{ord(c):02X}" for c in name) or "%"
        if self.shared_namespace and len(quote(safe)) > _MAX_FILE_NAME:
            tail = "%" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            safe = safe[:_MAX_FILE_NAME]
            while len(quote(safe)) > _MAX_FILE_NAME - len(quote(tail)):
                safe = safe[:-1]
            safe += tail
        return safe


ARCADEDB = Dialect(
    product="ArcadeDB",
    dynamic_types=False,
    light=1 << 62,  # it keeps no list by type
    joins_ends=True,
    enforces_read_mode=False,
    counts_from_start=False,
    text_indexes=False,
    forbidden=frozenset("\x00%~,*"),
    shared_namespace=True,
)
NEO4J = Dialect(
    product="Neo4j",
    dynamic_types=True,
    light=5000,  # a new statement takes as long to plan as ten thousand neighbours to look through
    joins_ends=False,  # it would begin at the busier end
    enforces_read_mode=True,
    counts_from_start=True,
    text_indexes=True,
    forbidden=frozenset("\x00%"),
    shared_namespace=False,
)


def dialect_of(agent: str) -> tuple[Dialect, str]:
    """The dialect and the readable name and version of a server, from the agent string of its handshake."""
    arcade = re.search(r"ArcadeDB\s+([\w.\-]+)", agent)
    if arcade:
        return ARCADEDB, f"ArcadeDB {arcade.group(1)}"
    return NEO4J, agent.replace("/", " ")

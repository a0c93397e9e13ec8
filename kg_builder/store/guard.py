"""Telling a statement that only reads from one that might do more, before it reaches a server.

Servers refuse writes themselves (see `Connection`); this is the outer wall, and the only one against what they count as
reading: ``LOAD CSV`` reads files, procedures do anything. It works on tokens, so that words in strings, names and
comments are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kg_builder.errors import ReadOnlyError

__all__ = ["check_read_only", "single_statement"]

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\r\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<quoted>`(?:[^`]|``)*`)
  | (?P<word>[^\W\d][\w]*)
  | (?P<number>\d[\w.]*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINNINGS = frozenset(
    [
        "MATCH",
        "OPTIONAL",
        "UNWIND",
        "WITH",
        "RETURN",
        "CALL",
        "EXPLAIN",
        "PROFILE",
        "CYPHER",
        "FILTER",
        "LET",
        "FOR",
        "WHEN",
        "FINISH",
    ]
)
_WRITES = frozenset(["CREATE", "MERGE", "SET", "DELETE", "DETACH", "REMOVE", "DROP", "FOREACH", "INSERT", "LOAD"])
_ADMIN = frozenset(
    [
        "USE",
        "SHOW",
        "TERMINATE",
        "ALTER",
        "GRANT",
        "DENY",
        "REVOKE",
        "START",
        "STOP",
        "RENAME",
        "ENABLE",
        "DEALLOCATE",
        "REALLOCATE",
    ]
)
_PROCEDURES = frozenset(
    [
        "db.labels",
        "db.relationshiptypes",
        "db.propertykeys",
        "db.schema.visualization",
        "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties",
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
        "db.index.vector.querynodes",
        "db.index.vector.queryrelationships",
        "dbms.components",
        "db.ping",
    ]
)
_NEVER_AFTER_CLAUSE = frozenset(["", *":.,)]}=<>+-*/%^;"])


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def single_statement(cypher: str) -> str:
    """`cypher` without a final semicolon.

    Raises:
        ReadOnlyError: when more than one statement is given, or none.
    """
    tokens = list(_tokens(cypher))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if not tokens:
        raise ReadOnlyError(f"expected one Cypher statement, found {cypher[:80]!r}.")
    if any(token.kind == "other" and token.text == ";" for token in tokens):
        raise ReadOnlyError("expected one Cypher statement, found several separated by ';'. Run them one by one.")
    return re.sub(r"[;\s]+\Z", "", cypher) if cypher.rstrip().endswith(";") else cypher


def check_read_only(cypher: str) -> None:
    """Let only statements pass that read the graph.

    Raises:
        ReadOnlyError: with the word that was refused.
    """
    tokens = list(_tokens(cypher))
    if not tokens or tokens[0].text.upper() not in _BEGINNINGS:
        _refuse(tokens[0].text if tokens else "")
    for at, token in enumerate(tokens):
        if token.kind != "word" or not _is_clause(tokens, at):
            continue
        word = token.text.upper()
        if word in _WRITES or (word in _ADMIN and at == 0) or (word == "USE" and at < 3):
            _refuse(token.text)
        if word == "CALL":
            _check_call(tokens, at)
        if word == "IN" and _word(tokens, at + 1) in ("TRANSACTIONS", "CONCURRENT"):
            _refuse("CALL … IN TRANSACTIONS")


def _check_call(tokens: list[_Token], at: int) -> None:
    """A subquery, ``CALL {`` or ``CALL (x) {``, is looked through with the rest; a procedure must be a known one."""
    if at + 1 < len(tokens) and tokens[at + 1].text in "({":
        return
    name = ""
    for token in tokens[at + 1 :]:
        if token.kind not in ("word", "quoted") and token.text != ".":
            break
        if token.kind == "word" and token.text.upper() == "YIELD":
            break
        name += token.text.strip("`")
    if name.lower() not in _PROCEDURES:
        _refuse(f"CALL {name}")


def _is_clause(tokens: list[_Token], at: int) -> bool:
    """Whether a word may begin a clause here, and is not a property, a label, a parameter, a key or an alias."""
    before = tokens[at - 1].text if at else ""
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return (
        before not in (".", ":", "$", "&", "|", "!", "@")
        and before.upper() != "AS"
        and after not in _NEVER_AFTER_CLAUSE
    )


def _word(tokens: list[_Token], at: int) -> str:
    return tokens[at].text.upper() if at < len(tokens) else ""


def _tokens(cypher: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(cypher):
        kind = match.lastgroup or "other"
        if kind != "space":
            yield _Token(kind, match.group())


def _refuse(what: str) -> None:
    raise ReadOnlyError(
        f"expected a statement that only reads, found {what!r}. "
        "Where writing is meant, use `kg query --write` or GraphStore.execute()."
    )

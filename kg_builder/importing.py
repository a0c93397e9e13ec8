"""Triples from elsewhere become part of the graph: through the same names, relations, resolution and evidence.

A file gives a document for each source that its rows name, in parts where a source is large, and one for the file
itself, which is written last: it says that all others are there. A part that did not change is no work.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kg_builder.errors import LoadError
from kg_builder.importing_graph import rows_of_graph
from kg_builder.importing_rows import Form, ImportedRow, RefusedRow, form_of, rows_of
from kg_builder.language import detect_language
from kg_builder.store.foreign import is_server
from kg_builder.types import Contribution, Document, Extraction, Mention, Relation, Segment, Statement

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

__all__ = ["MADE_OF_TRIPLE", "ImportReport", "Placed", "import_triples", "import_uri", "withdraw_import"]

MADE_OF_TRIPLE = "(words of a triple)"
"""The ``section`` of segments whose text, or the end of it, was made of a triple's words."""

RECIPE = "import 1"
_PART = 1000  # rows to a document
_WRITTEN_TOGETHER = 2000
_LISTED = 20
_AT_ONCE = 1000

_SPOOL = """
CREATE TABLE row (
    number INTEGER PRIMARY KEY, line INTEGER, head TEXT, relation TEXT, tail TEXT, head_type TEXT, tail_type TEXT,
    sentence TEXT, source TEXT, confidence REAL
);
CREATE TABLE refused (number INTEGER PRIMARY KEY, line INTEGER, reason TEXT, detail TEXT);
CREATE TABLE place (number INTEGER PRIMARY KEY, head TEXT, tail TEXT);
"""


@dataclass(slots=True)
class ImportReport:
    """What came of a file: rows, those refused by reason, and documents written, left as they were, withdrawn.

    ``problems`` are the first refused rows, as ``(line, reason, sentence)``.
    """

    uri: str
    rows: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    documents: int = 0
    written: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    problems: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def imported(self) -> int:
        """Rows that are in the graph."""
        return self.rows - sum(self.refused.values())

    def to_dict(self) -> dict[str, Any]:
        """As one JSON object."""
        return {**asdict(self), "imported": self.imported}


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a row went: ids of entities, or None for both with the reason why it was refused."""

    row: int
    head_id: str | None
    tail_id: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where rows come from: ``uri`` and ``title`` are of the document that stands for it."""

    uri: str
    title: str
    size_bytes: int
    rows: Callable[[], Iterator[ImportedRow | RefusedRow]]


def _source(path: Path | str, form: Form | None, cypher: str | None) -> _Source:
    if isinstance(path, str) and is_server(path):
        return _Source(import_uri(path), path, 0, partial(rows_of_graph, path, cypher))
    path = Path(path)
    rows = partial(rows_of, path, form or form_of(path))
    try:
        return _Source(import_uri(path), path.name, path.stat().st_size, rows)
    except OSError as exc:
        raise LoadError(
            f"expected a file that can be read, found {str(path)!r}: {exc.strerror or exc}.", reason="unreadable"
        ) from exc


def import_uri(path: Path | str) -> str:
    """The uri of the document that stands for the file at `path`, or for the server with that address."""
    if isinstance(path, str) and is_server(path):
        return "import://" + quote(path.rstrip("/"), safe="/:")
    return "import://" + quote(str(Path(path).absolute()), safe="/:")


def import_triples(
    store: GraphStore,
    path: Path | str,
    *,
    form: Form | None = None,
    cypher: str | None = None,
    before_placing: Callable[[], object] | None = None,
    on_placed: Callable[[Placed], object] | None = None,
) -> ImportReport:
    """Make the triples of a file, or of a graph in another database, all that it gives to the graph. The same again is
    no work, and adds nothing.

    Memory stays flat: rows wait in a temporary database on disk.

    Args:
        path: a file, or the address of a server (``neo4j://…``, ``bolt://…``).
        form: what the file holds; None: what its suffix says.
        cypher: of a server, a statement that gives the rows; None: every relationship is one.
        before_placing: called when all is written, and before it is asked where rows went: the place to resolve.
        on_placed: called with the place of every row, in order.

    Raises:
        LoadError: the file cannot be read at all, or has no triples.
        StoreError: the server cannot be read, or the graph cannot be written; what was written stays, and importing
            again goes on.
    """
    spool = sqlite3.connect("")
    try:
        spool.executescript(_SPOOL)
        source = _source(path, form, cypher)
        report = ImportReport(source.uri)
        sha256 = _fill(spool, source, report)
        _write(store, spool, source, sha256, report, names=on_placed is not None)
        if before_placing is not None:
            before_placing()
        if on_placed is not None:
            for placed in _placed(store, spool):
                on_placed(placed)
        return report
    finally:
        spool.close()


def withdraw_import(store: GraphStore, name: str) -> bool:
    """Withdraw all that an imported file gave, by its path or ``import://`` uri; False where none was imported."""
    root = name if name.startswith("import://") else import_uri(name)
    found = [uri for uri in store.uris(root) if uri == root or uri.startswith(f"{root}#")]
    for uri in sorted(found, key=lambda uri: uri == root):  # the file itself last: until then it can be done again
        store.remove(uri)
    return bool(found)


# ---------------------------------------------------------------- reading
def _fill(spool: sqlite3.Connection, source: _Source, report: ImportReport) -> str:
    """Put all rows into the spool; gives the digest of what they say."""
    sha = hashlib.sha256()
    reasons: Counter[str] = Counter()
    left = source.rows()
    while some := list(islice(left, _AT_ONCE)):
        good = [row for row in some if isinstance(row, ImportedRow)]
        bad = [row for row in some if isinstance(row, RefusedRow)]
        spool.executemany(f"INSERT INTO row VALUES ({', '.join('?' * 10)})", map(_columns, good))
        spool.executemany(
            "INSERT INTO refused VALUES (?, ?, ?, ?)", [(r.number, r.line, r.reason, r.detail) for r in bad]
        )
        report.rows += len(some)
        reasons.update(row.reason for row in bad)
        report.problems += [(r.line, r.reason, r.detail) for r in bad][: _LISTED - len(report.problems)]
        for row in some:
            sha.update(repr(row).encode("utf-8", "surrogatepass"))
    report.refused = dict(sorted(reasons.items()))
    if not report.rows:
        raise LoadError(f"expected triples in {source.title!r}, found none; is it the right place?", reason="empty")
    spool.execute("CREATE INDEX by_source ON row (source, number)")
    return sha.hexdigest()


def _columns(row: ImportedRow) -> tuple[Any, ...]:
    return (
        *(row.number, row.line, row.head, row.relation, row.tail, row.head_type, row.tail_type),
        *(row.sentence, row.source, row.confidence),
    )


def _parts(spool: sqlite3.Connection) -> Iterator[tuple[str, int, list[ImportedRow]]]:
    """Rows by their source, some at a time: source, number of the part, rows."""
    cursor = spool.execute(
        "SELECT number, line, head, relation, tail, head_type, tail_type, sentence, source, confidence FROM row "
        "ORDER BY source, number"
    )
    rows: list[ImportedRow] = []
    source, part = "", 0
    for values in cursor:
        row = ImportedRow(*values)
        if rows and (row.source != source or len(rows) >= _PART):
            yield source, part, rows
            part = part + 1 if row.source == source else 0
            rows = []
        source = row.source
        rows.append(row)
    if rows:
        yield source, part, rows


# ---------------------------------------------------------------- writing
def _write(
    store: GraphStore, spool: sqlite3.Connection, origin: _Source, sha256: str, report: ImportReport, *, names: bool
) -> None:
    root = report.uri
    known = store.document(root)
    whole = known is not None and (known.state, known.recipe, known.sha256) == ("complete", RECIPE, sha256)
    if whole and not names:
        report.documents = report.unchanged = len(store.uris(f"{root}#"))
        return
    if not whole:  # until all is there, so that a killed import is known as one
        store.record_problem(
            uri=root,
            sha256=sha256,
            title=origin.title,
            size_bytes=origin.size_bytes,
            state="failed",
            reason="interrupted",
            detail="its import was interrupted; import it again",
        )
    gone = set() if whole else set(store.uris(f"{root}#"))
    ready: list[tuple[Contribution, int, str]] = []
    for source, part, rows in _parts(spool):
        uri = f"{root}#{quote(source, safe='/:').replace('~', '%7E')}{f'~{part}' if part else ''}"
        contribution, placed = _contribution(uri, source or origin.title, rows)
        if names:
            spool.executemany("INSERT INTO place VALUES (?, ?, ?)", placed)
        report.documents += 1
        gone.discard(uri)
        there = None if whole else store.document(uri)
        if whole or (there and (there.state, there.recipe, there.sha256) == _state(contribution)):
            report.unchanged += 1
            continue
        ready.append((contribution, len(contribution.document.text.encode()), RECIPE))
        report.written += 1
        if sum(len(each.statements) for each, _, _ in ready) >= _WRITTEN_TOGETHER:
            store.write_all(ready)
            ready = []
    store.write_all(ready)
    for uri in sorted(gone):
        report.withdrawn += store.remove(uri)
    if not whole:
        document = Document(root, sha256, origin.title, "", "other")
        store.write(Contribution(document, (), ()), size_bytes=origin.size_bytes, recipe=RECIPE)


def _state(contribution: Contribution) -> tuple[str, str, str]:
    return ("complete", RECIPE, contribution.document.sha256)


def _contribution(uri: str, title: str, rows: Sequence[ImportedRow]) -> tuple[Contribution, list[tuple[int, str, str]]]:
    """The contribution of some rows, and for each row the ids of its names."""
    text, drafts = _text_of(rows)
    sha = hashlib.sha256(repr([_columns(row)[2:] for row in rows]).encode("utf-8", "surrogatepass"))
    document = Document(uri, sha.hexdigest(), title, text, detect_language(text[:20_000]))
    segments: list[Segment] = []
    statements: dict[str, Statement] = {}
    placed: list[tuple[int, str, str]] = []
    for index, draft in enumerate(drafts):
        words = text[draft.start : draft.end]
        section = MADE_OF_TRIPLE if draft.made else ""
        segment = Segment(document, index, draft.start, draft.end, language=detect_language(words), section=section)
        segments.append(segment)
        for row, at in draft.rows:
            statement = _statement(row, at, segment)
            x = statement.extraction
            if x.id not in statements or statements[x.id].extraction.confidence < x.confidence:
                statements[x.id] = statement
            placed.append((row.number, statement.head.id, statement.tail.id))
    found = tuple(statements.values())
    return Contribution(document, tuple(segments), found, extracted=len(rows)), placed


@dataclass(slots=True)
class _Draft:
    """A segment to be: where it is in the text, and for each of its rows where its words are."""

    start: int
    end: int = 0
    made: bool = False
    rows: list[tuple[ImportedRow, tuple[tuple[int, int], tuple[int, int] | None, tuple[int, int]]]] = field(
        default_factory=list
    )


def _text_of(rows: Iterable[ImportedRow]) -> tuple[str, list[_Draft]]:
    """The text that rows make together: each sentence once, and triples in words where no sentence has them."""
    by_sentence: dict[tuple[str, ...], list[ImportedRow]] = {}
    for row in rows:
        key = (row.sentence,) if row.sentence else ("", row.head, row.relation, row.tail)
        by_sentence.setdefault(key, []).append(row)
    pieces: list[str] = []
    drafts: list[_Draft] = []
    at = 0
    for (sentence, *_), group in by_sentence.items():
        draft = _Draft(at)
        text = sentence
        for row in group:
            head, tail = (_find(sentence, name) for name in (row.head, row.tail))
            if head and tail and head != tail:
                relation = _find(sentence, row.relation)
                draft.rows.append((row, (_moved(head, at), relation and _moved(relation, at), _moved(tail, at))))
                continue
            draft.made = True
            begin = at + len(text) + bool(text)
            text += f"{chr(10) if text else ''}{row.head} {row.relation} {row.tail}"
            ends = begin + len(row.head), begin + len(row.head) + 1 + len(row.relation)
            draft.rows.append((row, ((begin, ends[0]), (ends[0] + 1, ends[1]), (ends[1] + 1, at + len(text)))))
        draft.end = at + len(text)
        drafts.append(draft)
        pieces.append(text)
        at = draft.end + 1
    return "\n".join(pieces), drafts


def _moved(span: tuple[int, int], by: int) -> tuple[int, int]:
    return span[0] + by, span[1] + by


def _find(sentence: str, words: str) -> tuple[int, int] | None:
    """Where `words` stand in a sentence as words of their own, as they are written or but for case."""
    if not sentence:
        return None
    edges = (r"(?<!\w)" if _latin(words[0]) else "", r"(?!\w)" if _latin(words[-1]) else "")
    pattern = f"{edges[0]}{re.escape(words)}{edges[1]}"
    found = re.search(pattern, sentence) or re.search(pattern, sentence, re.IGNORECASE)
    if found is None or found[0].casefold() != words.casefold():
        return None
    return found.span()


def _latin(character: str) -> bool:
    return character.isalnum() and character < "\u2e80"


def _statement(
    row: ImportedRow, at: tuple[tuple[int, int], tuple[int, int] | None, tuple[int, int]], segment: Segment
) -> Statement:
    from kg_builder.normalize import to_statement

    head, relation, tail = at
    text = segment.document.text
    start, end = relation or (None, None)
    extraction = Extraction(
        Mention(text[slice(*head)], *head, row.head_type or "Other"),
        Relation(text[start:end] if relation else row.relation, start, end),
        Mention(text[slice(*tail)], *tail, row.tail_type or "Other"),
        row.confidence,
        "import",
        segment=segment,
    )
    statement = to_statement(extraction, language=segment.language)
    if statement is None:  # what says nothing was refused when it was read
        raise LoadError(f"expected a statement in row {row.number}, found {row!r}.", reason="unusable")
    return statement


# ---------------------------------------------------------------- where rows went
def _placed(store: GraphStore, spool: sqlite3.Connection) -> Iterator[Placed]:
    """The place of every row by its number."""
    cursor = spool.execute(
        "SELECT number, head, tail, '' FROM place UNION ALL SELECT number, NULL, NULL, reason FROM refused ORDER BY 1"
    )
    while some := cursor.fetchmany(_AT_ONCE):
        entity_of = store.places({name for _, head, tail, _ in some for name in (head, tail) if name})
        for number, head, tail, reason in some:
            yield Placed(number, entity_of.get(head), entity_of.get(tail), reason)

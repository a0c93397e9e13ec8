"""The records that flow from a file to the graph.

All are frozen, all offsets are half-open and count Unicode code points, and all ids derive from content, so that the
same input gives the same ids on every machine and running twice changes nothing.

``Document`` offsets are absolute: ``document.text[x.start:x.end] == x.surface`` for everything that carries a span. An
``Extractor`` sees one text at a time and gives offsets into that text; the pipeline moves them to the document
(`Extraction.shifted`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, Protocol, runtime_checkable

__all__ = [
    "ENTITY_TYPES",
    "MODALITIES",
    "POLARITIES",
    "Block",
    "BlockKind",
    "Contribution",
    "Document",
    "Extraction",
    "Extractor",
    "Language",
    "Mention",
    "Modality",
    "Name",
    "Polarity",
    "Qualifier",
    "Relation",
    "Segment",
    "Span",
    "Statement",
    "Triple",
    "Usage",
    "digest",
    "document_id",
]

Language = Literal["en", "zh", "other"]
PartialReason = Literal["extraction", "pages"]
BlockKind = Literal["heading", "paragraph", "list_item", "table_row"]
Polarity = Literal["positive", "negative"]
Modality = Literal["asserted", "possible", "conditional", "question", "command", "planned", "reported"]

POLARITIES: tuple[Polarity, ...] = ("positive", "negative")
MODALITIES: tuple[Modality, ...] = (
    "asserted",
    "possible",
    "conditional",
    "question",
    "command",
    "planned",
    "reported",
)
ENTITY_TYPES = ("Person", "Organization", "Place", "Time", "Quantity", "Event", "Work", "Product", "Other")


_LENGTHS = tuple(length.to_bytes(8, "big") for length in range(256))


def digest(*parts: object) -> str:
    """A 128-bit id in hex made from `parts`, unambiguous whatever characters they hold."""
    pieces: list[bytes] = []
    for part in parts:
        raw = str(part).encode("utf-8", "surrogatepass")
        pieces += (_LENGTHS[len(raw)] if len(raw) < 256 else len(raw).to_bytes(8, "big"), raw)
    return hashlib.sha256(b"".join(pieces)).hexdigest()[:32]


_digest_of_few = lru_cache(maxsize=1 << 15)(digest)  # for what is asked of a few things again and again


def document_id(uri: str) -> str:
    """Identity of a document in the graph."""
    return _digest_of_few("document", uri)


_keep = object.__setattr__  # the id of a frozen object is worked out once


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a text. Without offsets (``None``) the words are implied, or do not stand side by side."""

    surface: str
    start: int | None = None
    end: int | None = None

    def shifted(self, offset: int) -> Span:
        """The same words, `offset` code points further on."""
        if self.start is None or self.end is None:
            return self
        return Span(self.surface, self.start + offset, self.end + offset)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document's layout. Blocks are ordered, do not overlap, and leave out only the space between them."""

    kind: BlockKind
    start: int
    end: int
    page: int | None = None  # counted from 1; None where the format has no pages
    level: int | None = None  # of a heading (1 = outermost) or of a nested list item


@dataclass(frozen=True, slots=True)
class Document:
    """One loaded file. The uri is its identity, the hash of its bytes its version; the text is never altered
    afterwards.
    """

    uri: str
    sha256: str
    title: str
    text: str = field(repr=False)
    language: Language
    blocks: tuple[Block, ...] = field(repr=False, default=())
    faults: tuple[str, ...] = ()  # parts of the file that gave no text though there may be some, one line each

    @property
    def id(self) -> str:
        """Identity in the graph, from the uri alone."""
        return document_id(self.uri)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of whole sentences of one document, the unit of extraction."""

    document: Document = field(repr=False)
    index: int
    start: int
    end: int
    page: int | None = None
    language: Language = "other"
    section: str = ""  # the headings above it, outermost first, joined by " > "
    split: bool = False  # True where a sentence longer than the budget had to be cut at this segment's start or end
    _id: str = field(default="", init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The segment's words, verbatim."""
        return self.document.text[self.start : self.end]

    @property
    def id(self) -> str:
        """Identity in the graph: the same text in two documents gives two ids."""
        if not self._id:
            _keep(self, "_id", digest("segment", self.document.uri, self.start, self.end, self.text))
        return self._id


@dataclass(frozen=True, slots=True)
class Mention:
    """The entity inside an argument, anchored in the text, with one of `ENTITY_TYPES` or an ontology's type.

    ``name`` is how the examples of an ontology write it, where that differs from its words ("1908-05-02" for "May 2nd,
    1908"); empty otherwise.
    """

    surface: str
    start: int
    end: int
    type: str = "Other"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """The words that relate head and tail, with what the extractor knows of their grammar.

    ``lemma`` is the phrase in active voice and base form ("acquire", "work for", "成立于"), empty where the
    extractor does not know it. ``passive`` says that the sentence has it in the passive with its agent as tail ("A
    was bought by B"), so that the fact reads from tail to head. ``given`` says that ``lemma`` is a relation of an
    ontology, named as the ontology names it, and ``symmetric`` that this one holds both ways.
    """

    surface: str
    start: int | None = None
    end: int | None = None
    lemma: str = ""
    passive: bool = False
    given: bool = False
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A circumstance of a statement: ``role`` is time, place, manner, cause, source (of hearsay), condition …"""

    role: str
    text: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Extraction:
    """One statement of a text: evidence, never altered.

    ``head`` and ``tail`` are the entities; ``head_argument`` and ``tail_argument`` are the arguments as the sentence
    has them (None: the same as the entity). ``segment`` is None until the pipeline has placed it in a document.
    """

    head: Mention
    relation: Relation
    tail: Mention
    confidence: float
    extractor: str
    segment: Segment | None = field(default=None, repr=False)
    polarity: Polarity = "positive"
    modality: Modality = "asserted"
    qualifiers: tuple[Qualifier, ...] = ()
    head_argument: Span | None = None
    tail_argument: Span | None = None
    _id: str = field(default="", init=False, repr=False, compare=False)

    @property
    def is_fact(self) -> bool:
        """True for what the text asserts: neither negated nor hypothetical, asked, ordered, planned or hearsay."""
        return self.polarity == "positive" and self.modality == "asserted"

    @property
    def id(self) -> str:
        """Identity in the graph: where it stands and what it says, not how sure the extractor is."""
        if not self._id:
            segment = self.segment.id if self.segment else ""
            made = digest(
                "extraction",
                segment,
                *(self.head.start, self.head.end, self.head.surface),
                *(self.relation.start, self.relation.end, self.relation.surface),
                *(self.tail.start, self.tail.end, self.tail.surface),
                *(self.polarity, self.modality, self.extractor),
            )
            _keep(self, "_id", made)
        return self._id

    def shifted(self, segment: Segment) -> Extraction:
        """The same statement with its offsets moved from `segment`'s text into the document's text."""
        by = segment.start
        rel = self.relation
        if rel.start is not None and rel.end is not None:
            rel = replace(rel, start=rel.start + by, end=rel.end + by)
        return replace(
            self,
            segment=segment,
            head=replace(self.head, start=self.head.start + by, end=self.head.end + by),
            tail=replace(self.tail, start=self.tail.start + by, end=self.tail.end + by),
            relation=rel,
            head_argument=self.head_argument.shifted(by) if self.head_argument else None,
            tail_argument=self.tail_argument.shifted(by) if self.tail_argument else None,
            qualifiers=tuple(
                q if q.start is None or q.end is None else replace(q, start=q.start + by, end=q.end + by)
                for q in self.qualifiers
            ),
        )


@dataclass(frozen=True, slots=True)
class Triple:
    """``head|relation|tail`` as plain strings: what benchmarks, prompts and training examples hold."""

    head: str
    relation: str
    tail: str


@dataclass(frozen=True, slots=True)
class Name:
    """What surface forms have in common: the atom that resolution clusters into entities.

    ``key`` is the canonical form that equal names share (`kg_builder.normalize.name_key`); one key under two types is
    two names, since type conflicts never merge. Where one name is that of several (homonyms), the key of all but one of
    them ends in a mark that no text has, and the id of one of the documents that mean it: its ``sense``.
    """

    key: str
    type: str

    @property
    def id(self) -> str:
        """Identity in the graph."""
        return _digest_of_few("name", self.key, self.type)

    @property
    def plain(self) -> str:
        """The key without the sense: what homonyms share."""
        return self.key[:-_SENSE_LENGTH] if _has_sense(self.key) else self.key

    @property
    def sense(self) -> str:
        """Which of several things of one name is meant; empty where there are not several, and for one of them."""
        return self.key[1 - _SENSE_LENGTH :] if _has_sense(self.key) else ""

    def in_sense(self, sense: str) -> Name:
        """The same name for another of several things; `sense` is the id of a document, or empty."""
        return Name(f"{self.plain}{_SENSE}{sense}" if sense else self.plain, self.type)


_SENSE = "\x1f"
_SENSE_LENGTH = 33  # the mark, and the id of a document


def _has_sense(key: str) -> bool:
    return len(key) > _SENSE_LENGTH and key[-_SENSE_LENGTH] == _SENSE


@dataclass(frozen=True, slots=True)
class Statement:
    """An extraction in canonical form: names for its mentions, and the relation in active voice.

    ``inverted`` is True where the canonical fact reads from the extraction's tail to its head ("A was bought by B" is
    B, buy, A). ``subject`` and ``object`` are the names in the canonical direction.
    """

    extraction: Extraction
    head: Name
    tail: Name
    relation: str
    inverted: bool = False

    @property
    def subject(self) -> Name:
        """The name that the canonical fact starts from."""
        return self.tail if self.inverted else self.head

    @property
    def object(self) -> Name:
        """The name that the canonical fact points to."""
        return self.head if self.inverted else self.tail


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a model read and wrote, as its provider counts them."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Contribution:
    """All that one document gives to the graph: written, replaced and withdrawn as a whole.

    ``extracted`` is how many extractions the extractor gave: as many as there are ``statements``, ``quarantined`` and
    ``rejected`` ones.
    """

    document: Document
    segments: tuple[Segment, ...]
    statements: tuple[Statement, ...]
    quarantined: int = 0  # extractions left out because they could not be anchored in the text
    faults: tuple[str, ...] = ()  # segments that the extractor failed on, each with its reason, one line each
    reused: int = 0  # segments whose extractions were known from an earlier run
    unkept: int = 0  # segments that would have to be extracted again after a crash, since the cache could not take them
    rejected: Mapping[str, int] = field(default_factory=dict)  # extractions that say nothing usable, by reason
    extracted: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)  # what the extractor held back, by reason
    usage: Usage = Usage()  # what was paid for this time; segments that were known cost nothing

    @property
    def reason(self) -> PartialReason | None:
        """Why it is less than the whole document: ``extraction`` (segments failed) or ``pages`` (parts of the file)."""
        if self.faults:
            return "extraction"
        return "pages" if self.document.faults else None

    @property
    def trouble(self) -> tuple[str, ...]:
        """All that is missing, one line each."""
        return (*self.faults, *self.document.faults)


@runtime_checkable
class Extractor(Protocol):
    """Anything that finds statements in texts: one of the two seams of this project (the other is the store).

    The result for a text depends on that text alone, never on its neighbours, their order or the number of workers.

    An extractor that costs something may have an attribute ``usage`` besides: after each call of `extract` a `Usage`
    of that call, a new object each time. Budgets and estimates go by it; without it nothing is paid.
    One that holds statements back may have an attribute ``left_out`` in the same way: how many, by reason.
    """

    @property
    def name(self) -> str:
        """``open_ie``, ``llm`` or ``endpoint``: stored with every extraction."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text may give another result (model, rules, prompt)."""

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        """One list of extractions for each text, in order, lazily, with offsets into that text."""

    def extract(self, text: str) -> list[Extraction]:
        """The extractions of one text, in reading order."""

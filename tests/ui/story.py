"""A small made-up graph in two languages, built by hand: what the browser tests look at.

It holds what a screen must cope with: aliases, parallel relations, a self-loop, a passive, a negation, hearsay, a
date, a page number, a failed and a skipped file, and names that are HTML, Markdown or Cypher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from payloads import PAYLOADS as ALL_PAYLOADS

from kg_builder.types import (
    Contribution,
    Document,
    Extraction,
    Language,
    Mention,
    Modality,
    Name,
    Polarity,
    Qualifier,
    Relation,
    Segment,
    Statement,
)

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

ALIASES = {"Aster": "Aster Robotics", "阿斯特机器人公司": "阿斯特机器人"}
"""Surfaces that stand for another name: the two become one entity."""

PAYLOADS = ALL_PAYLOADS[:14]
"""Names that would do something if any page took them for markup."""


@dataclass(frozen=True)
class Fact:
    """One statement by its words: offsets are looked up in the sentence."""

    sentence: str
    head: str
    head_type: str
    relation: str
    lemma: str
    tail: str
    tail_type: str
    confidence: float = 0.9
    polarity: Polarity = "positive"
    modality: Modality = "asserted"
    time: str = ""
    inverted: bool = False


@dataclass(frozen=True)
class Page:
    """A document: its facts, in reading order, on one page each."""

    uri: str
    title: str
    language: Language
    facts: tuple[Fact, ...]


P, G, L, E, W, D = "Person", "Organization", "Place", "Event", "Work", "Product"

PAGES: tuple[Page, ...] = (
    Page(
        "story/aster.md",
        "Aster Robotics: a short history",
        "en",
        (
            Fact(
                "Lin Wei founded Aster Robotics in 2014.",
                "Lin Wei",
                P,
                "founded",
                "found",
                "Aster Robotics",
                G,
                0.97,
                time="2014",
            ),
            Fact("Aster is based in Gothenburg.", "Aster", G, "is based in", "be based in", "Gothenburg", L, 0.95),
            Fact("Lin Wei leads Aster Robotics.", "Lin Wei", P, "leads", "lead", "Aster Robotics", G, 0.93),
            Fact(
                "Aster Robotics built the Heron drone.", "Aster Robotics", G, "built", "build", "Heron drone", D, 0.91
            ),
            Fact("Maja Berg works for Aster.", "Maja Berg", P, "works for", "work for", "Aster", G, 0.88),
            Fact("Aster Robotics employs Maja Berg.", "Aster Robotics", G, "employs", "employ", "Maja Berg", P, 0.8),
            Fact("Aster audits Aster.", "Aster", G, "audits", "audit", "Aster", G, 0.55),
        ),
    ),
    Page(
        "story/deal.pdf",
        "The Polaris deal",
        "en",
        (
            Fact(
                "Polaris Optics was acquired by Aster Robotics in March 2021.",
                "Polaris Optics",
                G,
                "was acquired by",
                "acquire",
                "Aster Robotics",
                G,
                0.94,
                time="March 2021",
                inverted=True,
            ),
            Fact(
                "Polaris Optics is based in Bergen.",
                "Polaris Optics",
                G,
                "is based in",
                "be based in",
                "Bergen",
                L,
                0.92,
            ),
            Fact(
                "Aster did not acquire Nimbus Labs.",
                "Aster",
                G,
                "did not acquire",
                "acquire",
                "Nimbus Labs",
                G,
                0.9,
                "negative",
            ),
            Fact(
                "Analysts say that Aster Robotics will buy Nimbus Labs.",
                "Aster Robotics",
                G,
                "will buy",
                "buy",
                "Nimbus Labs",
                G,
                0.6,
                modality="reported",
            ),
            Fact("Nimbus Labs is based in Bergen.", "Nimbus Labs", G, "is based in", "be based in", "Bergen", L, 0.86),
            Fact("Erik Dahl leads Polaris Optics.", "Erik Dahl", P, "leads", "lead", "Polaris Optics", G, 0.9),
        ),
    ),
    Page(
        "story/conference.html",
        "Conference notes",
        "en",
        (
            Fact(
                "Maja Berg presented the Heron drone.", "Maja Berg", P, "presented", "present", "Heron drone", D, 0.84
            ),
            Fact(
                "Maja Berg spoke at Nordic Robotics Week.",
                "Maja Berg",
                P,
                "spoke at",
                "speak at",
                "Nordic Robotics Week",
                E,
                0.87,
            ),
            Fact(
                "Erik Dahl spoke at Nordic Robotics Week.",
                "Erik Dahl",
                P,
                "spoke at",
                "speak at",
                "Nordic Robotics Week",
                E,
                0.85,
            ),
            Fact(
                "Nordic Robotics Week took place in Gothenburg.",
                "Nordic Robotics Week",
                E,
                "took place in",
                "take place in",
                "Gothenburg",
                L,
                0.9,
            ),
            Fact("Lin Wei wrote Quiet Machines.", "Lin Wei", P, "wrote", "write", "Quiet Machines", W, 0.82),
            Fact("Lin Wei founded Aster Robotics.", "Lin Wei", P, "founded", "found", "Aster Robotics", G, 0.9),
        ),
    ),
    Page(
        "story/中文/简介.txt",
        "阿斯特机器人简介",
        "zh",
        (
            Fact("林薇创立了阿斯特机器人。", "林薇", P, "创立了", "创立", "阿斯特机器人", G, 0.96),
            Fact("阿斯特机器人公司位于哥德堡。", "阿斯特机器人公司", G, "位于", "位于", "哥德堡", L, 0.94),
            Fact("阿斯特机器人研发了苍鹭无人机。", "阿斯特机器人", G, "研发了", "研发", "苍鹭无人机", D, 0.9),
            Fact("陈默任职于阿斯特机器人。", "陈默", P, "任职于", "任职于", "阿斯特机器人", G, 0.88),
            Fact("陈默毕业于北京大学。", "陈默", P, "毕业于", "毕业于", "北京大学", G, 0.93),
            Fact("林薇没有加入北京大学。", "林薇", P, "没有加入", "加入", "北京大学", G, 0.85, "negative"),
        ),
    ),
    Page(
        'story/hostile "<b>names</b>".json',
        "<img src=x onerror=window.__pwned=1> hostile names",
        "en",
        (
            *(
                Fact(f"{payload} knows Mallory Payload.", payload, "Other", "knows", "know", "Mallory Payload", P, 0.7)
                for payload in PAYLOADS
            ),
            Fact(
                "Mallory Payload <b onmouseover=window.__pwned=1>hates</b> Polaris Optics.",
                "Mallory Payload",
                P,
                "<b onmouseover=window.__pwned=1>hates</b>",
                "<b onmouseover=window.__pwned=1>hate</b>",
                "Polaris Optics",
                G,
                0.5,
            ),
        ),
    ),
)

FAILED = (
    "story/scan.pdf",
    "no-text",
    "a PDF with text was expected, 3 pages of images without text were found; run OCR first",
)
SKIPPED = ("story/<svg onload=window.__pwned=1>.bin", "unknown-format", "no loader reads .bin files")


def contribution(page: Page) -> Contribution:
    """The page as the pipeline would hand it to the store."""
    text = (" " if page.language == "en" else "").join(fact.sentence for fact in page.facts)
    document = Document(page.uri, sha256(text.encode()).hexdigest(), page.title, text, page.language)
    segments: list[Segment] = []
    statements: list[Statement] = []
    at = 0
    for index in range(0, len(page.facts), 3):
        facts = page.facts[index : index + 3]
        start = text.index(facts[0].sentence, at)
        last = text.index(facts[-1].sentence, start)
        at = last + len(facts[-1].sentence)
        segment = Segment(
            document, len(segments), start, at, page=len(segments) + 1 if page.uri.endswith("pdf") else None
        )
        segments.append(segment)
        statements.extend(_statements(segment, facts))
    return Contribution(document, tuple(segments), tuple(statements))


def _statements(segment: Segment, facts: Sequence[Fact]) -> list[Statement]:
    result = []
    at = 0
    for fact in facts:
        start = segment.text.index(fact.sentence, at)
        at = start + len(fact.sentence)
        head = start + fact.sentence.index(fact.head)
        relation = segment.text.index(fact.relation, head + len(fact.head))
        tail = segment.text.index(fact.tail, relation + len(fact.relation))
        when = start + fact.sentence.index(fact.time) if fact.time else 0
        extraction = Extraction(
            Mention(fact.head, head, head + len(fact.head), fact.head_type),
            Relation(fact.relation, relation, relation + len(fact.relation), fact.lemma, fact.inverted),
            Mention(fact.tail, tail, tail + len(fact.tail), fact.tail_type),
            fact.confidence,
            "open_ie",
            polarity=fact.polarity,
            modality=fact.modality,
            qualifiers=(Qualifier("time", fact.time, when, when + len(fact.time)),) if fact.time else (),
        ).shifted(segment)
        result.append(
            Statement(
                extraction,
                _name(fact.head, fact.head_type),
                _name(fact.tail, fact.tail_type),
                fact.lemma,
                fact.inverted,
            )
        )
    return result


def _name(surface: str, kind: str) -> Name:
    return Name(ALIASES.get(surface, surface).casefold(), kind)


def fill(store: GraphStore) -> None:
    """Write the whole story into `store`."""
    for page in PAGES:
        made = contribution(page)
        store.write(made, size_bytes=len(made.document.text.encode()), recipe="story")
    for state, (uri, reason, detail) in (("failed", FAILED), ("skipped", SKIPPED)):
        store.record_problem(
            uri=uri,
            sha256=sha256(uri.encode()).hexdigest(),
            title=uri.rsplit("/", 1)[-1],
            size_bytes=2048,
            state=state,
            reason=reason,
            detail=detail,
        )

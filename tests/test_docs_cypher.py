"""Every example of docs/graph-schema.md runs, read-only, and gives what the page says."""

import re
from dataclasses import dataclass
from pathlib import Path

from annotated import contribute

from kg_builder.normalize import name_key
from kg_builder.store import GraphStore
from kg_builder.types import Name

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "graph-schema.md").read_text(encoding="utf-8")

PROFILE = [
    "[Meridian Tidal Systems|Organization] (was founded by) [Mara Quill|Person] and Tobias Fenn.",
    "[Tobias Fenn|Person] (founded) [Meridian Tidal Systems|Organization].",
    "[Meridian Tidal Systems|Organization] (was founded in) [2014|Time].",
    "[Mara Quill|Person] (works for) [Meridian Tidal Systems|Organization].",
    "[Ines Varga|Person] (joined) [MTS|Organization] {in 2017}.",
    "[Mara Quill|Person] (has been CEO of) [MTS|Organization] {from 2014 to 2023}.",
    "[Meridian Tidal Systems|Organization] (borrowed) [18 million euros|Quantity].",
    "[Ines Varga|Person] (left) [Corvane Marine|Organization].",
]
NEWS = [
    "[Corvane Marine|Organization] (was acquired by) [Halden Group|Organization] {on 15 April 2024}.",
    "not: [MTS|Organization] (did not acquire) [Corvane Marine|Organization].",
    "reported: [MTS|Organization] (had acquired) [Corvane Marine|Organization], the Herald said.",
    "[Fenn Acoustics|Organization] (was founded by) [Tobias Fenn|Person].",
    "[Viktor Halden|Person] (owns) [Halden Group|Organization].",
    "[Meridian Tidal Systems|Organization] (was founded in) [2013|Time].",
    "[Mara Quill|Person] (founded) [Meridian Tidal Systems|Organization].",
    "not: [Viktor Halden|Person] (does not own) [Halden Group|Organization].",
]
CHINESE = [
    "[林若汐|Person](创办了)[汐岚能源|Organization]。",
    "[汐岚能源|Organization](成立于)[2009年|Time]。",
    "[汐岚能源|Organization](位于)[临汐|Place]。",
    "not: [林若汐|Person](没有参加)[仪式|Event]。",
]


@dataclass(frozen=True)
class Example:
    """A block of the page with the line below it."""

    cypher: str
    columns: tuple[str, ...]
    may_be_empty: bool


EXAMPLES = [
    Example(
        match["cypher"].strip(),
        tuple(re.findall(r"`([^`]+)`", match["line"])),
        match["line"].endswith("(may be empty)"),
    )
    for match in re.finditer(
        r"^```cypher\n(?P<cypher>.*?)^```\n(?P<line>[^\n]*)$", PAGE, flags=re.MULTILINE | re.DOTALL
    )
]


def fill(store: GraphStore) -> None:
    for uri, title, language, sentences in (
        ("samples/company-profile.md", "Meridian Tidal Systems", "en", PROFILE),
        ("samples/corvane-rumour.eml", "Corvane Marine: please correct the press", "en", NEWS),
        ("samples/汐岚能源简介.md", "汐岚能源简介", "zh", CHINESE),
    ):
        store.write(contribute(uri, title, language, sentences), size_bytes=1, recipe="test")
    store.record_problem(
        uri="samples/scan.pdf", sha256="", title="scan", size_bytes=1, state="failed", reason="no-text", detail="images"
    )
    whole, short = (Name(name_key(name), "Organization") for name in ("Meridian Tidal Systems", "MTS"))
    entity = next(one for one in store.entities() if one.name == "Meridian Tidal Systems")
    store.assign({whole.id: entity.id, short.id: entity.id})


def test_the_page_has_examples_for_all_that_it_describes() -> None:
    assert len(EXAMPLES) >= 15
    assert len(re.findall("```cypher", PAGE)) == len(EXAMPLES)
    assert all(example.columns for example in EXAMPLES)
    assert sum(any("\u4e00" <= c <= "\u9fff" for c in "".join(one.columns)) for one in EXAMPLES) >= 3


def test_every_example_gives_its_columns_and_rows(any_store: GraphStore) -> None:
    fill(any_store)
    wrong = []
    for example in EXAMPLES:
        result = any_store.query(example.cypher)
        if result.columns != example.columns or not (result.rows or example.may_be_empty):
            wrong.append((example.cypher, result.columns, len(result.rows)))
    assert wrong == []
    assert any_store.check() == []


def test_the_examples_answer_what_they_ask(any_store: GraphStore) -> None:
    fill(any_store)

    def answer(words: str) -> list[tuple[object, ...]]:
        [example] = [one for one in EXAMPLES if words in one.cypher]
        return list(any_store.query(example.cypher).rows)

    founders = [("Mara Quill", "Meridian Tidal Systems"), ("Tobias Fenn", "Meridian Tidal Systems")]
    others = [("Tobias Fenn", "Fenn Acoustics"), ("林若汐", "汐岚能源")]
    assert sorted(answer("AS founder")) == sorted([*founders, *others])
    assert [row[1:3] for row in answer("IN e.aliases\nRETURN e.id")] == [("Meridian Tidal Systems", "Organization")]
    [(document, page, text, head_at, tail_at, _)] = answer("AS head_at")
    assert (document, page) == ("Corvane Marine: please correct the press", 1)
    assert text[head_at:].startswith("Fenn Acoustics")  # the sentence is in the passive
    assert text[tail_at:].startswith("Tobias Fenn")
    assert ("MTS", "did not acquire", "Corvane Marine") not in answer("AS person")
    assert [row[:3] for row in answer("AS denied")] == [("Viktor Halden", "own", "Halden Group")]
    assert [(entity, sorted(times)) for entity, _, times in answer("AS times")] == [
        ("Meridian Tidal Systems", ["2013", "2014"])
    ]
    [(entities, relations)] = answer("AS entities")
    assert entities == ["Viktor Halden", "Halden Group", "Corvane Marine", "Ines Varga"]
    assert len(relations) == len(entities) - 1
    assert [row[:3] for row in answer("AS documents")] == [("Mara Quill", "found", "Meridian Tidal Systems")]
    assert answer("AS 创办人, o.name") == [("林若汐", "汐岚能源", 1)]
    assert [row[2:] for row in answer("AS since, t.value_unit")] == [("2014", "2014-01-01", "year")]
    assert answer("AS euros") == [("Meridian Tidal Systems", "borrow", "18 million euros", 18_000_000)]
    assert [(row[0], *row[2:]) for row in answer("AS until")] == [("Mara Quill", "2014-01-01", "2023-12-31")]


def test_labels_properties_and_relationship_types_are_those_of_the_page(any_store: GraphStore) -> None:
    fill(any_store)
    for label in ("Document", "Segment", "Entity", "Extraction", "Name"):
        [section] = re.findall(rf"^\*\*`{label}`\*\*.*?\n\n(.*?)\n\n", PAGE, flags=re.MULTILINE | re.DOTALL)
        described = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in section.splitlines())))
        rows = any_store.query(f"MATCH (n:{label}) UNWIND keys(n) AS key RETURN DISTINCT key").rows
        found = {key for (key,) in rows}
        internal = {"folded", "search", "edge", "head_name", "tail_name", "assigned", "_start", "_end"}
        optional = {f"{side}_argument{end}" for side in ("head", "tail") for end in ("", "_start", "_end")}
        optional |= {"lemma", "plain", "review", "decision", "symmetric"}
        assert found - described - internal - optional == set(), label
        assert described - found - internal - optional == set(), label
    types = {kind for (kind,) in any_store.query("MATCH ()-[r]->() RETURN DISTINCT type(r)").rows}
    assert {"PART_OF", "MENTIONED_IN", "HEAD", "TAIL", "FROM", "NAMES", "FOUND", "CEO_OF"} <= types

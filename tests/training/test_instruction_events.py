"""Events: ours stand in their texts, and an answer's events become nodes with roles of the graph."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from instructed import OURS

from finetune.instructions.answers import format_answer, parse_answer
from finetune.instructions.graph_rows import event_name, event_rows, write_event_rows
from finetune.instructions.records import Argument, Event, grounded
from finetune.instructions.schemas import label_of
from finetune.instructions.sources import DATA_SETS, read_records
from kg_builder.store import GraphStore


def test_our_events_stand_in_their_texts() -> None:
    counts: Counter[str] = Counter()
    records = list(grounded(read_records(DATA_SETS["events"], OURS, counts), counts))
    assert Counter(record.language for record in records) == {"en": 10, "zh": 10}
    assert not +counts
    assert [record.text for record in records if not record.events] != []
    assert {label_of(event) for record in records for event in record.events} >= {"acquisition", "收购", "loan", "贷款"}


def test_events_of_an_answer_become_nodes_with_roles_of_the_graph(embedded_store: GraphStore, tmp_path: Path) -> None:
    rows = []
    for record in read_records(DATA_SETS["events"], OURS):
        answer = parse_answer(format_answer(record.events, "json"), "events", "json")
        rows += list(event_rows(answer.events, sentence=record.text, source=record.source, language=record.language))
    path = tmp_path / "events.jsonl"
    assert write_event_rows(path, rows) == 82
    command = [sys.executable, "-m", "kg_builder.cli", "import", str(path), "--no-resolve"]
    done = subprocess.run([*command, "--store", embedded_store.uri], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = embedded_store.query(
        "MATCH (e:Event)-[r]->(who:Entity) WHERE e.name STARTS WITH $name RETURN r.relation, who.name",
        {"name": "acquired (acquisition"},
    )
    assert set(found.rows) == {
        ("buyer", "Halden Group"),
        ("target", "Corvane Marine"),
        ("have price", "41 million euros"),
        ("time", "spring of 2022"),
    }
    both = embedded_store.query(  # two acquisitions are two events, and no role is turned around
        "MATCH (e:Event)-[r]->(who:Entity) WHERE e.name STARTS WITH '收购' AND r.relation ENDS WITH '收购方' "
        "RETURN e.name, r.relation, who.name"
    )
    assert len({name for name, _, _ in both.rows}) == 2
    assert {row[1:] for row in both.rows} == {
        ("收购方", "海登集团"),
        ("有被收购方", "科凡海事公司"),
        ("收购方", "芬恩声学公司"),
        ("有被收购方", "声呐作坊"),
    }
    counted = embedded_store.query("MATCH (e:Event) RETURN count(DISTINCT e)")
    assert counted.rows == ((22,),)


def test_events_are_told_apart_by_who_takes_part() -> None:
    sale = Event("sale", "sold", (Argument("seller", "Ada"), Argument("goods", "a boat")))
    assert event_name(sale) == "sold (sale: Ada, a boat)"
    counts: Counter[str] = Counter()
    rows = list(event_rows([sale, Event("rain", "rained")], source="news", types={"seller": "Person"}, counts=counts))
    assert rows == [
        {"head": "sold (sale: Ada, a boat)", "head_type": "Event", "relation": "seller", "tail": "Ada",
         "tail_type": "Person", "source": "news"},
        {"head": "sold (sale: Ada, a boat)", "head_type": "Event", "relation": "goods", "tail": "a boat",
         "source": "news"},
    ]  # fmt: skip
    assert counts == {"no-roles": 1}


def test_no_role_is_taken_for_a_relation_between_its_ends() -> None:
    roles = [
        Argument("founder", "Ada"),
        Argument("创始人", "Ada"),
        Argument("被收购方", "Ada"),
        Argument("place", "Oslo"),
    ]
    (english,) = (
        [r["relation"] for r in event_rows([Event("x", "y", tuple(roles[::3]))], types={"founder": "Person"})],
    )
    assert english == ["has founder", "place"]
    chinese = event_rows([Event("x", "y", tuple(roles[1:3]))], language="zh", types={"创始人": "Person"})
    assert [row["relation"] for row in chinese] == ["有创始人", "有被收购方"]

"""From data sets to annotated texts: every form of file, damaged files, and the counts of the public sets."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from finetune.instructions.building import instruction_examples
from finetune.instructions.converters.reading import spans_of_tags, spelled
from finetune.instructions.records import Annotated, Argument, Entity, Event
from finetune.instructions.sources import DATA_SETS, read_records
from kg_builder.errors import DataError
from kg_builder.types import Triple


def records_of(name: str, path: Path, content: str | bytes) -> tuple[list[Annotated], Counter[str]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    counts: Counter[str] = Counter()
    return list(read_records(DATA_SETS[name], path, counts)), counts


def lines_of(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


# --- tokens and tags -------------------------------------------------------------------------------------------------


def test_tokens_are_spelled_as_a_writer_would() -> None:
    whole = spelled(["Ada", "'s", "book", "(", "it", "is", "n't", "long", ")", "cost", "$", "5", ",", "-LRB-", "x"])
    assert whole.text == "Ada's book (it isn't long) cost $5, (x"
    assert whole.surface(0, 3) == "Ada's book"
    with pytest.raises(ValueError, match="expected tokens of 15, found 3 to 16"):
        whole.surface(3, 16)


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-A I-A O B-A B-A", [(0, 2, "A"), (3, 4, "A"), (4, 5, "A")]),
        ("I-A I-A I-B O I-B", [(0, 2, "A"), (2, 3, "B"), (4, 5, "B")]),
        ("U-A B-A I-A L-A U-B", [(0, 1, "A"), (1, 4, "A"), (4, 5, "B")]),
        ("O O", []),
    ],
)
def test_tags_of_three_schemes_give_spans(tags: str, spans: list[tuple[int, int, str]]) -> None:
    assert spans_of_tags(tags.split()) == spans


# --- each form of file, with damage ----------------------------------------------------------------------------------


def test_conll_files(tmp_path: Path) -> None:
    content = "\ufeff\n-DOCSTART-\tO\n\n@\tB-PER\nada\tB-PER\nin\tO\nNew\tB-LOC\nYork\tI-LOC\n.\tO\n\t\n"
    found, counts = records_of("btc", tmp_path / "x.conll", content + "x\tB\n\nno-tag\n\n\tO\n\nlast\tO")
    assert found == [
        Annotated("@ada in New York.", (Entity("@ada", "person"), Entity("New York", "location")), source="btc"),
        Annotated("last", source="btc"),
    ]
    assert counts == {"fields": 2, "empty-text": 1}
    found, counts = records_of("wikiann_en", tmp_path / "y.txt", b"en:Ada\tB-PER\nen:\xff\tO\n\nen:x\tO\n")
    assert [each.text for each in found] == ["Ada", "x"]
    assert counts == {"encoding": 1}


def test_conll04_and_scierc(tmp_path: Path) -> None:
    row = {"tokens": ["Ada", "lives", "in", "New", "York", "."], "tags": ["U-Peop", "O", "O", "B-Loc", "L-Loc", "O"]}
    good = row | {"relations": [{"type": "Live_In", "head": 0, "tail": 1}]}
    bad = [row | {"relations": [{"type": "Live_In", "head": 0, "tail": 2}]}, row | {"tags": ["O"]}, {}, 7, None]
    found, counts = records_of("conll04", tmp_path / "train.json", json.dumps([good, *bad]))
    entities = (Entity("Ada", "person"), Entity("New York", "location"))
    assert found == [
        Annotated("Ada lives in New York.", entities, (Triple("Ada", "live in", "New York"),), source="conll04")
    ]
    assert counts == {"fields": 5}

    row = {
        "sentences": [["We", "parse", "."], ["A", "parser", "uses", "rules", "."]],
        "ner": [[], [[4, 4, "Method"], [6, 6, "OtherScientificTerm"]]],
        "relations": [[], [[6, 6, 4, 4, "USED-FOR"]]],
    }
    found, counts = records_of("scierc", tmp_path / "dev.json", lines_of(row, row | {"ner": []}, []) + "{]\n")
    assert found[0] == Annotated("We parse.", source="scierc")
    assert found[1].triples == (Triple("rules", "used for", "parser"),)
    assert found[1].entities == (Entity("parser", "method"), Entity("rules", "other scientific term"))
    assert counts == {"fields": 2, "json": 1}


def test_nyt_and_ade(tmp_path: Path) -> None:
    rows = [
        {"text": "Ada of Oslo .", "triple_list": [["Ada", "/people/person/place_lived", "Oslo"]]},
        {"text": "x", "triple_list": [["Ada", "/people/person/place_lived"]]},
        {"text": " ", "triple_list": []},
        {"text": "x", "triple_list": [["Ada", "/a/b", ""]]},
        {"text": "\ud800", "triple_list": []},
        {"text": 5, "triple_list": []},
    ]
    found, counts = records_of("nyt", tmp_path / "val_triples.json", json.dumps(rows))
    assert [each.triples for each in found] == [(Triple("Ada", "place lived", "Oslo"),)]
    assert counts == {"fields": 2, "empty-text": 1, "empty-field": 1, "encoding": 1}

    said = "1|Aspirin made rash and pain."
    content = f"{said}|rash|13|17|Aspirin|0|7\n2|Other.|a|b\n{said}|pain|22|26|Aspirin|0|7"
    found, counts = records_of("ade", tmp_path / "DRUG-AE.rel", content)
    assert [each.triples for each in found] == [
        (Triple("Aspirin", "has adverse effect", "rash"), Triple("Aspirin", "has adverse effect", "pain"))
    ]
    assert counts == {"fields": 1}


def test_knowledge_bases(tmp_path: Path) -> None:
    triple = ["Aarhus_Airport", "cityServed", '"Aarhus, Denmark"']
    row = {"category": "Airport", "text": "Aarhus Airport serves Aarhus, Denmark.", "triples": [triple]}
    found, counts = records_of("webnlg", tmp_path / "train.jsonl", lines_of(row, row | {"triples": [["a", "b"]]}))
    assert [each.triples for each in found] == [(Triple("Aarhus Airport", "city served", "Aarhus, Denmark"),)]
    assert (found[0].source, counts) == ("webnlg/Airport", {"fields": 1})

    rows = [
        {"id": 1, "sent": "Amélie is by Ã‰mile", "sub_label": "Amélie", "rel_label": "author", "obj_label": "Émile"},
        {"id": 2, "sent": "KÃ¶ln", "sub_label": "KÃ¶ln", "rel_label": "country", "obj_label": "x"},
        {"id": 3, "sent": "KÃ¶ln", "sub_label": "KÃ¶ln", "rel_label": "capital", "obj_label": "x"},
        {"id": 4, "sub_label": "x"},
        {"id": 5, "sent": "y"},
    ]
    found, counts = records_of("text2kg_wikidata", tmp_path / "ont_1_movie_train.jsonl", lines_of(*rows))
    assert [each.text for each in found] == ["Amélie is by Ã‰mile", "Köln"]  # what is in two encodings stays
    assert found[1].triples == (Triple("Köln", "country", "x"), Triple("Köln", "capital", "x"))
    assert (found[0].source, counts) == ("text2kg_wikidata/1_movie", {"fields": 2})

    row = {"id": 1, "sent": "A is in B.", "triples": [{"sub": "A", "rel": "isPartOf", "obj": "B"}]}
    found, counts = records_of("text2kg_dbpedia", tmp_path / "ont_16_city_train.jsonl", lines_of(row))
    assert [each.triples for each in found] == [(Triple("A", "is part of", "B"),)]

    document = {
        "sents": [["Ada", "was", "born", "."], ["The", "town", "was", "Oslo", "."]],
        "vertexSet": [
            [{"sent_id": 0, "pos": [0, 1], "type": "PER"}],
            [{"sent_id": 1, "pos": [3, 4], "type": "LOC"}, {"sent_id": 1, "pos": [1, 2], "type": "LOC"}],
        ],
        "labels": [{"h": 0, "r": "P19", "t": 1}],
    }
    bad = document | {"labels": [{"h": 0, "r": "P99999", "t": 1}]}
    found, counts = records_of("re_docred", tmp_path / "dev_revised.json", json.dumps([document, bad]))
    assert [each.triples for each in found] == [(Triple("Ada", "place of birth", "town"),)]
    assert found[0].entities[1:] == (Entity("town", "location"), Entity("Oslo", "location"))
    assert counts == {"fields": 1}


def test_chinese_sets(tmp_path: Path) -> None:
    said = {
        "subject": "王芳",
        "predicate": "饰演",
        "subject_type": "娱乐人物",
        "object": {"@value": "李静", "inWork": "江屿"},
        "object_type": {"@value": "人物", "inWork": "影视作品"},
    }
    row = {"text": "王芳在《江屿》中饰演李静", "spo_list": [said]}
    bad = {"text": "x", "spo_list": [said | {"object": {"elsewhere": "y"}}]}
    found, counts = records_of("duie2", tmp_path / "train_4500.jsonl", lines_of(row, bad))
    assert [each.triples for each in found] == [(Triple("王芳", "饰演", "李静"), Triple("王芳", "饰演的作品", "江屿"))]
    assert counts == {"fields": 1}

    rows = [
        {"text": "李静在宁波，李静", "label": {"address": {"宁波": [[3, 4]]}, "name": {"李静": [[0, 1], [6, 7]]}}},
        {"text": "李静", "label": {"name": {"李静": [[1, 2]]}}},
        {"text": "李静", "label": {"person": {"李静": [[0, 1]]}}},
    ]
    found, counts = records_of("cluener_zh", tmp_path / "train.json", lines_of(*rows))
    assert [each.entities for each in found] == [(Entity("李静", "姓名"), Entity("宁波", "地址"))]
    assert counts == {"fields": 2}


def test_relations_of_two_given_entities(tmp_path: Path) -> None:
    content = "6 胡淑$蔡春$我是###的朋友$。\n14 a$b$c\n-1 a$b$c\nx\n1 a$b\n"
    found, counts = records_of("people_relation_zh", tmp_path / "train.txt", content)
    assert [(each.text, each.triples) for each in found] == [("我是###的朋友$。", (Triple("胡淑", "好友", "蔡春"),))]
    assert counts == {"fields": 4}
    found, counts = records_of(
        "finre_zh", tmp_path / "t.txt", "东方\t上航\t合并\t东方将与上航合并\n\n东方\t上航\t合并\n"
    )
    assert [each.triples for each in found] == [(Triple("东方", "合并", "上航"),)]
    assert counts == {"fields": 1}
    row = {"token": ["the", "crane", "'s", "arm"], "h": {"pos": [1, 2]}, "t": {"pos": [3, 4]}, "relation": "Other"}
    found, counts = records_of("semeval2010_task8", tmp_path / "v.txt", lines_of(row, row | {"h": {"pos": [9, 10]}}))
    assert [(each.text, each.triples) for each in found] == [("the crane's arm", (Triple("crane", "Other", "arm"),))]
    assert counts == {"fields": 1}


def test_events_of_both_usual_forms(tmp_path: Path) -> None:
    duee = {
        "text": "海登收购科凡",
        "event_list": [
            {"event_type": "财经-收购", "trigger": "收购", "trigger_start_index": 2, "class": "财经",
             "arguments": [{"role": "收购方", "argument": "海登", "argument_start_index": 0, "alias": []}]}
        ],
    }  # fmt: skip
    ace = {
        "sentence": "Ada met Bob.",
        "event_mentions": [
            {"event_type": "Contact:Meet", "trigger": {"text": "met", "start": 1, "end": 2},
             "arguments": [{"text": "Ada", "role": "Entity", "entity_id": "1"}]}
        ],
    }  # fmt: skip
    bad = [{"text": "x"}, {"text": "x", "event_list": [{"event_type": "y"}]}, {"text": "", "event_list": []}]
    worse = [
        duee | {"language": "xx"},
        {"text": "x", "event_list": [{"event_type": "y", "trigger": "", "arguments": []}]},
    ]
    found, counts = records_of("duee", tmp_path / "dev.json", lines_of(duee, ace, *bad, *worse))
    assert [(each.events, each.language, each.source) for each in found] == [
        ((Event("财经-收购", "收购", (Argument("收购方", "海登"),)),), "zh", "duee/zh"),
        ((Event("Contact:Meet", "met", (Argument("Entity", "Ada"),)),), "en", "duee/en"),
    ]
    assert counts == {"fields": 3, "empty-text": 1, "empty-field": 1}


def test_a_file_that_is_none_is_one_message(tmp_path: Path) -> None:
    for content, said in (("{", "one list in JSON"), ('{"a": 1}', "expected a list"), (b"\xff", "one list in JSON")):
        with pytest.raises(DataError, match=said):
            records_of("nyt", tmp_path / "val_triples.json", content)
    for name in ("nyt", "wnut17", "duie2"):
        with pytest.raises(DataError, match="expected a data set at"):
            list(read_records(DATA_SETS[name], tmp_path / "gone.json"))


# --- the public sets -------------------------------------------------------------------------------------------------

COUNTED = {  # records, entities, triples; each number was had from the files by jq, awk or grep as well
    "conll04": (1153, 4270, 1626),
    "scierc": (2136, 6409, 3674),
    "nyt": (5000, 0, 8489),
    "ade": (3844, None, 5956),
    "duie2": (4500, None, 8345),
    "webnlg": (36906, 0, 109210),
    "re_docred": (500, None, None),
    "text2kg_wikidata": (5098, 0, None),
    "text2kg_dbpedia": (2846, 0, 8623),
    "wikiann_en": (30000, 42077, 0),
    "wnut17": (4403, 2811, 0),
    "btc": (9338, 11486, 0),
    "wikigold": (1696, 3558, 0),
    "cluener_zh": (10748, 23338, 0),
    "people_relation_zh": (3105, 0, 3105),
    "finre_zh": (14975, 0, 14975),
    "sanwen_zh": (19020, 0, 19020),
    "semeval2010_task8": (8000, 0, 8000),
}


@pytest.mark.parametrize("name", list(COUNTED))
def test_the_public_sets_are_read_whole(public_data: Path, name: str) -> None:
    counts: Counter[str] = Counter()
    found = (0, 0, 0)
    for record in read_records(DATA_SETS[name], public_data / DATA_SETS[name].folder, counts):
        found = (found[0] + 1, found[1] + len(record.entities), found[2] + len(record.triples))
    assert all(wanted in (None, had) for wanted, had in zip(COUNTED[name], found, strict=True)), found
    assert counts == ({"empty-text": 1} if name == "btc" else {})


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("conll04", "dev.json"),
        ("text2kg_wikidata", "train/ont_10_culture_train.jsonl"),
        ("wnut17", "dev.conll"),
        ("people_relation_zh", "train.txt"),
    ],
)
def test_the_public_sets_give_instructions(public_data: Path, name: str, file: str) -> None:
    made = list(instruction_examples(name, public_data / DATA_SETS[name].folder / file))
    assert len(made) > 90
    assert all(each.answer.strip() and each.messages[1]["content"].strip() for each in made)
    for each in made:
        assert all(t.head in each.text and t.tail in each.text for t in each.triples) or each.task == "relation"

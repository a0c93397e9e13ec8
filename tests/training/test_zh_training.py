"""The Chinese pipeline's training: conversion rules on hand-made trees, and every stage on a tiny treebank."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune.pipelines.zh_convert import Row, convert

FORMS = {"學": "学", "國": "国"}


def tree(*rows: tuple[str, str, str, int, str]) -> list[Row]:
    return [Row(*r) for r in rows]


def heads(rows: list[Row]) -> list[tuple[str, int, str]]:
    return [(r.form, r.head, r.label) for r in rows]


def test_forms_become_simplified_and_labels_v2() -> None:
    rows = convert(
        tree(("國", "NOUN", "NN", 2, "nsubj"), ("有", "VERB", "VV", 0, "root"), ("學", "NOUN", "NN", 2, "dobj")), FORMS
    )
    assert heads(rows) == [("国", 2, "nsubj"), ("有", 0, "root"), ("学", 2, "obj")]


def test_names_start_from_their_first_part() -> None:
    rows = convert(
        tree(("李", "PROPN", "NNP", 2, "nmod"), ("翔", "PROPN", "NNP", 3, "nsubj"), ("来", "VERB", "VV", 0, "root"))
    )
    assert heads(rows) == [("李", 3, "nsubj"), ("翔", 1, "flat:name"), ("来", 0, "root")]


def test_title_governs_the_name_after_it() -> None:
    rows = convert(
        tree(
            ("领袖", "NOUN", "NN", 3, "appos"),
            ("黄", "PROPN", "NNP", 3, "nmod"),
            ("巢", "PROPN", "NNP", 4, "nsubj"),
            ("来", "VERB", "VV", 0, "root"),
        )
    )
    assert heads(rows) == [("领袖", 4, "nsubj"), ("黄", 1, "appos"), ("巢", 2, "flat:name"), ("来", 0, "root")]


def test_measure_words_hang_on_the_numeral() -> None:
    rows = convert(
        tree(
            ("有", "VERB", "VV", 0, "root"),
            ("一", "NUM", "CD", 3, "nummod"),
            ("个", "NOUN", "NNB", 4, "nmod"),
            ("人", "NOUN", "NN", 1, "dobj"),
        )
    )
    assert heads(rows) == [("有", 0, "root"), ("一", 4, "nummod"), ("个", 2, "clf"), ("人", 1, "obj")]


def test_object_marker_hangs_on_its_noun() -> None:
    rows = convert(
        tree(
            ("他", "PRON", "PRP", 4, "nsubj"),
            ("把", "VERB", "BB", 4, "aux:caus"),
            ("书", "NOUN", "NN", 4, "dobj"),
            ("卖", "VERB", "VV", 0, "root"),
        )
    )
    assert heads(rows)[1:3] == [("把", 3, "case"), ("书", 4, "obl:patient")]


def test_coordinators_hang_on_the_next_conjunct() -> None:
    rows = convert(
        tree(
            ("猫", "NOUN", "NN", 4, "nsubj"),
            ("和", "CONJ", "CC", 1, "cc"),
            ("狗", "NOUN", "NN", 1, "conj"),
            ("来", "VERB", "VV", 0, "root"),
        )
    )
    assert heads(rows)[1] == ("和", 3, "cc")
    assert rows[1].upos == "CCONJ"


def test_later_clauses_hang_on_the_first() -> None:
    rows = convert(
        tree(
            ("我", "PRON", "PRP", 2, "nsubj"),
            ("来", "VERB", "VV", 5, "dep"),
            (",", "PUNCT", ",", 5, "punct"),
            ("你", "PRON", "PRP", 5, "nsubj"),
            ("走", "VERB", "VV", 0, "root"),
            (".", "PUNCT", ".", 5, "punct"),
        )
    )
    assert heads(rows) == [
        ("我", 2, "nsubj"),
        ("来", 0, "root"),
        ("，", 5, "punct"),
        ("你", 5, "nsubj"),
        ("走", 2, "parataxis"),
        ("。", 2, "punct"),
    ]


V1 = """\
1\t張偉\t_\tPROPN\tNNP\t_\t2\tnsubj\t_\t_
2\t愛\t_\tVERB\tVV\t_\t0\troot\t_\t_
3\t北京\t_\tPROPN\tNNP\t_\t2\tdobj\t_\t_
4\t.\t_\tPUNCT\t.\t_\t2\tpunct\t_\t_

"""
V2 = V1.replace("張偉", "张伟").replace("愛", "爱").replace("dobj", "obj").replace("\t.\t_\tPUNCT", "\t。\t_\tPUNCT")
LAW = "第一条 为了促进博物馆事业发展，制定本条例。\n博物馆包括国有博物馆和非国有博物馆。\n" * 8


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder, name, text in (
        ("ud/zh_gsd_2016", "train.conllu", V1 * 12),
        ("ud/zh_gsdsimp", "dev.conllu", V2 * 5),
        ("documents/zh_laws", "law.md", LAW),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    (tmp_path / "dict.txt").write_text("张伟 9 nr\n北京 99 ns\n博物馆 50 n\n条例 20 n\n国有 10 b\n", encoding="utf-8")
    return tmp_path


def test_all_stages_learn_a_tiny_treebank_and_the_export_agrees(data: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("opencc")
    pytest.importorskip("onnx")
    pytest.importorskip("scipy")
    from finetune.pipelines import zh_data
    from finetune.pipelines.zh_export import export
    from finetune.pipelines.zh_train import load_model, load_vocabulary, prepare, sizes_of, train_lm, train_parser
    from kg_builder.extract.open_ie.chinese.pipeline import ChinesePipeline

    torch.set_num_threads(1)
    work = tmp_path / "work"
    prepare(data, work, data / "dict.txt")
    vocabulary, lexicon = load_vocabulary(work), zh_data.find_lexicon(work)
    sizes = sizes_of(vocabulary, hidden=24, pooled=24, word_hidden=16, arc=16, label=8)
    first = train_lm(data, work, epochs=1, sizes=sizes)
    assert train_lm(data, work, epochs=6, sizes=sizes) < first
    dev = zh_data.load_dev(data)
    gold = [zh_data.encode(t, vocabulary, lexicon) for t in zh_data.load_train(data)]
    figures = train_parser(work, gold, held_out=dev[:1], name="tiny", epochs=40, sizes=sizes, rate=1e-2, budget=30)
    assert figures["gold_las"] == figures["raw_las"] == 100
    export(load_model(work, "tiny"), work, tmp_path / "model")
    (sentence,) = ChinesePipeline(tmp_path / "model").parse("张伟爱北京。")
    assert (sentence.heads, sentence.labels) == ([2, 0, 2, 2], ["nsubj", "root", "obj", "punct"])

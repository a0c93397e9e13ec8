"""What pronouns mean, learnt from GUM: reading its marks, and a ranker that finds what tells right from wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune.pipelines.en_things import read_examples
from finetune.pipelines.gum_coreference import load_documents, parse_documents, place_mentions
from finetune.pipelines.ranking import Example, fit

DOCUMENT = """\
# newdoc id = GUM_news_mill
# meta::genre = news
# sent_id = 1
1\tThe\tthe\tDET\tDT\t_\t3\tdet\t_\tEntity=(1-object-new-nnnnn-cf1-3-coref
2\told\told\tADJ\tJJ\t_\t3\tamod\t_\t_
3\tmill\tmill\tNOUN\tNN\t_\t4\tnsubj\t_\tEntity=1)
4\tburned\tburn\tVERB\tVBD\t_\t0\troot\t_\tSpaceAfter=No
5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

# newpar_block
# sent_id = 2
1\tIt\tit\tPRON\tPRP\t_\t2\tnsubj\t_\tEntity=(1-object-giv:act-nnnnn-cf1-1-ana)
2\tbelonged\tbelong\tVERB\tVBD\t_\t0\troot\t_\t_
3\tto\tto\tADP\tIN\t_\t4\tcase\t_\t_
4\tRosa\tRosa\tPROPN\tNNP\t_\t2\tobl\t_\tEntity=(2[1/2]-person-new-nnnnn-cf2-1-sgl-Rosa_(name))|SpaceAfter=No
5\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\t_

"""


@pytest.fixture
def gum(tmp_path: Path) -> Path:
    folder = tmp_path / "ud/en_gum/train"
    folder.mkdir(parents=True)
    (folder / "GUM_news_mill.conllu").write_text(DOCUMENT, encoding="utf-8")
    return tmp_path


def test_a_document_is_read_as_text_with_the_places_of_its_mentions(gum: Path) -> None:
    [document] = load_documents(gum, "train")
    assert document.text == "The old mill burned.\n\nIt belonged to Rosa."
    assert document.free
    found = {(document.text[start:end], entity) for start, end, entity in document.mentions}
    assert found >= {("The old mill", 1), ("It", 1)}


def test_a_noun_and_a_pronoun_of_one_entity_make_an_example(gum: Path) -> None:
    [(document, tree)] = parse_documents(gum, "train")
    entities = place_mentions(tree, document)
    assert entities[tree.low.index("mill")] & entities[tree.low.index("it")]
    [example] = read_examples([(document, tree)], {})
    assert list(example.right) == [True, False]  # the mill; nothing that is named
    assert any(name.startswith("nothing: ") for name in example.features[-1])


def test_a_ranker_learns_what_tells_right_from_wrong() -> None:
    examples = [
        Example([{"near": 1.0, "noise": float(k % 2)}, {"noise": float(k % 3)}, {"nothing": 1.0}], [True, False, False])
        for k in range(20)
    ]
    weights = fit(examples, decay=1e-3)
    assert weights["near"] > 1 > abs(weights["noise"])
    assert weights["nothing"] < 0
    assert weights == fit(examples, decay=1e-3)


def test_a_feature_that_is_seldom_seen_gets_no_weight() -> None:
    examples = [Example([{"near": 1.0}, {}], [True, False]) for _ in range(5)]
    examples.append(Example([{"near": 1.0, "once": 1.0}, {}], [True, False]))
    assert fit(examples, decay=1e-3, seen=2).keys() == {"near"}


def test_several_candidates_may_be_right() -> None:
    examples = [Example([{"a": 1.0}, {"b": 1.0}, {"c": 1.0}], [True, True, False])] * 4
    weights = fit(examples, decay=1e-3)
    assert weights["a"] == pytest.approx(weights["b"], abs=1e-3)
    assert weights["a"] > weights["c"]

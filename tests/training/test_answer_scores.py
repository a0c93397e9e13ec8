"""What answers are scored by: triples with intervals, answers as such, labels; by hand and beside other code."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluated import triples

from finetune.label_scores import NO_LABEL, macro_f1_of_directed, match_label, plot_confusion, score_labels
from kg_builder.evaluate import compare_triples, count_answers, is_in_text, score_triples
from kg_builder.prompt import parse_triples

# --- triples ---------------------------------------------------------------------------------------------------------


def test_a_paired_difference_by_hand() -> None:
    gold = [triples("a|r|b"), triples("c|r|d")]
    found = compare_triples(gold, [[], []], gold, bootstrap=200)
    assert (found.f1, found.interval, found.better_in) == (1.0, (1.0, 1.0), 1.0)
    none = compare_triples(gold, gold, gold, bootstrap=200)
    assert (none.f1, none.interval, none.better_in) == (0.0, (0.0, 0.0), 0.0)


def test_a_paired_interval_is_narrower_than_that_of_either_side() -> None:
    """What is hard is hard for both, so that their difference varies less than they do."""
    gold = [triples(f"a{i}|r|b") for i in range(80)]
    before = [triples(f"a{i}|r|b") if i % 2 else [] for i in range(80)]
    after = [triples(f"a{i}|r|b") if i % 2 or i == 0 else [] for i in range(80)]
    difference = compare_triples(gold, before, after)
    alone = score_triples(gold, after, bootstrap=1000).f1_interval
    assert alone is not None
    assert difference.interval[1] - difference.interval[0] < (alone[1] - alone[0]) / 2


def test_all_three_figures_have_intervals_that_hold_them() -> None:
    gold = [triples(f"a{i}|r|b", f"c{i}|r|d") for i in range(50)]
    found = score_triples(gold, [triples(f"a{i}|r|b") if i % 3 else triples("x|r|y") for i in range(50)], bootstrap=500)
    for name in ("precision", "recall", "f1"):
        low, high = getattr(found, f"{name}_interval")
        assert low < getattr(found, name) < high


def test_the_head_of_a_chinese_phrase_comes_last() -> None:
    gold, said = [triples("北京大学的校长|访问|美国的首都")], [triples("校长|访问|首都")]
    assert score_triples(gold, said, match="head").matched == 1
    assert score_triples(gold, said, match="relaxed").matched == 0


@pytest.mark.parametrize(
    ("entity", "text", "there"),
    [
        ("NeXT, Inc.", "He founded NeXT,  Inc. in 1985.", True),
        ("next", "He founded NeXT.", True),
        ("art", "A start is made.", False),
        ("ＩＢＭ", "the IBM lab", True),
        ("北京", "他住在北京市。", True),
        ("C++", "written in C++.", True),
        ("Paris", "", False),
        ("...", "He came ...", False),
    ],
)
def test_whether_an_entity_is_in_the_text(entity: str, text: str, there: bool) -> None:
    assert is_in_text(entity, text) is there


def test_answers_as_such_are_counted_by_hand() -> None:
    answers = ["Ann|knows|Bob\nAnn|knows|Bob\nAnn knows", "", "Ann|likes|cheese\nAnn|likes|"]
    found = count_answers(["Ann knows Bob.", "Nothing.", "Ann came."], map(parse_triples, answers), unfinished=[2])
    assert (found.answers, found.empty, found.unfinished, found.lines, found.repeated) == (3, 1, 1, 5, 1)
    assert dict(found.malformed) == {"no-separator": 1, "empty-field": 1}
    assert (found.entities, found.hallucinated, found.hallucinated_triples) == (4, 1, 1)
    assert (found.malformed_share, found.hallucinated_share) == (2 / 5, 1 / 4)


# --- labels ----------------------------------------------------------------------------------------------------------

PEOPLE = ["unknown", "夫妻", "同学", "同学会", "父母"]


@pytest.mark.parametrize(
    ("answer", "label", "alone"),
    [
        ("夫妻", "夫妻", True),
        ("“夫妻”。", "夫妻", True),
        ("\n 答案：夫妻\n", "夫妻", False),
        ("Unknown.", "unknown", True),
        ("他们是同学会的人", "同学会", False),
        ("夫妻或同学", NO_LABEL, False),
        ("unknowns", NO_LABEL, False),
        ("朋友", NO_LABEL, False),
        ("", NO_LABEL, False),
    ],
)
def test_the_label_that_an_answer_stands_for(answer: str, label: str, alone: bool) -> None:
    assert match_label(answer, PEOPLE) == (label, alone)


def test_label_scores_by_hand() -> None:
    """Right: a a a b b c. Said: a a b b (none) b, and nobody said c."""
    found = score_labels(["a", "a", "a", "b", "b", "c"], ["a", "It is A!", "b", "b", "zebra", "b"], labels=["c", "d"])
    assert found.labels == ("c", "a", "b")
    assert found.accuracy == pytest.approx(3 / 6)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found.by_label["a"].f1 == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))  # 0.8
    assert found.by_label["b"].f1 == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))  # 0.4
    assert found.macro_f1 == pytest.approx((0.8 + 0.4 + 0) / 3)
    assert found.weighted_f1 == pytest.approx((3 * 0.8 + 2 * 0.4 + 0) / 6)
    assert found.confusion == ((0, 0, 1, 0), (0, 2, 1, 0), (0, 0, 1, 1))
    assert (found.no_label, found.inferred) == (1, 1)


def test_balanced_accuracy_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import balanced_accuracy_score, f1_score

    gold, said = list("aabbbcccca"), list("abbbcccaca")
    found = score_labels(gold, said)
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(gold, said))
    assert found.macro_f1 == pytest.approx(f1_score(gold, said, average="macro"))
    assert found.weighted_f1 == pytest.approx(f1_score(gold, said, average="weighted"))


def test_directed_relations_are_scored_as_semeval_does() -> None:
    """P: right 1 of 2 said (one the wrong way round), 1 of 3. Q: right 1 of 2 said, 1 of 1. Other is no relation."""
    gold = ["P(e1,e2)", "P(e1,e2)", "P(e2,e1)", "Q(e1,e2)", "Other", "Other"]
    said = ["P(e1,e2)", "P(e2,e1)", "Other", "Q(e1,e2)", "Q(e2,e1)", "Other"]
    p, q = 2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3), 2 * (1 / 2) * 1 / (1 / 2 + 1)
    assert macro_f1_of_directed(gold, said) == pytest.approx((p + q) / 2)


def test_a_confusion_matrix_is_drawn_with_chinese_labels(tmp_path: Path) -> None:
    plot_confusion(score_labels(["夫妻", "同学"], ["夫妻", "不知道"]), tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")

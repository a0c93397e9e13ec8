import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_builder.errors import EvaluationError
from kg_builder.evaluate import MATCHES, Match, evaluate_files, score_by_relation, score_triples
from kg_builder.evaluate.open_ie import CarbTuple, load_benchie, load_carb, score_benchie, score_carb
from kg_builder.prompt import parse_triples
from kg_builder.types import Triple


def triples(*rows: str) -> list[Triple]:
    return [Triple(*row.split("|")) for row in rows]


# --- triples, by hand ------------------------------------------------------------------------------------------------


def test_counts_and_figures_by_hand() -> None:
    gold = [triples("a|r|b", "c|r|d"), triples("e|r|f"), []]
    predicted = [triples("a|r|b", "x|r|y", "a|r|b"), [], triples("g|r|h")]
    scores = score_triples(gold, predicted)
    assert (scores.matched, scores.predicted, scores.gold) == (1, 3, 3)
    assert scores.precision == pytest.approx(1 / 3)
    assert scores.recall == pytest.approx(1 / 3)
    assert scores.f1 == pytest.approx(1 / 3)


def test_the_same_triple_in_another_text_is_no_match() -> None:
    assert score_triples([triples("a|r|b"), []], [[], triples("a|r|b")]).matched == 0


def test_nothing_against_nothing_is_zero_not_an_error() -> None:
    scores = score_triples([], [])
    assert (scores.precision, scores.recall, scores.f1) == (0, 0, 0)


@pytest.mark.parametrize(
    ("gold", "predicted", "matching"),
    [
        ("Apple|founded|NeXT", "Apple|founded|NeXT", "string exact relaxed head"),
        ("Apple|founded|NeXT", "apple | founded|NeXT.", "exact relaxed head"),
        ("ＩＢＭ|是|公司。", "IBM|是|公司", "exact relaxed head"),
        ("The Apple Co.|founded|NeXT, Inc.", "apple co|founded|“NeXT” Inc", "relaxed"),
        ("the new mayor of Paris|visited|Rome", "mayor|visited|Rome", "head"),
        ("NeXT|was founded by|Steve Jobs", "Steve Jobs|founded|NeXT", "head"),
        ("Steve Jobs|is the CEO of|Apple", "Jobs|was CEO of|Apple", "head"),
        ("NeXT|began|in 1985", "NeXT|began|1985", "head"),
        ("北京大学|位于|北京", "北京|位于|北京", ""),
        ("公司|被收购|百度", "百度|收购了|公司", "head"),
        ("C|is|fast", "C++|is|fast", ""),
        ("a|r|b", "b|r|a", ""),
    ],
)
def test_ways_to_match(gold: str, predicted: str, matching: str) -> None:
    found = [m for m in MATCHES if score_triples([triples(gold)], [triples(predicted)], match=m).matched]
    assert found == matching.split()


FIELDS = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["the cat", "cat.", "Cat", "founded", "猫", "被收购", "of", "!"]
)
SIDES = st.lists(st.lists(st.builds(Triple, FIELDS, FIELDS, FIELDS), max_size=3), min_size=2, max_size=2)


@given(SIDES, st.sampled_from(MATCHES))
def test_what_equals_itself_is_perfect_under_every_match(side: list[list[Triple]], match: Match) -> None:
    scores = score_triples(side, side, match=match)
    assert scores.matched == scores.predicted == scores.gold


@given(SIDES, SIDES)
def test_a_looser_match_of_strings_finds_no_less(gold: list[list[Triple]], predicted: list[list[Triple]]) -> None:
    """Counts fall where keys fall together, so they are compared where none do."""
    string, exact = (score_triples(gold, predicted, match=m) for m in ("string", "exact"))
    if (string.gold, string.predicted) == (exact.gold, exact.predicted):
        assert string.matched <= exact.matched


def test_relations_are_scored_apart() -> None:
    gold = [triples("a|founded|b", "c|Founded|d", "e|owns|f")]
    predicted = [triples("a|founded|b", "x|owns|y", "p|likes|q")]
    found = {name: (s.matched, s.predicted, s.gold) for name, s in score_by_relation(gold, predicted).items()}
    assert found == {"founded": (1, 1, 2), "owns": (0, 1, 1), "likes": (0, 1, 0)}
    assert next(iter(found)) == "founded"


def test_the_interval_of_f1_holds_the_value_and_repeats() -> None:
    gold = [triples(f"a{i}|r|b") for i in range(60)]
    predicted = [triples(f"a{i}|r|b") if i % 3 else triples("x|r|y") for i in range(60)]
    one, other = (score_triples(gold, predicted, bootstrap=500) for _ in range(2))
    assert one == other
    assert one.f1_interval is not None
    low, high = one.f1_interval
    assert 0.5 < low < one.f1 < high < 0.8


def test_sides_of_different_length_are_refused() -> None:
    with pytest.raises(EvaluationError, match="2 gold texts, found 1"):
        score_triples([[], []], [[]])


def test_an_unknown_match_is_refused() -> None:
    with pytest.raises(EvaluationError, match="'fuzzy'"):
        score_triples([[]], [[]], match="fuzzy")  # type: ignore[arg-type]


# --- files -----------------------------------------------------------------------------------------------------------


def gold_row(number: int, *rows: str, **options: str) -> dict[str, object]:
    parts = [dict(zip(("head", "relation", "tail"), row.split("|"), strict=True)) for row in rows]
    return {"id": f"t{number}", "text": "…", "triples": [{**part, **options} for part in parts]}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_predictions_in_gold_form_are_joined_by_id(tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl", gold_row(1, "a|r|b"), gold_row(2, "c|r|d", "e|r|f"))
    predicted = write(tmp_path / "predicted.jsonl", gold_row(2, "C|r|d"), gold_row(1, "x|r|y"))
    found = evaluate_files(gold, predicted).to_dict()
    assert found["texts"] == 2
    assert found["exact"]["matched"] == 1
    assert (found["exact"]["precision"], found["exact"]["recall"], found["exact"]["f1"]) == (0.5, 0.3333, 0.4)
    assert found["exact"]["f1_low"] <= 0.4 <= found["exact"]["f1_high"]


def test_extractions_of_lines_are_joined_by_line(tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl", gold_row(1, "a|r|b"), gold_row(2, "c|r|d"))
    line = {"document": "-", "line": 2, "head": "c", "relation": "r", "tail": "d", "polarity": "positive"}
    predicted = write(tmp_path / "predicted.jsonl", line)
    assert evaluate_files(gold, predicted).scores["exact"].f1 == pytest.approx(2 / 3)


def test_a_denied_statement_does_not_match_a_fact(tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl", gold_row(1, "a|r|b", polarity="negative"), gold_row(2, "c|r|d"))
    predicted = write(tmp_path / "predicted.jsonl", gold_row(1, "a|r|b"), gold_row(2, "c|r|d"))
    found = evaluate_files(gold, predicted).scores
    assert (found["exact"].matched, found["exact"].gold) == (1, 2)
    assert (found["facts"].matched, found["facts"].predicted, found["facts"].gold) == (1, 2, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"head": "a"}\n', "line"),
        ('{"line": 9, "head": "a", "relation": "r", "tail": "b"}\n', "1 other texts"),
        ('{"id": "t9", "triples": []}\n', "1 other texts"),
        ('{"id": "t1", "triples": 3}\n', "a list under 'triples', found 3"),
        ('{"id": "t1", "triples": [{"head": 1}]}\n', "strings head, relation and tail"),
        ("[1]\n", "one JSON object a line"),
        ("{not json\n", "predicted.jsonl:1"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_wrong_predictions_are_named(tmp_path: Path, content: str | bytes, message: str) -> None:
    gold = write(tmp_path / "gold.jsonl", gold_row(1, "a|r|b"))
    predicted = tmp_path / "predicted.jsonl"
    predicted.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(EvaluationError, match=message):
        evaluate_files(gold, predicted)


def test_an_empty_gold_file_is_refused(tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl")
    with pytest.raises(EvaluationError, match="at least one gold text"):
        evaluate_files(gold, gold)


@pytest.mark.parametrize("name", ["en.jsonl", "zh.jsonl"])
def test_the_projects_gold_matches_itself(name: str) -> None:
    gold = Path(__file__).parents[1] / "data" / "gold" / name
    found = evaluate_files(gold, gold, bootstrap=0)
    assert found.texts >= 100
    assert all(scores.f1 == 1 for scores in found.scores.values())


# --- published outputs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "f1"), [("test_re", 0.128), ("sft_re", 0.179)])
def test_published_f1_of_a_model_before_and_after_tuning(public_data: Path, column: str, f1: float) -> None:
    """Llama3-8B against triples of Llama3-70B on 20 sentences: micro F1 over distinct well-formed triples."""
    rows = json.loads((public_data / "seed_llama3_re" / "all_tests.json").read_text(encoding="utf-8"))
    gold, predicted = ([parse_triples(row[name]).triples for row in rows] for name in ("gold_re", column))
    assert round(score_triples(gold, predicted, match="exact").f1, 3) == f1


BENCHIE = [
    ("clausie", 0.562, 0.258, 0.354),
    ("minie", 0.470, 0.280, 0.351),
    ("openie6", 0.348, 0.226, 0.274),
    ("m2oie_en", 0.401, 0.160, 0.228),
    ("stanford", 0.165, 0.139, 0.151),
    ("m2oie_zh", 0.201, 0.119, 0.149),
]


@pytest.mark.parametrize(("system", "precision", "recall", "f1"), BENCHIE)
def test_benchie_scores_of_published_outputs(
    public_data: Path, system: str, precision: float, recall: float, f1: float
) -> None:
    folder = public_data / "openie" / "benchie_dev"
    gold = load_benchie(folder / f"gold_{'zh' if system.endswith('zh') else 'en'}.txt")
    lines = (folder / f"system_{system}.tsv").read_text(encoding="utf-8").split("\n")
    rows = [(int(n), a, r, b) for n, a, r, b, *_ in (line.split("\t") for line in lines if line)]
    found = score_benchie(gold, rows)
    assert (round(found.precision, 3), round(found.recall, 3), round(found.f1, 3)) == (precision, recall, f1)


def test_carb_scores_of_published_output(public_data: Path) -> None:
    """OpenIE 5 on the development sentences; the figures are those of an independent implementation of the rules."""
    folder = public_data / "openie" / "carb_dev"
    tuples = []
    for line in (folder / "system_outputs" / "openie5_output.txt").read_text(encoding="utf-8").split("\n"):
        confidence, _, subject, relation, others, sentence = line.split("\t") if line else [""] * 6
        if subject and relation and others:
            slots = [
                slot[slot.index("(") + 1 : slot.index(",List(")] for slot in (subject, *others.split("); "), relation)
            ]
            tuples.append(CarbTuple(sentence, slots[-1], tuple(slots[:-1]), float(confidence)))
    found = score_carb(load_carb(folder / "dev.tsv"), tuples)
    assert found.precision == pytest.approx(0.53165, abs=1e-4)
    assert found.recall == pytest.approx(0.40510, abs=1e-4)
    assert found.f1 == pytest.approx(0.45983, abs=1e-4)
    assert found.auc == pytest.approx(0.24093, abs=1e-4)


# --- open information extraction, by hand ----------------------------------------------------------------------------


def carb(relation: str, *arguments: str, confidence: float = 1.0) -> CarbTuple:
    return CarbTuple("He ate it .", relation, arguments, confidence)


def test_carb_counts_shared_words() -> None:
    found = score_carb([carb("ate", "He", "the red apple")], [carb("ate", "He", "apple", confidence=0.5)])
    assert (found.precision, found.recall) == (1.0, 3 / 5)
    assert found.auc == pytest.approx(3 / 5)


@pytest.mark.parametrize(
    ("gold", "predicted", "precision", "recall"),
    [
        (carb("ate", "He", "it"), carb("drank", "He", "it"), 0.0, 0.0),  # no word of the relation
        (carb("is", "He", "cook"), carb("be", "He", "cook"), 1.0, 1.0),  # "be" stands for "is"
        (carb("ate", "He", "it"), carb("ate", "He"), 0.0, 0.0),  # an argument is missing
        (carb("ate", "He", "it", "now"), carb("ate", "He", "it now"), 1.0, 1.0),  # all others are joined
        (carb("said", "He", "yes"), carb("said", "yes", "He"), 1.0, 1.0),  # who says may change places
        (carb("ate", "He", "a a"), carb("ate", "He", "a"), 1.0, 3 / 4),  # words count as often as they occur
    ],
)
def test_carb_pairs_by_hand(gold: CarbTuple, predicted: CarbTuple, precision: float, recall: float) -> None:
    found = score_carb([gold], [predicted])
    assert (found.precision, found.recall) == (precision, recall)


def test_carb_pairs_tuples_off_one_to_one() -> None:
    gold = [carb("ate", "He", "it"), carb("saw", "He", "it")]
    found = score_carb(gold, [carb("ate", "He", "it"), carb("ate", "He", "it")])
    assert (found.precision, found.recall) == (0.5, 0.5)


def test_carb_without_predictions_is_zero() -> None:
    assert score_carb([carb("ate", "He", "it")], []).f1 == 0


BENCHIE_GOLD = """sent_id:1\tHe was the first king of the land .
1--> Cluster 1:
He --> was --> [the] [first] king [of [the] land]
He --> was [the] king of --> [the] land
1--> Cluster 2:
["]He["] --> ruled --> land
"""


def test_benchie_facts_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_text(BENCHIE_GOLD.replace("[of [the] land]", "[of the land]"), encoding="utf-8")
    gold = load_benchie(path)
    rows = [
        (1, "he", "was", "the king"),
        (1, "He", "was king of", "land"),  # the same fact in another wording
        (1, "He", "was", "king first"),  # wrong order
        (1, '"He"', "ruled", "land"),
        (1, '"He"', "ruled", "land"),  # every repetition counts
        (7, "He", "was", "king"),  # another sentence
    ]
    found = score_benchie(gold, rows)
    assert (found.precision, found.recall) == (4 / 5, 1.0)


def test_every_wording_of_optional_pieces_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_text("sent_id:1\tx\n1--> Cluster 1:\n[a] b[,] [c d] --> r --> [``]x['']\n", encoding="utf-8")
    gold = load_benchie(path)
    for a, comma, c, opening, closing in product(("a ", ""), (",", ""), (" c d", ""), ("``", ""), ("''", "")):
        assert score_benchie(gold, [(1, f"{a}b{comma}{c}", "r", f"{opening}x{closing}")]).f1 == 1
    for wrong in ("ab", "a b c", "b d", "a", ""):
        assert score_benchie(gold, [(1, wrong, "r", "x")]).f1 == 0


def test_a_broken_gold_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_text("a --> b --> c\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"gold\.txt:1"):
        load_benchie(path)

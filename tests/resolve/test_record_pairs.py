"""``kg evaluate --pairs``: records that are one thing or not, learnt from labelled ones."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg_builder.cli import cli
from kg_builder.errors import EvaluationError
from kg_builder.evaluate.pairs import evaluate_pairs, learn_pairs, read_pairs

_NOUNS = ("lamp", "kettle", "drill", "camera", "printer", "tent", "router", "scanner")
_COLOURS = ("red", "blue", "black", "white", "红色", "黑色")


def write_pairs(path: Path, count: int, seed: int) -> Path:
    """Products whose model number decides, with colours and prices that do not."""
    chance = random.Random(seed)
    lines = []
    for i in range(count):
        noun, code = chance.choice(_NOUNS), f"{chance.choice('abcd')}{chance.randint(100, 999)}"
        other = code if i % 3 == 0 else f"{code[0]}{chance.randint(100, 999)}"
        records = [
            f"COL title VAL {chance.choice(_COLOURS)} {noun} {number} COL price VAL {chance.randint(5, 90)}.99"
            for number in (code, other)
        ]
        lines.append(f"{records[0]} \t{records[1]} \t{int(code == other)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_decides_is_learnt_and_the_same_every_time(tmp_path: Path) -> None:
    train, test = write_pairs(tmp_path / "train.txt", 300, 1), write_pairs(tmp_path / "test.txt", 100, 2)
    found = evaluate_pairs(test, learn=train)
    assert found.f1 > 0.95
    assert found == evaluate_pairs(test, learn=train)
    assert (found.pairs, found.learnt_pairs) == (100, 300)
    assert 0 < found.threshold < 1
    assert evaluate_pairs(test).learnt_pairs == 0


def test_the_command_prints_its_figures_as_json(tmp_path: Path) -> None:
    train, test = write_pairs(tmp_path / "train.txt", 120, 3), write_pairs(tmp_path / "test.txt", 30, 4)
    done = CliRunner().invoke(
        cli, ["evaluate", "--pairs", str(test), "--learn", str(train), "--json"], standalone_mode=False
    )
    figures = json.loads(done.stdout)
    assert figures["pairs"] == 30
    assert figures["f1"] == pytest.approx(
        2 * figures["precision"] * figures["recall"] / (figures["precision"] + figures["recall"])
    )


@pytest.mark.parametrize("options", [(), ("--learn", "x.txt"), ("--pairs", "x.txt", "x.txt", "x.txt")])
def test_triples_or_pairs_but_not_half_of_either(tmp_path: Path, options: tuple[str, ...]) -> None:
    path = write_pairs(tmp_path / "x.txt", 3, 5)
    done = CliRunner().invoke(cli, ["evaluate", *(str(path) if option == "x.txt" else option for option in options)])
    assert done.exit_code == 2
    assert "expected" in done.output


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("COL a VAL 1\tCOL a VAL 1", "found 2 fields"),
        ("COL a VAL 1\tCOL a VAL 1\tyes", "expected 0 or 1 behind the two records, found 'yes'"),
        ("a 1\tCOL a VAL 1\t0", "expected a record as 'COL name VAL value', found 'a 1'"),
        ("COL a VAL 1\t\t0", "found ''"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(f"COL a VAL 1\tCOL a VAL 1\t1\n\n{line}\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match=f"(?s){message}.*pairs.txt:3"):
        read_pairs(path)


def test_files_without_pairs_and_too_few_to_learn_from(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match="at least one pair"):
        read_pairs(path)
    path.write_bytes(b"COL a VAL \xff\tCOL a VAL 1\t1\n")
    with pytest.raises(EvaluationError, match="UTF-8"):
        read_pairs(path)
    path.write_text("COL a VAL 1\tCOL a VAL 1\t1\n" * 20, encoding="utf-8")
    with pytest.raises(EvaluationError, match="found 20 and 0"):
        learn_pairs(read_pairs(path))


def test_odd_records_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("COL a VAL  COL long name VAL x VAL y COL a VAL 2\tCOL b VAL\t0\r\n", encoding="utf-8")
    (pair,) = read_pairs(path)
    assert dict(pair.one) == {"a": "2", "long name": "x VAL y"}
    assert dict(pair.other) == {"b": ""}
    assert evaluate_pairs(path).predicted == 0

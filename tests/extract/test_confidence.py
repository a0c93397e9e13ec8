"""What a confidence promises: the same for the same text, higher for what is right, and close to the share that is."""

from __future__ import annotations

import numpy as np
import pytest

from finetune.pipelines.confidence import calibration_error
from finetune.pipelines.confidence_data import Example, explained, own_gold
from kg_builder.errors import ExtractionError
from kg_builder.extract.open_ie import OpenIE
from kg_builder.extract.open_ie.confidence import confidence, load_weights

PLAIN = "Acme bought Beta in 2019."
TANGLED = (
    "What the board, whose chairman, having sold, as some of those present put it, more or less everything, said of "
    "that, though not of the rest, was, it seems to us, rather left out of the notes for members."
)


def test_confidence_is_the_same_whatever_stands_beside_a_text() -> None:
    texts = [PLAIN, TANGLED, "Clara Stone moved to Lisbon. She opened a bakery.", "蓝海公司收购了绿洲公司。"]
    extractor = OpenIE()
    alone = [extractor.extract(text) for text in texts]
    assert list(extractor.pipe(texts)) == alone
    assert list(extractor.pipe(reversed(texts))) == alone[::-1]


def test_a_plain_sentence_is_surer_than_a_tangled_one() -> None:
    plain = [e.confidence for e in OpenIE(verbatim=True).extract(PLAIN)]
    tangled = [e.confidence for e in OpenIE(verbatim=True).extract(TANGLED)]
    assert tangled
    assert min(plain) > max(tangled)


def test_a_pronoun_that_may_mean_two_people_makes_a_statement_less_sure() -> None:
    clear = "Clara Stone moved to Lisbon. She opened a bakery."
    unclear = "Clara Stone, who had met Anna Weber, moved to Lisbon with Maria Brand. She opened a bakery."
    one, other = (
        next(e for e in OpenIE().extract(text) if e.tail.surface == "bakery").confidence for text in (clear, unclear)
    )
    assert one > other


def test_right_statements_of_the_gold_are_surer_than_wrong_ones() -> None:
    examples = list(own_gold())
    right = [confidence(e.features) for e in examples if e.right]
    wrong = [confidence(e.features) for e in examples if not e.right]
    assert len(wrong) > 15
    higher = np.mean([(r > w) + (r == w) / 2 for r in right for w in wrong])
    assert higher > 0.65
    assert all(0 < c < 1 for c in right + wrong)


def test_every_weight_stands_for_a_feature_that_occurs() -> None:
    seen = {name for e in own_gold() for name in e.features}
    seen |= {name for text in (PLAIN, TANGLED) for _, f in explained(text, verbatim=True) for name in f}
    common = {
        name for name in load_weights("en").of if name.startswith(("doubt", "rule object", "reading", "tail words"))
    }
    assert common
    assert {name for name in common if "," not in name} <= seen


def test_without_weights_the_message_says_what_to_do() -> None:
    with pytest.raises(ExtractionError, match="install the package again"):
        load_weights("xx")


def test_calibration_error_is_the_distance_of_promise_and_truth() -> None:
    chances = np.repeat([0.2, 0.8], 500)
    kept = np.concatenate([np.arange(500) % 5 == 0, np.arange(500) % 5 != 0]).astype(float)
    assert calibration_error(chances, kept, bins=2) == pytest.approx(0.0)
    assert calibration_error(np.full(1000, 0.9), kept, bins=2) == pytest.approx(0.4)


def test_the_split_keeps_a_sentence_together() -> None:
    assert Example("a", "one sentence", {}, True).part == Example("b", "one sentence", {"x": 1.0}, False).part

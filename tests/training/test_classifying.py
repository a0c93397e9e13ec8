"""Topics by a classifier that is no language model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg_builder.classifying import Classifier, open_classifier
from kg_builder.language_models import load_tokenizer

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with room for 16 tokens, whose tokenizer has no chat template and no end of a text."""
    folder = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ada", "met", "bob"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.BertConfig(
        vocab_size=len(words), max_position_embeddings=16, id2label={0: "news", 1: "sport"}, **shape
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_model_without_a_chat_template_tells_the_topic_of_long_texts(bert: Path) -> None:
    texts = ["Ada met Bob.", "Ada met Bob. " * 50, "Ada."]
    found = list(open_classifier(str(bert)).topics(texts))
    assert len(found) == 3
    assert set(found) <= {"news", "sport"}
    assert load_tokenizer(str(bert), chat=False).chat_template is None


def test_an_adapter_is_known_by_its_base_as_well(bert: Path, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "adapter").mkdir()
    config = {"base_model_name_or_path": str(tmp_path / "base")}
    (tmp_path / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    seen = set()
    for weights in ("one", "two"):
        (tmp_path / "base" / "pytorch_model.bin").write_text(weights)
        seen.add(Classifier(tmp_path / "adapter", ("a", "b")).fingerprint)
    (tmp_path / "adapter" / "tokenizer.json").write_text("{}")
    seen.add(Classifier(tmp_path / "adapter", ("a", "b")).fingerprint)
    assert len(seen) == 3

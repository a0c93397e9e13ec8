from __future__ import annotations

import pytest

from kg_builder.lemma import lemma_en


@pytest.mark.parametrize(
    ("word", "upos", "lemma"),
    [
        ("acquired", "VERB", "acquire"),
        ("bought", "VERB", "buy"),
        ("found", "VERB", "find"),
        ("founded", "VERB", "found"),
        ("hoping", "VERB", "hope"),
        ("stopped", "VERB", "stop"),
        ("travelling", "VERB", "travel"),
        ("agreed", "VERB", "agree"),
        ("Studies", "VERB", "study"),
        ("was", "AUX", "be"),
        ("'s", "AUX", "be"),
        ("companies", "NOUN", "company"),
        ("houses", "NOUN", "house"),
        ("boxes", "NOUN", "box"),
        ("women", "NOUN", "woman"),
        ("analyses", "NOUN", "analysis"),
        ("news", "NOUN", "news"),
        ("1990s", "NOUN", "1990s"),
        ("Apples", "PROPN", "Apples"),
        ("best", "ADJ", "good"),
        ("n't", "PART", "not"),
        ("北京", "NOUN", "北京"),
        ("", "NOUN", ""),
    ],
)
def test_lemma(word: str, upos: str, lemma: str) -> None:
    assert lemma_en(word, upos) == lemma

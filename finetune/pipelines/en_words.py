"""Writes the verbs and nouns that the lemmatizer knows: ``python -m finetune.pipelines.en_words --data $KG_DATA --out
kg_builder/models/en``.

They are the lemmas of UD English EWT's and GUM's training parts (documents under free licences), seen as such at
least once, in ASCII.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from finetune.pipelines.conllu import Sentence, load_conllu
from finetune.pipelines.en_data import is_free

__all__ = ["known_words", "main"]


def known_words(sentences: list[Sentence], upos: str) -> list[str]:
    """The lemmas of words tagged `upos`, sorted; misspelt words (``Typo=Yes``) left out."""
    return sorted(
        {
            w.lemma.lower()
            for s in sentences
            for w in s.words
            if w.upos == upos and w.lemma.isascii() and w.lemma.isalpha() and len(w.lemma) > 1 and not w.feature("Typo")
        }
    )


def main() -> None:
    """Reads the treebanks and writes ``verbs.txt`` and ``nouns.txt``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    data = Path(options.data)
    sentences = load_conllu(data / "ud/en_ewt/train.conllu")
    for path in sorted((data / "ud/en_gum/train").glob("*.conllu")):
        document = load_conllu(path)
        if is_free(document[0].meta):
            sentences += document
    for name, upos in (("verbs.txt", "VERB"), ("nouns.txt", "NOUN")):
        (options.out / name).write_text("\n".join(known_words(sentences, upos)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

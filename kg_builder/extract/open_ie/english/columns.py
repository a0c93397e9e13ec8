"""A parsed English text as parallel lists, one entry a word: what the rules read, and what a ``Doc`` is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

__all__ = ["Columns", "make_doc"]


@dataclass(slots=True)
class Columns:
    """Words with what a parser says of them. Heads are word numbers of the whole text, a root is its own head;
    ``names`` are BIO tags, ``kinds`` what nouns denote, ``sentences`` the first words of the sentences, ``sure`` how
    likely the parser holds each arc to be."""

    text: str
    words: list[str]
    starts: list[int]
    upos: list[str]
    xpos: list[str]
    lemmas: list[str]
    heads: list[int]
    deps: list[str]
    names: list[str]
    kinds: list[str]
    sentences: list[int] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)

    @classmethod
    def unread(cls, text: str, words: list[str], starts: list[int]) -> Columns:
        """Every word as the space that it is, unless a parser says more."""
        count = len(words)
        return cls(
            text,
            words,
            starts,
            upos=["SPACE"] * count,
            xpos=["_SP"] * count,
            lemmas=[word.lower() for word in words],
            heads=list(range(count)),
            deps=["dep"] * count,
            names=["O"] * count,
            kinds=[""] * count,
            sure=[1.0] * count,
        )

    def attach_spaces(self) -> None:
        """Line breaks are words of spaCy's: they hang from the word before them, or open the text."""
        for i, pos in enumerate(self.upos):
            if pos == "SPACE":
                self.heads[i] = i - 1 if i else i
                if not i:
                    self.sentences.append(i)
        self.sentences.sort()


def make_doc(vocab: Vocab, columns: Columns) -> Doc:
    """The same as a ``Doc``, with what nouns denote in ``user_data["kinds"]``."""
    from spacy.tokens import Doc

    ends = (start + len(word) for start, word in zip(columns.starts, columns.words, strict=True))
    begins = set(columns.sentences)
    doc = Doc(
        vocab,
        words=columns.words,
        spaces=[columns.text.startswith(" ", end) for end in ends],
        pos=columns.upos,
        tags=columns.xpos,
        lemmas=columns.lemmas,
        heads=columns.heads,
        deps=columns.deps,
        sent_starts=[i in begins for i in range(len(columns.words))],
        ents=columns.names,
    )
    doc.user_data["kinds"] = columns.kinds
    return doc

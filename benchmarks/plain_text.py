"""Tokenized sentences as people write them, and the way back from a passage of the text to the tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["PlainSentence"]

_WRITTEN = {
    "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}",
    "``": '"', "''": '"', "`": "'", "\\/": "/", "\\*": "*",
}  # fmt: skip
_NO_SPACE_BEFORE = frozenset(", . ; : ? ! % ) ] } '' n't n’t 's ’s 're 've 'll 'd 'm ' ’ ... -RRB- -RSB- -RCB-".split())  # noqa: SIM905
_NO_SPACE_AFTER = frozenset("( [ { $ # £ € `` ` -LRB- -LSB- -LCB-".split())  # noqa: SIM905
_ONE_WORD = frozenset({("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta")})


@dataclass(frozen=True, slots=True)
class PlainSentence:
    """``text`` is the sentence of ``tokens`` in ordinary writing; token i stands at ``spans[i]``."""

    tokens: tuple[str, ...]
    text: str
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, sentence: str) -> PlainSentence:
        """From tokens with spaces between: no space before punctuation or "n't", brackets and quotes plain, words with
        hyphens joined."""
        tokens = sentence.split()
        text = ""
        spans = []
        open_quote = False
        for k, token in enumerate(tokens):
            written = _WRITTEN.get(token, token).replace("\\/", "/")
            before = tokens[k - 1] if k else ""
            closes = token == '"' and open_quote
            after_opening = before in _NO_SPACE_AFTER or (before == '"' and open_quote)
            if token == '"':
                open_quote = not open_quote
            glued = (
                not k
                or token in _NO_SPACE_BEFORE
                or closes
                or after_opening
                or (before.lower(), token.lower()) in _ONE_WORD
                or _joins(tokens, k)
            )
            text += ("" if glued else " ") + written
            spans.append((len(text) - len(written), len(text)))
        return cls(tuple(tokens), text, tuple(spans))

    @classmethod
    def of_characters(cls, sentence: str) -> PlainSentence:
        """From characters with a space between, as Chinese benchmarks have them: more than one is a space that was
        written.
        """
        text, spans = "", []
        for part in re.split(r" {2,}", sentence.strip()):
            text += " " if text else ""
            for token in part.split():
                spans.append((len(text), len(text) + len(token)))
                text += token
        return cls(tuple(sentence.split()), text, tuple(spans))

    def tokens_in(self, start: int, end: int) -> str:
        """The tokens that a passage of the text touches, with spaces between."""
        return " ".join(t for t, (a, b) in zip(self.tokens, self.spans, strict=True) if a < end and b > start)

    def tokens_of(self, words: str) -> str:
        """The tokens of words that stand apart in the text, in the order given: each from where the last one ended, or
        where it can be found."""
        found: list[int] = []
        at, last = 0, -1
        while at < len(words):
            if words[at].isspace():
                at += 1
                continue
            best = max(range(len(self.tokens)), key=lambda i: self._fit(i, words, at, last))
            length = self._common(best, words, at)
            if not length:  # a part of a token only, such as the end of a word with a hyphen
                at += 1
                continue
            if best != last:
                found.append(best)
            at, last = at + length, best
        return " ".join(self.tokens[i] for i in found)

    def _common(self, i: int, words: str, at: int) -> int:
        """How many characters of token `i` stand at `at`; 0 if neither is the beginning of the other's word."""
        start, end = self.spans[i]
        token = self.text[start:end]
        if words.startswith(token, at):
            return len(token)
        word = words[at:].split(maxsplit=1)[0]
        return len(word) if token.startswith(word) or token.endswith(word) else 0

    def _fit(self, i: int, words: str, at: int, last: int) -> tuple[bool, bool, int, bool, int]:
        length = self._common(i, words, at)
        whole = length == self.spans[i][1] - self.spans[i][0]
        return length > 0, whole, length, i > last, -abs(i - last - 1)


def _joins(tokens: list[str], k: int) -> bool:
    """A hyphen between two words, or the word after it."""
    middle = k if tokens[k] == "-" else k - 1
    if middle < 1 or middle + 1 >= len(tokens) or tokens[middle] != "-":
        return False
    return tokens[middle - 1][-1].isalnum() and tokens[middle + 1][0].isalnum()

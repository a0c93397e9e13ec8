"""Questions to a judge: pairs of names in the grey band whose answer would change which names are one entity."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from kg_builder.errors import ConfigError, JudgeError
from kg_builder.judging import Described, Judge
from kg_builder.name_vectors import text_of
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolve.scoring import judged
from kg_builder.sentences import sentences_of
from kg_builder.store.answers import Answer, Answers
from kg_builder.types import digest

__all__ = ["Band", "Judging", "Questions"]

_MOST_NAMES = 500
_MOST_PAIRS = 100
_ALIASES, _FACTS, _SENTENCES = 6, 6, 3
_LONGEST = 300  # characters of a text that is sent

Groups = Callable[[Sequence[Link]], list[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Band:
    """What a graph is judged with: the judge's fingerprint, and from which probability to which it is asked."""

    judge: str
    least: float = 0.3
    most: float = 0.7

    def __post_init__(self) -> None:
        if not 0 < self.least <= self.most < 1:
            raise ConfigError(
                "expected a band of probabilities to judge, the lower end first, both between 0 and 1, found "
                f"{self.least!r} to {self.most!r}; see to resolve_judge_least and resolve_judge_most."
            )

    def to_text(self) -> str:
        """As the graph keeps it."""
        return json.dumps([self.judge, self.least, self.most])

    @classmethod
    def from_text(cls, text: str) -> Band | None:
        """The band of `to_text`; None of an empty text."""
        return cls(*json.loads(text)) if text else None


class Questions:
    """What is asked about two names, and what was answered to that before."""

    def __init__(self, answers: Answers, band: Band) -> None:
        self._answers = answers
        self._band = band

    def described(self, profile: Profile) -> Described:
        """A name as a judge is told of it: always the same choice, so that more of the same asks nothing new."""
        name = text_of(profile)
        others = {surface for surface in profile.surfaces if surface != name} | profile.stated
        facts = [_fact(name, each) for each in _few(profile.neighbours, _FACTS)]
        found = {_sentence(row.text, row.start, row.end) for row in self._answers.mentions(profile.id, _SENTENCES)}
        return Described(
            name[:_LONGEST],
            profile.name.type,
            tuple(each[:_LONGEST] for each in _few(others, _ALIASES)),
            tuple(each[:_LONGEST] for each in facts),
            tuple(sorted(found)),
        )

    def pair(self, a: Profile, b: Profile) -> tuple[Described, Described]:
        """The two names, the one with the smaller id first."""
        one, other = (a, b) if a.id < b.id else (b, a)
        return self.described(one), self.described(other)

    def id_of(self, pair: tuple[Described, Described]) -> str:
        """The same for the same question to the same judge."""
        return digest("judged", self._band.judge, json.dumps([asdict(each) for each in pair], ensure_ascii=False))

    def answered(self, id_: str) -> Answer | None:
        """What was answered to a question."""
        return self._answers.get(id_)

    def settled(self, link: Link, a: Profile, b: Profile) -> Link:
        """The link of two names after what is kept of the judge's answer."""
        if not self._band.least <= link.probability <= self._band.most:
            return link
        kept = self.answered(self.id_of(self.pair(a, b)))
        return link if kept is None or kept.one is None else judged(link, one=kept.one)


class Judging:
    """The judging of one run."""

    def __init__(self, answers: Answers, band: Band, judge: Judge | None, limit: int) -> None:
        """Without a `judge` only what is kept counts; otherwise it is asked at most `limit` times."""
        self.band = band
        self.asked = self.used = self.unsure = self.open = 0
        self.trouble = ""
        self._answers = answers
        self._questions = Questions(answers, band)
        self._judge = judge
        self._limit = limit

    def settle(self, profiles: Mapping[str, Profile], links: Sequence[Link], groups: Groups) -> tuple[list[Link], bool]:
        """The links of a component with what the judge says, and whether questions stay open.

        The pairs of the band are taken one after the other, the likeliest first; one is asked only where yes and no
        make other entities, given the answers before.
        """
        links = sorted(links, key=lambda link: (-round(link.probability, 9), link.a, link.b))
        band = [i for i, link in enumerate(links) if self.band.least <= link.probability <= self.band.most]
        left = False
        if len(profiles) > _MOST_NAMES:
            return links, left
        for i in band[:_MOST_PAIRS]:
            link = links[i]
            yes, no = judged(link, one=True), judged(link, one=False)
            before, behind = links[:i], links[i + 1 :]
            if groups([*before, yes, *behind]) == groups([*before, no, *behind]):
                continue
            answer, known = self._answer(profiles[link.a], profiles[link.b])
            left |= not known
            if answer is not None:
                self.used += 1
                links[i] = yes if answer else no
        return links, left

    def _answer(self, a: Profile, b: Profile) -> tuple[bool | None, bool]:
        """What the judge says, and whether it was asked at all, now or before."""
        pair = self._questions.pair(a, b)
        id_ = self._questions.id_of(pair)
        if (kept := self._questions.answered(id_)) is not None:
            return kept.one, True
        if self._judge is None:
            return None, True
        if self.trouble or self.asked >= self._limit:
            self.open += 1
            return None, False
        try:
            one = self._judge(*pair)
        except JudgeError as exc:
            self.trouble = str(exc)
            self.open += 1
            return None, False
        self.asked += 1
        self.unsure += one is None
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._answers.keep(Answer(id_, min(a.id, b.id), max(a.id, b.id), one, self._judge.name, at))
        return one, True


def _few(items: frozenset[str] | set[str], count: int) -> list[str]:
    """Some of many, a choice that more of them seldom changes."""
    return sorted(sorted(items, key=lambda each: digest("told", each))[:count])


def _fact(name: str, neighbour: str) -> str:
    """A fact in words: ``relation>key`` where the name is the subject, ``relation<key`` where it is not."""
    at = min((at for at in (neighbour.find(">"), neighbour.find("<")) if at >= 0), default=len(neighbour))
    relation, key = neighbour[:at], neighbour[at + 1 :]
    return f"{name} | {relation} | {key}" if neighbour[at : at + 1] == ">" else f"{key} | {relation} | {name}"


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a mention; of a long one the part around it."""
    low, high = next(((a, b) for a, b in sentences_of(text, 0, len(text)) if a <= start < b), (start, end))
    if high - low > _LONGEST:
        low = max(low, start - _LONGEST // 2)
        high = min(high, low + _LONGEST)
    return " ".join(text[low:high].split())

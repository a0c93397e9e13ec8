"""A judge's answers about names: kept in the graph, so that nothing is asked, and paid for, twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kg_builder.store import cypher
from kg_builder.store import resolving_cypher as statements
from kg_builder.store.access import Access
from kg_builder.store.connection import Run

__all__ = ["Answer", "Answers", "Mentioned"]

_PREFIX = "judged:"
_WORDS = {True: "yes", False: "no", None: "unsure"}
_ONE = {word: one for one, word in _WORDS.items()}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What a judge said to one question. ``id`` is that of the question, ``a`` and ``b`` are the names' ids, ``one`` is
    None where it could not tell; ``judge`` and ``at`` say who answered and when (UTC, ISO 8601)."""

    id: str
    a: str
    b: str
    one: bool | None
    judge: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A mention of a name: the words of its segment, and its offsets in them."""

    text: str
    start: int
    end: int


class Answers:
    """The answers in one graph, and what is needed to ask. `GraphStore.answers` has one."""

    def __init__(self, access: Access) -> None:
        self._connection = access.connection
        self._exclusive = access.exclusive

    def get(self, id_: str) -> Answer | None:
        """The answer to a question."""
        rows = self._connection.read(statements.ANSWER, id=_PREFIX + id_)
        return _answer(rows[0]["p"]) if rows else None

    def all(self) -> Iterator[Answer]:
        """All answers, by the id of the question."""
        rows = self._connection.read(statements.ANSWERS)
        return iter(sorted((_answer(row["p"]) for row in rows), key=lambda each: each.id))

    def keep(self, *answers: Answer) -> None:
        """Keep answers, each instead of an earlier one to the same question."""
        rows = [
            {
                "id": _PREFIX + each.id,
                "a": each.a,
                "b": each.b,
                "answer": _WORDS[each.one],
                "judge": each.judge,
                "at": each.at,
            }
            for each in answers
        ]

        def work(run: Run) -> None:
            run(cypher.TAKE_TURN)
            run(statements.PUT_ANSWERS, rows=some)

        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            with self._exclusive():
                self._connection.writing(work)

    def mentions(self, name: str, most: int) -> list[Mentioned]:
        """A few of the mentions of a name, by its id: always the same ones of the same."""
        rows = self._connection.read(statements.MENTIONS_OF_NAME, id=name, most=most)
        return [Mentioned(row["text"], row["start"] - row["base"], row["end"] - row["base"]) for row in rows]


def _answer(row: dict[str, str]) -> Answer:
    return Answer(row["id"].removeprefix(_PREFIX), row["a"], row["b"], _ONE.get(row["answer"]), row["judge"], row["at"])

"""Labels by a teacher: a large model behind an endpoint says which facts stand in texts; a small one learns from it.

What the teacher answers is kept in a journal as it comes (``label-journal.jsonl``); examples and problems are made from
texts and journal, the same each time, so that a run may end at any moment and go on later without asking twice.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from finetune.examples import Example, write_examples
from finetune.teacher_answers import Judged, Question, judge
from finetune.teacher_journal import Answer, Journal
from finetune.teacher_texts import Texts
from kg_builder.budgets import Budget
from kg_builder.endpoint import Endpoint, Request
from kg_builder.endpoint_limits import estimated_tokens
from kg_builder.endpoint_reply import Reply
from kg_builder.errors import ConfigError, DataError, EndpointError
from kg_builder.files import replacing_text
from kg_builder.types import Usage

__all__ = ["EXAMPLES", "JOURNAL", "PROBLEMS", "LabelEstimate", "LabelReport", "estimate_labels", "label"]

EXAMPLES, PROBLEMS, JOURNAL = "examples.jsonl", "label-problems.jsonl", "label-journal.jsonl"


@dataclass(frozen=True, slots=True)
class LabelEstimate:
    """What labelling would take, without a request: rows, tokens, costs.

    ``answered`` rows are known from an earlier run and cost nothing. ``output_tokens`` are as many as the answers so
    far had on average, or, before there are any, ``output_tokens_at_most``. ``minutes_at_least`` is what limits allow.
    """

    rows: int
    answered: int
    to_ask: int
    input_tokens: int
    output_tokens: int
    output_tokens_at_most: int
    cost: float
    cost_at_most: float
    minutes_at_least: float

    def to_dict(self) -> dict[str, Any]:
        """The estimate in JSON-like values."""
        return asdict(self)


@dataclass(slots=True)
class LabelReport:
    """What became of the texts: ``rows == labelled + without_facts + refused + malformed + failed + left``, and
    ``lines == rows + repeated + sum(unusable)``.

    ``left`` are rows not asked about: the budget was spent, or the run was stopped; ``stopped`` says by what.
    ``reasons`` counts what stands in the file of problems. Tokens and ``cost`` are those of this run, ``all_…`` those
    of the whole journal; ``asked`` is how many requests were sent, ``answered_before`` how many rows needed none.
    """

    lines: int = 0
    repeated: int = 0
    unusable: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    labelled: int = 0
    without_facts: int = 0
    refused: int = 0
    malformed: int = 0
    failed: int = 0
    left: int = 0
    examples: int = 0
    triples: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    answered_before: int = 0
    asked: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    all_input_tokens: int = 0
    all_output_tokens: int = 0
    all_cost: float = 0.0
    stopped: str = ""
    seconds: float = 0.0

    @property
    def answered(self) -> int:
        """Rows that the teacher said something to."""
        return self.labelled + self.without_facts + self.refused + self.malformed

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON-like values."""
        return asdict(self)


def estimate_labels(
    texts: Texts,
    out: Path,
    question: Question,
    *,
    budget: Budget,
    requests_per_minute: int = 0,
    tokens_per_minute: int = 0,
) -> LabelEstimate:
    """What labelling `texts` into the folder `out` would take; sends nothing, and writes nothing.

    Raises:
        DataError: texts or journal cannot be read.
    """
    journal = Journal(out / JOURNAL)
    rows = answered = to_read = 0
    for row in texts:
        rows += 1
        if question.is_answered(row, journal.get(question.key(row))):
            answered += 1
        else:
            to_read += estimated_tokens(question.messages(row))
    to_ask = rows - answered
    most = to_ask * question.max_new_tokens
    mean = journal.usage.output_tokens / len(journal) if len(journal) else question.max_new_tokens
    expected = min(most, round(to_ask * mean))
    minutes = max(
        to_ask / requests_per_minute if requests_per_minute else 0.0,
        (to_read + expected) / tokens_per_minute if tokens_per_minute else 0.0,
    )
    prices = budget.prices
    return LabelEstimate(
        rows,
        answered,
        to_ask,
        to_read,
        expected,
        most,
        prices.cost(Usage(to_read, expected)),
        prices.cost(Usage(to_read, most)),
        minutes,
    )


def label(
    texts: Texts,
    out: Path,
    question: Question,
    endpoint: Endpoint,
    *,
    budget: Budget | None = None,
    stop: threading.Event | None = None,
    on_progress: Callable[[int, Usage], None] | None = None,
) -> LabelReport:
    """Ask the teacher about each text that it has not answered yet, and write examples and problems into `out`.

    `on_progress` is told after each reply how many there were, and what they used. Once `stop` is set, or the budget
    has no room for another request, what is under way is waited for, and the rest is left for the next run.

    Raises:
        DataError: a file cannot be read or written.
        ConfigError: another process labels into the same folder.
        EndpointError: the endpoint cannot be used, and nothing at all has been answered.
    """
    if (question.model, question.temperature, question.max_new_tokens) != (
        endpoint.model,
        endpoint.temperature,
        endpoint.max_new_tokens,
    ):
        raise ConfigError("expected an endpoint that asks as the question says, found another model, or other numbers")
    began = time.monotonic()
    budget = budget or Budget()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DataError(f"expected a folder to write into at {str(out)!r}, but {exc}") from exc
    report = LabelReport()
    with Journal(out / JOURNAL) as journal:
        asking = _Asking(texts, question, journal, endpoint, budget, stop)
        try:
            for count, used in asking.run():
                if on_progress is not None:
                    on_progress(count, used)
        except EndpointError as exc:
            report.stopped = str(exc)
            if not len(journal):
                raise
        _write(out, texts, question, journal, asking.failed, report)
        report.stopped = report.stopped or (asking.stopped if report.left else "")
        report.answered_before, report.asked = asking.known, endpoint.sent
        used = asking.used
        report.input_tokens, report.output_tokens = used.input_tokens, used.output_tokens
        report.cost = budget.prices.cost(used)
        report.all_input_tokens, report.all_output_tokens = journal.usage.input_tokens, journal.usage.output_tokens
        report.all_cost = budget.prices.cost(journal.usage)
    report.seconds = time.monotonic() - began
    return report


class _Asking:
    """One run's requests: whatever the journal does not know, as long as the budget has room."""

    def __init__(
        self,
        texts: Texts,
        question: Question,
        journal: Journal,
        endpoint: Endpoint,
        budget: Budget,
        stop: threading.Event | None,
    ) -> None:
        self._texts, self._question, self._journal = texts, question, journal
        self._endpoint, self._budget, self._stop = endpoint, budget, stop
        self._under_way: dict[int, tuple[str, Usage]] = {}  # by number: the key, and the most that it may use
        self.used = Usage()
        self.known = 0
        self.failed: dict[str, Reply] = {}
        self.stopped = ""

    def run(self) -> Iterator[tuple[int, Usage]]:
        """Ask, and write down each answer; after each, how many there were and what they used."""
        replies = self._endpoint.answers(self._requests(), stop=self._stop)
        for count, (number, reply) in enumerate(replies, 1):
            key, _ = self._under_way.pop(number)
            if reply.failed:
                self.failed[key] = reply
            else:
                self.used += reply.usage
                allowed = self._question.max_new_tokens
                tokens = reply.usage.input_tokens, reply.usage.output_tokens
                self._journal.add(Answer(key, reply.text, reply.reason, *tokens, allowed))
            yield count, self.used
        if self._stop is not None and self._stop.is_set():
            self.stopped = "stopped by hand"

    def _requests(self) -> Iterator[Request | None]:
        number = 0
        for row in self._texts:
            key = self._question.key(row)
            if self._question.is_answered(row, self._journal.get(key)):
                self.known += 1
                continue
            messages = self._question.messages(row)
            while self._is_too_much(most := self._endpoint.expected(messages)):
                if not self._under_way:
                    self.stopped = "the budget has no room for another request"
                    return
                yield None  # what is under way may cost less than it might
            self._under_way[number] = key, most
            yield Request(messages)
            number += 1

    def _is_too_much(self, most: Usage) -> bool:
        """Whether another request might cost more than is left, with all that is under way."""
        total = self.used + most
        for _, each in self._under_way.values():
            total += each
        # Spending all of it is allowed, so a token less must still be within it.
        return self._budget.spent(Usage(max(0, total.input_tokens - 1), total.output_tokens)) is not None


def _write(
    out: Path, texts: Texts, question: Question, journal: Journal, failed: dict[str, Reply], report: LabelReport
) -> None:
    """Examples and problems of all texts, and the counts of both."""
    reasons: Counter[str] = Counter()
    kinds: Counter[str] = Counter()

    def examples() -> Iterator[Example]:
        for row in texts:
            key = question.key(row)
            answer = journal.get(key)
            if answer is not None and question.holds(answer):
                judged = judge(row, answer, question)
            elif key in failed:
                judged = Judged("failed", (), ((failed[key].reason, failed[key].told),))
            else:
                judged = Judged("left")
            kinds[judged.kind] += 1
            for reason, found in judged.problems:
                reasons[reason] += 1
                told = {"line": row.line, "source": row.source, "text": row.text, "reason": reason, "found": found}
                problems.write(json.dumps(told, ensure_ascii=False) + "\n")
            report.triples += len(judged.triples)
            if judged.triples or (judged.kind == "without_facts" and question.keep_empty):
                yield Example(
                    text=row.text,
                    triples=judged.triples,
                    language=row.language,
                    relations=question.relations,
                    source=row.source,
                )

    try:
        with replacing_text(out / PROBLEMS) as problems:
            report.examples = write_examples(out / EXAMPLES, examples())
    except OSError as exc:
        raise DataError(f"expected to write into {str(out)!r}, but {exc}") from exc
    report.lines, report.repeated, report.unusable = texts.lines, texts.repeated, dict(sorted(texts.unusable.items()))
    report.rows = kinds.total()
    for kind in ("labelled", "without_facts", "refused", "malformed", "failed", "left"):
        setattr(report, kind, kinds[kind])
    report.reasons = dict(sorted(reasons.items()))

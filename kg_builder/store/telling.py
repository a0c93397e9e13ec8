"""What a server tells of a statement: how it runs it, and where it found a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kg_builder.store.dialect import Dialect
from kg_builder.store.records import PlanStep

__all__ = ["Sent", "mistake_of", "plan_of"]

_ASKS = re.compile(r"\s*(EXPLAIN|PROFILE)\b\s*", re.IGNORECASE)
_IGNORED = re.compile(r"(?:\s+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_PLACES = (
    (re.compile(r"\(line (\d+), column (\d+)(?: \(offset: \d+\))?\)"), 0),  # Neo4j, counted from 1
    (re.compile(r"\bline (\d+):(\d+)"), 1),  # ArcadeDB: columns are counted from 0
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement as it goes to a server: what asks for a plan, a mark by which it is found again, and the rest.

    ``lead`` is what the caller's own statement had in front of the rest.
    """

    ask: str
    mark: str
    body: str
    lead: str

    @classmethod
    def of(cls, cypher: str, *, plan: str | None = None, mark: str = "") -> Sent:
        """`cypher`, asking for a plan (explain, profile) whatever it asked for itself."""
        found = _ASKS.match(cypher)
        lead = found.group() if found else ""
        ask = plan or (found[1] if found else "")
        return cls(f"{ask.upper()} " if ask else "", mark, cypher[len(lead) :], lead)

    @property
    def text(self) -> str:
        """All of it."""
        return self.ask + self.mark + self.body

    def explained(self) -> Sent:
        """The same, to be explained and not run."""
        return replace(self, ask="EXPLAIN ")


def mistake_of(message: str, sent: Sent, dialect: Dialect) -> tuple[str, tuple[int, int] | None]:
    """A server's complaint without its picture of the statement, and the line and column of the caller's statement
    (counted from 1) that it names.
    """
    for pattern, first in _PLACES:
        found = pattern.search(message)
        if found is None:
            continue
        line, column = int(found[1]), int(found[2]) + first
        before, lead = sent.ask + sent.mark, sent.lead
        if not dialect.counts_from_start:
            before = sent.mark if sent.ask else ""
            if not sent.ask:
                lead = _IGNORED.match(sent.body).group()  # type: ignore[union-attr]
        if line == 1:
            column = max(column - len(before), 1)
        line, column = _behind(lead, line, column)
        said = message[: found.start()] + f"(line {line}, column {column})" + message[found.end() :]
        return said.split("\n", 1)[0], (line, column)
    return message, None


def _behind(lead: str, line: int, column: int) -> tuple[int, int]:
    """A place after `lead`, seen from its start."""
    if line == 1:
        column += len(lead) - (lead.rfind("\n") + 1)
    return line + lead.count("\n"), column


# ---------------------------------------------------------------- plans
def plan_of(plan: Mapping[str, Any] | None) -> PlanStep | None:
    """The plan in a server's summary; None where there is none."""
    if not plan:
        return None
    text = (plan.get("args") or {}).get("string-representation")
    if isinstance(text, str):
        return _written_plan(text)
    return _step(plan)


def _step(plan: Mapping[str, Any]) -> PlanStep:
    """An operator of Neo4j and those it takes its rows from."""
    args = plan.get("args") or {}
    time_ns = args.get("Time")
    return PlanStep(
        operator=str(plan.get("operatorType", "")).partition("@")[0],
        details=str(args.get("Details", "")),
        estimated_rows=_number(args.get("EstimatedRows")),
        rows=_whole(args.get("Rows")),
        accesses=_whole(args.get("DbHits")),
        seconds=time_ns / 1e9 if isinstance(time_ns, int | float) else None,
        children=tuple(_step(child) for child in plan.get("children") or ()),
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) else None


_ESTIMATES = re.compile(r"(?:,\s*|\s*\[)?cost=([\d.]+), rows=(\d+)\]?\s*$")
_MEASURED = re.compile(r"\s\((?:([\d.,]+)\s?(ns|μs|µs|ms|s))?(?:, )?(?:([\d,]+) rows?)?\)\s*$")
_UNITS = {"ns": 1e-9, "μs": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
_OPERATOR = re.compile(r"[A-Z][A-Z ]+[A-Z](?=\s|$)|[A-Za-z]+")


@dataclass
class _Growing:
    step: PlanStep
    indent: int
    below: list[_Growing] = field(default_factory=list)

    def done(self) -> PlanStep:
        s = self.step
        made = tuple(each.done() for each in self.below)
        return PlanStep(s.operator, s.details, s.estimated_rows, s.rows, s.accesses, s.seconds, made)


def _written_plan(text: str) -> PlanStep:
    """ArcadeDB's plan, which is a text: headings, and under them operators, indented under those they serve."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and set(line.strip()) != {"="}]
    top = _Growing(PlanStep(lines[0].strip() if lines else ""), -2)
    path = [top]
    about: list[str] = []
    for line in lines[1:]:
        indent = len(line) - len(line.lstrip())
        words = line.strip()
        if words.endswith(":") and indent == 0:
            path = [top, _Growing(PlanStep(words.removesuffix(":")), -1)]
            top.below.append(path[1])
        elif words.startswith("+ ") or re.fullmatch(r"\w+Step", words):
            grown = _Growing(_operator(words.removeprefix("+ ")), indent)
            while path[-1].indent >= indent:
                path.pop()
            path[-1].below.append(grown)
            path.append(grown)
        else:
            about.append(words)
    made = top.done()
    return PlanStep(made.operator, " · ".join(about), children=made.children)


def _operator(words: str) -> PlanStep:
    estimated = rows = seconds = None
    measured = _MEASURED.search(words)
    if measured is not None:
        words = words[: measured.start()]
        seconds = float(measured[1].replace(",", "")) * _UNITS[measured[2]] if measured[1] else None
        rows = int(measured[3].replace(",", "")) if measured[3] else None
    estimates = _ESTIMATES.search(words)
    if estimates is not None:
        words = words[: estimates.start()] + ("" if estimates.group().lstrip().startswith("[") else "]")
        estimated = float(estimates[2])
    name = _OPERATOR.match(words)
    operator = name.group() if name else words
    return PlanStep(operator, words[len(operator) :].strip(), estimated, rows, None, seconds)

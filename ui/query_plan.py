"""How a server runs a statement, as a tree; and where it found a mistake. Everything is escaped here."""

from __future__ import annotations

from html import escape

from kg_builder.store.records import PlanStep
from ui.session import t
from ui.style import chip

__all__ = ["mistake_html", "plan_html"]

_LONGEST = 400


def plan_html(plan: PlanStep) -> str:
    """The plan as nested lists: under each operator stand those that it takes its rows from."""
    return f'<ul class="kg-plan" data-testid="plan">{_step(plan)}</ul>'


def _step(step: PlanStep) -> str:
    below = "".join(_step(child) for child in step.children)
    nested = f"<ul>{below}</ul>" if below else ""
    shown = step.details if len(step.details) <= _LONGEST else step.details[: _LONGEST - 1] + "…"
    about = f"<code>{escape(shown)}</code>" if shown else ""
    return f"<li><b>{escape(step.operator)}</b> {_numbers(step)}{about}{nested}</li>"


def _numbers(step: PlanStep) -> str:
    told = []
    if step.estimated_rows is not None:
        told.append(t("plan.estimated", n=_number(step.estimated_rows)))
    if step.rows is not None:
        told.append(t("plan.rows", n=f"{step.rows:,}"))
    if step.accesses is not None:
        told.append(t("plan.accesses", n=f"{step.accesses:,}"))
    if step.seconds is not None:
        told.append(t("plan.time", ms=_number(step.seconds * 1000)))
    return "".join(map(chip, told))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def mistake_html(statement: str, line: int, column: int) -> str:
    """The line of a statement with the place of a mistake marked in it."""
    lines = statement.split("\n")
    text = lines[min(max(line, 1), len(lines)) - 1]
    at = min(max(column - 1, 0), len(text))
    words = text[at:].split(None, 1)
    width = len(words[0]) if words and not text[at].isspace() else 1
    wrong = text[at : at + width] or " "
    return (
        f'<p class="kg-note">{escape(t("query.place", line=line, column=column))}</p>'
        f'<pre class="kg-mistake" data-testid="mistake"><code>{escape(text[:at])}'
        f'<mark class="kg-wrong">{escape(wrong)}</mark>{escape(text[at + width :])}</code></pre>'
    )

"""What labelling would take, and what came of it, as people read it."""

from __future__ import annotations

from pathlib import Path

from finetune.teacher import EXAMPLES, PROBLEMS, LabelEstimate, LabelReport

__all__ = ["render_estimate", "render_report"]


def render_estimate(found: LabelEstimate) -> str:
    """One line: rows to ask about, tokens, cost, time."""
    said = [
        f"{found.to_ask:,} of {found.rows:,} texts to ask about",
        f"about {found.input_tokens:,} tokens in",
        f"{found.output_tokens:,} out (at most {found.output_tokens_at_most:,})",
    ]
    if found.cost_at_most:
        said.append(f"cost about {found.cost:.4g}, at most {found.cost_at_most:.4g}")
    if found.minutes_at_least >= 1:
        said.append(f"{found.minutes_at_least:,.0f} min at least, by the limits")
    return "; ".join(said)


def render_report(report: LabelReport, out: Path) -> str:
    """What became of the rows, what it cost, and where the results are."""
    lines = [
        f"{report.rows:,} texts: {report.labelled:,} labelled, {report.without_facts:,} without facts, "
        f"{report.refused:,} refused, {report.malformed:,} malformed, {report.failed:,} failed, {report.left:,} left",
        f"{report.examples:,} examples with {report.triples:,} triples in {out / EXAMPLES}",
        f"{report.asked:,} requests, {report.input_tokens:,} tokens in, {report.output_tokens:,} out"
        + (f", cost {report.cost:.4g}" if report.cost else "")
        + (f"; {report.answered_before:,} texts were answered before" if report.answered_before else ""),
    ]
    if report.repeated or report.unusable:
        unusable = "".join(f", {count:,} unusable ({reason})" for reason, count in report.unusable.items())
        lines.append(f"{report.lines:,} lines, {report.repeated:,} of them repeated{unusable}")
    if report.reasons:
        told = ", ".join(f"{count:,} {reason}" for reason, count in report.reasons.items())
        lines.append(f"to read in {out / PROBLEMS}: {told}")
    if report.stopped:
        lines.append(f"stopped: {report.stopped}; run it again to go on")
    return "\n".join(lines)

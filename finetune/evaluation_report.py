"""An evaluation as a folder: answers as JSON lines, ``report.json``, ``report.md``, confusion matrices as PNG."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetune.evaluate import OutputScores
from finetune.held_out import HeldOut
from finetune.judging import Judged
from finetune.label_scores import OfLabel, plot_confusion
from kg_builder.evaluate import Difference, Match, Scores
from kg_builder.render import render_table

__all__ = ["Report", "render_markdown", "render_summary", "write_report"]

_MATCHES = {"exact": "exact", "relaxed": "case and punctuation ignored", "head": "by head word"}
_RELATIONS_SHOWN = 30

Columns = Sequence[str]
Rows = list[list[str]]


@dataclass(slots=True)
class Report:
    """What was evaluated and how it came out: ``runs`` has ``before``, ``after`` or both."""

    test: HeldOut | None
    asked: Mapping[str, Any]  # model, adapter, decoding and so on, by name
    runs: dict[str, OutputScores] = field(default_factory=dict)
    differences: Mapping[Match, Difference] = field(default_factory=dict)
    judged: dict[str, Judged] = field(default_factory=dict)  # by run

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found: dict[str, Any] = {"asked": dict(self.asked)}
        if self.test is not None:
            found["data"] = {
                "path": str(self.test.path),
                "examples": len(self.test.examples),
                "unusable_lines": self.test.unusable,
                "sha256": self.test.fingerprint,
            }
        found["runs"] = {name: scores.to_dict() for name, scores in self.runs.items()}
        if self.differences:
            found["difference"] = {match: each.to_dict() for match, each in self.differences.items()}
        if self.judged:
            found["judged"] = {name: each.to_dict() for name, each in self.judged.items()}
        return found


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write the report into `folder`; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {}
    for name, scores in report.runs.items():
        if scores.labels is not None:
            plots[name] = folder / f"confusion-{name}.png"
            plot_confusion(scores.labels, plots[name], title=f"{name}: accuracy {scores.labels.accuracy:.3f}")
    as_json, as_markdown = folder / "report.json", folder / "report.md"
    as_json.write_text(json.dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    as_markdown.write_text(render_markdown(report, {name: path.name for name, path in plots.items()}), encoding="utf-8")
    return [as_json, as_markdown, *plots.values()]


def render_summary(report: Report) -> str:
    """The figures as tables for a terminal."""
    parts = [render_table(columns, rows).rstrip() for _, columns, rows in _tables(report)]
    return "\n\n".join(parts)


def render_markdown(report: Report, plots: Mapping[str, str] | None = None) -> str:
    """The whole report; `plots` are file names by run."""
    lines = ["# Evaluation", ""]
    if report.test is not None:
        lines.append(
            f"{len(report.test.examples)} examples of `{report.test.path}` (sha256 {report.test.fingerprint})."
        )
        if report.test.unusable:
            told = ", ".join(f"{count} {reason}" for reason, count in report.test.unusable.items())
            lines.append(f"Lines that are no examples: {told}.")
    lines += [f"- {name}: {value}" for name, value in report.asked.items() if value not in ("", None)]
    for title, columns, rows in _tables(report):
        lines += ["", f"## {title}", "", *_markdown(columns, rows)]
    for name, scores in report.runs.items():
        lines += _details(name, scores)
        if plots and name in plots:
            lines += ["", f"![confusion matrix {name}]({plots[name]})"]
    if report.differences:
        lines += [
            "",
            "Intervals are 95 % of a bootstrap over the texts; differences are of F1, both sides on the same samples.",
        ]
    return "\n".join(lines) + "\n"


def _tables(report: Report) -> list[tuple[str, Columns, Rows]]:
    """The tables that set the runs side by side."""
    runs = report.runs
    tables: list[tuple[str, Columns, Rows]] = []
    if any(scores.triples for scores in runs.values()):
        columns = ["triples", "run", "precision", "recall", "F1", "95 %", "matched", "predicted", "gold"]
        rows = []
        for match, told in _MATCHES.items():
            for name, scores in runs.items():
                found = (scores.triples or {}).get(match)  # type: ignore[call-overload]
                if found is not None:
                    rows.append([told, name, *_three(found), _range(found.f1_interval), *_counted(found)])
            difference = report.differences.get(match)  # type: ignore[call-overload]
            if difference is not None:
                rows.append(
                    [told, "difference", "", "", f"{difference.f1:+.3f}", _range(difference.interval), "", "", ""]
                )
        tables.append(("Triples", columns, rows))
        columns = ["answers", *runs]
        counted = {name: scores.answers.to_dict() if scores.answers else {} for name, scores in runs.items()}
        names = ("answers", "empty", "unfinished", "lines", "malformed", "repeated", "entities", "hallucinated")
        rows = [[_COUNTED[name], *(str(each.get(name, "")) for each in counted.values())] for name in names]
        tables.append(("Answers as such", columns, rows))
    if any(scores.items for scores in runs.values()):
        rows = [
            [task, name, *_three(found), _range(found.f1_interval)]
            for name, scores in runs.items()
            for task, found in scores.items.items()
        ]
        tables.append(("Entities and events", ["task", "run", "precision", "recall", "F1", "95 %"], rows))
    if any(scores.labels for scores in runs.values()):
        columns = ["labels", *runs]
        figures_of = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1")
        rows = [
            [name.replace("_", " "), *(_figure(getattr(s.labels, name)) if s.labels else "" for s in runs.values())]
            for name in figures_of
        ]
        for name, told in (("no_label", "answers that are no label"), ("inferred", "labels among other words")):
            rows.append([told, *(str(getattr(s.labels, name)) if s.labels else "" for s in runs.values())])
        tables.append(("Labels", columns, rows))
    if any(scores.others for scores in runs.values()):
        rows = [[name, str(scores.others), str(scores.others_equal)] for name, scores in runs.items()]
        tables.append(("Other answers", ["run", "examples", "equal to what was expected"], rows))
    if any(scores.seconds for scores in runs.values()):
        rows = [
            [name, f"{s.seconds:.1f}", str(s.tokens), f"{s.tokens / s.seconds:.1f}"]
            for name, s in runs.items()
            if s.seconds
        ]
        tables.append(("Speed", ["run", "seconds", "tokens", "tokens/s"], rows))
    for name, judged in report.judged.items():
        columns, rows = judged.table()
        tables.append((f"Judged: {name}", columns, rows))
    return tables


_COUNTED = {
    "answers": "answers",
    "empty": "empty answers",
    "unfinished": "cut off at the limit",
    "lines": "lines",
    "malformed": "malformed lines",
    "repeated": "repeated triples",
    "entities": "entities",
    "hallucinated": "entities not in the text",
}


def _details(name: str, scores: OutputScores) -> list[str]:
    lines: list[str] = []
    if scores.by_relation:
        columns = ["relation", "precision", "recall", "F1", "matched", "predicted", "gold"]
        shown = list(scores.by_relation.items())[:_RELATIONS_SHOWN]
        rows = [[relation, *_three(each), *_counted(each)] for relation, each in shown]
        lines += ["", f"## Relations, {name}", "", *_markdown(columns, rows)]
        if len(scores.by_relation) > len(shown):
            lines += ["", f"{len(scores.by_relation) - len(shown)} more relations are in report.json."]
    if scores.answers is not None and scores.answers.malformed:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(scores.answers.malformed.items()))
        lines += ["", f"Malformed lines, {name}: {told}."]
    if scores.labels is not None:
        columns = ["", "label", "precision", "recall", "F1", "support", "predicted"]
        rows = [
            [str(number), label, *_three(each), str(each.support), str(each.predicted)]
            for number, (label, each) in enumerate(scores.labels.by_label.items(), 1)
        ]
        lines += ["", f"## Labels one by one, {name}", "", *_markdown(columns, rows)]
    return lines


def _markdown(columns: Columns, rows: Rows) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"

    return [line(columns), "|" + "---|" * len(columns), *(line(row) for row in rows)]


def _three(scores: Scores | OfLabel) -> list[str]:
    return [_figure(each) for each in (scores.precision, scores.recall, scores.f1)]


def _counted(scores: Scores) -> list[str]:
    return [str(each) for each in (scores.matched, scores.predicted, scores.gold)]


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _range(interval: tuple[float, float] | None) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else ""

"""What the comparison of a model's forms came to, for people and for machines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from finetune.merge import Merged

__all__ = ["Checked", "Difference", "Limits", "Parity", "within"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a form may be from the reference, on the average of all tokens and texts."""

    kl: float = 0.01  # nats a token
    top1: float = 0.98  # share of tokens whose likeliest one is the same
    answers: float = 0.95  # share of texts with the same triples


@dataclass(frozen=True, slots=True)
class Difference:
    """How one form differs from the reference. Without logits (over HTTP) only the answers are compared."""

    form: str
    tokens: int
    max_abs: float | None
    mean_abs: float | None
    kl: float | None  # of the reference from this one, mean over tokens, nats
    kl_max: float | None
    top1: float | None
    texts: int
    answers: float | None  # share with equal triples; None: nothing was said
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parity:
    """The table of `differences`, and what is beyond the limits."""

    reference: str
    limits: Limits
    forms: tuple[Difference, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    def beyond(self, *, but: Iterable[str] = ()) -> tuple[str, ...]:
        """The forms that are beyond the limits, save those of `but`."""
        passed = set(but)
        return tuple(each.form for each in self.forms if each.problems and each.form not in passed)

    def to_json(self) -> dict[str, Any]:
        """As one object."""
        return asdict(self)

    def table(self) -> str:
        """For people."""
        rows: list[tuple[str, ...]] = [("form", "max |d|", "mean |d|", "KL", "KL max", "top-1", "answers", "")]
        for each in self.forms:
            rows.append(
                (
                    each.form,
                    *(_shown(value) for value in (each.max_abs, each.mean_abs, each.kl, each.kl_max)),
                    *(_share(value) for value in (each.top1, each.answers)),
                    "; ".join(each.problems) or "ok",
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """A merge and what its test says: ``ok``, ``beyond``, or ``beyond in 4 bits`` where only that form is. A merged
    model that is beyond the limits keeps the name ``OUT.partial``, which is `folder` then."""

    folder: Path
    verdict: Literal["ok", "beyond", "beyond in 4 bits"]
    merged: Merged | None
    parity: Parity | None

    def to_json(self) -> dict[str, Any]:
        """As one object."""
        return {
            "folder": str(self.folder),
            "verdict": self.verdict,
            "merged": None if self.merged is None else {**asdict(self.merged), "folder": str(self.merged.folder)},
            "parity": None if self.parity is None else self.parity.to_json(),
        }

    def told(self) -> str:
        """For people."""
        lines = [self.parity.table()] if self.parity else []
        if self.merged is not None:
            onto = "the base's own weights" if self.merged.onto == "original" else f"{self.merged.onto} weights"
            lines.append(
                f"{self.merged.layers} layers of {self.merged.parameters:,} weights merged onto {onto}, "
                f"{self.merged.bytes / 1e9:.2f} GB in {self.merged.dtype} at {self.folder}"
            )
        if self.verdict == "beyond":
            lines.append(f"the merged model does not say what was trained; it stays at {self.folder}, to be looked at")
        elif self.verdict == "beyond in 4 bits":
            lines.append("serve it in bf16, or the adapter on the 4-bit base: quantised again it says something else")
        return "\n".join(lines)


def within(found: Difference, limits: Limits) -> Difference:
    """The same with what is beyond the limits."""
    problems = []
    if found.kl is not None and not found.kl <= limits.kl:  # no number is beyond any limit
        problems.append(f"KL {_shown(found.kl)} > {limits.kl}")
    if found.top1 is not None and found.top1 < limits.top1:
        problems.append(f"top-1 {_share(found.top1)} < {_share(limits.top1)}")
    if found.answers is not None and found.answers < limits.answers:
        problems.append(f"answers {_share(found.answers)} < {_share(limits.answers)}")
    return replace(found, problems=tuple(problems))


def _shown(value: float | None) -> str:
    return "-" if value is None else "not a number" if math.isnan(value) else f"{value:.2g}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"

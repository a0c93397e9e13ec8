"""What the tests of instructions share."""

from __future__ import annotations

from pathlib import Path

from finetune.instructions.answers import ANSWER_FORMS, AnswerForm

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "data" / "events"


def forms_of(asked: str) -> list[AnswerForm]:
    return [form for form in ANSWER_FORMS if form != "pipe" or asked == "triples"]

"""Held-out examples and what was answered to them.

Examples are of four kinds, each with scores of its own: those whose answer is triples, entities or events (``items``),
or one of a few labels, and others (instructions), of which only equality can be told without a judge. Answers are read
in the form that the question asks for.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

from finetune.examples import Example, read_examples
from finetune.instructions.answers import Answer, Asked, parse_answer
from finetune.instructions.templates import asked_form
from kg_builder.errors import EvaluationError

__all__ = [
    "HeldOut",
    "Kept",
    "Kind",
    "Output",
    "kept_outputs",
    "kind_of",
    "load_held_out",
    "read_answer",
    "read_outputs",
    "text_of",
    "write_outputs",
]

Kind = Literal["triples", "items", "labels", "other"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Held-out examples. ``unusable`` counts the lines that are none, by reason."""

    path: Path
    examples: tuple[Example, ...]
    unusable: dict[str, int]
    fingerprint: str
    kinds: tuple[Kind, ...]

    def of(self, kind: Kind) -> list[int]:
        """The places of the examples of one kind."""
        return [place for place, each in enumerate(self.kinds) if each == kind]


@dataclass(frozen=True, slots=True)
class Output:
    """What was answered to the example at place ``index``; ``finished``: not cut off at the limit of tokens."""

    index: int
    answer: str
    tokens: int = 0
    finished: bool = True


def kind_of(example: Example) -> Kind:
    """By what an example is scored."""
    if example.label or (example.messages and example.task in ("label", "relation")):
        return "labels"
    if not example.messages or example.task == "triples":
        return "triples"
    return "items" if example.task in ("ner", "events") else "other"


def read_answer(example: Example, text: str) -> Answer:
    """What an answer says, read in the form that the example's question asks for."""
    asked: Asked = cast(Asked, example.task) if example.task in ("ner", "events") else "triples"
    if not example.messages:
        return parse_answer(text, asked, "pipe")
    return parse_answer(text, asked, asked_form(asked, "\n".join(each["content"] for each in example.question)))


def load_held_out(data: Path, *, limit: int = 0) -> HeldOut:
    """The examples in a file, or in the ``test.jsonl`` of a folder; with `limit` the first so many.

    Raises:
        DataError: there are none, or too many lines that are none.
        EvaluationError: a folder without such a file.
    """
    path = data / "test.jsonl" if data.is_dir() else data
    if not path.exists():
        raise EvaluationError(f"expected a file of examples, or a folder with test.jsonl, found none at {str(data)!r}")
    examples, problems = read_examples(path, allow_empty=True)
    reasons: dict[str, int] = {}
    for problem in problems:
        reasons[problem.reason] = reasons.get(problem.reason, 0) + 1
    fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    chosen = tuple(examples[:limit] if limit else examples)
    kinds = tuple(map(kind_of, chosen))
    return HeldOut(path, chosen, dict(sorted(reasons.items())), fingerprint, kinds)


def text_of(example: Example) -> str:
    """What an example is about."""
    return example.text or example.question[-1]["content"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands in a file of answers that was begun: those to the first examples, and the seconds that they took.
    What comes after ``size`` bytes is of no use."""

    outputs: tuple[Output, ...] = ()
    seconds: float = 0.0
    size: int = 0


def kept_outputs(path: Path, test: HeldOut, *, together: int) -> Kept:
    """The answers that `write_outputs` had written when it was stopped, in whole groups of `together`: a group that was
    begun is asked again as a whole, so that the same answers come as in an undisturbed run."""
    ends: list[tuple[float, int]] = []  # seconds and bytes up to each answer
    outputs: list[Output] = []
    size = 0
    try:
        with path.open("rb") as file:
            for line in file:
                size += len(line)
                found = _row(line) if line.endswith(b"\n") else None
                if found is None or found[0].index != len(outputs):
                    break
                outputs.append(found[0])
                ends.append((found[1], size))
    except OSError:
        return Kept()
    whole = len(outputs) if len(outputs) >= len(test.examples) else len(outputs) // together * together
    return Kept(tuple(outputs[:whole]), *ends[whole - 1]) if whole else Kept()


def _row(line: bytes) -> tuple[Output, float] | None:
    """An answer and the seconds up to it; None for a line that `write_outputs` has not written."""
    try:
        row = json.loads(line)
        output = Output(row["index"], row["answer"], row["tokens"], row["finished"])
        return output, float(row["seconds"])
    except (ValueError, LookupError, TypeError):
        return None


def write_outputs(
    path: Path, test: HeldOut, outputs: Iterable[Output], *, kept: Kept | None = None
) -> tuple[list[Output], float]:
    """Write answers as JSON lines as they come, each with what was expected, after those that are `kept`; all answers
    and the seconds they took."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = kept or Kept()
    written = list(kept.outputs)
    started = time.perf_counter() - kept.seconds
    with path.open("r+b" if kept.outputs else "wb") as file:
        file.truncate(kept.size)
        file.seek(kept.size)
        for output in outputs:
            example = test.examples[output.index]
            row = asdict(output) | {"task": example.task, "text": text_of(example), "expected": example.answer}
            row["seconds"] = round(time.perf_counter() - started, 3)
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            file.flush()
            written.append(output)
    return written, time.perf_counter() - started


def read_outputs(path: Path, test: HeldOut) -> list[Output]:
    """Answers made before: a JSON object with ``answer`` on each line, joined to the examples by ``index`` (from 0), or
    by their order if none has it.

    Raises:
        EvaluationError: the file cannot be read, or has not one answer for each example.
    """
    outputs: dict[int, Output] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise EvaluationError(f"expected a JSONL file of answers in UTF-8, could not read {path}: {exc}") from exc
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict) or not isinstance(row.get("answer"), str):
            raise EvaluationError(
                f"expected a JSON object with the string 'answer' on each line, found {line[:60]!r}: {path}:{number}"
            )
        index = row.get("index", len(outputs))
        if not isinstance(index, int) or index in outputs or not 0 <= index < len(test.examples):
            raise EvaluationError(
                f"expected one answer for each of the {len(test.examples)} examples of {test.path}, found one for "
                f"index {index!r}: {path}:{number}"
            )
        outputs[index] = Output(index, row["answer"], int(row.get("tokens", 0)), bool(row.get("finished", True)))
    if len(outputs) != len(test.examples):
        raise EvaluationError(
            f"expected one answer for each of the {len(test.examples)} examples of {test.path}, found {len(outputs)} "
            f"in {path}; ask again, or give the test set that was answered"
        )
    return [outputs[index] for index in range(len(outputs))]

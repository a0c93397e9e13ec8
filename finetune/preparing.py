"""A folder of training data: examples without repeats, split so that nothing of the test set is learnt.

The folder holds ``train.jsonl``, ``dev.jsonl`` and ``test.jsonl`` (`finetune.examples`), or ``texts.jsonl`` where
there are only texts without labels; ``data.json`` with every count and how the data was made; and ``problems.jsonl``
with what was left out, line by line. The same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import random
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, overload

from finetune.corpus import UNLABELLED, LeftOut, left_out
from finetune.examples import REFUSED_ABOVE, Example, write_examples
from finetune.repeats import NEAR, find_repeats
from kg_builder.errors import DataError
from kg_builder.prompt import PROMPT_VERSION

__all__ = ["Prepared", "Split", "prepare_folder"]

_PARTS = ("test", "dev", "train")
EXACT = 2.0
"""A likeness that no two texts have, so that only equal ones are repeats."""


@dataclass(frozen=True, slots=True)
class Split:
    """How examples are divided.

    ``test`` and ``dev`` rows are drawn with ``seed``, the rest is for training: without repeats, unless
    ``keep_repeats``. Texts whose likeness is ``near`` or more count as repeats (over 1: none but equal ones). What
    repeats a text of the test set, of dev or of ``held_out`` is never trained on.
    """

    test: int = 20
    dev: int = 0
    seed: int = 17
    near: float = NEAR
    keep_repeats: bool = False
    held_out: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Prepared:
    """What became of the data: rows seen, examples by part, and what was left out by reason."""

    seen: int = 0
    examples: dict[str, int] = field(default_factory=dict)
    triples: dict[str, int] = field(default_factory=dict)
    without_answer: dict[str, int] = field(default_factory=dict)  # texts without facts
    left_out: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    fingerprints: dict[str, str] = field(default_factory=dict)

    @property
    def problem_share(self) -> float:
        """The share of what was seen that could not be used."""
        return sum(self.problems.values()) / self.seen if self.seen else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "seen": self.seen,
            "examples": self.examples,
            "triples": self.triples,
            "without_answer": self.without_answer,
            "left_out": dict(sorted(self.left_out.items())),
            "problems": dict(sorted(self.problems.items())),
            "fingerprints": self.fingerprints,
        }


def prepare_folder(
    items: Iterable[Example | LeftOut],
    folder: Path,
    *,
    split: Split | None = None,
    allow_problems: float = REFUSED_ABOVE,
    made_by: Callable[[], Mapping[str, Any]] | None = None,
) -> Prepared:
    """Write a folder of training data from `items`; what `made_by` gives, once
    all items are there, is kept in ``data.json`` too.

    Nothing but the places of the examples is held in memory.

    Raises:
        DataError: more than a share of `allow_problems` of what was seen is unusable, nothing is left, or there are too
            few examples for the split. ``problems.jsonl`` is there even so.
    """
    split = split or Split()
    prepared = Prepared()
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / "problems.jsonl"
    spooled = folder / ".examples.partial"
    try:
        with spooled.open("w+b") as file, listed.open("w", encoding="utf-8") as problems:
            spool = _Spool(file)
            for number, item in enumerate(items):
                prepared.seen += 1
                if isinstance(item, LeftOut):
                    _note(item, prepared, problems)
                else:
                    spool.append(item, number)
            rows = _of_one_kind(spool, prepared, problems)
            problems.flush()
            _insist(prepared, len(rows), allow_problems, listed)
            parts = _divided(spool, rows, split, prepared, problems)
            _write(folder, spool, parts, prepared)
    except OSError as exc:
        raise DataError(f"expected to write training data into {str(folder)!r}, but {exc}") from exc
    finally:
        spooled.unlink(missing_ok=True)
    about = {
        **prepared.to_dict(),
        "split": {k: v for k, v in asdict(split).items() if k != "held_out"} | {"held_out": len(split.held_out)},
        "prompt_version": PROMPT_VERSION,
    } | dict(made_by() if made_by else {})
    (folder / "data.json").write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return prepared


def _note(item: LeftOut, prepared: Prepared, problems: IO[str]) -> None:
    (prepared.problems if item.is_problem else prepared.left_out)[item.reason] += 1
    if item.is_problem or item.reason in ("repeat", "near-repeat", "held-out", "leak"):
        problems.write(json.dumps(item.to_dict(), ensure_ascii=False) + "\n")


def _insist(prepared: Prepared, examples: int, allowed: float, listed: Path) -> None:
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(prepared.problems.items()))
    if prepared.problem_share > allowed:
        raise DataError(
            f"expected at most {allowed:.0%} of the rows to be unusable, found {sum(prepared.problems.values())} of "
            f"{prepared.seen} ({told}); they are listed in {str(listed)!r}: mend them, or allow a larger share"
        )
    if not examples:
        left = ", ".join(f"{count} {reason}" for reason, count in sorted(prepared.left_out.items()))
        why = ", ".join(filter(None, (told, left)))
        raise DataError(f"expected examples to prepare, found none in {prepared.seen} rows ({why})")


# ---------------------------------------------------------------- splitting
def _of_one_kind(spool: _Spool, prepared: Prepared, problems: IO[str]) -> list[int]:
    """All examples where none has an answer; else those that have one, and the others are problems."""
    if len(spool.unlabelled) in (0, len(spool)):
        return list(range(len(spool)))
    for place in spool.unlabelled:
        example = spool[place]
        _note(left_out(example.source, "no-label", example.text, is_problem=True), prepared, problems)
    without = set(spool.unlabelled)
    return [place for place in range(len(spool)) if place not in without]


def _divided(
    spool: _Spool, rows: list[int], split: Split, prepared: Prepared, problems: IO[str]
) -> dict[str, list[int]]:
    """The places of each part's examples, in the order in which they came."""
    if split.held_out:
        rows = _unleaked(spool, split.held_out, rows, "held-out", split, prepared, problems)
    if spool.unlabelled and len(spool.unlabelled) == len(spool):
        return {"texts": _unrepeated(spool, rows, split, prepared, problems)}
    drawn = _drawn(spool, rows, prepared.seen, split)
    asked = set(drawn)
    others = [row for row in rows if row not in asked]
    others = _unleaked(spool, _Texts(spool, drawn)[:], others, "leak", split, prepared, problems)
    others = _unrepeated(spool, others, split, prepared, problems)
    if len(drawn) < split.test + split.dev or not others:
        raise DataError(
            f"expected more than {split.test + split.dev} different texts, so that some are left for training beside "
            f"{split.test} for the test and {split.dev} for dev, found {len(drawn) + len(others)}; draw fewer, or give "
            "more"
        )
    return {"test": sorted(drawn[: split.test]), "dev": sorted(drawn[split.test :]), "train": others}


def _drawn(spool: _Spool, rows: Sequence[int], seen: int, split: Split) -> list[int]:
    """Rows for the test and for dev, no two of them repeats.

    They are drawn from all rows that were seen, so that cleaning the data leaves the test set what it was; only those
    that cannot be used, or repeat another, are replaced.
    """
    chance = random.Random(split.seed)
    wanted = split.test + split.dev
    numbers = {number: place for place, number in enumerate(chance.sample(range(seen), min(wanted, seen)))}
    first = sorted((row for row in rows if spool.number(row) in numbers), key=lambda row: numbers[spool.number(row)])
    others: list[int] | None = None
    while True:
        repeats = find_repeats(_Texts(spool, first), near=split.near)
        if others is None and (repeats or len(first) < wanted):
            taken = set(first)
            others = [row for row in rows if row not in taken]
            chance.shuffle(others)
        first = [row for place, row in enumerate(first) if place not in repeats]
        if len(first) >= wanted or not others:
            return first[:wanted]
        missing = wanted - len(first)
        first += others[:missing]
        others = others[missing:]


def _unrepeated(spool: _Spool, rows: Sequence[int], split: Split, prepared: Prepared, problems: IO[str]) -> list[int]:
    """`rows` without those that repeat an earlier one."""
    if split.keep_repeats:
        return list(rows)
    asked = {row for row in rows if spool[row].messages}
    dropped: dict[int, str] = {}
    for group, near in (([r for r in rows if r not in asked], split.near), (sorted(asked), EXACT)):
        # instructions are alike, whatever they are about, and would all have to be compared with each other
        repeats = find_repeats(_Texts(spool, group, asked=True), near=near)
        dropped |= {group[place]: "repeat" if each.exact else "near-repeat" for place, each in repeats.items()}
    for row in sorted(dropped):
        _drop(spool[row], dropped[row], prepared, problems)
    return [row for row in rows if row not in dropped]


def _unleaked(
    spool: _Spool,
    known: Sequence[str],
    rows: Sequence[int],
    reason: str,
    split: Split,
    prepared: Prepared,
    problems: IO[str],
) -> list[int]:
    """`rows` without those that repeat a text of `known`."""
    leaks = find_repeats(_Texts(spool, rows, known), held_out=len(known), among=False, near=split.near)
    for place in sorted(leaks):
        _drop(spool[rows[place - len(known)]], reason, prepared, problems)
    return [row for place, row in enumerate(rows, len(known)) if place not in leaks]


def _drop(example: Example, reason: str, prepared: Prepared, problems: IO[str]) -> None:
    _note(left_out(example.source, reason, example.text), prepared, problems)


def _write(folder: Path, spool: _Spool, parts: Mapping[str, Sequence[int]], prepared: Prepared) -> None:
    for name in ("texts", *_PARTS):
        file = folder / f"{name}.jsonl"
        rows = parts.get(name)
        if rows is None or (not rows and name == "dev"):
            file.unlink(missing_ok=True)  # of an earlier run
            continue
        if name == "texts":
            _write_texts(file, (spool[row] for row in rows))
        else:
            write_examples(file, (spool[row] for row in rows))
            prepared.triples[name] = sum(len(spool[row].triples) for row in rows)
            prepared.without_answer[name] = sum(not spool[row].answer.strip() for row in rows)
        prepared.examples[name] = len(rows)
        with file.open("rb") as written:
            prepared.fingerprints[file.name] = hashlib.file_digest(written, "sha256").hexdigest()


def _write_texts(file: Path, examples: Iterator[Example]) -> None:
    partial = file.with_name(f"{file.name}.partial")
    with partial.open("w", encoding="utf-8") as out:
        for each in examples:
            row = {"text": each.text, "language": each.language, "source": each.source}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    partial.replace(file)


# ---------------------------------------------------------------- examples on disk
class _Spool(Sequence[Example]):
    """Examples in a file, of which only the places are in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._starts = array("Q", [0])
        self._numbers = array("Q")
        self.unlabelled = array("Q")

    def append(self, example: Example, number: int) -> None:
        """Add one at the end; `number` is its place among all that was seen."""
        if example.task == UNLABELLED:
            self.unlabelled.append(len(self))
        self._numbers.append(number)
        self._file.seek(self._starts[-1])
        pickle.dump(example, self._file)
        self._starts.append(self._file.tell())

    def number(self, place: int) -> int:
        """The place of an example among all that was seen."""
        return self._numbers[place]

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Example: ...
    @overload
    def __getitem__(self, place: slice) -> list[Example]: ...
    def __getitem__(self, place: int | slice) -> Example | list[Example]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        self._file.seek(self._starts[place])
        made: Example = pickle.load(self._file)  # written by `append`, into a file that only this process has
        return made


class _Texts(Sequence[str]):
    """What examples are about: `before`, then the examples at `places`. With `asked` a conversation counts by all that
    is asked in it, since one text may be asked about in several ways."""

    def __init__(
        self, spool: _Spool, places: Sequence[int], before: Sequence[str] = (), *, asked: bool = False
    ) -> None:
        self._spool, self._places, self._before, self._asked = spool, places, before, asked

    def __len__(self) -> int:
        return len(self._before) + len(self._places)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place < len(self._before):
            return self._before[place]
        example = self._spool[self._places[place - len(self._before)]]
        if example.messages and (self._asked or not example.text):
            return "\n".join(each["content"] for each in example.question)
        return example.text

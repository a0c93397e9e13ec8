"""The data of a run: read from a prepared folder (or split from a raw data set), encoded once, with fingerprints.

Lines that are no examples and samples over the limit are counted by reason and told; over the share that the settings
allow, the run does not begin. Encoded samples stay on the disk and are read memory-mapped; the examples that they are
made of are gone through one by one, so that there may be any number of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.encoding import Encoded, encode, lengths_of, load_encoded, write_encoded
from finetune.examples import Example, Reading, text_about, texts_of, write_examples
from finetune.packing import Bins, pack
from finetune.run_folder import RunFolder
from finetune.settings import Training
from finetune.splits import Split
from kg_builder.errors import ConfigError, DataError

__all__ = ["Prepared", "encoded_dev", "encoded_rows", "prepare_data", "told_left_out", "write_split"]

PARTS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder with the parts of the data as files, and what is told of them in ``data.json``."""

    folder: Path
    facts: dict[str, Any]
    dev: list[Example]
    test: list[Example]
    labels: tuple[str, ...] = ()

    @property
    def train(self) -> Path:
        """The file to learn from."""
        return self.folder / "train.jsonl"


def prepare_data(settings: Training, run: RunFolder, *, say: Callable[[str], None]) -> Prepared:
    """The data that the settings name; ``data.json`` is written.

    Raises:
        ConfigError: no data were named, or they are not those that the run began with.
        DataError: they cannot be read, or too many lines are no examples.
    """
    if not settings.data:
        raise ConfigError("data: expected a folder with train.jsonl, found none; give --data")
    folder = Path(settings.data)
    if not (folder / "train.jsonl").is_file() and settings.reader != "examples":
        folder = _split(settings, folder, run)
    elif settings.reader != "examples" and settings.prompt:
        say(f"{settings.data} is prepared already: its questions stand there, prompt={settings.prompt} has no effect")
    files = {part: folder / f"{part}.jsonl" for part in PARTS if (folder / f"{part}.jsonl").is_file()}
    if "train" not in files:
        raise DataError(
            f"expected a folder with train.jsonl at {settings.data!r}, found none; make one with `kg-finetune prepare`"
        )
    facts: dict[str, Any] = {"folder": str(folder), "parts": {}}
    known = RunFolder(folder).read("data.json")
    if known:
        facts["prepared"] = known
    held_out: dict[str, list[Example]] = {"dev": [], "test": []}
    for part in held_out:
        if part in files:
            held_out[part] = list(_read(files[part], part, facts, settings, say))
    texts = {part: texts_of(examples) for part, examples in held_out.items()}
    found, learnt = set(), set()
    for example in _read(files["train"], "train", facts, settings, say):
        found.add(example.label)
        text = text_about(example)
        if any(text in each for each in texts.values()):
            learnt.add(text)
    _check_same(run.read("data.json"), facts)
    for part, each in texts.items():
        shared = len(each & learnt)
        if shared:
            facts["parts"][part]["texts_also_in_train"] = shared
            say(f"{shared} texts of {part} are in train, too: figures on it will be too good")
    labels = tuple(known.get("labels", ())) or tuple(sorted(found - {""}))
    run.write("data.json", facts)
    return Prepared(folder, facts, held_out["dev"], held_out["test"], labels)


def _read(
    path: Path, part: str, facts: dict[str, Any], settings: Training, say: Callable[[str], None]
) -> Iterator[Example]:
    """The examples of a file, one by one; what it is goes into `facts` at its end.

    Raises:
        DataError: it cannot be read, too many lines are no examples, or there is nothing to learn from.
    """
    reading = Reading(path, settings.allow_empty)
    examples = 0
    for examples, example in enumerate(reading, 1):  # noqa: B007
        yield example
    reading.check(settings.refused_above)
    if not examples and part == "train":
        raise DataError(f"expected examples in {str(path)!r}, found none")
    if not examples:
        return  # nothing was held out
    facts["parts"][part] = {"examples": examples, "sha256": _sha256(path)}
    if reading.problems:
        facts["parts"][part]["problems"] = reading.reasons
        told = ", ".join(f"{count} {reason}" for reason, count in reading.reasons.items())
        say(f"{path}: {len(reading.problems)} of {reading.lines} lines are no examples and left out ({told})")


def encoded_rows(
    data: Prepared, tokenizer: Any, settings: Training, run: RunFolder, *, say: Callable[[str], None]
) -> tuple[Any, NDArray[np.int32], Bins | None]:
    """The samples to learn from, memory-mapped; the length of each; and the bins they are packed in, if they are.

    Raises:
        DataError: more are too long, or cannot be learnt from, than the settings allow.
    """
    path = run.path / "encoded" / "train.arrow"
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        reading = Reading(data.train, settings.allow_empty)
        report = write_encoded(path, reading, tokenizer, max_tokens=settings.max_tokens)
        data.facts["encoded"] = report.to_dict()
        run.write("data.json", data.facts)
        told_left_out(report.left_out, report.examples, settings, say)
    samples = load_encoded(path)
    lengths = lengths_of(samples)
    return samples, lengths, pack(lengths, settings.max_tokens) if settings.packing else None


def encoded_dev(
    examples: Sequence[Example], tokenizer: Any, settings: Training, *, say: Callable[[str], None]
) -> tuple[list[Example], list[Encoded]]:
    """The examples to choose the best checkpoint by, as many as the settings say, and their samples."""
    kept, samples = [], []
    left_out: Counter[str] = Counter()
    for example in examples[: settings.evaluate_limit]:
        made = encode(example, tokenizer, max_tokens=settings.max_tokens)
        if isinstance(made, str):
            left_out[made] += 1
        else:
            kept.append(example)
            samples.append(made)
    if left_out:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        say(f"of dev, {left_out.total()} are left out of the loss ({told})")
    return list(examples[: settings.evaluate_limit]), samples


def told_left_out(left_out: Counter[str], total: int, settings: Training, say: Callable[[str], None]) -> None:
    """Say what was left out; refuse if it is too much."""
    if not left_out:
        return
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
    if left_out.total() > settings.refused_above * total:
        raise DataError(
            f"expected samples of at most {settings.max_tokens} tokens, found {left_out.total()} of {total} that "
            f"cannot be learnt from ({told}); raise max_tokens, shorten the texts, or allow more with refused_above"
        )
    say(f"{left_out.total()} of {total} samples are left out, none is cut ({told})")


def _split(settings: Training, folder: Path, run: RunFolder) -> Path:
    """A raw data set, split and written as examples into the run's folder."""
    target = run.path / "data"
    if not run.writes:
        return target
    prompt = ""
    if settings.reader == "people-relation":
        from finetune.people_relation import read_people_relation

        prompt = settings.prompt or "plain"
        split = read_people_relation(folder, prompt=prompt, seed=settings.seed)
    else:
        from finetune.ag_news import read_ag_news

        split = read_ag_news(folder, seed=settings.seed)
    write_split(target, split, seed=settings.seed, source=settings.reader, prompt=prompt)
    return target


def write_split(folder: Path, split: Split, *, seed: int, source: str, prompt: str = "") -> None:
    """Write the parts of a data set, and ``data.json`` beside them; `prompt` names how it asks, of several ways."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for part in PARTS:
        counts[part] = write_examples(folder / f"{part}.jsonl", getattr(split, part))
    facts = {"source": source, "seed": seed, "counts": counts, "left_out": dict(split.left_out)}
    if prompt:
        facts["prompt"] = prompt
    RunFolder(folder).write("data.json", facts | {"labels": list(split.labels)})


def _check_same(before: dict[str, Any], now: dict[str, Any]) -> None:
    for part, facts in before.get("parts", {}).items():
        if now["parts"].get(part, {}).get("sha256") != facts["sha256"]:
            raise ConfigError(f"{part}.jsonl is not what it was when this run began; take another folder for a new run")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

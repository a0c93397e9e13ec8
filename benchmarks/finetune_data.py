"""What it takes to prepare, encode and read N training samples: time, size on disk, and peak memory.

    python benchmarks/finetune_data.py [--samples 10000 100000] [--json]
    python benchmarks/finetune_data.py --rows 10000 1000000 10000000 [--folder DIR] [--json]

`--samples` goes all the way for N made-up samples (sentences of about 20 words, two triples each, no two alike):
`prepare_folder` (repeats, split, files), `prepare_data` (what a run checks before it begins), `write_encoded` (tokens
into Arrow), rows read at random and all in order.

`--rows` begins at the encoded file, so that it can be as large as it may get: N rows that are written straight into
Arrow, with random tokens, and lengths drawn from those of a thousand samples that were prepared and encoded as above.
Ten million take 9 GB under DIR while it runs. Then comes what a training run does with it: open, lengths, packs of up
to 1,024 tokens, the order of an epoch, and 2,000 steps of its loader, 4 packs each.

Each N runs in a process of its own. Seconds are of the processor, all threads together. "own" is the most memory of the
process alone within a step (RssAnon, looked at a hundred times a second), "file" the most of pages of mapped files,
which the system takes back when it needs them. The tokenizer is a byte-level BPE trained on the spot; no model, no
network.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"
STEPS, BATCH, MOST_TOKENS = 2000, 4, 1024
WRITTEN_TOGETHER = 1000  # rows, as write_encoded has it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--samples", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--rows", type=int, nargs="*", default=[])
    parser.add_argument("--folder", default=None, help="where large files are written for a while")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps((measure_rows if options.rows else measure)(options.one, options.folder)))
        return
    found: list[dict[str, Any]] = []
    for number in options.rows or options.samples:
        command = [sys.executable, __file__, "--one", str(number)]
        command += ["--folder", options.folder] if options.folder else []
        command += ["--rows", "1"] if options.rows else []
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        if not options.json:
            print(told(found[-1]) + (f"\n  {growth(found[-2], found[-1])}" if len(found) > 1 else ""), flush=True)
    if options.json:
        print(json.dumps(found, indent=2))


class Watch:
    """Measures steps: seconds of the processor, and the most memory, its own and that of mapped files."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}
        self._most = [0, 0]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done within."""
        self._most = memory_mb()
        began = time.process_time()
        yield
        seconds = time.process_time() - began
        self._note()
        self.steps[name] = {"cpu_seconds": round(seconds, 2), "own_mb": self._most[0], "file_mb": self._most[1]}

    def _note(self) -> None:
        self._most = [max(pair) for pair in zip(self._most, memory_mb(), strict=True)]

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self._note()


def memory_mb() -> list[int]:
    """Memory of this process alone, and pages of mapped files, in mebibytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    found = dict(line.split(":", 1) for line in lines if line.startswith("Rss"))
    return [int(found[name].split()[0]) // 1024 for name in ("RssAnon", "RssFile")]


def measure(samples: int, place: str | None) -> dict[str, Any]:
    from finetune.encoding import load_encoded, write_encoded
    from finetune.examples import Reading
    from finetune.preparing import Split, prepare_folder
    from finetune.run_folder import RunFolder
    from finetune.settings import Training
    from finetune.training_data import prepare_data

    tokenizer = make_tokenizer()
    watch = Watch()
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        with watch.step("start"):
            (folder / "run").mkdir()
        with watch.step("prepare"):
            prepare_folder(made_up(samples), folder, split=Split(test=20))
        with watch.step("check"):
            prepare_data(Training(data=name, out=f"{name}/run"), RunFolder(folder / "run"), say=print_to_stderr)
        with watch.step("encode"):
            write_encoded(folder / "train.arrow", Reading(folder / "train.jsonl"), tokenizer, max_tokens=512)
        with watch.step("read 20,000 at random"):
            rows = load_encoded(folder / "train.arrow")
            chance = random.Random(1)
            tokens = sum(len(rows[chance.randrange(len(rows))]["input_ids"]) for _ in range(min(len(rows), 20_000)))
        with watch.step("read all"):
            for batch in rows.iter(1000):
                tokens += sum(map(len, batch["input_ids"]))
        sizes = {f"{each}_mb": (folder / f"train.{each}").stat().st_size // 2**20 for each in ("arrow", "jsonl")}
    return {"samples": samples, **sizes, "steps": watch.steps}


def measure_rows(rows: int, place: str | None) -> dict[str, Any]:
    from itertools import islice

    from torch.utils.data import BatchSampler, DataLoader

    from finetune.batches import EpochSampler, Rows, flat_batch
    from finetune.encoding import lengths_of, load_encoded
    from finetune.packing import pack

    watch = Watch()
    with tempfile.TemporaryDirectory(dir=place) as name:
        file = Path(name) / "train.arrow"
        lengths_drawn = real_lengths(Path(name))
        with watch.step("start"):
            pass
        with watch.step("write"):
            write_rows(file, rows, lengths_drawn)
        with watch.step("open"):
            samples = load_encoded(file)
            first = samples[0]
        with watch.step("lengths"):
            lengths = lengths_of(samples)
        with watch.step("pack"):
            bins = pack(lengths, MOST_TOKENS)
        with watch.step("order"):
            sampler = EpochSampler(len(bins), seed=1)
            places = sum(1 for _ in sampler)
        with watch.step(f"{STEPS:,} steps"):
            loader = DataLoader(
                Rows(samples, bins),
                batch_sampler=BatchSampler(sampler, BATCH, drop_last=False),
                collate_fn=lambda chosen: flat_batch([sample for row in chosen for sample in row]),
            )
            tokens = sum(batch["input_ids"].numel() for batch in islice(loader, STEPS))
        size = file.stat().st_size // 2**20
    if places != len(bins) or not first["input_ids"]:
        raise SystemExit("rows were lost")
    fill = round(float(lengths.sum()) / (MOST_TOKENS * len(bins)), 4)
    return {"rows": rows, "arrow_mb": size, "packs": len(bins), "fill": fill, "tokens": tokens, "steps": watch.steps}


def write_rows(file: Path, rows: int, lengths: list[int]) -> None:
    """Rows as `write_encoded` writes them, with random tokens."""
    import numpy as np
    import pyarrow as pa

    chance = np.random.default_rng(0)
    schema = pa.schema([("input_ids", pa.list_(pa.int32())), ("answer_from", pa.int32())])
    with pa.OSFile(str(file), "wb") as out, pa.ipc.new_stream(out, schema) as writer:
        for start in range(0, rows, WRITTEN_TOGETHER):
            drawn = chance.choice(lengths, min(WRITTEN_TOGETHER, rows - start))
            ends = np.concatenate([[0], np.cumsum(drawn)]).astype(np.int32)
            tokens = chance.integers(0, 32_000, int(ends[-1]), dtype=np.int32)
            columns = [pa.ListArray.from_arrays(ends, tokens), pa.array(drawn * 2 // 3, pa.int32())]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def real_lengths(folder: Path) -> list[int]:
    """The tokens of a thousand samples that went all the way."""
    from finetune.encoding import lengths_of, load_encoded, write_encoded

    write_encoded(folder / "some.arrow", made_up(1000), make_tokenizer(), max_tokens=512)
    found: list[int] = lengths_of(load_encoded(folder / "some.arrow")).tolist()
    return found


def print_to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def made_up(samples: int) -> Iterator[Any]:
    from finetune.examples import Example
    from kg_builder.types import Triple

    chance = random.Random(0)
    for number in range(samples):
        words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 9))) for _ in range(20)]
        triples = (Triple(words[0], f"{words[1]} {words[2]}", words[3]), Triple(words[5], words[6], words[9]))
        yield Example(f"{' '.join(words)}.", triples, source=f"made-up:{number + 1}")


def make_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from kg_builder.chat_templates import prepare_tokenizer

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=2000, special_tokens=special, initial_alphabet=alphabet)
    made.train_from_iterator((each.text for each in made_up(2000)), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    prepare_tokenizer(tokenizer, "chatml")
    return tokenizer


def count_of(figures: dict[str, Any]) -> int:
    return int(figures.get("rows") or figures["samples"])


def growth(small: dict[str, Any], large: dict[str, Any]) -> str:
    """The exponents of time from one measurement to the next: 1 is linear."""
    more = math.log(count_of(large) / count_of(small))
    parts = []
    for step, each in large["steps"].items():
        before, now = small["steps"][step]["cpu_seconds"], each["cpu_seconds"]
        if min(before, now) >= 0.2:
            parts.append(f"{step} {math.log(now / before) / more:.2f}")
    return f"time grows with the exponent: {', '.join(parts) or 'too short to tell'}"


def told(figures: dict[str, Any]) -> str:
    parts = [
        f"{step}: {each['cpu_seconds']:,} s, {each['own_mb']:,} MB own, {each['file_mb']:,} MB file"
        for step, each in figures["steps"].items()
    ]
    packs = f", {figures['packs']:,} packs filled to {figures['fill']:.1%}" if "packs" in figures else ""
    return "\n  ".join([f"{count_of(figures):,} samples, {figures['arrow_mb']:,} MB of Arrow{packs}", *parts])


if __name__ == "__main__":
    main()

"""Everything that a GPU is needed for, in one go of at most 25 minutes.

``python benchmarks/gpu.py --shape 8b`` makes a model of Llama 3's shape with random weights in place and measures

* ``train_trl`` and ``train_ours``: tokens a second and peak memory of the recipe, as tutorials run it and as we do
* ``extract``: tokens a second one by one, in batches, constrained, merged, on 4 bits
* ``parity``: how far these paths are apart
* ``learn``: a small model made from scratch, and its F1

Each part runs in a process of its own with a time limit, and writes what it has found at once to ``--out``; one that
crashes or takes too long does not touch the others. Run it again, and it goes on with what is missing; ``--again PART``
measures one anew. ``--shape tiny`` runs the same code on a CPU within seconds, to see that it works: its figures mean
nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from gpu_models import SHAPES  # noqa: E402
from gpu_parts import PARTS  # noqa: E402
from gpu_work import Work, environment  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "gpu"
UNMEASURED = "make"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=list(SHAPES), default="8b")
    parser.add_argument("--out", type=Path, help=f"folder of the results; default: {RESULTS.name}/SHAPE")
    parser.add_argument(
        "--work", type=Path, help="folder for models (8b: 20 GB); default: OUT/work, removed at the end"
    )
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--again", nargs="*", choices=list(PARTS), default=[], help="measure these anew")
    parser.add_argument("--minutes", type=float, default=25.0)
    arguments = parser.parse_args()
    out = arguments.out or RESULTS / arguments.shape
    work = Work(arguments.shape, (arguments.work or out / "work").absolute())
    out.mkdir(parents=True, exist_ok=True)
    work.folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * arguments.minutes
    ready = work.folder / "made"
    wanted = [name for name in arguments.parts if name != UNMEASURED]
    todo = [name for name in wanted if name in arguments.again or not is_done(out / f"{name}.json")]
    if todo and not ready.exists() and run("make", work, out, until):
        ready.touch()
    failed = []
    for name in todo:
        if not run(name, work, out, until):
            failed.append(name)
    for name in wanted:
        file = out / f"{name}.json"
        print(file.read_text("utf-8") if file.exists() else f"{name}: nothing was measured")
    write(out / "summary.json", summary(out))
    print((out / "summary.json").read_text("utf-8"))
    if not arguments.work and not failed:
        shutil.rmtree(work.folder, ignore_errors=True)
    print(
        f"{len(wanted) - len(failed)} of {len(wanted)} parts measured"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def summary(out: Path) -> dict[str, Any]:
    """The figures that there are goals for; what was not measured is left out."""

    def found(part: str) -> dict[str, Any]:
        try:
            return dict(json.loads((out / f"{part}.json").read_text("utf-8"))["found"])
        except (OSError, ValueError, KeyError):
            return {}

    told: dict[str, Any] = {}
    for name, theirs in found("train_trl").items():
        for ours, figures in found("train_ours").items():
            told[f"training, {ours}, against TRL {name}"] = {
                "times the tokens a second (goal: 3)": round(
                    figures["tokens_per_second"] / theirs["tokens_per_second"], 2
                ),
                "share of the memory (goal: 0.5)": round(figures["peak_gib"] / theirs["peak_gib"], 2),
            }
    extraction = found("extract")
    for name in ("times as fast as one by one, constrained", "cost of the constraint in per cent"):
        if name in extraction:
            told[f"extraction, {name}{' (goal: 30)' if name.startswith('times') else ''}"] = extraction[name]
    if scores := found("learn").get("constrained"):
        told["learning from scratch, F1"] = scores["f1"]
    return told


def is_done(file: Path) -> bool:
    """Whether a part has been measured to its end."""
    try:
        return bool(json.loads(file.read_text("utf-8"))["done"])
    except (OSError, ValueError, KeyError):
        return False


def run(name: str, work: Work, out: Path, until: float) -> bool:
    """Run one part in a process of its own, as long as it may; whether it came to its end."""
    limit = min(PARTS[name][1], until - time.monotonic())
    if limit < 5:
        print(f"{name}: no time is left", flush=True)
        return False
    print(f"{name}: begins, at most {limit:.0f} s", flush=True)
    # A GPU does not survive a fork; on a CPU it spares each part the imports.
    gpu = work.shape_name != "tiny"
    if not gpu:
        import bitsandbytes  # noqa: F401
        import peft  # noqa: F401
        import trl.trainer.sft_trainer  # noqa: F401

        import finetune.trainer  # noqa: F401
    process = multiprocessing.get_context("spawn" if gpu else "fork").Process(target=part, args=(name, work, out))
    process.start()
    process.join(limit)
    if process.is_alive():
        process.terminate()
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()
        print(f"{name}: took more than {limit:.0f} s; what it found until then stays", flush=True)
        return False
    if process.exitcode:
        print(f"{name}: ended with status {process.exitcode}", flush=True)
    return process.exitcode == 0


def part(name: str, work: Work, out: Path) -> None:
    """In a process of its own: measure, and write each time there is something new."""
    told: dict[str, Any] = {"part": name, "shape": work.shape_name, "done": False, "environment": environment()}
    file = out / f"{name}.json"
    begun = time.monotonic()
    try:
        for found in PARTS[name][0](work):
            write(file, told | {"seconds": round(time.monotonic() - begun, 1), "found": found})
            told["found"] = found
    except BaseException as exc:  # noqa: BLE001 - whatever it was, it is written down
        write(file, told | {"error": f"{type(exc).__name__}: {exc}"[:2000]})
        traceback.print_exc()
        os._exit(1)  # whatever state the GPU is in
    write(file, told | {"done": True, "seconds": round(time.monotonic() - begun, 1)})


def write(file: Path, told: dict[str, Any]) -> None:
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
    partial.replace(file)


if __name__ == "__main__":
    sys.exit(main())

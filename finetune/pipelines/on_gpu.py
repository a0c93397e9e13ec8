"""Both shipped pipelines, trained with the full recipe on one GPU, in stages that are done once.

    python -m finetune.pipelines.on_gpu --data $KG_DATA --work RUN --dictionary jieba/dict.txt [--minutes 9]

English: a model on all six layers of the pretrained encoder (as what ships is, after fewer epochs on a CPU), then one
of three layers, smaller and faster, taught by it on the annotated sets and on raw text. Chinese: character language
model, a first parser, silver trees from it, and the parser that ships. Each stage leaves its result in RUN and is
skipped when that is there; none is begun when less than its share of the time is left, so that the same command, given
again, goes on. Logs the figures of each stage.
On the CPU (``--device cpu --small``) the same code runs with one epoch each and little data: that is how it is tested.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from finetune.pipelines import en_train, zh_data, zh_train
from finetune.pipelines.en_batches import label_sets
from finetune.pipelines.en_data import ewt, gum, names
from finetune.pipelines.en_distil import raw_sentences, taught_by
from finetune.pipelines.en_export import load_trained

__all__ = ["Plan", "main", "stages"]

log = logging.getLogger(__name__)
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; the defaults are for a GPU."""

    data: Path
    work: Path
    dictionary: Path
    device: str = "cuda"
    teacher_epochs: int = 10
    student_epochs: int = 14
    raw: int = 40_000
    lm_epochs: int = 12
    first_epochs: int = 20
    silver: int = 7_000
    second_epochs: int = 24
    examples: int | None = None  # of each set; None: all

    @classmethod
    def small(cls, data: Path, work: Path, dictionary: Path) -> Plan:
        """A plan that a CPU is done with in a minute or two, to see that everything runs."""
        return cls(data, work, dictionary, "cpu", 1, 1, 60, 1, 1, 20, 1, 60)


def english(plan: Plan, *, layers: int, epochs: int, out: Path, teacher: Path | None) -> Figures:
    """Train on `layers` layers, taught by the model in the folder `teacher` if there is one; keeps the best epoch."""
    torch.manual_seed(11)
    folder = en_train.base_model_folder()
    pieces = en_train.load_pieces(folder)
    trees = (ewt(plan.data, "train") + gum(plan.data, "train"))[: plan.examples]
    named, tree_dev = names(plan.data, "train")[: plan.examples], ewt(plan.data, "dev")[: plan.examples]
    name_dev = names(plan.data, "dev")[:2000][: plan.examples]
    best: Figures = {}
    heads, extra, raw = label_sets(trees), None, []
    if teacher is not None:
        master, heads, _ = load_trained(teacher)
        raw = raw_sentences(plan.data, plan.raw)
    model = en_train.build(heads, layers=layers, folder=folder).to(plan.device)
    if teacher is not None:
        extra = taught_by(master.to(plan.device), model)

    def after_epoch(epoch: int) -> None:
        figures = {
            **en_train.evaluate_trees(model, tree_dev, heads, pieces),
            "wikiann": en_train.evaluate_names(model, name_dev, heads, pieces),
        }
        log.info("%s epoch %d %s", out.name, epoch, figures)
        if not best or figures["las"] >= best["las"]:
            best.update(figures)
            en_train.save(model, heads, out, layers=layers, figures=figures)

    en_train.train(
        model, heads, pieces, trees, named,
        epochs=epochs, budget=2000 if plan.device == "cuda" else 700, encoder_rate=4e-4, head_rate=1.2e-3,
        names_share=0.5, seed=11, unlabelled=raw, extra_loss=extra, after_epoch=after_epoch,
    )  # fmt: skip
    return best


def chinese(plan: Plan, *, name: str, epochs: int, silver: bool) -> Figures:
    """Train a parser with that name; dev trees but for every fifth are learnt from too."""
    vocabulary, lexicon = zh_train.load_vocabulary(plan.work), zh_data.find_lexicon(plan.work)
    more, held_out = zh_train.split_dev(zh_data.load_dev(plan.data), with_dev=True)
    trees = [*zh_data.load_train(plan.data)[: plan.examples], *more[: plan.examples]]
    gold = [zh_data.encode(tree, vocabulary, lexicon) for tree in trees]
    made = zh_train.load_silver(plan.work) if silver else []
    return zh_train.train_parser(
        plan.work, gold, held_out=held_out[: plan.examples], name=name, epochs=epochs, rate=2e-3, seed=11,
        silver=[zh_data.encode(tree, vocabulary, lexicon) for tree in made],
        budget=3000 if plan.device == "cuda" else 900, device=plan.device,
    )  # fmt: skip


def stages(plan: Plan) -> dict[str, Callable[[], Figures]]:
    """What there is to do, in order; each leaves ``NAME.json`` with its figures when it is done."""
    work = plan.work

    def prepare() -> Figures:
        zh_train.prepare(plan.data, work, plan.dictionary)
        return {}

    def lm() -> Figures:
        return {"loss": zh_train.train_lm(plan.data, work, epochs=plan.lm_epochs, device=plan.device)}

    def silver() -> Figures:
        return {"trees": zh_train.make_silver(plan.data, work, ["zh-first"], limit=plan.silver)}

    return {
        "en-teacher": lambda: english(
            plan, layers=6, epochs=plan.teacher_epochs, out=work / "en-teacher", teacher=None
        ),
        "en-student": lambda: english(
            plan, layers=3, epochs=plan.student_epochs, out=work / "en-student", teacher=work / "en-teacher"
        ),
        "zh-prepare": prepare,
        "zh-lm": lm,
        "zh-first": lambda: chinese(plan, name="zh-first", epochs=plan.first_epochs, silver=False),
        "zh-silver": silver,
        "zh-second": lambda: chinese(plan, name="zh-second", epochs=plan.second_epochs, silver=True),
    }


def main() -> None:
    """Does every stage that is not done, as long as there is time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="dict.txt of jieba 0.42.1")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="little of everything, on the CPU")
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--only", nargs="*", metavar="STAGE", help="these stages alone")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options.work.mkdir(parents=True, exist_ok=True)
    make = Plan.small if options.small else Plan
    plan = make(options.data, options.work, options.dictionary)
    began, longest = time.monotonic(), 0.0
    for name, stage in stages(plan).items():
        done = options.work / f"{name}.json"
        if done.exists() or (options.only and name not in options.only):
            continue
        if time.monotonic() - began + longest > 60 * options.minutes:
            log.info("%s is left for the next time", name)
            break
        started = time.monotonic()
        figures = stage()
        longest = max(longest, time.monotonic() - started)
        done.write_text(json.dumps({**figures, "seconds": round(time.monotonic() - started, 1)}), encoding="utf-8")
        log.info("%s %s", name, done.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

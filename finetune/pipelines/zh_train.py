"""Trains the Chinese pipeline, one stage after the other, each with a checkpoint to continue from.

    python -m finetune.pipelines.zh_train prepare --data $KG_DATA --work RUN --dictionary jieba/dict.txt
    python -m finetune.pipelines.zh_train lm      --data $KG_DATA --work RUN --epochs 3
    python -m finetune.pipelines.zh_train parse   --data $KG_DATA --work RUN --epochs 10 --name first
    python -m finetune.pipelines.zh_train silver  --data $KG_DATA --work RUN --name first
    python -m finetune.pipelines.zh_train parse   --data $KG_DATA --work RUN --name second --start first --silver 4000

`--with-dev` adds all but every fifth tree of GSDSimp dev to the training; figures are then on that fifth alone.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import pickle
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from finetune.pipelines import zh_data
from finetune.pipelines.zh_convert import Tree
from finetune.pipelines.zh_data import Sentence, Vocabulary
from finetune.pipelines.zh_evaluate import evaluate, predict
from finetune.pipelines.zh_model import CharacterLM, ChineseModel, Sizes, collate

log = logging.getLogger(__name__)


def prepare(data: Path, work: Path, dictionary: Path) -> None:
    """Dictionary, vocabularies, word vectors; writes them to `work`."""
    work.mkdir(parents=True, exist_ok=True)
    count = zh_data.build_lexicon(dictionary, work / "lexicon.txt.xz")
    log.info("dictionary: %d words", count)
    train, dev = zh_data.load_train(data), zh_data.load_dev(data)
    raw = zh_data.load_raw(data)
    lexicon = zh_data.find_lexicon(work)
    segmented = [[r.form for r in t] for t in [*train, *dev]] + [zh_data.longest_matches(s, lexicon) for s in raw]
    words, vectors = zh_data.word_vectors(segmented)
    vocabulary = zh_data.build_vocabulary([*train, *dev], raw, words=words)
    np.save(work / "vectors.npy", vectors)
    (work / "vocabulary.json").write_text(
        json.dumps(
            {k: getattr(vocabulary, k) for k in ("chars", "bigrams", "words", "tags", "labels")}, ensure_ascii=False
        )
    )
    log.info("%d chars, %d bigrams, %d words", *map(len, (vocabulary.chars, vocabulary.bigrams, vocabulary.words)))


def load_vocabulary(work: Path) -> Vocabulary:
    """What `prepare` wrote."""
    return Vocabulary(**json.loads((work / "vocabulary.json").read_text()))


def sizes_of(vocabulary: Vocabulary, **widths: int) -> Sizes:
    """Widths for a vocabulary."""
    return Sizes(
        len(vocabulary.chars),
        len(vocabulary.bigrams),
        len(vocabulary.words),
        len(vocabulary.tags),
        len(vocabulary.labels),
        **widths,
    )


def train_lm(
    data: Path, work: Path, *, epochs: int, sizes: Sizes | None = None, seed: int = 1, device: str = "cpu"
) -> float:
    """Both directions of the character language model, over all text that may be shipped; gives the last loss."""
    torch.manual_seed(seed)
    random.seed(seed)
    vocabulary = load_vocabulary(work)
    sizes = sizes or sizes_of(vocabulary)
    texts = zh_data.load_raw(data) + ["".join(r.form for r in t) for t in zh_data.load_train(data)]
    char = nn.Embedding(sizes.chars, sizes.char, padding_idx=0)
    bigram = nn.Embedding(sizes.bigrams, sizes.bigram, padding_idx=0)
    nn.init.normal_(char.weight, std=0.1)
    nn.init.normal_(bigram.weight, std=0.1)
    models = nn.ModuleList([CharacterLM(sizes, char, bigram), CharacterLM(sizes, char, bigram)]).to(device)
    parameters = list({id(p): p for p in models.parameters()}.values())
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    streams = [list(_lm_rows(texts, vocabulary, reverse=r, length=96)) for r in (False, True)]
    size = 24
    total = epochs * sum(math.ceil(len(s) / size) for s in streams)
    step, mean, began = 0, 0.0, time.time()
    for epoch in range(epochs):
        batches = [(way, at) for way in (0, 1) for at in range(0, len(streams[way]), size)]
        for rows in streams:
            random.shuffle(rows)
        random.shuffle(batches)
        for way, at in batches:
            rows = torch.tensor(streams[way][at : at + size], device=device)  # (B, 2, length + 1)
            logits = models[way](rows[:, 0, :-1], rows[:, 1, :-1])
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 0, 1:].flatten(), ignore_index=0)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            _set_rate(optimizer, step, total)
            optimizer.step()
            step += 1
            mean = mean * 0.99 + float(loss.detach()) * 0.01 if step > 1 else float(loss.detach())
            if step % 100 == 0:
                log.info("lm epoch %d step %d/%d loss %.3f %.0fs", epoch, step, total, mean, time.time() - began)
                if step % 500 == 0:
                    torch.save({"models": models.state_dict(), "sizes": asdict(sizes)}, work / "lm.pt")
    torch.save({"models": models.state_dict(), "sizes": asdict(sizes)}, work / "lm.pt")
    return mean


def _lm_rows(
    texts: Sequence[str], vocabulary: Vocabulary, *, reverse: bool, length: int
) -> Iterator[tuple[list[int], list[int]]]:
    """Rows of characters and of the bigrams that end in them (in reading direction), sentence after sentence."""
    chars: list[int] = [zh_data.EDGE]
    bigrams: list[int] = [0]
    for text in texts:
        c, b = zh_data.encode_units(zh_data.unit_symbols(text), vocabulary)
        chars += [*reversed(c), zh_data.EDGE] if reverse else [*c, zh_data.EDGE]
        bigrams += [*reversed(b[1:]), 0] if reverse else [*b[:-1], 0]
        while len(chars) > length:
            yield chars[: length + 1], bigrams[: length + 1]
            chars, bigrams = chars[length:], bigrams[length:]


def train_parser(
    work: Path,
    gold: Sequence[Sentence],
    *,
    held_out: Sequence[Tree],
    name: str,
    epochs: int,
    silver: Sequence[Sentence] = (),
    start: str = "",
    rate: float = 2e-3,
    sizes: Sizes | None = None,
    seed: int = 1,
    budget: int = 900,
    device: str = "cpu",
) -> dict[str, float]:
    """Trains tags and trees; writes ``NAME.pt`` after each epoch; gives the last figures on `held_out`."""
    torch.manual_seed(seed)
    random.seed(seed)
    vocabulary = load_vocabulary(work)
    sizes = sizes or sizes_of(vocabulary)
    model = ChineseModel(sizes)
    if start:
        model.load_state_dict(torch.load(work / f"{start}.pt", map_location="cpu", weights_only=False)["model"])
    else:
        _start_from_lm(model, work)
    model.to(device)
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for n, p in model.named_parameters() if n.startswith(("char", "bigram"))], "scale": 0.6},
            {"params": [p for n, p in model.named_parameters() if not n.startswith(("char", "bigram"))], "scale": 1.0},
        ],
        betas=(0.9, 0.95),
        weight_decay=0.01,
    )
    lexicon = zh_data.find_lexicon(work)
    figures: dict[str, float] = {}
    total = epochs * len(list(_batches([*gold, *silver], budget)))
    step, began = 0, time.time()
    for epoch in range(epochs):
        model.train()
        sums: dict[str, float] = {}
        batches = list(_batches([*gold, *silver], budget))
        for sentences in batches:
            loss, parts = model.loss(collate(sentences).to(device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            _set_rate(optimizer, step, total, rate)
            optimizer.step()
            step += 1
            for key, value in parts.items():
                sums[key] = sums.get(key, 0) + value / len(batches)
        torch.save({"model": model.state_dict(), "sizes": asdict(sizes)}, work / f"{name}.pt")
        log.info("%s epoch %d %.0fs %s", name, epoch, time.time() - began, {k: round(v, 3) for k, v in sums.items()})
        if held_out and (epoch % 5 == 4 or epoch == epochs - 1):
            last = epoch == epochs - 1
            here = copy.deepcopy(model).cpu()
            figures = evaluate(here, vocabulary, lexicon, held_out if last else held_out[::5])
            log.info("%s epoch %d %s", name, epoch, {k: round(v, 2) for k, v in figures.items()})
    return figures


def _start_from_lm(model: ChineseModel, work: Path) -> None:
    if (work / "lm.pt").exists():
        saved = torch.load(work / "lm.pt", map_location="cpu", weights_only=False)["models"]
        char, bigram = nn.Embedding(*model.char.weight.shape), nn.Embedding(*model.bigram.weight.shape)
        both = nn.ModuleList([CharacterLM(model.sizes, char, bigram), CharacterLM(model.sizes, char, bigram)])
        both.load_state_dict(saved)
        model.start_from(both[0], both[1])
    vectors = torch.from_numpy(np.load(work / "vectors.npy"))
    with torch.no_grad():
        model.word.weight.zero_()
        model.word.weight[2 : 2 + len(vectors)] = 0.3 * vectors


def _batches(sentences: Sequence[Sentence], budget: int) -> Iterator[list[Sentence]]:
    """Batches of sentences of like length, of about `budget` units each, in random order."""
    ordered = sorted(sentences, key=lambda s: len(s.chars) + random.random() * 6)
    batches: list[list[Sentence]] = [[]]
    for s in ordered:
        if batches[-1] and (len(batches[-1]) + 1) * len(s.chars) > budget:
            batches.append([])
        batches[-1].append(s)
    random.shuffle(batches)
    yield from batches


def _set_rate(optimizer: torch.optim.Optimizer, step: int, total: int, rate: float = 2e-3) -> None:
    """Warm-up over the first twentieth, then a cosine down to a fiftieth."""
    warm = max(1, total // 20)
    part = (
        step / warm
        if step < warm
        else 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))
    )
    for group in optimizer.param_groups:
        group["lr"] = rate * min(1.0, part) * group.get("scale", 1.0)


def load_model(work: Path, name: str) -> ChineseModel:
    """A trained checkpoint, ready to predict."""
    saved = torch.load(work / f"{name}.pt", map_location="cpu", weights_only=False)
    model = ChineseModel(Sizes(**saved["sizes"]))
    model.load_state_dict(saved["model"])
    model.eval()
    return model


def make_silver(data: Path, work: Path, names: Sequence[str], *, limit: int) -> int:
    """Parses raw text that may be shipped with one or more models; sentences they are unsure of are left out."""
    vocabulary, lexicon = load_vocabulary(work), zh_data.find_lexicon(work)
    raw = sorted({s for s in zh_data.load_raw(data) if 8 <= len(s) <= 90})
    random.Random(1).shuffle(raw)
    trees = predict([load_model(work, n) for n in names], vocabulary, lexicon, raw[:limit])
    with (work / "silver.pickle").open("wb") as file:
        pickle.dump(trees, file)
    return len(trees)


def load_silver(work: Path) -> list[Tree]:
    """What `make_silver` made."""
    with (work / "silver.pickle").open("rb") as file:
        trees: list[Tree] = pickle.load(file)
    return trees


def split_dev(trees: Sequence[Tree], *, with_dev: bool) -> tuple[list[Tree], list[Tree]]:
    """(trees to train on, trees held out): all held out, or every fifth."""
    if not with_dev:
        return [], list(trees)
    return [t for i, t in enumerate(trees) if i % 5], [t for i, t in enumerate(trees) if i % 5 == 0]


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["prepare", "lm", "parse", "silver"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--name", default="first")
    parser.add_argument("--start", default="")
    parser.add_argument("--silver", type=int, default=0)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--with-dev", action="store_true")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    if options.stage == "prepare":
        prepare(options.data, options.work, options.dictionary)
    elif options.stage == "lm":
        train_lm(options.data, options.work, epochs=options.epochs, seed=options.seed, device=options.device)
    elif options.stage == "silver":
        log.info(
            "%d silver trees", make_silver(options.data, options.work, options.name.split(","), limit=options.silver)
        )
    else:
        vocabulary, lexicon = load_vocabulary(options.work), zh_data.find_lexicon(options.work)
        more, held_out = split_dev(zh_data.load_dev(options.data), with_dev=options.with_dev)
        gold = [zh_data.encode(t, vocabulary, lexicon) for t in [*zh_data.load_train(options.data), *more]]
        silver = []
        if options.silver:
            silver = [zh_data.encode(t, vocabulary, lexicon) for t in load_silver(options.work)[: options.silver]]
        train_parser(
            options.work,
            gold,
            held_out=held_out,
            name=options.name,
            epochs=options.epochs,
            silver=silver,
            start=options.start,
            rate=options.rate,
            seed=options.seed,
            device=options.device,
        )


if __name__ == "__main__":
    main()

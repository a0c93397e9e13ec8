"""The task of answering: conversations whose last message is learnt, measured by the answers to dev's questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object

from finetune.batches import Rows, flat_batch, keeps_samples_apart, padded_batch, takes_flat_batches
from finetune.encoding import Encoded
from finetune.measuring import Loss, answer_scores, answers_to, dev_loss
from finetune.run_folder import RunFolder
from finetune.settings import Training
from finetune.task import Task
from finetune.training_data import Prepared, encoded_dev, encoded_rows
from kg_builder.evaluate.triples import Scores
from kg_builder.language_models import spread_over_devices

__all__ = ["generation_task"]


def generation_task(
    model: Any, tokenizer: Any, data: Prepared, settings: Training, run: RunFolder, *, say: Callable[[str], None]
) -> Task:
    """Rows of encoded conversations, in flat batches where the model takes them."""
    samples, lengths, bins = encoded_rows(data, tokenizer, settings, run, say=say)
    flat = takes_flat_batches(model) and keeps_samples_apart(model)
    if not flat:
        if bins is not None:
            say("this model does not keep packed samples apart: they are not packed, but padded")
        bins = None
    row_lengths = lengths if bins is None else bins.filled(lengths)
    pad = tokenizer.pad_token_id

    def collate(rows: Any) -> Any:
        chosen: list[Encoded] = [sample for row in rows for sample in row]
        return flat_batch(chosen) if flat else padded_batch(chosen, pad=pad)

    if settings.metric == "none" or not data.dev:
        if settings.metric != "none":
            say("there is no dev.jsonl: the last checkpoint is taken for the best")
        return Task(Rows(samples, bins), row_lengths, collate)
    examples, dev = encoded_dev(data.dev, tokenizer, settings, say=say)
    processes = PartialState()

    def measure(trained: Any) -> dict[str, float]:
        """Each process takes its share of dev; the counts are added up. A model in shards answers with all of them."""
        rank, world = (0, 1) if spread_over_devices() else (processes.process_index, processes.num_processes)
        loss = dev_loss(trained, dev[rank::world], batch_size=settings.batch_size, pad=pad, flat=flat)
        found: list[Any] = [loss]
        if settings.metric != "loss":
            asked = examples[rank::world]
            answers = answers_to(
                trained,
                tokenizer,
                asked,
                batch_size=settings.evaluate_batch,
                max_new_tokens=settings.max_new_tokens,
            )
            found.append(answer_scores(settings.metric, asked, answers))
        return _added_up(settings.metric, gather_object([found]) if world > 1 else [found])

    return Task(Rows(samples, bins), row_lengths, collate, measure)


def _added_up(metric: str, parts: list[list[Any]]) -> dict[str, float]:
    loss = Loss(sum(part[0].total for part in parts), sum(part[0].tokens for part in parts))
    if metric == "loss":
        return {"loss": loss.mean}
    scores = [part[1] for part in parts]
    total = Scores(
        sum(each.matched for each in scores), sum(each.predicted for each in scores), sum(each.gold for each in scores)
    )
    figures = {"loss": loss.mean, metric: total.recall if metric == "accuracy" else total.f1}
    return figures if metric == "accuracy" else figures | {"precision": total.precision, "recall": total.recall}

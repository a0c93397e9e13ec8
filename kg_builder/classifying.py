"""Topics of texts, told by a model that ``kg-finetune train`` made (task ``classify``), so that only what is about
something that is wanted is extracted from.

The folder is that of an adapter, with ``labels.json`` beside it, or of a whole model, whose ``config.json`` has the
labels. torch and transformers load with the first text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from kg_builder.errors import ConfigError, ModelError
from kg_builder.language_models import Loading, adapter_base, load_adapter, load_model, load_tokenizer, token_limit
from kg_builder.model_identity import model_identity
from kg_builder.types import digest

__all__ = ["LABELS_FILE", "Classifier", "checked_topics", "open_classifier"]

LABELS_FILE = "labels.json"
_BATCH = 16  # texts


class Classifier:
    """Tells the topic of a text, one of ``labels``. ``fingerprint`` changes with what it would tell."""

    def __init__(self, folder: Path, labels: tuple[str, ...]) -> None:
        self.folder, self.labels = folder, labels

    @cached_property
    def fingerprint(self) -> str:
        """Of the labels, the files of the model, and those of the one that it is an adapter for."""
        return digest("classifier", *self.labels, model_identity(str(self.folder)), model_identity(self.base))

    @property
    def base(self) -> str:
        """The model that it is an adapter for; empty if it is a whole one."""
        return adapter_base(str(self.folder))

    def topics(self, texts: Sequence[str]) -> Iterator[str]:
        """The likeliest topic of each text, in order, by as much of its beginning as the model has room for. Texts of
        like length are read together.

        Raises:
            ModelError: the model cannot be loaded.
        """
        import torch

        tokenizer, model = self._loaded
        limit = token_limit(tokenizer, model)
        encoded = [tokenizer(text, truncation=limit is not None, max_length=limit)["input_ids"] for text in texts]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        found: dict[int, str] = {}
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            longest = max(len(encoded[i]) for i in places)
            pad = [longest - len(encoded[i]) for i in places]
            ids = [encoded[i] + [tokenizer.pad_token_id] * n for i, n in zip(places, pad, strict=True)]
            mask = [[1] * len(encoded[i]) + [0] * n for i, n in zip(places, pad, strict=True)]
            with torch.inference_mode():
                given = model(
                    input_ids=torch.tensor(ids, device=model.device),
                    attention_mask=torch.tensor(mask, device=model.device),
                )
            for place, label in zip(places, given.logits.argmax(-1).tolist(), strict=True):
                found[place] = self.labels[label]
        yield from (found[place] for place in range(len(texts)))

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        tokenizer = load_tokenizer(str(self.folder), chat=False)
        if self.base:
            model = load_adapter(load_model(self.base, loading=Loading(), labels=self.labels), str(self.folder))
        else:
            model = load_model(str(self.folder), loading=Loading(), labels=self.labels)
        model.config.pad_token_id = tokenizer.pad_token_id
        return tokenizer, model.eval()


@cache
def open_classifier(folder: str) -> Classifier:
    """The classifier in a folder; the same object each time. Its weights load with the first text.

    Raises:
        ModelError: there is none.
    """
    path = Path(folder)
    for name, key in ((LABELS_FILE, "labels"), ("config.json", "id2label")):
        try:
            found = json.loads((path / name).read_text("utf-8"))[key]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        labels = found if isinstance(found, list) else [found[each] for each in sorted(found, key=int)]
        if len(labels) > 1 and all(isinstance(each, str) for each in labels):
            return Classifier(path, tuple(labels))
    raise ModelError(
        f"expected a classifier at {folder!r} (the adapter/ or model/ that `kg-finetune train --preset "
        f"sequence-classification` leaves), found no {LABELS_FILE} and no labels in config.json"
    )


def checked_topics(folder: str, topics: Sequence[str]) -> tuple[str, ...]:
    """`topics` if the classifier in `folder` knows them all.

    Raises:
        ConfigError: it does not, or there are none; those that it knows are told.
        ModelError: there is no classifier.
    """
    known = open_classifier(folder).labels
    unknown = [each for each in topics if each not in known]
    if unknown or not topics:
        raise ConfigError(
            f"expected topics out of {', '.join(known)}, found {', '.join(map(repr, unknown)) or 'none'}; name those "
            "that are to be extracted from with --topics"
        )
    return tuple(topics)

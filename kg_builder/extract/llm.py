"""The extractor ``llm``: a causal language model of one's own, with a LoRA adapter or without, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from kg_builder.errors import ConfigError, ModelError
from kg_builder.extract.answered import Answered, read_answer
from kg_builder.extract.grammar import grammar_for
from kg_builder.extract.model_options import ModelOptions
from kg_builder.generating import Generated, answers
from kg_builder.heartbeat import kept_alive, still
from kg_builder.language import detect_language
from kg_builder.language_models import Loading, load_adapter, load_model, load_tokenizer, needed
from kg_builder.model_identity import model_identity
from kg_builder.prompt import PROMPT_VERSION, extraction_messages
from kg_builder.types import Extraction, digest

__all__ = ["LLMExtractor"]

_NAME = "llm"
_VERSION = 1  # goes up when the same model and options may give something else for the same text
_AT_ONCE = 4  # batches of texts that are taken together, for their lengths to be sorted


class LLMExtractor:
    """An `kg_builder.types.Extractor` that asks a language model, in batches. The model loads with the first text.

    After each call of `extract`, ``left_out`` says how much of the answer is not given, by reason: lines that are no
    triples, names that the text does not have, an answer ``cut-off`` at ``max_new_tokens``.
    """

    def __init__(self, options: ModelOptions) -> None:
        """Checks what can be checked without loading anything.

        Raises:
            ConfigError: no model is named, or a number is out of range.
        """
        if not options.model:
            raise ConfigError(
                "the extractor 'llm' needs a model: name a folder, or a model of the Hugging Face hub, with --model"
            )
        for name, least in (("batch_size", 1), ("max_new_tokens", 1), ("temperature", 0)):
            if getattr(options, name) < least:
                raise ConfigError(f"{name}: expected at least {least}, found {getattr(options, name)!r}")
        self.options = options
        self.left_out: Mapping[str, int] = {}

    @property
    def name(self) -> str:
        """``llm``."""
        return _NAME

    @property
    def batch_size(self) -> int:
        """How many texts it is best to give at a time."""
        return self.options.batch_size * _AT_ONCE

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the model's and the adapter's files, the prompt, and all that decides what is decoded.

        Raises:
            ModelError: a folder that is named has no such thing, or a library is missing.
        """
        options = self.options
        needed("torch", "transformers", *(["peft"] if options.adapter else []))
        _check(options.model, "config.json", "a model")
        if options.adapter:
            _check(options.adapter, "adapter_config.json", "an adapter")
        return digest(
            *(_NAME, _VERSION, PROMPT_VERSION),
            *(model_identity(options.model), model_identity(options.adapter) if options.adapter else ""),
            *(options.chat_template, options.quantize, options.dtype, options.max_new_tokens, options.temperature),
            *options.asked_otherwise,
            *(options.constrained, *options.relations),
        )

    def extract(self, text: str) -> list[Extraction]:
        """The statements that the model finds in one text, in reading order.

        Raises:
            ModelError: the model cannot be loaded.
            ValueError: the text takes more of the model's context, or of memory, than there is.
        """
        (answered,) = self.extract_many([text])
        if isinstance(answered, Exception):
            self.left_out = {}
            raise answered
        self.left_out = answered.left_out
        return answered.extractions

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Extraction]]:
        """One list for each text, in order; texts are read ahead, so that they can be answered together."""
        rest = iter(texts)
        while window := list(islice(rest, self.batch_size)):
            for answered in self.extract_many(window):
                if isinstance(answered, Exception):
                    raise answered
                yield answered.extractions

    def extract_many(self, texts: Sequence[str]) -> Iterator[Answered | Exception]:
        """What each text gives, or why it gives nothing, in order, as the answers come.

        Raises:
            ModelError: the model cannot be loaded.
        """
        options = self.options
        asked = [text for text in texts if text.strip()]
        answered: Iterator[Generated | ModelError] = iter(())
        if asked:
            model, tokenizer = self._opened
            answered = answers(
                model,
                tokenizer,
                [
                    extraction_messages(
                        t, language=detect_language(t), relations=options.relations, instruction=options.instruction
                    )
                    for t in asked
                ],
                batch_size=options.batch_size,
                max_new_tokens=options.max_new_tokens,
                temperature=options.temperature,
                grammars=[grammar_for(t, relations=options.relations) for t in asked] if options.constrained else None,
                on_step=still,
            )
        for text in texts:
            if not text.strip():
                yield Answered([])
                continue
            answer = next(answered)
            yield ValueError(str(answer)) if isinstance(answer, ModelError) else self._read(text, answer)

    def _read(self, text: str, answer: Generated) -> Answered | Exception:
        """What an answer says of its text, or why it cannot be read."""
        try:
            return read_answer(
                text,
                answer.whole,
                extractor=_NAME,
                relations=self.options.relations,
                written=answer.text,
                reasons={} if answer.finished else {"cut-off": 1},
                confidence_of=answer.confidences.__getitem__,
            )
        except Exception as exc:  # noqa: BLE001 - the border that keeps one answer's fault from its neighbours
            return exc

    @cached_property
    def _opened(self) -> tuple[Any, Any]:
        """The model with its adapter, and the tokenizer; the adapter's, if it brings one."""
        options = self.options
        needed("torch", "transformers", *(["llguidance"] if options.constrained else []))
        with kept_alive():
            own = options.adapter and (Path(options.adapter) / "tokenizer_config.json").is_file()
            tokenizer = load_tokenizer(
                options.adapter if own else options.model,
                template=options.chat_template,
                trust_remote_code=options.trust_remote_code,
            )
            loading = Loading(options.quantize, options.dtype, trust_remote_code=options.trust_remote_code)
            model = load_model(options.model, loading=loading)
            if options.adapter:
                model = load_adapter(model, options.adapter)
        return model.eval(), tokenizer


def _check(name: str, file: str, what: str) -> None:
    """That a folder holds what it should; a name of the hub cannot be checked without the network."""
    folder = Path(name)
    if folder.is_dir():
        if not (folder / file).is_file():
            raise ModelError(f"expected {what} in the folder {name!r}, found no {file} there")
    elif folder.exists() or folder.is_absolute() or name.startswith((".", "~")) or len(folder.parts) > 2:
        raise ModelError(f"expected {what} at {name!r}, found no such folder")

"""What there is to say about the language model behind an extractor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ModelOptions"]


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which language model the extractors ``llm`` and ``endpoint`` use, and how.

    ``llm`` loads ``model`` (a folder, or a name of the Hugging Face hub) and puts ``adapter`` into it; ``endpoint``
    asks for ``model`` at ``base_url``. ``relations`` are the only ones that an answer may name, if any are given.
    ``instruction`` is what the model is told to do, in place of what `kg_builder.prompt` says.
    """

    model: str = ""
    adapter: str = ""
    base_url: str = ""
    relations: tuple[str, ...] = ()
    instruction: str = ""
    chat_template: str = ""  # of `kg_builder.chat_templates`; empty: the tokenizer's own, or one that suits
    quantize: Literal["auto", "4bit", "8bit", "none"] = "auto"
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    batch_size: int = 16  # texts that are answered together
    max_new_tokens: int = 512  # the most that an answer may take
    temperature: float = 0.0  # 0: the likeliest token each time, so that the same text has the same answer
    constrained: bool = True  # only well-formed lines can come out, with entities of the text
    trust_remote_code: bool = False
    timeout_s: float = 120.0  # of one request to an endpoint
    concurrency: int = 8  # requests at a time
    requests_per_minute: int = 0  # 0: as many as it takes
    tokens_per_minute: int = 0

    @property
    def asked_otherwise(self) -> tuple[str, ...]:
        """What the instruction adds to a fingerprint: nothing where it is ours, so that what was extracted is found."""
        return ("instruction", self.instruction) if self.instruction else ()

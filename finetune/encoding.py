"""Examples as tokens: what a model reads, and from where on it is to learn.

Only the answer is learnt. Where it begins is found in characters: a token belongs to it that begins at or after the
end of the question as the chat template writes it when an answer is asked for. An example that does not fit is left out
and counted, never cut.

An encoded file is Arrow's stream format with the columns ``input_ids`` and ``answer_from``. It is written batch by
batch and read memory-mapped, so that its size does not matter to memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from finetune.corpus import LeftOut, left_out
from finetune.examples import Example
from kg_builder.chat_templates import render_chat
from kg_builder.errors import ConfigError, DataError
from kg_builder.language_models import needed

__all__ = [
    "IGNORED",
    "Encoded",
    "EncodingReport",
    "encode",
    "fitting",
    "labels_of",
    "lengths_of",
    "load_encoded",
    "write_encoded",
]

IGNORED = -100
"""The label of a token that is not learnt, as torch's cross entropy has it."""

_BATCH = 1000  # rows


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of an example; those from ``answer_from`` on are learnt."""

    input_ids: list[int]
    answer_from: int

    @property
    def labels(self) -> list[int]:
        """What is to be predicted at each place: `IGNORED` in the question, the tokens themselves in the answer."""
        return labels_of(self.input_ids, self.answer_from)


@dataclass(slots=True)
class EncodingReport:
    """What came of encoding: how many examples there were, what was left out by reason, and the tokens."""

    examples: int = 0
    written: int = 0
    tokens: int = 0
    answer_tokens: int = 0
    longest: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "examples": self.examples,
            "written": self.written,
            "tokens": self.tokens,
            "answer_tokens": self.answer_tokens,
            "longest": self.longest,
            "left_out": dict(sorted(self.left_out.items())),
        }


def labels_of(input_ids: Sequence[int], answer_from: int) -> list[int]:
    """The labels for tokens of which those from `answer_from` on are learnt."""
    return [IGNORED] * answer_from + list(input_ids[answer_from:])


def encode(example: Example, tokenizer: Any, *, max_tokens: int) -> Encoded | str:
    """The tokens of an example's conversation, or why it cannot be learnt from.

    Reasons: ``too-long`` (over `max_tokens`), ``control-token`` (a message holds a token that the chat template is made
    of, so that the conversation would read otherwise), ``boundary`` (a token reaches from the question into the
    answer), ``no-answer`` (the template writes nothing for it), ``label`` (a label of a text is no conversation).

    Raises:
        ConfigError: the tokenizer's chat template writes a question otherwise once its answer follows.
    """
    written = _written(example, tokenizer, control_tokens(tokenizer))
    return written if isinstance(written, str) else _encoded(tokenizer, [written], max_tokens)[0]


class _Written(NamedTuple):
    """A conversation as a model reads it, and how many characters of it are the question."""

    whole: str
    question: int


def _written(example: Example, tokenizer: Any, control: Sequence[str]) -> _Written | str:
    """The text of an example's conversation, or why there is none."""
    if example.label and not example.messages:
        return "label"
    messages = example.conversation
    if any(token in each["content"] for each in messages for token in control):
        return "control-token"
    question = render_chat(tokenizer, messages[:-1], ask=True)
    whole = render_chat(tokenizer, messages, ask=False)
    if not whole.startswith(question):
        raise ConfigError(
            "expected a chat template that writes a question in the same way whether or not its answer follows, found "
            f"{question[-80:]!r} when it is asked, and {whole[: len(question)][-80:]!r} with the answer; "
            "name another chat template"
        )
    return _Written(whole, len(question))


def _encoded(tokenizer: Any, written: Sequence[_Written], max_tokens: int) -> list[Encoded | str]:
    """The tokens of several conversations, which a fast tokenizer makes side by side."""
    texts = [each.whole for each in written]
    made = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=tokenizer.is_fast)
    found: list[Encoded | str] = []
    for place, (whole, question) in enumerate(written):
        ids = made["input_ids"][place]
        if tokenizer.is_fast:
            spans = made["offset_mapping"][place]
            answer_from = next((i for i, (start, _) in enumerate(spans) if start >= question), len(ids))
            straddles = answer_from > 0 and spans[answer_from - 1][1] > question
        else:
            asked = tokenizer(whole[:question], add_special_tokens=False)["input_ids"]
            answer_from = len(asked)
            straddles = ids[:answer_from] != asked
        problem = "too-long" if len(ids) > max_tokens else "boundary" if straddles else ""
        if not problem and answer_from == len(ids):
            problem = "no-answer"
        found.append(problem or Encoded(ids, answer_from))
    return found


def fitting(items: Iterable[Example | LeftOut], tokenizer: Any, *, max_tokens: int) -> Iterator[Example | LeftOut]:
    """The same items, but for the examples that `encode` gives a reason for."""
    found = _all_encoded(items, tokenizer, max_tokens)
    for item, made in found:
        yield left_out(item.source, made, item.text, is_problem=True) if isinstance(made, str) and made else item


def _all_encoded(
    items: Iterable[Example | LeftOut], tokenizer: Any, max_tokens: int
) -> Iterator[tuple[Any, Encoded | str]]:
    """Items with what `encode` makes of them, batch by batch; nothing for what is no example."""
    control = control_tokens(tokenizer)
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        written = [_written(each, tokenizer, control) if isinstance(each, Example) else "" for each in batch]
        texts = [each for each in written if not isinstance(each, str)]
        made = iter(_encoded(tokenizer, texts, max_tokens) if texts else ())
        for item, text in zip(batch, written, strict=True):
            yield item, text if isinstance(text, str) else next(made)


def control_tokens(tokenizer: Any) -> list[str]:
    """The tokens that mean something to the model beyond their characters, such as those that end a message."""
    special = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    return sorted(token for token in special | set(tokenizer.all_special_tokens) if token.strip())


def write_encoded(path: Path, examples: Iterable[Example], tokenizer: Any, *, max_tokens: int) -> EncodingReport:
    """Encode examples one after the other into a file; it is there when all of it is.

    Raises:
        DataError: none of the examples could be encoded, or the file cannot be written.
        ConfigError: as for `encode`.
    """
    needed("datasets")
    import pyarrow as pa

    schema = pa.schema([("input_ids", pa.list_(pa.int32())), ("answer_from", pa.int32())])
    report = EncodingReport()
    rows = _counted(examples, tokenizer, max_tokens, report)
    partial = path.with_name(f"{path.name}.partial")
    try:
        with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
            while batch := list(islice(rows, _BATCH)):
                columns = [[each.input_ids for each in batch], [each.answer_from for each in batch]]
                arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
        if report.written:
            partial.replace(path)
    except OSError as exc:
        raise DataError(f"expected to write encoded examples to {str(path)!r}, but {exc}") from exc
    finally:
        partial.unlink(missing_ok=True)
    if not report.written:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(report.left_out.items())) or "no examples"
        raise DataError(
            f"expected examples to learn from within {max_tokens} tokens, found none ({told}); "
            "allow more tokens, or give other examples"
        )
    return report


def _counted(examples: Iterable[Example], tokenizer: Any, max_tokens: int, report: EncodingReport) -> Iterator[Encoded]:
    for _, made in _all_encoded(examples, tokenizer, max_tokens):
        report.examples += 1
        if isinstance(made, str):
            report.left_out[made] += 1
            continue
        report.written += 1
        report.tokens += len(made.input_ids)
        report.answer_tokens += len(made.input_ids) - made.answer_from
        report.longest = max(report.longest, len(made.input_ids))
        yield made


def load_encoded(path: Path) -> Any:
    """The `datasets.Dataset` of an encoded file, memory-mapped.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    needed("datasets")
    import pyarrow as pa
    from datasets import Dataset

    try:
        return Dataset.from_file(str(path))
    except (OSError, pa.ArrowInvalid, ValueError) as exc:
        raise DataError(
            f"expected encoded examples in {str(path)!r}, but {type(exc).__name__}: {exc}; encode them again"
        ) from exc


def lengths_of(rows: Any) -> NDArray[np.int32]:
    """How many tokens each row of `load_encoded` has, without reading the tokens."""
    import pyarrow.compute as pc

    found: NDArray[np.int32] = pc.list_value_length(rows.data.column("input_ids")).to_numpy()
    return found

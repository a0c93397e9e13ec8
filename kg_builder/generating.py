"""Answers of a language model to many conversations: in batches of like length, under a grammar each if there is one.

Evaluation, extraction and serving all ask this way, so that a model does in use what was measured of it. The answer to
a conversation does not depend on what else is in its batch, but for the last bits of floating-point sums.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from kg_builder.chat_templates import CHAT_TEMPLATES, render_chat
from kg_builder.constraining import Grammars
from kg_builder.errors import ModelError
from kg_builder.prompt import Message, answer_lines, whole_lines

__all__ = ["WINDOW", "Generated", "answers", "as_data", "end_tokens", "generate", "marks_of"]

_HALF = re.compile("[\ud800-\udfff]")
WINDOW = 4
"""Batches that are sorted by length together: what stands in one batch depends on no more than so many."""
_LEAST_ROOM = 32  # tokens that an answer must have room for, or it is no use to begin


@dataclass(frozen=True, slots=True)
class Generated:
    """An answer.

    ``text`` is without the mark of its end; ``tokens`` counts that too. ``finished`` is False where the answer came to
    the most that it may take, and its last line may be cut off. ``confidences`` has a number from 0 to 1 for each line
    of ``text`` (as `kg_builder.prompt.answer_lines` has them): the geometric mean of the probabilities of its tokens,
    among all that the model could have written, at temperature 1 and without regard to a grammar.
    """

    text: str
    tokens: int
    finished: bool
    confidences: tuple[float, ...]

    @property
    def whole(self) -> str:
        """The text without a line that was cut off."""
        return self.text if self.finished else whole_lines(self.text)


def generate(
    model: Any,
    tokenizer: Any,
    conversations: Iterable[Sequence[Message]],
    *,
    batch_size: int,
    max_new_tokens: int,
    temperature: float = 0.0,
    grammars: Iterable[str] | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> Iterator[Generated]:
    """The model's answer to each conversation, in order.

    Args:
        batch_size: conversations that are answered together; fewer where memory does not suffice.
        temperature: 0 takes the likeliest token each time; else tokens are drawn, by a seed made of the conversation.
        grammars: one for each conversation, in Lark's notation as llguidance takes it.
        on_step: called after each token of a batch: a sign of life.

    Raises:
        ModelError: a conversation alone takes more memory, or more of the model's context, than there is; or a grammar
            or tokenizer that cannot be used.
    """
    for answer in answers(
        model,
        tokenizer,
        conversations,
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        grammars=grammars,
        on_step=on_step,
    ):
        if isinstance(answer, ModelError):
            raise answer
        yield answer


def answers(
    model: Any,
    tokenizer: Any,
    conversations: Iterable[Sequence[Message]],
    *,
    batch_size: int,
    max_new_tokens: int,
    temperature: float = 0.0,
    grammars: Iterable[str] | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> Iterator[Generated | ModelError]:
    """As `generate`, but where one conversation cannot be answered the error stands in its place, and the rest goes on.

    Raises:
        ModelError: a tokenizer that grammars cannot be used with.
    """
    asker = _Asker(model, tokenizer, max_new_tokens, temperature, constrained=grammars is not None, on_step=on_step)
    rest = zip(conversations, grammars, strict=True) if grammars is not None else ((c, "") for c in conversations)
    while window := list(islice(rest, batch_size * WINDOW)):
        asked = [asker.read(conversation, grammar) for conversation, grammar in window]
        order = sorted(range(len(asked)), key=lambda i: len(asked[i].ids))
        made: dict[int, Generated | ModelError] = {}
        given, size = 0, batch_size
        while order:
            # The longest first: what does not fit in memory shows at once.
            batch, order = order[-size:], order[:-size]
            answered = asker.answer([asked[i] for i in batch])
            if answered is None and len(batch) > 1:  # out of memory
                order, size = order + batch, len(batch) // 2
                continue
            made.update(zip(batch, answered or [_no_room(asked[batch[0]])], strict=True))
            while given in made:
                yield made.pop(given)
                given += 1


def marks_of(tokenizer: Any) -> re.Pattern[str]:
    """What tells messages apart: special tokens, and the words that our templates have for it, where the tokenizer's
    template has them."""
    marks = set(tokenizer.all_special_tokens)
    marks |= {str(each) for each in getattr(tokenizer, "added_tokens_decoder", {}).values() if each.special}
    written = str(tokenizer.chat_template or "")
    marks |= {mark for each in CHAT_TEMPLATES.values() for mark in each.plain_marks if mark in written}
    return re.compile("|".join(sorted(map(re.escape, filter(None, marks)), key=len, reverse=True)) or r"(?!)")


def as_data(marks: re.Pattern[str], conversation: Sequence[Message]) -> list[Message]:
    """A conversation whose contents cannot be taken for the `marks` of a chat template: a text that quotes one
    (``<|im_end|>``, ``[/INST]``) would end its own message and speak in another's name. Half characters, which no
    tokenizer takes, become U+FFFD."""

    def plain(text: str) -> str:
        return marks.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", _HALF.sub("\ufffd", text))

    return [{**message, "content": plain(message["content"])} for message in conversation]


def end_tokens(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """The tokens that end an answer, the one that the chat template ends it with first."""
    ask: list[Message] = [{"role": "user", "content": "?"}]
    mark = "\u2e3b"
    whole = render_chat(tokenizer, [*ask, {"role": "assistant", "content": mark}], ask=False)
    after = tokenizer(whole.rpartition(mark)[2], add_special_tokens=False)["input_ids"]
    special = set(tokenizer.all_special_ids) | set(getattr(tokenizer, "added_tokens_decoder", {}))
    ends = [after[0]] if after and after[0] in special else []
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    for each in (tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])):
        if each is not None and each not in ends:
            ends.append(each)
    return tuple(ends)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A conversation as the model reads it."""

    ids: list[int]
    grammar: str
    seed: str


class _Row:
    """An answer in the making."""

    def __init__(self, asked: _Asked, room: int, matcher: Any) -> None:
        self.asked = asked
        self.room = room
        self.matcher = matcher
        self.ids: list[int] = []
        self.logs: list[float] = []
        self.finished = False
        self.lines: set[tuple[int, ...]] = set()
        self.line_begins = 0
        self.chance = random.Random(asked.seed)

    @property
    def done(self) -> bool:
        return self.finished or len(self.ids) >= self.room


class _Asker:
    """One model, with what it takes to ask it."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        max_new_tokens: int,
        temperature: float,
        *,
        constrained: bool,
        on_step: Callable[[], None],
    ) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._most, self._temperature, self._on_step = max_new_tokens, temperature, on_step
        self._ends = end_tokens(model, tokenizer)
        self._marks = marks_of(tokenizer)
        self._context = getattr(model.config, "max_position_embeddings", None) or math.inf
        self._last_place = None if self._context == math.inf else int(self._context) - 1
        self._options = _options_of(model)
        self._texts: dict[int, str] = {}  # of tokens
        self._vocabulary = len(tokenizer)
        self._grammars = Grammars(tokenizer, self._ends) if constrained else None

    def read(self, conversation: Sequence[Message], grammar: str) -> _Asked:
        text = render_chat(self._tokenizer, as_data(self._marks, conversation), ask=True)
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return _Asked(ids, grammar, text)

    def answer(self, asked: Sequence[_Asked]) -> list[Generated | ModelError] | None:
        """The answers to one batch; None where that takes too much memory."""
        with ThreadPoolExecutor() as pool:  # a grammar takes some milliseconds, without Python's lock
            rows = list(pool.map(self._begun, asked))
        fits = True
        try:
            self._run([row for row in rows if isinstance(row, _Row)])
        except (RuntimeError, MemoryError) as exc:
            if not _is_memory(exc):
                raise
            fits = False
        if not fits:  # not before the error is let go, which holds what is to be freed
            _free_memory()
            return None
        return [self._generated(row) if isinstance(row, _Row) else row for row in rows]

    def _begun(self, asked: _Asked) -> _Row | ModelError:
        room = min(self._most, self._context - len(asked.ids))
        if room < min(self._most, _LEAST_ROOM):
            return ModelError(
                f"expected a text that leaves room for an answer in the model's context of {self._context} tokens, "
                f"found one that takes {len(asked.ids)} with what is asked about it; read shorter segments "
                "(segment_characters), or take a model with a longer context"
            )
        matcher = self._grammars.matcher(asked.grammar) if self._grammars else None
        if matcher is not None and matcher.is_error():
            return ModelError(f"expected a grammar that llguidance takes, but {matcher.get_error()}")
        return _Row(asked, int(room), matcher)

    def _run(self, rows: list[_Row]) -> None:
        """Write the answers of `rows`, a token of each at a time."""
        import torch

        if not rows:
            return
        device = next(self._model.parameters()).device
        longest = max(len(row.asked.ids) for row in rows)
        pad = self._tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (longest - len(row.asked.ids)) + row.asked.ids for row in rows], device=device)
        mask = torch.tensor(
            [[0] * (longest - len(row.asked.ids)) + [1] * len(row.asked.ids) for row in rows], device=device
        )  # (batch, sequence), padded on the left
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        cache: Any = None
        with torch.inference_mode():
            while True:
                given = self._model(
                    input_ids=ids,
                    attention_mask=mask,
                    position_ids=places,
                    past_key_values=cache,
                    use_cache=True,
                    **self._options,
                )
                cache = given.past_key_values
                self._take(rows, given.logits[:, -1].float())
                self._on_step()
                left = [at for at, row in enumerate(rows) if not row.done]
                if not left:
                    return
                if 2 * len(left) <= len(rows) and hasattr(cache, "batch_select_indices"):  # the others are done
                    kept = torch.tensor(left, device=device)
                    cache.batch_select_indices(kept)
                    mask, places = mask[kept], places[kept]
                    rows = [rows[at] for at in left]
                ids = torch.tensor([[row.ids[-1]] for row in rows], device=device)
                mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
                places = (places[:, -1:] + 1).clamp(max=self._last_place)  # of what is done they count no more

    def _take(self, rows: list[_Row], scores: Any) -> None:
        """Choose the next token of each row by the scores (batch, vocabulary) of all."""
        import torch

        norms = torch.logsumexp(scores, dim=-1)
        allowed = scores
        if self._vocabulary < scores.shape[1]:  # rows of the embedding that stand for no token
            allowed = allowed.clone()
            allowed[:, self._vocabulary :] = -torch.inf
        if self._grammars is not None:
            allowed = self._grammars.restricted([None if row.done else row.matcher for row in rows], allowed)
        if self._temperature > 0:
            odds = torch.softmax(allowed / self._temperature, dim=-1, dtype=torch.float64).cumsum(-1)
            drawn = torch.tensor([[row.chance.random()] for row in rows], dtype=torch.float64, device=scores.device)
            chosen = torch.searchsorted(odds, drawn * odds[:, -1:], right=True).squeeze(1)
            chosen = chosen.clamp(max=odds.shape[1] - 1)
        else:
            chosen = allowed.argmax(dim=-1)
        logs = (scores.gather(1, chosen.unsqueeze(1)).squeeze(1) - norms).tolist()
        for row, token, log in zip(rows, chosen.tolist(), logs, strict=True):
            if not row.done:
                self._add(row, token, log)

    def _add(self, row: _Row, token: int, log: float) -> None:
        row.ids.append(token)
        row.logs.append(log)
        if token in self._ends:
            row.finished = True
            return
        if row.matcher is None:
            return
        row.matcher.consume_token(token)
        if row.matcher.is_stopped():
            row.finished = not row.matcher.is_error()
        if self._breaks_in(token, row.ids[-2] if len(row.ids) > 1 else None):
            line = tuple(row.ids[row.line_begins :])
            if line in row.lines:  # it goes round in circles
                row.finished = True
            row.lines.add(line)
            row.line_begins = len(row.ids)

    def _generated(self, row: _Row) -> Generated:
        ended = bool(row.ids) and row.ids[-1] in self._ends
        ids = row.ids[:-1] if ended else row.ids
        text = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        sums, counts = [0.0], [0]
        before = None
        for token, log in zip(row.ids, row.logs, strict=True):
            sums[-1] += log
            counts[-1] += 1
            for _ in range(0 if token in self._ends else self._breaks_in(token, before)):
                sums.append(0.0)
                counts.append(0)
            before = token
        lines = len(answer_lines(text))
        means = [math.exp(total / count) if count else 0.0 for total, count in zip(sums, counts, strict=True)]
        return Generated(text, len(row.ids), row.finished, tuple((means + [0.0] * lines)[:lines]))

    def _breaks_in(self, token: int, before: int | None) -> int:
        """How many lines a token ends; a line feed after a token with a carriage return ends none."""
        text = self._text_of(token)
        half = before is not None and text.startswith("\n") and self._text_of(before).endswith("\r")
        return len(answer_lines(text)) - 1 - half

    def _text_of(self, token: int) -> str:
        if token not in self._texts:
            self._texts[token] = self._tokenizer.decode([token], clean_up_tokenization_spaces=False)
        return self._texts[token]


def _options_of(model: Any) -> dict[str, Any]:
    """What the model takes to give the scores of the last place alone, which saves memory in a long batch."""
    from inspect import signature

    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    known = signature(base.forward).parameters
    return {"logits_to_keep": 1} if "logits_to_keep" in known else {}


def _is_memory(exc: BaseException) -> bool:
    said = str(exc).lower()
    return isinstance(exc, MemoryError) or "out of memory" in said or "can't allocate memory" in said


def _free_memory() -> None:
    import gc

    import torch

    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def _no_room(asked: _Asked) -> ModelError:
    return ModelError(
        f"out of memory with a single text of {len(asked.ids)} tokens: lower max_new_tokens or segment_characters, "
        "quantize to 4bit, or take a smaller model"
    )

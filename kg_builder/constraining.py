"""Which tokens a grammar admits next in the answer of a language model, by llguidance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from kg_builder.errors import ModelError
from kg_builder.language_models import needed

__all__ = ["Grammars"]


class Grammars:
    """Grammars for the answers of models with that tokenizer.

    Raises:
        ModelError: llguidance is not installed, or takes no such tokenizer.
    """

    def __init__(self, tokenizer: Any, ends: Sequence[int]) -> None:
        needed("llguidance")
        import llguidance

        self._tokenizer = _tokens_of(tokenizer, tuple(ends))
        self._executor = llguidance.LLExecutor()
        self._matcher = llguidance.LLMatcher

    def matcher(self, grammar: str) -> Any:
        """What follows an answer token by token, in Lark's notation; ``is_error()`` where it is no grammar."""
        return self._matcher(self._tokenizer, grammar, log_level=0)

    def restricted(self, matchers: Sequence[Any], scores: Any) -> Any:
        """`scores` (batch, vocabulary), minus infinity where a matcher refuses; None: an answer that is done."""
        import numpy as np
        import torch
        from llguidance.numpy import fill_next_token_bitmask_par

        bits = np.full((len(matchers), (self._tokenizer.vocab_size + 31) // 32), -1, dtype=np.int32)
        fill_next_token_bitmask_par(
            self._executor, [(each, at) for at, each in enumerate(matchers) if each is not None], bits
        )
        given = torch.from_numpy(bits).to(scores.device)
        each = (given.unsqueeze(-1) >> torch.arange(32, device=scores.device, dtype=torch.int32)) & 1
        admitted = each.reshape(len(matchers), -1)[:, : scores.shape[1]].bool()
        if admitted.shape[1] < scores.shape[1]:
            scores[:, admitted.shape[1] :] = -torch.inf
        return scores[:, : admitted.shape[1]].masked_fill(~admitted, -torch.inf)


_known_tokens: WeakKeyDictionary[Any, dict[tuple[int, ...], Any]] = WeakKeyDictionary()


def _tokens_of(tokenizer: Any, ends: tuple[int, ...]) -> Any:
    """The tokenizer as llguidance takes it: made once, since that takes a second for a large vocabulary."""
    import llguidance.hf

    known = _known_tokens.setdefault(tokenizer, {})
    if ends not in known:
        try:
            known[ends] = llguidance.hf.from_tokenizer(tokenizer, eos_token=list(ends))
        except Exception as exc:
            raise ModelError(
                "expected a tokenizer that answers can be constrained with (a fast one, with a tokenizer.json), but "
                f"{' '.join(str(exc).split())[:300]}; ask without constraint (constrained = false)"
            ) from exc
    return known[ends]

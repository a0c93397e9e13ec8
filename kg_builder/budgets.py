"""What a run costs where a model is paid by the token, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass

from kg_builder.errors import ConfigError
from kg_builder.types import Usage

__all__ = ["Budget", "Prices"]


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices per million tokens, in whatever currency; 0: nothing is paid."""

    input_per_mtok: float = 0.0
    output_per_mtok: float = 0.0

    def cost(self, usage: Usage) -> float:
        """What `usage` costs, in the currency of the prices."""
        return (usage.input_tokens * self.input_per_mtok + usage.output_tokens * self.output_per_mtok) / 1e6


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may spend; None: as much as it takes. Once it is spent, nothing more is begun."""

    tokens: int | None = None
    cost: float | None = None
    prices: Prices = Prices()

    def __post_init__(self) -> None:
        if self.tokens is not None and self.tokens <= 0:
            raise ConfigError(f"a budget of tokens: expected more than 0, found {self.tokens}")
        if self.cost is not None and self.cost <= 0:
            raise ConfigError(f"a budget of costs: expected more than 0, found {self.cost:g}")
        if self.cost is not None and self.prices == Prices():
            raise ConfigError(
                "a budget of costs: expected prices to go by, found none; "
                "set price_input_per_mtok and price_output_per_mtok, or give the budget in tokens"
            )

    def spent(self, usage: Usage) -> str | None:
        """Which budget `usage` has used up, in words; None while there is something left."""
        if self.tokens is not None and usage.tokens >= self.tokens:
            return f"the budget of {self.tokens:,} tokens is spent ({usage.tokens:,} were used)"
        cost = self.prices.cost(usage)
        if self.cost is not None and cost >= self.cost:
            return f"the budget of {self.cost:g} is spent ({cost:.4g} was paid)"
        return None

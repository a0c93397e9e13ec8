"""What resolution may use beyond what the graph holds: vectors of an embedding model, and a judge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kg_builder.errors import ConfigError
from kg_builder.judging import open_judge
from kg_builder.name_vectors import NameVectors, open_vectors
from kg_builder.resolving_judging import Band, Judging

if TYPE_CHECKING:
    from kg_builder.store import GraphStore
    from kg_builder.store.resolution import ResolutionState

__all__ = ["NONE", "Aids", "vectors_of", "vectors_told"]

NONE = "none"
"""As the name of vectors or of a judge: to do without from now on."""


@dataclass(frozen=True, slots=True)
class Aids:
    """Vectors and a judge, by name (`open_vectors`, `open_judge`).

    A graph has to be resolved with the vectors that it was resolved with before, until others are named, or ``none``.
    Without the name of a judge what one answered before still holds, and nobody is asked; with ``none`` it does not.
    The judge is asked about pairs of a probability from ``judge_least`` to ``judge_most``, at most ``judge_limit``
    times in a run.
    """

    vectors: str = ""
    judge: str = ""
    judge_model: str = ""
    judge_least: float = 0.3
    judge_most: float = 0.7
    judge_limit: int = 200

    def open_vectors(self, store: GraphStore) -> NameVectors | None:
        """The vectors to resolve a graph with.

        Raises:
            ConfigError: it was resolved with some and none are named, or there are none of that name.
        """
        if self.vectors and self.vectors != NONE:
            return open_vectors(self.vectors)
        if not self.vectors and (before := vectors_of(store.resolution.state())):
            raise ConfigError(
                f"expected the vectors that this graph was resolved with, {before[0]!r}, found none; set "
                "resolve_vectors (KG_RESOLVE_VECTORS) to them, or to 'none' to resolve all of it without."
            )
        return None

    def open_judging(self, store: GraphStore, state: ResolutionState, *, ask: bool) -> Judging | None:
        """The judging of a run; None where no judge has a say. Unless `ask`, only what was answered before counts."""
        if self.judge == NONE or not (self.judge or state.judged):
            return None
        if not self.judge:
            band = Band.from_text(state.judged)
            return Judging(store.answers, band, None, 0) if band else None
        judge = open_judge(self.judge, self.judge_model)
        band = Band(judge.fingerprint, self.judge_least, self.judge_most)
        return Judging(store.answers, band, judge if ask else None, self.judge_limit)


def vectors_told(vectors: NameVectors | None) -> str:
    """What the graph keeps of the vectors it was resolved with."""
    return json.dumps([vectors.name, vectors.fingerprint]) if vectors else ""


def vectors_of(state: ResolutionState) -> tuple[str, str] | None:
    """Name and fingerprint of the vectors that a graph was resolved with."""
    if not state.vectors:
        return None
    name, fingerprint = json.loads(state.vectors)
    return str(name), str(fingerprint)

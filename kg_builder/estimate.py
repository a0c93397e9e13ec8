"""What reading files in would take, from a sample of them that is really loaded and extracted.

What the sample of a format gave for each byte is taken for its other files too; drawing the sample anew from itself (a
bootstrap) says how far that may be off.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kg_builder.budgets import Prices
from kg_builder.errors import LoadError
from kg_builder.loaders import Found, discover, sha256_of
from kg_builder.loaders.formats import SUFFIXES
from kg_builder.recipe import Recipe
from kg_builder.sampling import Loaded, Sample, Tried, draw, measure
from kg_builder.types import Usage

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

__all__ = ["Estimated", "IngestEstimate", "estimate_ingest"]

WRITTEN_PER_S = 1000.0
"""Extractions that a store takes in a second, with all evidence: measured on two cores (docs/performance.md)."""

_DRAWN_ANEW = 200  # bootstrap samples
_SPREAD = (0.1, 0.9)  # the quantiles between which the truth is expected
_ALONE = 2.0  # how far off a single measurement may be


@dataclass(frozen=True, slots=True)
class Estimated:
    """A figure, and the range in which four times out of five the truth is expected."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class IngestEstimate:
    """What reading files in would take. ``found == new + changed + unchanged + failed + skipped``.

    ``failed`` and ``skipped`` are files that are known beforehand not to be read. ``bytes`` are those of new and
    changed files, by format in ``formats`` as ``{format: {files, bytes, sampled}}``. ``seconds`` is with ``workers``.
    Of the sample, ``sampled_failures`` files could not be read and ``sampled_segment_failures`` segments not extracted;
    ``sampled_fault`` says why of the first.
    Tokens and ``cost`` are None where nothing is paid; ``sample_usage`` is what the sample itself has used of them.
    """

    found: int
    new: int
    changed: int
    unchanged: int
    failed: int
    skipped: int
    bytes: int
    formats: dict[str, dict[str, int]]
    workers: int
    sampled_files: int
    sampled_bytes: int
    sampled_segments: int
    sampled_failures: int
    sampled_segment_failures: int
    sampled_fault: str
    sample_seconds: float
    segments: Estimated
    extractions: Estimated
    seconds: Estimated
    input_tokens: Estimated | None
    output_tokens: Estimated | None
    cost: Estimated | None
    sample_usage: Usage

    def to_dict(self) -> dict[str, Any]:
        """The estimate in JSON-like values."""
        return dataclasses.asdict(self)


_FIGURES = ("segments", "extractions", "seconds", "input_tokens", "output_tokens")


def estimate_ingest(
    paths: Iterable[Path | str],
    *,
    store: GraphStore | None = None,
    recipe: Recipe | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    workers: int | None = None,
    seconds: float = 10.0,
    sample_files: int | None = None,
    seed: int = 0,
    prices: Prices | None = None,
    cache: Path | None = None,
    file_memory_bytes: int = 2 << 30,
) -> IngestEstimate:
    """What reading files and folders into `store` (None: an empty one) would take. Changes nothing in the store.

    Files are hashed to tell the unchanged ones, then a sample is read for about `seconds` s. Where the extractor is
    paid, the sample is paid for as well, and kept in the `cache`, so that no segment is paid for twice.

    Args:
        sample_files: the most files in the sample; None: as many as the time allows.
        seed: of the choice of the sample.

    Raises:
        StoreError: the store cannot be read.
        KGError: the extractor cannot run at all.
    """
    recipe = recipe or Recipe()
    count = max(1, recipe.workers(workers))
    states: Counter[str] = Counter()
    todo: list[tuple[str, Found]] = []
    known = {document.uri: document for document in store.documents()} if store is not None else {}
    fingerprint = recipe.fingerprint
    for file in discover([Path(path) for path in paths], include=include, exclude=exclude):
        state = _state(file, known.get(file.uri), fingerprint)
        states[state] += 1
        if state in ("new", "changed"):
            todo.append((SUFFIXES.get(file.path.suffix.lower(), "txt"), file))
    if cache is not None and not cache.parent.is_dir():
        cache = None  # where there is no store yet, an estimate makes none
    sample = measure(
        draw(todo, seed)[:sample_files],
        recipe,
        cache=cache,
        workers=count,
        seconds=seconds,
        memory_bytes=file_memory_bytes,
    )
    totals = _totals(todo, sample, random.Random(seed))
    figures = {name: _range(totals, name) for name in _FIGURES}
    startup_s = max((each.startup_s for each in sample.tried), default=0.0)
    paid = any(each.paid for each in sample.tried)
    formats: dict[str, dict[str, int]] = defaultdict(lambda: {"files": 0, "bytes": 0, "sampled": 0})
    for name, file in todo:
        formats[name]["files"] += 1
        formats[name]["bytes"] += file.size_bytes
    for each in sample.loaded:
        formats[each.format]["sampled"] += 1
    prices = prices or Prices()
    return IngestEstimate(
        found=sum(states.values()),
        new=states["new"],
        changed=states["changed"],
        unchanged=states["unchanged"],
        failed=states["failed"],
        skipped=states["skipped"],
        bytes=sum(file.size_bytes for _, file in todo),
        formats=dict(sorted(formats.items())),
        workers=count,
        sampled_files=len(sample.loaded),
        sampled_bytes=sum(each.size_bytes for each in sample.loaded),
        sampled_segments=sum(each.segments for each in sample.tried),
        sampled_failures=sum(each.failed for each in sample.loaded),
        sampled_segment_failures=sum(each.failed for each in sample.tried),
        sampled_fault=next((each.fault for each in sample.tried if each.fault), ""),
        sample_seconds=round(sample.seconds, 1),
        segments=figures["segments"],
        extractions=figures["extractions"],
        seconds=_wall(figures, count, startup_s if todo else 0.0),
        input_tokens=figures["input_tokens"] if paid else None,
        output_tokens=figures["output_tokens"] if paid else None,
        cost=_map(
            lambda i, o: prices.cost(Usage(round(i), round(o))), figures["input_tokens"], figures["output_tokens"]
        )
        if paid
        else None,
        sample_usage=sum((each.usage for each in sample.tried), Usage()),
    )


def _state(file: Found, known: Any, fingerprint: str) -> str:
    if file.problem:
        from kg_builder.running import SKIPPED_REASONS

        return "skipped" if file.problem.reason in SKIPPED_REASONS else "failed"
    if known is None:
        return "new"
    if not known.is_settled or (known.recipe, known.size_bytes) != (fingerprint, file.size_bytes):
        return "changed"
    try:
        return "unchanged" if sha256_of(file.path) == known.sha256 else "changed"
    except LoadError:
        return "failed"


def _totals(todo: Sequence[tuple[str, Found]], sample: Sample, chance: random.Random) -> list[dict[str, float]]:
    """Totals over all files: first what is expected, then what other samples might have said."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for name, file in todo:
        files[name] += 1
        sizes[name] += file.size_bytes
    totals = [dict.fromkeys(_FIGURES, 0.0) for _ in range(_DRAWN_ANEW + 1)]
    for name, size in sizes.items():
        loaded = [each for each in sample.loaded if each.format == name]
        tried = [each for each in sample.tried if each.format == name and each.segments] or sample.tried
        rest = max(0, size - sum(each.size_bytes for each in loaded)) if len(loaded) < files[name] else 0
        for at, total in enumerate(totals):
            drawn = _again(loaded or sample.loaded, chance, own=bool(loaded)) if at else (loaded or sample.loaded, 1.0)
            texts = _again(tried, chance, own=True) if at else (tried, 1.0)
            for figure, value in _figures(loaded, drawn, rest, texts).items():
                total[figure] += value
    return totals


T = TypeVar("T")


def _again(measured: Sequence[T], chance: random.Random, *, own: bool) -> tuple[Sequence[T], float]:
    """The sample as it might have been, and a factor where there is too little of it to tell how it varies."""
    if own and len(measured) > 1:
        return chance.choices(measured, k=len(measured)), 1.0
    return measured, _ALONE ** (chance.uniform(-1.0, 1.0) * (1 if own else 2))


def _figures(
    known: Sequence[Loaded], drawn: tuple[Sequence[Loaded], float], rest: int, texts: tuple[Sequence[Tried], float]
) -> dict[str, float]:
    """Of one format: what its loaded files hold, and what the `rest` of its bytes holds by the measure of `drawn`."""
    others, factor = drawn
    scale = factor * rest / max(1, sum(each.size_bytes for each in others))
    segments = sum(each.segments for each in known) + scale * sum(each.segments for each in others)
    unknown = sum(each.unknown for each in known) + scale * sum(each.unknown for each in others)
    loading = sum(each.seconds for each in known) + scale * sum(each.seconds for each in others)
    tried, factor = texts
    per_segment = factor / max(1, sum(each.segments for each in tried))
    return {
        "segments": segments,
        "extractions": segments * per_segment * sum(each.extractions for each in tried),
        "seconds": loading + unknown * per_segment * sum(each.seconds for each in tried),
        "input_tokens": unknown * per_segment * sum(each.usage.input_tokens for each in tried),
        "output_tokens": unknown * per_segment * sum(each.usage.output_tokens for each in tried),
    }


def _range(totals: Sequence[Mapping[str, float]], figure: str) -> Estimated:
    drawn = sorted(total[figure] for total in totals[1:])
    low, high = (drawn[round(q * (len(drawn) - 1))] for q in _SPREAD)
    expected = totals[0][figure]
    return Estimated(round(expected, 1), round(min(low, expected), 1), round(max(high, expected), 1))


def _wall(figures: Mapping[str, Estimated], workers: int, startup_s: float) -> Estimated:
    """Seconds of a run: workers and writer go on side by side, and the slower of them decides."""
    return _map(
        lambda work, extractions: startup_s + max(work / workers, extractions / WRITTEN_PER_S),
        figures["seconds"],
        figures["extractions"],
    )


def _map(function: Callable[[float, float], float], a: Estimated, b: Estimated) -> Estimated:
    return Estimated(*(round(function(*pair), 4) for pair in zip(*map(dataclasses.astuple, (a, b)), strict=True)))

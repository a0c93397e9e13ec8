"""The bookkeeping of one ingestion: what is to be done, what came of it, and what the store is told."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from kg_builder.budgets import Budget
from kg_builder.errors import LoadError
from kg_builder.loaders import Found, sha256_of, uri_of
from kg_builder.patience import patiently
from kg_builder.recipe import Recipe
from kg_builder.reports import FileProblem, IngestReport, Progress, missing
from kg_builder.stages import FileTask
from kg_builder.telemetry import emit
from kg_builder.types import Contribution, Usage
from kg_builder.workers import Failure, Outcome

if TYPE_CHECKING:
    from kg_builder.resolving import ResolveReport
    from kg_builder.resolving_aids import Aids
    from kg_builder.store import GraphStore
    from kg_builder.store.records import StoredDocument

__all__ = ["SKIPPED_REASONS", "Run"]

T = TypeVar("T")

_SEGMENTS_AVOIDED = 20
"""Segments of a file that may hang or kill their worker before the file as a whole is given up."""

_WRITTEN_TOGETHER = 2000
"""Extractions after which documents that are ready are written, however many more are."""

_LONG_RUN_S = 20.0
"""Past this, whoever waits is told that names are looked at now: it takes a fifth of a run's time, without a bar."""

SKIPPED_REASONS = frozenset({"archive", "unknown-format", "hidden", "link-outside"})
"""Reasons to leave a file out on purpose; every other problem is a failure."""


class Run:
    """The bookkeeping of one run."""

    def __init__(
        self,
        store: GraphStore,
        recipe: Recipe,
        cache: Path | None,
        patience_s: float,
        stop: threading.Event,
        on_progress: Callable[[Progress], None] | None,
        on_message: Callable[[str], None] | None,
    ) -> None:
        self.store = store
        self.recipe = recipe
        self.cache = cache
        self.patience_s = patience_s
        self.stop = stop
        self.on_progress = on_progress
        self.on_message = on_message or (lambda message: None)
        self.fingerprint = recipe.fingerprint
        self.known: dict[str, StoredDocument] = {document.uri: document for document in store.documents()}
        self.budget = Budget()
        self.usage = Usage()
        self.total = 0
        self.weights: dict[str, int] = {}  # bytes of files that seem to be work
        self.done_bytes = self.total_bytes = 0
        self.unreadable: dict[str, Found] = {}  # files that are not to be opened
        self.again: list[FileTask] = []
        self.arrived: dict[str, str] = {}  # new documents by the hash of their bytes
        self.renamed: list[tuple[str, str]] = []
        self.missing: list[str] = []
        self.pruned = 0
        self.counts: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.problems: list[FileProblem] = []
        self.resolved: ResolveReport | None = None
        self.started = time.monotonic()

    def expect(self, found: Sequence[Found]) -> None:
        """Note what there is to do."""
        self.total = len(found)
        self.unreadable = {file.uri: file for file in found if file.problem}
        for file in found:
            known = self.known.get(file.uri)
            same = known and known.is_settled and known.recipe == self.fingerprint
            if not file.problem and not (known and same and known.size_bytes == file.size_bytes):
                self.weights[file.uri] = file.size_bytes
        self.total_bytes = sum(self.weights.values())

    def tasks(self, found: Iterable[Found]) -> Iterator[FileTask | Outcome[FileTask, Contribution]]:
        """What is left to do, and the outcome of what is not. Touches no store: it is read in another thread."""
        for file in found:
            if self.stop.is_set():
                emit("stop", "nothing more is begun", done=self._done, found=self.total)
                return
            task = FileTask(file.path, file.uri, self.recipe, self.cache)
            error = file.problem
            known = self.known.get(file.uri)
            if error is None and known and known.is_settled and known.recipe == self.fingerprint:
                try:
                    if sha256_of(file.path) == known.sha256:
                        yield Outcome(task)
                        continue
                except LoadError as exc:
                    error = exc
            if error:
                yield Outcome(task, failure=Failure("error", str(error), error=error))
            else:
                emit("reading", f"reading {file.uri}", uri=file.uri, bytes=file.size_bytes)
                yield task

    def take(self, outcomes: Iterable[Outcome[FileTask, Contribution]]) -> None:
        """Write what came of some files; small documents together, which is faster."""
        outcomes = list(outcomes)
        self._spend(sum((o.result.usage for o in outcomes if o.result is not None), Usage()))
        together: list[tuple[Contribution, FileTask, float]] = []
        extractions = 0
        for outcome in outcomes:
            if outcome.result is not None:
                together.append((outcome.result, outcome.task, outcome.seconds))
                extractions += len(outcome.result.statements)
                if extractions >= _WRITTEN_TOGETHER:
                    self._write(together)
                    together, extractions = [], 0
            elif outcome.failure is not None:
                self._fail(outcome.task, outcome.failure, outcome.seconds)
            else:
                self._count("unchanged", outcome.task.uri)
        self._write(together)

    def withdraw_missing(
        self, roots: Iterable[Path], present: Iterable[Found], only: Collection[str] | None, *, prune: bool
    ) -> None:
        """Deal with documents of the store that lie under one of the folders but were not found there."""
        folders = tuple(_folder_uri(root) for root in roots if root.is_dir())
        seen = {file.uri for file in present}
        unseen = tuple(f"{file.uri}/" for file in present if file.problem)  # folders that could not be looked into
        gone = sorted(
            uri
            for uri in self.known
            if uri not in seen
            and uri.startswith(folders)
            and not uri.startswith(unseen)
            and (only is None or uri in only)
        )
        for uri in gone:
            renamed_to = self.arrived.get(self.known[uri].sha256) if self.known[uri].sha256 else None
            if renamed_to is not None:
                self._patiently(partial(self.store.remove, uri))
                self.renamed.append((uri, renamed_to))
            elif prune:
                self.pruned += self._patiently(partial(self.store.remove, uri))
            else:
                self.missing.append(uri)

    def resolve(self, aids: Aids | None = None) -> None:
        """Bring the names together that are one entity, and part those that are not."""
        from kg_builder.resolving import resolve_graph

        begun = "all files are read; which names are one entity is looked at"
        emit("stage", begun, stage="resolving")
        if time.monotonic() - self.started > _LONG_RUN_S:
            self.on_message(f"{begun}; this takes about a fifth as long again")
        self.resolved = self._patiently(partial(resolve_graph, self.store, aids=aids))
        if self.resolved.trouble:
            self.on_message(f"names were resolved without the judge: {self.resolved.trouble}")
        emit("resolved", f"{self.resolved.merged:,} entities put together", **self.resolved.to_dict())

    def report(self) -> IngestReport:
        """The run as a record."""
        counts = self.counts
        return IngestReport(
            found=self.total,
            loaded=counts["loaded"],
            partial=counts["partial"],
            unchanged=counts["unchanged"],
            failed=counts["failed"],
            skipped=counts["skipped"],
            not_begun=self.total - self._done,
            renamed=tuple(self.renamed),
            pruned=self.pruned,
            missing=tuple(self.missing),
            segments=counts["segments"],
            segments_by_language=dict(sorted(self.languages.items())),
            extracted=counts["extracted"],
            extractions=counts["extractions"],
            facts=counts["facts"],
            quarantined=counts["quarantined"],
            rejected=dict(sorted(self.rejected.items())),
            left_out=dict(sorted(self.left_out.items())),
            reused=counts["reused"],
            unkept=counts["unkept"],
            input_tokens=self.usage.input_tokens,
            output_tokens=self.usage.output_tokens,
            cost=round(self.budget.prices.cost(self.usage), 6),
            merged=self.resolved.merged if self.resolved else 0,
            bytes=counts["bytes"],
            seconds=round(time.monotonic() - self.started, 3),
            problems=tuple(sorted(self.problems, key=lambda problem: problem.uri)),
        )

    def _spend(self, usage: Usage) -> None:
        """Add what was paid for, and begin nothing more once the budget is spent."""
        self.usage += usage
        spent = self.budget.spent(self.usage)
        if spent and not self.stop.is_set():
            self.stop.set()
            self.on_message(f"{spent}; finishing what is under way")
            emit("budget", spent, tokens=self.usage.tokens, cost=self.budget.prices.cost(self.usage))

    def _write(self, together: Sequence[tuple[Contribution, FileTask, float]]) -> None:
        sizes = [_size(task.path) for _, task, _ in together]
        written = [(c, size, self.fingerprint) for (c, _, _), size in zip(together, sizes, strict=True)]
        self._patiently(lambda: self.store.write_all(written))
        for (contribution, task, seconds), size in zip(together, sizes, strict=True):
            facts = {
                "bytes": size,
                "segments": len(contribution.segments),
                "extracted": contribution.extracted,
                "extractions": len(contribution.statements),
                "facts": sum(s.extraction.is_fact for s in contribution.statements),
                "quarantined": contribution.quarantined,
                "reused": contribution.reused,
                "unkept": contribution.unkept,
            }
            self.counts.update(facts)
            self.rejected.update(contribution.rejected)
            self.left_out.update(contribution.left_out)
            if task.uri not in self.known:
                self.arrived[contribution.document.sha256] = task.uri
            self.languages.update(segment.language for segment in contribution.segments)
            reason = contribution.reason or ""
            if reason:
                self.counts["partial"] += 1
                self.problems.append(FileProblem(task.uri, "partial", reason, missing(contribution.trouble)))
            self._count(
                "loaded",
                task.uri,
                seconds=round(seconds, 3),
                reason=reason,
                rejected=dict(contribution.rejected),
                input_tokens=contribution.usage.input_tokens,
                output_tokens=contribution.usage.output_tokens,
                **facts,
            )

    def _fail(self, task: FileTask, failure: Failure, seconds: float) -> None:
        if failure.place is not None and failure.error is None and len(task.avoid) < _SEGMENTS_AVOIDED:
            reason = f"{failure.reason}: {failure.message}"
            self.again.append(replace(task, avoid=(*task.avoid, (failure.place, reason))))
            return
        if isinstance(failure.error, LoadError):
            error = failure.error
        else:
            error = LoadError(failure.message, reason=failure.reason)
        found = self.unreadable.get(task.uri)
        sha256, size = ("", found.size_bytes) if found else (_hash_or_nothing(task.path), _size(task.path))
        self._problem(task.uri, sha256, size, error, detail=failure.detail, seconds=seconds)

    def _problem(
        self, uri: str, sha256: str, size_bytes: int, error: LoadError, *, detail: str = "", seconds: float = 0.0
    ) -> None:
        state: Literal["failed", "skipped"] = "skipped" if error.reason in SKIPPED_REASONS else "failed"
        known = self.known.get(uri)
        if known is None or (known.state, known.reason, known.sha256) != (state, error.reason, sha256):
            note = partial(
                self.store.record_problem,
                uri=uri,
                sha256=sha256,
                title=uri.rpartition("/")[2],
                size_bytes=size_bytes,
                state=state,
                reason=error.reason,
                detail="\n".join(filter(None, [str(error), detail])),
            )
            self._patiently(note)
        self.problems.append(FileProblem(uri, state, error.reason, str(error)))
        stage: Literal["failed", "skipped"] = "skipped" if state == "skipped" else "failed"
        self._count(stage, uri, seconds=round(seconds, 3), reason=error.reason, detail=str(error))

    def _count(self, stage: Literal["loaded", "unchanged", "failed", "skipped"], uri: str, **facts: Any) -> None:
        self.counts[stage] += 1
        self.done_bytes += self.weights.get(uri, 0)
        troubled = stage == "failed" or (stage == "loaded" and bool(facts.get("reason")))
        emit("file", f"{stage} {uri}", level=logging.WARNING if troubled else logging.INFO,
             outcome=stage, uri=uri, done=self._done, done_bytes=self.done_bytes, **facts)  # fmt: skip
        if self.on_progress:
            progress = Progress(
                self._done,
                self.total,
                stage,
                uri,
                self.counts["failed"],
                self.done_bytes,
                self.total_bytes,
                self.counts["segments"],
                time.monotonic() - self.started,
            )
            self.on_progress(progress)

    @property
    def _done(self) -> int:
        return sum(self.counts[stage] for stage in ("loaded", "unchanged", "failed", "skipped"))

    def _patiently(self, act: Callable[[], T]) -> T:
        return patiently(act, self.patience_s, self.on_message)


def _folder_uri(folder: Path) -> str:
    return uri_of(folder).rstrip("/") + "/"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hash_or_nothing(path: Path) -> str:
    try:
        return sha256_of(path)
    except LoadError:
        return ""

"""From folders of documents to the graph: discover, load, segment, extract, normalize, write. A loop, not a
framework.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kg_builder.errors import LoadError
from kg_builder.loaders import Found, discover, sha256_of
from kg_builder.stages import FileTask, Recipe, process_file
from kg_builder.types import Contribution
from kg_builder.workers import Failure, Outcome, default_workers, run_together

if TYPE_CHECKING:
    from kg_builder.store import GraphStore
    from kg_builder.store.records import DocumentState, StoredDocument

__all__ = ["FileProblem", "IngestReport", "Progress", "build_graph"]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that is not in the graph, with the reason."""

    uri: str
    state: DocumentState
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``stage`` is what has just happened to ``uri``."""

    done: int
    total: int
    stage: Literal["loaded", "unchanged", "failed", "skipped"]
    uri: str
    failed: int


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a run did. ``found == loaded + unchanged + failed + skipped``: every file is accounted for.

    ``partial`` of the loaded ones are in the graph but for segments that the extractor failed on.
    """

    found: int
    loaded: int
    partial: int
    unchanged: int
    failed: int
    skipped: int
    pruned: int
    missing: tuple[str, ...]
    segments: int
    segments_by_language: dict[str, int]
    extractions: int
    facts: int
    quarantined: int
    seconds: float
    problems: tuple[FileProblem, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON-like values."""
        return dataclasses.asdict(self)


def build_graph(
    paths: Iterable[Path | str],
    *,
    store: GraphStore,
    recipe: Recipe | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    workers: int | None = None,
    prune: bool = False,
    file_timeout_s: float = 300.0,
    file_memory_bytes: int = 2 << 30,
    on_progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Read files and folders into `store` and say what came of each.

    An unchanged file is no work; a changed one replaces its own contribution; a file that cannot be read is recorded
    with its reason and the rest goes on. Documents of the store that lie under a given folder but are no longer there
    are listed as ``missing``, or withdrawn with `prune`.

    Args:
        workers: processes that load and extract; None: one for each core; 0: everything in this process, without
        isolation. file_timeout_s: seconds a file may take.
        file_memory_bytes: private memory a worker may take.

    Raises:
        StoreError: the store cannot be reached or refused a statement. What was written stays; running again goes on.
    """
    run = _Run(store, recipe or Recipe(), on_progress)
    roots = [Path(path) for path in paths]
    found = list(discover(roots, include=include, exclude=exclude))
    run.total = len(found)
    run.unreadable = {file.uri: file for file in found if file.problem}
    outcomes = run_together(
        process_file,
        run.tasks(found),
        workers=default_workers() if workers is None else workers,
        timeout_s=file_timeout_s,
        memory_bytes=file_memory_bytes,
    )
    with contextlib.closing(outcomes):
        for ready in outcomes:
            run.take(ready)
    missing = run.missing(roots, {f.uri for f in found})
    pruned = sum(store.remove(uri) for uri in missing) if prune else 0
    return run.report(pruned=pruned, missing=() if prune else tuple(missing))


class _Run:
    """The bookkeeping of one run."""

    def __init__(self, store: GraphStore, recipe: Recipe, on_progress: Callable[[Progress], None] | None) -> None:
        self.store = store
        self.recipe = recipe
        self.fingerprint = recipe.fingerprint
        self.on_progress = on_progress
        self.known: dict[str, StoredDocument] = {document.uri: document for document in store.documents()}
        self.total = 0
        self.unreadable: dict[str, Found] = {}  # files that are not to be opened
        self.counts: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.problems: list[FileProblem] = []
        self.started = time.monotonic()

    def tasks(self, found: Iterable[Found]) -> Iterator[FileTask | Outcome[FileTask, Contribution]]:
        """What is left to do, and the outcome of what is not. Touches no store: it is read in another thread."""
        for file in found:
            task = FileTask(file.path, file.uri, self.recipe)
            error = file.problem
            known = self.known.get(file.uri)
            if error is None and known and known.state == "complete" and known.recipe == self.fingerprint:
                try:
                    if sha256_of(file.path) == known.sha256:
                        yield Outcome(task)
                        continue
                except LoadError as exc:
                    error = exc
            yield Outcome(task, failure=Failure("error", str(error), error=error)) if error else task

    def take(self, outcomes: Iterable[Outcome[FileTask, Contribution]]) -> None:
        """Write what came of some files; small documents together, which is faster."""
        together: list[tuple[Contribution, FileTask]] = []
        extractions = 0
        for outcome in outcomes:
            if outcome.result is not None:
                together.append((outcome.result, outcome.task))
                extractions += len(outcome.result.statements)
                if extractions >= _WRITTEN_TOGETHER:
                    self._write(together)
                    together, extractions = [], 0
            elif outcome.failure is not None:
                self._fail(outcome.task, outcome.failure)
            else:
                self._count("unchanged", outcome.task.uri)
        self._write(together)

    def missing(self, roots: Iterable[Path], seen: set[str]) -> list[str]:
        """Uris of the store that lie under one of the folders but were not found there."""
        folders = tuple(_folder_uri(root) for root in roots if root.is_dir())
        return sorted(uri for uri in self.known if uri not in seen and uri.startswith(folders)) if folders else []

    def report(self, *, pruned: int, missing: tuple[str, ...]) -> IngestReport:
        """The run as a record."""
        counts = self.counts
        return IngestReport(
            found=self.total,
            loaded=counts["loaded"],
            partial=counts["partial"],
            unchanged=counts["unchanged"],
            failed=counts["failed"],
            skipped=counts["skipped"],
            pruned=pruned,
            missing=missing,
            segments=counts["segments"],
            segments_by_language=dict(sorted(self.languages.items())),
            extractions=counts["extractions"],
            facts=counts["facts"],
            quarantined=counts["quarantined"],
            seconds=round(time.monotonic() - self.started, 3),
            problems=tuple(sorted(self.problems, key=lambda problem: problem.uri)),
        )

    def _write(self, together: Sequence[tuple[Contribution, FileTask]]) -> None:
        self.store.write_all([(c, _size(task.path), self.fingerprint) for c, task in together])
        for contribution, task in together:
            self.counts["segments"] += len(contribution.segments)
            self.counts["extractions"] += len(contribution.statements)
            self.counts["facts"] += sum(s.extraction.is_fact for s in contribution.statements)
            self.counts["quarantined"] += contribution.quarantined
            self.languages.update(segment.language for segment in contribution.segments)
            if faults := contribution.faults:
                self.counts["partial"] += 1
                message = f"{len(faults)} segments could not be extracted; the first: {faults[0]}"
                self.problems.append(FileProblem(task.uri, "partial", "extraction", message))
            self._count("loaded", task.uri)

    def _fail(self, task: FileTask, failure: Failure) -> None:
        if isinstance(failure.error, LoadError):
            error = failure.error
        else:
            error = LoadError(failure.message, reason=failure.reason)
        found = self.unreadable.get(task.uri)
        sha256, size = ("", found.size_bytes) if found else (_hash_or_nothing(task.path), _size(task.path))
        self._problem(task.uri, sha256, size, error, detail=failure.detail)

    def _problem(self, uri: str, sha256: str, size_bytes: int, error: LoadError, *, detail: str = "") -> None:
        state: Literal["failed", "skipped"] = "skipped" if error.reason in SKIPPED_REASONS else "failed"
        known = self.known.get(uri)
        if known is None or (known.state, known.reason, known.sha256) != (state, error.reason, sha256):
            self.store.record_problem(
                uri=uri,
                sha256=sha256,
                title=uri.rpartition("/")[2],
                size_bytes=size_bytes,
                state=state,
                reason=error.reason,
                detail="\n".join(filter(None, [str(error), detail])),
            )
        self.problems.append(FileProblem(uri, state, error.reason, str(error)))
        self._count("skipped" if state == "skipped" else "failed", uri)

    def _count(self, stage: Literal["loaded", "unchanged", "failed", "skipped"], uri: str) -> None:
        self.counts[stage] += 1
        if self.on_progress:
            done = sum(self.counts[s] for s in ("loaded", "unchanged", "failed", "skipped"))
            self.on_progress(Progress(done, self.total, stage, uri, self.counts["failed"]))


_WRITTEN_TOGETHER = 2000
"""Extractions after which documents that are ready are written, however many more are."""

SKIPPED_REASONS = frozenset({"archive", "unknown-format", "hidden", "link-outside"})
"""Reasons to leave a file out on purpose; every other problem is a failure."""


def _folder_uri(folder: Path) -> str:
    from kg_builder.loaders import uri_of

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

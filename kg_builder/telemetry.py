"""What happens in a run, as events: for a log that programs read, and for counters that a monitor collects.

Events go through the standard `logging`, as records of the logger ``kg_builder`` at level INFO (WARNING for what went
wrong). A record's message is a sentence, its attribute ``kg`` a dict with ``event`` and what belongs to it:

* ``begin``: version, store, recipe, workers, budget, and the bytes that seem to be work; ``end``: the report
* ``reading``: a file is begun: uri, bytes
* ``file``: outcome (loaded, unchanged, failed, skipped), uri, seconds, bytes, segments, extractions, reason …; how many
  files are done, and how many of the bytes that seemed to be work
* ``stage``: what comes when all files are read: stage (resolving)
* ``resolved``: names looked at, pairs compared, entities merged and split, seconds
* ``endpoint``: a model's endpoint cannot do all that was asked of it: model, host
* ``waiting``: the store has gone away; ``budget``: it is spent; ``stop``: nothing more is begun
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg_builder.errors import ConfigError
from kg_builder.files import replacing

if TYPE_CHECKING:
    from prometheus_client.core import Metric

__all__ = ["JsonLines", "MetricsFile", "emit", "recording"]

LOGGER = logging.getLogger("kg_builder")
LOGGER.addHandler(logging.NullHandler())  # else Python itself would print warnings that nobody asked for

SECONDS_BETWEEN_METRICS = 5.0


def emit(event: str, message: str, *, level: int = logging.INFO, **facts: Any) -> None:
    """Record an event of a run; costs next to nothing where nobody listens."""
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, "%s", message, extra={"kg": {"event": event, **facts}})


class JsonLines(logging.Formatter):
    """A record as one line of JSON: ``time`` (UTC, ISO 8601), ``level``, ``event``, ``message``, and its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object, without line feeds."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": "message",
            "message": record.getMessage(),
            **getattr(record, "kg", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _LogFile(logging.FileHandler):
    """Appends and flushes every line; a disk that is full is told of once and ends nothing."""

    told = False

    def handleError(self, record: logging.LogRecord) -> None:
        if not self.told:
            self.told = True
            _complain("log", Path(self.baseFilename), sys.exc_info()[1])


class MetricsFile(logging.Handler):
    """Counts the events of runs, and keeps a file in OpenMetrics text up to date with the counts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._counts: dict[str, Counter[str]] = {}  # of each counter, by its label's value
        self._gauges = {"workers": 0.0, "found_files": 0.0, "running": 0.0}
        self._begun = time.monotonic()
        self._seconds = 0.0
        self._told = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._rewrite, name="kg-metrics", daemon=True)
        self.write()
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one event."""
        facts: dict[str, Any] = getattr(record, "kg", {})
        event = facts.get("event")
        if event == "file":
            self._count_file(facts)
        elif event == "begin":
            self._begun = time.monotonic()
            self._gauges |= {"workers": facts["workers"] or 0, "found_files": facts["found"], "running": 1}
        elif event == "end":
            self._seconds += time.monotonic() - self._begun
            self._gauges["running"] = 0
            self._add("runs", 1)
        elif event == "waiting":
            self._add("store_waits", 1)

    def write(self) -> None:
        """Put the counts as they are into the file, which is whole at any time."""
        from prometheus_client.openmetrics.exposition import generate_latest

        with self.lock or contextlib.nullcontext():
            text: bytes = generate_latest(self)  # type: ignore[no-untyped-call]
        try:
            with replacing(self.path) as file:
                file.write(text)
        except OSError as exc:
            if not self._told:
                self._told = True
                _complain("metrics", self.path, exc)

    def close(self) -> None:
        """Write for the last time."""
        self._ended.set()
        self._thread.join()
        self.write()
        super().close()

    def collect(self) -> Iterable[Metric]:
        """The counts, as prometheus-client wants them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, (help, label) in _COUNTERS.items():
            counter = CounterMetricFamily(f"kg_ingest_{name}", help, labels=[label] if label else None)
            counts = self._counts.get(name, Counter[str]())
            values = dict.fromkeys(_OUTCOMES, 0) | dict(counts) if label == "outcome" else dict(counts)
            for value, count in sorted(values.items()) if label else [("", values.get("", 0))]:
                counter.add_metric([value] if label else [], count)
            yield counter
        running = self._gauges["running"]
        seconds = self._seconds + (time.monotonic() - self._begun if running else 0.0)
        spent = CounterMetricFamily("kg_ingest_seconds", "Time that runs took.", unit="seconds")
        spent.add_metric([], round(seconds, 3))
        yield spent
        for name, help in _GAUGES.items():
            yield GaugeMetricFamily(f"kg_ingest_{name}", help, value=self._gauges[name])

    def _count_file(self, facts: dict[str, Any]) -> None:
        self._add("files", 1, facts["outcome"])
        if facts["outcome"] in ("failed", "skipped") or facts.get("reason"):
            self._add("failures", 1, facts.get("reason", ""))
        for name in _OF_FILES:
            self._add(name, facts.get(name, 0))
        for reason, count in facts.get("rejected", {}).items():
            self._add("rejected", count, reason)

    def _add(self, name: str, count: float, label: str = "") -> None:
        self._counts.setdefault(name, Counter())[label] += count  # type: ignore[assignment]

    def _rewrite(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_METRICS):
            self.write()


_OUTCOMES = ("loaded", "unchanged", "failed", "skipped")
_OF_FILES = (
    *("bytes", "segments", "extractions", "facts", "quarantined", "reused"),
    *("input_tokens", "output_tokens"),
)
_COUNTERS = {
    "files": ("Files by what came of them.", "outcome"),
    "failures": ("Files that failed, were left out or are in the graph in part, by reason.", "reason"),
    "bytes": ("Bytes of the files that were loaded.", ""),
    "segments": ("Segments of the files that were loaded.", ""),
    "reused": ("Segments that had been extracted before.", ""),
    "extractions": ("Extractions written to the graph.", ""),
    "facts": ("Extractions written to the graph that are facts.", ""),
    "quarantined": ("Extractions that could not be anchored in their text.", ""),
    "rejected": ("Extractions that say nothing usable, or the same twice, by reason.", "reason"),
    "input_tokens": ("Tokens that a paid model read.", ""),
    "output_tokens": ("Tokens that a paid model wrote.", ""),
    "store_waits": ("Times that the store had gone away and was waited for.", ""),
    "runs": ("Runs that came to their end.", ""),
}
_GAUGES = {
    "workers": "Worker processes that a run may use.",
    "found_files": "Files that the latest run found.",
    "running": "1 while a run is under way.",
}


@contextlib.contextmanager
def recording(*, log_file: Path | None = None, metrics_file: Path | None = None) -> Iterator[None]:
    """Append events to a log of JSON lines, and keep counters in an OpenMetrics file, as long as this lasts.

    Raises:
        ConfigError: one of the files cannot be written.
    """
    handlers: list[logging.Handler] = []
    for option, path in (("--log-file", log_file), ("--metrics-file", metrics_file)):
        if path is not None:
            _try(option, path)
    if log_file is not None:
        lines = _LogFile(log_file, encoding="utf-8", errors="backslashreplace")  # lone surrogates as JSON has them
        lines.setFormatter(JsonLines())
        handlers.append(lines)
    if metrics_file is not None:
        handlers.append(MetricsFile(metrics_file))
    before = LOGGER.level
    if handlers and not LOGGER.isEnabledFor(logging.INFO):
        LOGGER.setLevel(logging.INFO)
    for handler in handlers:
        LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.setLevel(before)
        for handler in handlers:
            LOGGER.removeHandler(handler)
            handler.close()


def _try(option: str, path: Path) -> None:
    try:
        with path.open("ab"):
            pass
    except OSError as exc:
        found = f"{str(path)!r}: {exc.strerror}"
        raise ConfigError(f"{option}: expected a file that can be written, found {found}") from exc


def _complain(kind: str, path: Path, exc: BaseException | None) -> None:
    print(f"kg: the {kind} file {str(path)!r} could not be written ({exc}); the run goes on", file=sys.stderr)  # noqa: T201

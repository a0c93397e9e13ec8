"""How far a run is, told from the log of its events, which is read on from where it was: the same for every page."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from kg_builder.reports import Progress

__all__ = ["Failures", "FileRow", "RunProgress", "progress_of"]

Stage = Literal["starting", "reading", "resolving", "finished"]

_MOST_UNDER_WAY = 8
_KEPT_LOGS = 200
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a run. ``outcome`` is ``reading`` until it is known."""

    uri: str
    outcome: str = "reading"
    reason: str = ""
    detail: str = ""
    segments: int = 0
    extractions: int = 0
    seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Failures:
    """Files that failed for one reason: how many, and the first of them."""

    reason: str
    count: int
    example: FileRow


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A look at a run. ``rows`` are its files, the latest first, no more than were asked for of ``rows_total``."""

    stage: Stage
    found: int
    done: int
    work_bytes: int
    done_bytes: int
    counts: Mapping[str, int]
    partial: int
    segments: int
    extractions: int
    begun: float
    last: float
    rounds: int
    under_way: tuple[FileRow, ...]
    under_way_total: int
    failures: tuple[Failures, ...]
    rows: tuple[FileRow, ...]
    rows_total: int
    waiting: str
    report: Mapping[str, Any] | None

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1: by bytes, which tell more of the time than files do."""
        if self.stage == "finished":
            return 1.0
        done, total = (self.done_bytes, self.work_bytes) if self.work_bytes else (self.done, self.found)
        return min(1.0, done / total) if total else 0.0

    def seconds(self, now: float | None = None) -> float:
        """How long it has taken, until its last event or until `now`."""
        return max(0.0, (now or self.last) - self.begun) if self.begun else 0.0

    def seconds_left(self, now: float) -> float | None:
        """What is left of the reading at the pace so far; None while that cannot be told."""
        if self.stage != "reading":
            return None
        told = Progress(
            self.done, self.found, "loaded", "", 0, self.done_bytes, self.work_bytes, self.segments, self.seconds(now)
        )
        return told.seconds_left if self.done else None


@dataclass
class _Round:
    """What has been read of one start of a run."""

    begin: Mapping[str, Any] = field(default_factory=dict)
    stage: Stage = "starting"
    report: Mapping[str, Any] | None = None
    waiting: str = ""
    begun: float = 0.0
    last: float = 0.0
    done: int = 0
    done_bytes: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    files: dict[str, FileRow] = field(default_factory=dict)
    reading: dict[str, FileRow] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        """Note one event."""
        kind = event.get("event")
        self.last = _seconds(event) or self.last
        self.waiting = str(event.get("message", "")) if kind == "waiting" else ""
        if kind == "reading":
            row = FileRow(str(event.get("uri", "")), bytes=_whole(event.get("bytes")))
            self.reading[row.uri] = row
        elif kind == "file":
            self._file(event)
        elif kind == "stage":
            self.stage = "resolving"
        elif kind == "end":
            self.stage, self.report = "finished", dict(event.get("report") or {})

    def _file(self, event: Mapping[str, Any]) -> None:
        uri = str(event.get("uri", ""))
        before = self.reading.pop(uri, FileRow(uri))
        self.files.pop(uri, None)  # the latest are last
        self.files[uri] = replace(
            before,
            outcome=str(event.get("outcome", "")),
            reason=str(event.get("reason", "")),
            detail=str(event.get("detail", "")),
            segments=_whole(event.get("segments")),
            extractions=_whole(event.get("extractions")),
            seconds=float(event.get("seconds") or 0.0),
            bytes=_whole(event.get("bytes")) or before.bytes,
        )
        self.done, self.done_bytes = _whole(event.get("done")), _whole(event.get("done_bytes"))
        self.counts[str(event.get("outcome", ""))] += 1
        self.counts["partial"] += event.get("outcome") == "loaded" and bool(event.get("reason"))
        self.counts["segments"] += _whole(event.get("segments"))
        self.counts["extractions"] += _whole(event.get("extractions"))

    def look(self, show: str, limit: int, rounds: int) -> RunProgress:
        """What is to be shown of it."""
        failed: dict[str, list[FileRow]] = {}
        for row in self.files.values():
            if row.outcome == "failed" or (row.outcome == "loaded" and row.reason):
                failed.setdefault(row.reason, []).append(row)
        chosen = [row for row in reversed(self.files.values()) if show in ("all", row.outcome)]
        return RunProgress(
            stage=self.stage,
            found=_whole(self.begin.get("found")),
            done=self.done,
            work_bytes=_whole(self.begin.get("work_bytes")),
            done_bytes=self.done_bytes,
            counts={name: self.counts[name] for name in ("loaded", "unchanged", "failed", "skipped")},
            partial=self.counts["partial"],
            segments=self.counts["segments"],
            extractions=self.counts["extractions"],
            begun=self.begun,
            last=self.last,
            rounds=rounds,
            under_way=tuple(self.reading.values())[:_MOST_UNDER_WAY],
            under_way_total=len(self.reading),
            failures=tuple(
                Failures(reason, len(rows), rows[0])
                for reason, rows in sorted(failed.items(), key=lambda item: (-len(item[1]), item[0]))
            ),
            rows=tuple(chosen[:limit]),
            rows_total=len(chosen),
            waiting=self.waiting,
            report=self.report,
        )


@dataclass
class _Log:
    """A log that is read on: one that was appended to begins anew with each ``begin``."""

    offset: int = 0
    rest: bytes = b""
    rounds: int = 0
    run: _Round = field(default_factory=_Round)

    def take(self, line: bytes) -> None:
        """Note one line; one that was cut off, by a full disk or a kill, is passed over."""
        try:
            event = json.loads(line)
        except ValueError:
            return
        if not isinstance(event, dict):
            return
        if event.get("event") == "begin":
            self.rounds += 1
            self.run = _Round(event, "reading", begun=_seconds(event), last=_seconds(event))
        else:
            self.run.take(event)


_logs: dict[Path, _Log] = {}
_lock = threading.Lock()


def progress_of(folder: Path, *, show: str = "all", limit: int = 300) -> RunProgress:
    """How far the run of a job's folder is. ``show`` is an outcome, or ``all``; ``limit`` the most rows of files."""
    path = folder / "log.jsonl"
    with _lock:
        if len(_logs) > _KEPT_LOGS:
            _logs.clear()
        log = _logs.setdefault(path, _Log())
        try:
            if path.stat().st_size < log.offset:  # another file has its name
                log = _logs[path] = _Log()
            _read_on(path, log)
        except OSError:
            pass  # it has not begun to write, or is gone
        return log.run.look(show, limit, log.rounds)


def _read_on(path: Path, log: _Log) -> None:
    with path.open("rb") as file:
        file.seek(log.offset)
        while portion := file.read(_READ_AT_ONCE):
            log.offset += len(portion)
            *lines, log.rest = (log.rest + portion).split(b"\n")
            for line in lines:
                log.take(line)


def _seconds(event: Mapping[str, Any]) -> float:
    """When it happened, in seconds since 1970."""
    try:
        return datetime.fromisoformat(str(event.get("time", ""))).timestamp()
    except ValueError:
        return 0.0


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0

"""Follows folders: what changes there changes in the graph, some seconds later.

What has changed is told by comparing the folder with how it was at the last look, not by the messages of the system,
which only say when to look: so nothing is lost where messages are lost, an editor that writes through temporary files
changes one file, and a renamed folder is known as one.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg_builder.errors import ConfigError, NoRoomError, UnreachableError
from kg_builder.loaders import discover, uri_of
from kg_builder.pipeline import build_graph
from kg_builder.reports import IngestReport

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

    from kg_builder.store import GraphStore

__all__ = ["watch_folders"]

DEFAULT_DEBOUNCE_S = 2.0
_LOOK_ANYWAY_S = 300.0  # however quiet it is: network file systems tell nothing of what others do
_POLL_S = 2.0
_STOP_S = 0.5  # how soon a wish to stop is seen
_PATIENCE = 10  # times the debounce: so long the quiet files wait for those that are still being written
_AGAIN_S = 15.0  # after the store could not be reached

Signature = tuple[int, int, int, int]


def watch_folders(
    folders: Iterable[Path | str],
    *,
    store: GraphStore,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    prune: bool = False,
    debounce_s: float = DEFAULT_DEBOUNCE_S,
    poll: bool = False,
    stop: threading.Event | None = None,
    on_run: Callable[[IngestReport], None] | None = None,
    on_message: Callable[[str], None] | None = None,
    **choices: Any,
) -> None:
    """Read folders into `store`, then follow what changes there until `stop` is set.

    The first run reads everything, as `build_graph` does; each later one only what has changed and was then left alone
    for `debounce_s` seconds. Files that are gone are withdrawn with `prune`, else listed as ``missing``; renamed ones
    are recognised. A folder that is itself gone (a disk that was taken out) withdraws nothing. A store that cannot be
    reached is tried again and again.

    Args:
        poll: look every two seconds instead of waiting for the system's messages, as on network file systems.
        stop: once set, what is under way is finished and the function returns.
        on_run: called with the report of each run.
        choices: further arguments of `build_graph`.

    Raises:
        ConfigError: there is no folder to watch.
        StoreError: the store refused a statement.
    """
    roots = [Path(folder) for folder in folders]
    for root in roots:
        if not root.is_dir():
            raise ConfigError(f"expected folders to watch, found none at {str(root)!r}")
    if not roots:
        raise ConfigError("expected folders to watch, found none")
    stop = stop or threading.Event()
    say = on_message or (lambda message: None)
    exclude = (*exclude, *_inside(roots, store.uri))

    def run(only: Iterable[str] | None) -> bool:
        wanted = None if only is None else frozenset(only)
        try:
            report = build_graph(
                roots,
                store=store,
                include=include,
                exclude=exclude,
                prune=prune,
                only=wanted,
                stop=stop,
                on_message=on_message,
                **choices,
            )
        except (UnreachableError, NoRoomError) as exc:
            why = "is full" if isinstance(exc, NoRoomError) else "cannot be reached"
            say(f"the store {why}; trying again in {_AGAIN_S:.0f} s ({exc})")
            return False
        if on_run is not None:
            on_run(report)
        return True

    changes = _Changes(roots, include, exclude, debounce_s)
    with _wakening(roots, poll=poll, say=say) as (wake, look_every_s):
        changes.look()
        changes.forget()  # the first run reads everything anyway
        while not stop.is_set() and not run(None):
            stop.wait(_AGAIN_S)
        while not stop.is_set():
            # A change that is waited for is not hurried by others: a folder that fills up is not walked all the time.
            _sleep(threading.Event() if changes.waiting else wake, stop, changes.wait_s(look_every_s))
            wake.clear()
            if stop.is_set():
                break
            changes.look()
            if ready := changes.ready():
                if run(ready):
                    changes.forget(ready)
                else:
                    stop.wait(_AGAIN_S)


@dataclass(slots=True)
class _Change:
    before: Signature | None
    now: Signature | None  # None: the file is gone
    first: float  # when it was first seen to have changed
    last: float  # when it was last seen to have changed


class _Changes:
    """What is different in folders from the last time, and since when it has been left alone."""

    def __init__(
        self, roots: Sequence[Path], include: Sequence[str], exclude: Sequence[str], debounce_s: float
    ) -> None:
        self._roots = roots
        self._include = include
        self._exclude = exclude
        self._debounce_s = debounce_s
        self._seen: dict[str, Signature | None] = {}
        self._pending: dict[str, _Change] = {}

    def look(self) -> None:
        """Compare the folders with how they were."""
        now = time.monotonic()
        found = self._scan()
        for uri in found.keys() | self._seen.keys():
            signature = found.get(uri)
            if signature == self._seen.get(uri):
                continue
            change = self._pending.setdefault(uri, _Change(self._seen.get(uri), signature, now, now))
            change.now, change.last = signature, now
            if change.before is change.now is None:  # it came and went, as an editor's temporary files do
                del self._pending[uri]
        self._seen = found

    def ready(self) -> list[str]:
        """Uris that have changed and are quiet; none while others are not, unless those take too long."""
        now = time.monotonic()
        quiet = [uri for uri, change in self._pending.items() if now - change.last >= self._debounce_s]
        if not quiet or len(quiet) == len(self._pending):
            return quiet
        waited = max(now - self._pending[uri].first for uri in quiet)
        return quiet if waited >= _PATIENCE * self._debounce_s else []

    def forget(self, uris: Iterable[str] | None = None) -> None:
        """Count changes (all: None) as dealt with."""
        for uri in list(self._pending) if uris is None else uris:
            self._pending.pop(uri, None)

    @property
    def waiting(self) -> bool:
        """Whether something has changed and is not dealt with."""
        return bool(self._pending)

    def wait_s(self, look_every_s: float) -> float:
        """Seconds until the next look, if nothing wakes us before."""
        if not self._pending:
            return look_every_s
        latest = max(change.last for change in self._pending.values())
        return min(look_every_s, max(0.05, latest + self._debounce_s - time.monotonic()))

    def _scan(self) -> dict[str, Signature | None]:
        found: dict[str, Signature | None] = {}
        for root in self._roots:
            if not root.is_dir():  # gone, or not mounted: as it was
                inside = uri_of(root).rstrip("/") + "/"
                found.update((uri, s) for uri, s in self._seen.items() if uri.startswith(inside))
                continue
            for file in discover([root], include=self._include, exclude=self._exclude):
                with contextlib.suppress(OSError):
                    status = file.path.lstat()
                    # The time of the last change to the inode cannot be set back, unlike that of the content.
                    found[file.uri] = (status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino)
        return found


def _sleep(wake: threading.Event, stop: threading.Event, seconds: float) -> None:
    """Wait until `wake` is set or the time is up; a wish to stop is seen soon."""
    deadline = time.monotonic() + seconds
    while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
        if wake.wait(min(left, _STOP_S)):
            time.sleep(min(left, 0.2))  # messages come in crowds
            return


@contextlib.contextmanager
def _wakening(
    roots: Sequence[Path], *, poll: bool, say: Callable[[str], None]
) -> Iterator[tuple[threading.Event, float]]:
    """An event that is set when something happens in the folders, and how often to look even so."""
    wake = threading.Event()
    if poll:
        yield wake, _POLL_S
        return
    from watchdog.events import FileSystemEventHandler
    from watchdog.observers import Observer

    class Waker(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type in ("opened", "closed_no_write"):  # our own reading is no change
                return
            if any(_is_visible(path, roots) for path in (event.src_path, event.dest_path) if path):
                wake.set()

    observer = Observer()
    try:
        for root in roots:
            observer.schedule(Waker(), str(root), recursive=True)
        observer.start()
    except OSError as exc:
        say(f"the system tells nothing of changes ({exc}); looking every {_POLL_S:g} s instead")
        yield wake, _POLL_S
        return
    try:
        yield wake, _LOOK_ANYWAY_S
    finally:
        observer.stop()
        observer.join()


def _is_visible(path: str | bytes, roots: Sequence[Path]) -> bool:
    """Whether a path is outside hidden files and folders, as seen from the folder that is watched."""
    for root in roots:
        with contextlib.suppress(ValueError):
            parts = Path(os.fsdecode(path)).relative_to(root).parts
            return not any(part.startswith((".", "~$")) for part in parts)
    return True


def _inside(roots: Sequence[Path], store_uri: str) -> Iterator[str]:
    """Globs for an embedded store that lies in one of the folders: following itself, it would never come to rest."""
    if not store_uri.startswith("embedded:"):
        return
    place = Path(store_uri.removeprefix("embedded:")).expanduser().resolve()
    for root in roots:
        if place.is_relative_to(root.resolve()) and place != root.resolve():
            relative = place.relative_to(root.resolve()).as_posix()
            yield "/" + "".join(f"[{c}]" if c in "*?[" else c for c in relative)

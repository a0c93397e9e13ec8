"""Which files there are: a sorted walk that accounts for every file once and follows nothing out of a folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kg_builder.errors import LoadError
from kg_builder.loaders.formats import ARCHIVE_SUFFIXES, SUFFIXES
from kg_builder.loaders.locating import shown, uri_of

__all__ = ["Found", "discover"]


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or what stands in the way of one. With a ``problem`` it is accounted for and not to be loaded."""

    path: Path
    uri: str
    size_bytes: int
    problem: LoadError | None = None


def discover(paths: Iterable[Path], *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Iterator[Found]:
    """The files that `paths` name and those in the folders that they name, lazily, sorted by name within a folder.

    Hidden files and folders (``.name``, and the ``~$name`` of office programs) are passed over, as is what the globs
    leave out. A glob without a slash matches the name at any depth, one with a slash the path from the folder on;
    ``**`` stands for any folders. A link inside a folder to something else inside it is no file of its own; one that
    leaves the folder is reported and not followed. What `paths` name themselves is taken whatever its suffix, but for
    archives.
    """
    walk = _Walk(include, exclude)
    for path in paths:
        yield from walk.start(Path(path))


class _Walk:
    """One discovery: remembers what it has seen, so that overlapping paths and circles of links give each file once."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self.include = tuple(include)
        self.exclude = tuple(exclude)
        self.seen: set[str] = set()

    def start(self, path: Path) -> Iterator[Found]:
        try:
            status = path.stat()
        except (OSError, ValueError) as exc:  # ValueError: a null character in the name
            yield _unreadable(path, exc, missing="not-found")
            return
        if not stat.S_ISDIR(status.st_mode):
            if self._wanted(path.name, path.name):
                yield from self._file(path, status, named=True)
            return
        root = os.path.realpath(path)
        links: list[tuple[Path, str]] = []
        yield from self._folder(path, "", links)
        # Last, so that a file is found under its own name before any link to it.
        while links:
            link, relative = links.pop(0)
            yield from self._link(link, relative, root, links)

    def _folder(self, folder: Path, relative: str, links: list[tuple[Path, str]]) -> Iterator[Found]:
        pending = [(folder, relative)]
        while pending:
            folder, relative = pending.pop()
            real = os.path.realpath(folder)
            if real in self.seen:
                continue
            self.seen.add(real)
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
            except OSError as exc:
                yield _unreadable(folder, exc)
                continue
            below: list[tuple[Path, str]] = []
            for entry in entries:
                yield from self._entry(entry, folder, relative, below, links)
            pending.extend(reversed(below))

    def _entry(
        self,
        entry: os.DirEntry[str],
        folder: Path,
        relative: str,
        below: list[tuple[Path, str]],
        links: list[tuple[Path, str]],
    ) -> Iterator[Found]:
        path, name = folder / entry.name, relative + entry.name
        if entry.name.startswith((".", "~$")) or _matches(self.exclude, entry.name, name):
            return
        try:
            if entry.is_symlink():
                links.append((path, name))
            elif entry.is_dir():
                below.append((path, name + "/"))
            elif self._wanted(entry.name, name):
                yield from self._file(path, entry.stat())
        except OSError as exc:
            yield _unreadable(path, exc)

    def _link(self, link: Path, relative: str, root: str, links: list[tuple[Path, str]]) -> Iterator[Found]:
        target = os.path.realpath(link)
        if os.path.commonpath([root, target]) != root:
            text = (
                f"expected links that stay in the folder, found one that leaves it: {shown(link)}; it was not followed"
            )
            yield Found(link, uri_of(link), 0, LoadError(text, reason="link-outside"))
            return
        try:
            status = link.stat()
        except OSError as exc:
            yield _unreadable(link, exc, missing="broken-link")
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._folder(link, relative + "/", links)
        elif self._wanted(link.name, relative):
            yield from self._file(link, status)

    def _file(self, path: Path, status: os.stat_result, *, named: bool = False) -> Iterator[Found]:
        real = os.path.realpath(path)
        if real in self.seen:
            return
        self.seen.add(real)
        yield Found(path, uri_of(path), status.st_size, _refusal(path, status, named=named))

    def _wanted(self, name: str, relative: str) -> bool:
        if _matches(self.exclude, name, relative):
            return False
        return not self.include or _matches(self.include, name, relative)


def _refusal(path: Path, status: os.stat_result, *, named: bool) -> LoadError | None:
    suffix = path.suffix.lower()
    if not stat.S_ISREG(status.st_mode):
        return LoadError(f"expected a file, found a pipe, socket or device: {shown(path)}", reason="not-a-file")
    if suffix in ARCHIVE_SUFFIXES:
        return LoadError(f"expected a document, found an archive: {shown(path)}; unpack it first", reason="archive")
    if suffix in SUFFIXES or named:
        return None
    known = " ".join(sorted(SUFFIXES))
    return LoadError(f"expected one of {known}, found {suffix!r}: {shown(path)}", reason="unknown-format")


def _unreadable(path: Path, exc: Exception, *, missing: str = "vanished") -> Found:
    if isinstance(exc, PermissionError):
        reason = "permission"
    elif isinstance(exc, FileNotFoundError | NotADirectoryError):
        reason = missing
    else:
        reason = "unreadable"
    found = exc.strerror if isinstance(exc, OSError) and exc.strerror else repr(exc)
    message = f"expected a readable file or folder, found: {found}: {shown(path)}"
    return Found(path, uri_of(path), 0, LoadError(message, reason=reason))


def _matches(globs: Sequence[str], name: str, relative: str) -> bool:
    return any(_pattern(glob).fullmatch(relative if "/" in glob else name) for glob in globs)


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """A glob as a regular expression: ``*`` and ``?`` stay within a name, ``**`` crosses folders."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\])", glob.removeprefix("./").lstrip("/"))
    known = {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    out = [known.get(part) or (_character_class(part) if i % 2 else re.escape(part)) for i, part in enumerate(parts)]
    return re.compile("".join(out).removesuffix("/"), re.DOTALL)


def _character_class(part: str) -> str:
    body = part[1:-1]
    negated = body[:1] in ("!", "^")
    body = body[negated:].replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]")
    return f"[{'^/' if negated else ''}{body}]"

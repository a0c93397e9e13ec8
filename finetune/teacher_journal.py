"""What a teacher answered, on disk as soon as it came: killed at any moment, nothing is paid for twice."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from kg_builder.errors import ConfigError, DataError
from kg_builder.types import Usage

__all__ = ["Answer", "Journal"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it came. ``allowed`` is how many tokens it might have had; ``reason`` as in `Reply`."""

    key: str
    text: str
    reason: str
    input_tokens: int
    output_tokens: int
    allowed: int

    @property
    def usage(self) -> Usage:
        """The tokens that were paid for."""
        return Usage(self.input_tokens, self.output_tokens)


class Journal:
    """Answers in a file that only grows, one JSON object a line, each on disk before the next is asked for.

    Only where they are is kept in memory. A last line that was cut off when the machine stopped is passed over; so is
    any other that makes no sense (``damaged`` counts them): what stood there is asked again. ``usage`` is that of all
    answers in the file.
    """

    def __init__(self, path: Path) -> None:
        """Open for reading alone; `with` opens for writing too, and keeps other processes out.

        Raises:
            DataError: the file cannot be read.
        """
        self.path = path
        self.usage = Usage()
        self.damaged = 0
        self._at: dict[str, int] = {}
        self._fd = -1
        self._end = 0
        if path.exists():
            self._read()

    def __enter__(self) -> Journal:
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            self.__exit__(None, None, None)
            raise ConfigError(
                f"expected to be the only one that labels into {str(self.path.parent)!r}, but another process does; "
                "wait for it, or choose another --out"
            ) from exc
        except OSError as exc:
            raise DataError(f"expected to write {str(self.path)!r}, but {exc}") from exc
        self._read()  # what another process may have written since
        if self._end and os.pread(self._fd, 1, self._end - 1) != b"\n":
            self._write(b"\n")  # after a line that was cut off
        with contextlib.suppress(OSError):  # not every file system lets a folder be synchronized
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def __len__(self) -> int:
        return len(self._at)

    def get(self, key: str) -> Answer | None:
        """The last answer under that key."""
        if key not in self._at:
            return None
        with self.path.open("rb") as file:
            file.seek(self._at[key])
            return _answer(file.readline())

    def add(self, answer: Answer) -> None:
        """Write an answer down; it is on disk afterwards.

        Raises:
            DataError: it cannot be written, for example because the disk is full.
        """
        at = self._end
        self._write(json.dumps(asdict(answer), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        self._at[answer.key] = at
        self.usage += answer.usage

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._fd, line)
            self._end += written
            if written < len(line):
                raise OSError(f"only {written} of {len(line)} bytes could be written")
            os.fsync(self._fd)
        except OSError as exc:
            raise DataError(f"expected to write {str(self.path)!r}, but {exc}; make room and run it again") from exc

    def _read(self) -> None:
        self.usage, self.damaged, self._end, self._at = Usage(), 0, 0, {}
        try:
            with self.path.open("rb") as file:
                for line in file:
                    answer = _answer(line)
                    if answer is not None:
                        self._at[answer.key] = self._end
                        self.usage += answer.usage
                    self.damaged += answer is None and bool(line.strip())
                    self._end += len(line)
        except OSError as exc:
            raise DataError(f"expected a readable journal at {str(self.path)!r}, but {exc}") from exc


def _answer(line: bytes) -> Answer | None:
    """The answer in a line; None where it holds none."""
    try:
        found = json.loads(line)
        key, text, reason = (str(found[name]) for name in ("key", "text", "reason"))
        return Answer(key, text, reason, *(int(found[n]) for n in ("input_tokens", "output_tokens", "allowed")))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None

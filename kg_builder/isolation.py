"""Takes the network away from a process that reads other people's files.

No parser that we use asks for the network; this is the second lock. On Linux the kernel itself refuses the process
every socket but those to other processes of the machine, whatever code asks for one (a seccomp filter, which needs no
privilege and works in containers). Everywhere, an audit hook refuses what Python code asks of the network.
"""

from __future__ import annotations

import ctypes
import platform
import socket
import struct
import sys

__all__ = ["deny_network"]

_REFUSED = frozenset(
    f"socket.{name}" for name in ("getaddrinfo", "gethostbyaddr", "gethostbyname", "getnameinfo", "sethostname")
)
_TO_ADDRESSES = frozenset(f"socket.{name}" for name in ("bind", "connect", "sendmsg", "sendto"))

# linux/prctl.h, linux/seccomp.h, linux/filter.h, linux/audit.h
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # EACCES
_SYSTEM_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # the architecture, and socket()
_IO_URING_SETUP = 425  # its rings open sockets without the call
_X32 = 0x40000000  # the same calls of x86-64 under other numbers start here
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16

_done: list[str] = []


def deny_network() -> str:
    """Refuse this process, and all that it starts from now on, the network. There is no way back.

    Call it before the process starts threads: those that run already are not held. Connections that are open stay
    open. Code that tries gets a PermissionError. A second call does nothing.

    Returns:
        ``kernel`` where the operating system enforces it, ``python`` where only Python code is held.
    """
    if not _done:
        sys.addaudithook(_refuse)
        _done.append("kernel" if _filter_system_calls() else "python")
    return _done[0]


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in _REFUSED or (event in _TO_ADDRESSES and getattr(arguments[0], "family", None) != _local_family()):
        raise PermissionError(13, f"expected no use of the network while documents are read, found {event}")


def _local_family() -> int | None:
    return getattr(socket, "AF_UNIX", None)


def _filter_system_calls() -> bool:
    """Let the kernel refuse sockets that are not local. False where it cannot."""
    known = _SYSTEM_CALLS.get(platform.machine())
    if sys.platform != "linux" or known is None or sys.maxsize < 1 << 32:
        return False
    program = _program(*known)
    code = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return bool(
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header), 0, 0) == 0
    )


def _program(architecture: int, socket_call: int) -> bytes:
    """The filter: refused are sockets of any family but AF_UNIX, io_uring, and calls of another architecture."""
    steps = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_EQUAL, 0, 7, architecture),  # another one: refuse
        (_LOAD, 0, 0, _AT_NUMBER),
        (_AT_LEAST, 5, 0, _X32),
        (_EQUAL, 4, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 2, socket_call),  # any other call: allow
        (_LOAD, 0, 0, _AT_FIRST_ARGUMENT),
        (_EQUAL, 0, 1, 1),  # AF_UNIX
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)

"""A process that denied itself the network: nothing gets out, everything else goes on."""

from __future__ import annotations

import platform
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from loaders.sample_files import make_docx, make_pdf

KERNEL = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")


def run(code: str, *arguments: str) -> str:
    """What `code` prints in a process of its own that has no network."""
    start = "import socket, sys\nfrom kg_builder.isolation import deny_network\nhow = deny_network()\n"
    done = subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(code), *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


REFUSED = """
    server = ("127.0.0.1", 9)
    def refused(attempt):
        try:
            attempt()
        except PermissionError:
            return True
        return False
"""


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(server)",
        "socket.getaddrinfo('localhost', 80)",
        "socket.gethostbyname('localhost')",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', server)",
        "socket.socket(socket.AF_INET6).connect(('::1', 9))",
        "socket.socket().bind(('127.0.0.1', 0))",
    ],
)
def test_python_code_has_no_network(attempt: str) -> None:
    assert run(f"{textwrap.dedent(REFUSED)}\nprint(refused(lambda: {attempt}))") == "True"


def test_a_library_that_opens_an_address_gets_an_error() -> None:
    code = """
        import urllib.error, urllib.request
        try:
            urllib.request.urlopen("http://127.0.0.1:9/")
        except (urllib.error.URLError, PermissionError) as exc:
            print("refused" if "Errno 13" in str(exc) else exc)
    """
    assert run(code) == "refused"


@pytest.mark.skipif(not KERNEL, reason="the kernel's filter is for Linux on x86-64 and ARM64")
def test_compiled_code_and_child_processes_have_no_network() -> None:
    code = """
        import ctypes, subprocess
        libc = ctypes.CDLL(None, use_errno=True)
        here = libc.socket(2, 1, 0), ctypes.get_errno()
        child = "import ctypes; print(ctypes.CDLL(None).socket(2, 1, 0))"
        below = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout.strip()
        print(how, *here, below)
    """
    assert run(code) == "kernel -1 13 -1"


@pytest.mark.skipif(not hasattr(__import__("socket"), "AF_UNIX"), reason="needs local sockets")
def test_local_sockets_threads_and_children_still_work(tmp_path: Path) -> None:
    code = """
        import subprocess, threading
        one, two = socket.socketpair()
        thread = threading.Thread(target=lambda: one.sendall(b"heard"))
        thread.start(); thread.join()
        server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen()
        socket.socket(socket.AF_UNIX).connect(sys.argv[1])
        print(two.recv(9).decode(), subprocess.run(["true"]).returncode)
    """
    assert run(code, str(tmp_path / "s")) == "heard 0"


def test_documents_load_without_a_network(tmp_path: Path) -> None:
    paths = make_docx(tmp_path / "a.docx"), make_pdf(tmp_path / "a.pdf")
    code = "from pathlib import Path\nfrom kg_builder.loaders import load\n"
    code += "print(*(len(load(Path(name)).blocks) > 3 for name in sys.argv[1:]))"
    assert run(code, *map(str, paths)) == "True True"


def test_twice_is_once() -> None:
    assert run("print(deny_network() == how)") == "True"

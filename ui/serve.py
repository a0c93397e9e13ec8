"""Starts the browser interface as a process of its own and stays with it until it ends.

``python -m ui.serve --store URI`` does the same; the `kg ui` command runs that.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from kg_builder.errors import ConfigError, KGError
from ui.colors import THEME

__all__ = ["main", "serve"]

_FIRST_PORT = 8501
_PORTS = 100
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 8.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    store_uri: str,
    *,
    port: int | None = None,
    address: str = "127.0.0.1",
    allow_writes: bool = False,
    read_only: bool = False,
    roots: Sequence[Path] = (),
    upload_mb: int = 200,
    headless: bool = True,
    with_parent: bool = False,
) -> int:
    """Serve the interface on `store_uri` until it is stopped, and give its exit status (0 when stopped on purpose).

    A password is asked for where ``KGUI_PASSWORD`` is set.

    Args:
        port: None: the first free one from 8501 on.
        roots: the folders whose documents may be ingested; none: the current one.
        upload_mb: the largest file that may be dropped, in megabytes.
        headless: False opens a browser.
        with_parent: stop, too, when the process that started this one is gone.

    Raises:
        ConfigError: the port is taken.
    """
    if address not in _LOOPBACK and not os.environ.get("KGUI_PASSWORD"):
        click.echo(
            f"kg ui: whoever can reach {address} can use this, without a password; set KGUI_PASSWORD to ask for one",
            err=True,
        )
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "KG_STORE": store_uri,
        "KGUI_ALLOW_WRITES": "1" if allow_writes and not read_only else "0",
        "KGUI_READ_ONLY": "1" if read_only else os.environ.get("KGUI_READ_ONLY", "0"),
        "KGUI_ROOTS": os.pathsep.join(str(Path(root).resolve()) for root in roots)
        or os.environ.get("KGUI_ROOTS", str(Path.cwd())),
    }
    while True:
        chosen = _free_port(address, port)
        command = [sys.executable, "-P", "-m", "ui.server", *_options(address, chosen, upload_mb)]
        # The child reads its standard input until it ends: however this process dies, the child notices and goes too.
        child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        stopping = _forward_signals(child)
        try:
            url = f"http://{_host(address)}:{chosen}"
            if _answers(url, chosen, child, stopping):
                click.echo(url)
                if not headless:
                    webbrowser.open(url)
            elif port is None and not stopping.is_set() and not _is_free(address, chosen):
                continue  # somebody else took the port while the child was starting
            return _wait(child, stopping, os.getppid() if with_parent else None)
        finally:
            _stop(child)


def _options(address: str, port: int, upload_mb: int) -> list[str]:
    options = {
        "server.address": address,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "server.enableStaticServing": "false",
        "server.maxUploadSize": str(upload_mb),
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": _host(address),
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "logger.level": "warning",
        "runner.magicEnabled": "false",
        "global.developmentMode": "false",
        # A widget that follows the address is set by the script on purpose.
        "global.disableWidgetStateDuplicationWarning": "true",
        **{f"theme.{name}": value for name, value in THEME.items()},
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    if address in _LOOPBACK:
        # A page elsewhere that lets its own name point here (DNS rebinding) must not reach the graph.
        flags += [f"--server.allowedHosts={host}" for host in ("127.0.0.1", "localhost", "[::1]")]
    return flags


def _host(address: str) -> str:
    """How a browser on this machine writes `address`."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    return f"[{shown}]" if ":" in shown else shown


def _free_port(address: str, wanted: int | None) -> int:
    for port in [wanted] if wanted is not None else range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        if _is_free(address, port):
            return port
    found = (
        f"port {wanted} is taken"
        if wanted is not None
        else f"ports {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1} are taken"
    )
    raise ConfigError(f"expected a free port on {address}, found that {found}; name another with --port")


def _is_free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _forward_signals(child: subprocess.Popen[bytes]) -> threading.Event:
    """An event that is set once somebody asked this process to stop; the child is asked at the same moment."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if child.poll() is None:
            child.terminate()

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), stop)
    return stopping


def _answers(url: str, port: int, child: subprocess.Popen[bytes], stopping: threading.Event) -> bool:
    """True once the server answers, and no other on its port; False when it ended, or was stopped, before."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while child.poll() is None and not stopping.is_set():
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200 and _listens(child, port):
                    return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        if time.monotonic() > deadline:
            raise ConfigError(
                f"expected the interface to answer at {url} within {_START_TIMEOUT_S:.0f} s, found no answer"
            )
        time.sleep(0.1)
    return False


def _listens(child: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it is this process that listens on the port."""
    import psutil

    try:
        connections = psutil.Process(child.pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)


def _wait(child: subprocess.Popen[bytes], stopping: threading.Event, parent: int | None) -> int:
    while True:
        try:
            status = child.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            if parent is not None and os.getppid() != parent:
                stopping.set()
            if stopping.is_set():
                _stop(child)
            continue
        return 0 if stopping.is_set() else status


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@click.command()
@click.option("--store", required=True, help="embedded:PATH, bolt://… or neo4j://…")
@click.option("--port", type=click.IntRange(1, 65535), default=None)
@click.option("--address", default="127.0.0.1", show_default=True)
@click.option("--allow-writes", is_flag=True)
@click.option("--read-only", is_flag=True)
@click.option("--root", "roots", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--upload-limit", "upload_mb", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option("--open", "open_browser", is_flag=True, help="Open a browser.")
def main(
    store: str,
    port: int | None,
    address: str,
    allow_writes: bool,
    read_only: bool,
    roots: tuple[Path, ...],
    upload_mb: int,
    open_browser: bool,
) -> None:
    """Serve the browser interface. Example: python -m ui.serve --store embedded:./graph"""
    try:
        status = serve(
            store,
            port=port,
            address=address,
            allow_writes=allow_writes,
            read_only=read_only,
            roots=roots,
            upload_mb=upload_mb,
            headless=not open_browser,
            with_parent=True,
        )
    except KGError as exc:
        click.echo(f"kg ui: {exc}", err=True)
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()

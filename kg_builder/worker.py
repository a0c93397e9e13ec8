"""The process behind `kg_builder.workers`: takes (function, task) pairs from a socket, gives results back, until it
closes.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection

from kg_builder.errors import KGError
from kg_builder.heartbeat import listen
from kg_builder.isolation import deny_network
from kg_builder.workers import Failure


def main() -> None:
    """Serve tasks on the file descriptor named by the first argument, under the memory limit in bytes of the second.

    Asked by a signal, it writes what it is doing, as a stack, to the file descriptor named by the third. Where the
    fourth is 0, it has no network.
    """
    descriptor, memory_bytes, stack, network = (int(argument) for argument in sys.argv[1:5])
    if not network:  # before there are threads, which would keep theirs
        deny_network()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole process group; the caller decides what it means
    threading.Thread(target=_end_with_caller, daemon=True).start()
    if memory_bytes:
        _limit_memory(memory_bytes)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, file=stack)
    connection = Connection(descriptor)
    one_at_a_time = threading.Lock()  # signs of life may come from a thread

    def send(said: tuple[str, object]) -> None:
        with one_at_a_time:
            connection.send(said)

    listen(lambda place: send(("at", place)))
    send(("at", None))  # a sign of life: the time that a task may take begins now
    while True:
        try:
            function, task = connection.recv()
        except EOFError:
            return
        try:
            answer = ("result", function(task))
        except KGError as exc:
            answer = ("failure", Failure("error", str(exc), traceback.format_exc(), exc))
        except MemoryError:
            answer = ("failure", Failure("out-of-memory", f"needed more than {memory_bytes >> 20} MiB of memory"))
        except Exception as exc:  # noqa: BLE001 - the border that keeps one file's fault from all others
            message = f"{type(exc).__name__}: {exc}"
            answer = ("failure", Failure("crashed", message, traceback.format_exc()))
        send(answer)
        del answer, task
        gc.collect()


def _end_with_caller() -> None:
    sys.stdin.buffer.read()  # returns when the caller's end closes, which it does however the caller ends
    os._exit(0)


def _limit_memory(memory_bytes: int) -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


if __name__ == "__main__":
    main()

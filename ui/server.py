"""The server process itself: Streamlit on `ui/app.py`, gone as soon as the process that started it is."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
from pathlib import Path

_HEAVY = ("altair", "pandas", "pyarrow", "kg_builder.store")


def _leave_with_parent() -> None:
    """Ask this process to stop once its standard input ends."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _wake(store: str) -> None:
    """Start the server of an embedded store that is there, and have it count once: both take it seconds at first, which
    the first page need not wait for.
    """
    from kg_builder.errors import KGError
    from kg_builder.store import open_store

    # What is wrong with it, if anything, the page says.
    with contextlib.suppress(KGError), open_store(store, create=False, read_only=True) as opened:
        opened.counts()
        opened.relations()


def main() -> None:
    """Run Streamlit with the options on the command line."""
    store = os.environ.get("KG_STORE", "")
    if store.startswith("embedded:"):
        threading.Thread(target=_wake, args=(store,), daemon=True).start()
    from streamlit.web import cli

    # What the pages need is heavy: loaded now, the first page shows at once when the server answers.
    for name in _HEAVY:
        importlib.import_module(name)

    threading.Thread(target=_leave_with_parent, daemon=True).start()
    app = Path(__file__).with_name("app.py")
    sys.argv = ["streamlit", "run", str(app), *sys.argv[1:]]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()

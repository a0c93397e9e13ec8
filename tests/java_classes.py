"""What Java has made of the embedded server's classes, kept for the next server: one starts in half the processor time.

(Class data sharing, JEP 350. Of an archive that does not fit, or is not there, Java takes no notice.)
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import platformdirs

_TIMEOUT_S = 120


def shared_classes(*, make: bool) -> str:
    """The option for Java that has it use the archive; empty where there is none, and none could or should be made."""
    try:
        return _option(make=make)
    except (OSError, subprocess.SubprocessError):
        return ""


def _option(*, make: bool) -> str:
    import arcadedb_embedded

    home = Path(arcadedb_embedded.__file__).parent
    jars = sorted(home.glob("jars/*.jar"))
    told = "\n".join(f"{jar} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in jars)
    folder = platformdirs.user_cache_path("kg-builder", appauthor=False) / "tests"
    name = hashlib.sha256(told.encode()).hexdigest()[:16]
    archive, base = folder / f"{name}.jsa", folder / f"{name}-base.jsa"
    if make and not (archive.exists() and base.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        _make(home / "jre" / "bin" / "java", base, archive)
    return f"-XX:SharedArchiveFile={archive}" if archive.exists() and base.exists() else ""


def _make(java: Path, base: Path, archive: Path) -> None:
    from kg_builder import build_graph, open_store
    from kg_builder.errors import StoreError
    from kg_builder.store.embedded import stop

    subprocess.run(
        [java, "-Xshare:dump", "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={base}"],
        check=True,
        capture_output=True,
        timeout=_TIMEOUT_S,
    )
    before = os.environ.get("JAVA_TOOL_OPTIONS", "")
    part = archive.with_name(f"{archive.name}.{os.getpid()}")
    options = f"-XX:SharedArchiveFile={base} -XX:ArchiveClassesAtExit={part}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch, contextlib.suppress(StoreError):
        store = Path(scratch) / "graph"
        os.environ["JAVA_TOOL_OPTIONS"] = f"{before} {options}"
        try:
            text = Path(scratch) / "text.txt"
            text.write_text("Ada Lovelace wrote the first program. Ada Lovelace lived in London.", encoding="utf-8")
            with open_store(f"embedded:{store}") as opened:
                build_graph([text], store=opened, workers=0)
                opened.remove(text.as_uri())
                opened.check()
        finally:
            os.environ["JAVA_TOOL_OPTIONS"] = before
            stop(store)
    if part.exists():
        part.replace(archive)

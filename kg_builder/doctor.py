"""Looks at an installation, a store and its cache, says what is not in order and what to do about it, and mends it."""

from __future__ import annotations

import contextlib
import platform
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kg_builder.cache import FORMAT, ExtractionCache, cache_key
from kg_builder.errors import CacheError, KGError, StoreError
from kg_builder.extract import open_extractor
from kg_builder.recipe import Recipe

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

__all__ = ["Finding", "examine", "mend"]

T = TypeVar("T")
_AT_ONCE = 2000

PROBES = {"en": "Ada Lovelace wrote the first program.", "zh": "张伟创立了澜海能源。"}
"""A plain sentence for each language, which a healthy extractor gets a fact out of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined, what was found, and the remedy where it is not in order."""

    what: str
    healthy: bool
    found: str
    remedy: str = ""


def examine(store_uri: str, *, recipe: Recipe | None = None, cache: Path | None = None) -> list[Finding]:
    """What a look at the installation, at the store and at its cache gives, in the order of looking. Changes nothing.

    `cache` is the file of extractions already made, `recipe` names the extractor that it should be able to answer for.
    """
    found = [Finding("Python", True, platform.python_version()), *_examine_extractor()]
    return [*found, *_examine_store(store_uri, recipe or Recipe(), cache)]


def mend(store_uri: str, *, recipe: Recipe | None = None, cache: Path | None = None) -> list[Finding]:
    """Mend what can be mended of a store and its cache; gives what was done, then what `examine` finds now.

    Raises:
        StoreError: the store cannot be opened, or somebody else wrote meanwhile.
    """
    from kg_builder.store import open_store

    with open_store(store_uri, create=False, read_only=True) as store:
        unindexed = [fault for fault in store.check() if fault.startswith("no index")]
    done = [Finding("mended", True, fault.partition(";")[0], "made") for fault in unindexed]
    with open_store(store_uri, create=False) as store:
        for each in store.repair():
            example = f", for example {each.example!r}"
            done.append(Finding("mended", True, f"{each.what}: {each.count:,}{example}", each.done))
    if cache is not None:
        done += _mend_cache(cache)
    return [*done, *examine(store_uri, recipe=recipe, cache=cache)]


def _examine_extractor() -> Iterator[Finding]:
    for language, sentence in PROBES.items():
        what = f"extractor open_ie, {language}"
        try:
            found = len(open_extractor("open_ie").extract(sentence))
        except (KGError, OSError, ImportError) as exc:
            yield Finding(what, False, str(exc), "install kg-builder again; its models come with the package")
            continue
        remedy = "" if found else "the model may be damaged: install kg-builder again"
        yield Finding(what, found > 0, f"{found} extractions from a plain sentence", remedy)


def _examine_store(uri: str, recipe: Recipe, cache: Path | None) -> Iterator[Finding]:
    from kg_builder.store import open_store

    try:
        with open_store(uri, create=False, read_only=True) as store:
            counts = store.counts()
            yield Finding("store", True, f"{store.uri} ({store.server}), {counts.documents:,} documents")
            if store.keeper.restoring() is not None:
                yield Finding(
                    "restore", False, "a restore was interrupted", "run `kg restore` with the same file again"
                )
            faults = store.check()
            for fault in faults:
                yield Finding("graph", False, fault, "`kg doctor --repair` mends it")
            if not faults:
                yield Finding("graph", True, "every invariant holds")
            if cache is not None:
                yield from _examine_cache(cache, store, recipe)
    except CacheError as exc:
        yield Finding("cache", False, str(exc), f"delete it; {_COSTS}")
    except StoreError as exc:
        yield Finding("store", False, str(exc), "`kg ingest FOLDER` makes a store; a server must be running")


# ---------------------------------------------------------------- the cache
_COSTS = "it costs time and nothing else: the graph does not depend on it"


def _examine_cache(path: Path, store: GraphStore, recipe: Recipe) -> Iterator[Finding]:
    """Whether the cache can be read, and how much of the graph it could answer for."""
    if not path.exists():
        yield Finding("cache", True, f"none at {str(path)!r}; {_COSTS}")
        return
    fault = _fault_of_cache(path)
    if fault is not None:
        remedy = f"`kg doctor --repair` sets it aside, or delete it; {_COSTS}"
        yield Finding("cache", False, f"{str(path)!r} is damaged: {fault}", remedy)
        return
    entries, unreadable = 0, 0
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        yield Finding("cache", True, f"{str(path)!r} is of another version and will be begun anew; {_COSTS}")
        return
    with ExtractionCache(path) as cache:
        for keys in _portions(_keys(path)):
            entries += len(keys)
            unreadable += len(keys) - len(cache.get(keys))
        size = sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
        found = f"{str(path)!r}, {size / 1e6:,.1f} MB, {entries:,} entries"
        if unreadable:
            remedy = f"`kg doctor --repair` drops them; {_COSTS}"
            yield Finding("cache", False, f"{found}, {unreadable:,} of which cannot be read", remedy)
        else:
            yield Finding("cache", True, found)
        try:
            fingerprint = recipe.open().fingerprint
        except KGError as exc:
            yield Finding(f"extractor {recipe.extractor}", False, str(exc), "name its model, and install what it needs")
            return
        segments = known = 0
        for texts in _portions(store.keeper.texts()):
            segments += len(texts)
            there = cache.get(sorted({cache_key(text, fingerprint) for text in texts}))
            known += sum(cache_key(text, fingerprint) in there for text in texts)
    yield Finding(
        "cache and graph",
        True,
        f"the cache could answer {known:,} of the {segments:,} segments of the graph for the extractor "
        f"{recipe.extractor}; the others would be read again if their documents change",
    )


def _mend_cache(path: Path) -> Iterator[Finding]:
    if not path.exists():
        return
    fault = _fault_of_cache(path)
    if fault is not None:
        aside = path.with_name(path.name + ".damaged")
        try:
            path.replace(aside)
            for rest in ("-wal", "-shm"):
                path.with_name(path.name + rest).unlink(missing_ok=True)
        except OSError as exc:
            raise CacheError(f"expected to set {str(path)!r} aside, but {exc}; move or delete it yourself.") from exc
        yield Finding("mended", True, f"the cache {str(path)!r} is damaged: {fault}", f"set aside as {aside.name}")
        return
    with ExtractionCache(path) as cache, contextlib.closing(sqlite3.connect(path, timeout=60.0)) as db:
        dropped = 0
        for keys in _portions(_keys(path)):
            known = cache.get(keys)
            bad = [(key,) for key in keys if key not in known]
            with db:
                db.executemany("DELETE FROM cached WHERE key = ?", bad)
            dropped += len(bad)
    if dropped:
        yield Finding("mended", True, f"entries of the cache that cannot be read: {dropped:,}", "dropped")


def _fault_of_cache(path: Path) -> str | None:
    """What is wrong with the file as a whole."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict == "ok":
                db.execute("SELECT key, value, used FROM cached LIMIT 1").fetchall()
    except sqlite3.Error as exc:
        return str(exc)
    return None if verdict == "ok" else str(verdict)


def _keys(path: Path) -> Iterator[str]:
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        last = ""
        while rows := db.execute("SELECT key FROM cached WHERE key > ? ORDER BY key LIMIT 2000", (last,)).fetchall():
            last = rows[-1][0]
            yield from (key for (key,) in rows)


def _portions(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        yield some

"""Looks at an installation and a store and says what is not in order, and what to do about it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass

from kg_builder.errors import KGError
from kg_builder.extract import open_extractor

__all__ = ["Finding", "examine"]

PROBES = {"en": "Ada Lovelace wrote the first program.", "zh": "张伟创立了澜海能源。"}
"""A plain sentence for each language, which a healthy extractor gets a fact out of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined, what was found, and the remedy where it is not in order."""

    what: str
    healthy: bool
    found: str
    remedy: str = ""


def examine(store_uri: str) -> list[Finding]:
    """What a look at the installation and at the store gives, in the order of looking."""
    return [Finding("Python", True, platform.python_version()), *_examine_extractor(), *_examine_store(store_uri)]


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


def _examine_store(uri: str) -> Iterator[Finding]:
    from kg_builder.store import open_store

    try:
        with open_store(uri, create=False) as store:
            counts = store.counts()
            yield Finding("store", True, f"{store.uri} ({store.server}), {counts.documents:,} documents")
            faults = store.check()
    except KGError as exc:
        yield Finding("store", False, str(exc), "`kg ingest FOLDER` makes a store; a server must be running")
        return
    for fault in faults:
        yield Finding("graph", False, fault, "`kg ingest` the documents concerned again")
    if not faults:
        yield Finding("graph", True, "every invariant holds")

"""Whether a given name is a man's or a woman's, as far as the name tells."""

from __future__ import annotations

from functools import lru_cache

from kg_builder.extract.open_ie.runtime import MODELS

__all__ = ["gender_of_name"]

_FILE = MODELS / "en" / "given_names.txt"


@lru_cache(maxsize=1)
def _given() -> dict[str, str]:
    genders: dict[str, str] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        gender, _, names = line.partition(":")
        genders.update((name, gender) for name in names.split())
    return genders


@lru_cache(maxsize=1 << 12)
def gender_of_name(name: str) -> str:
    """``m``, ``f``, or nothing, of a given name in lower case."""
    known = _given().get(name)
    if known is not None:
        return known
    if len(name) > 4 and name.endswith(("ette", "elle", "ina", "ella", "isha", "anna", "ia")):
        return "f"
    return ""

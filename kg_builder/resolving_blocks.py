"""Blocks and contexts of names as an index has them: numbers that say, too, how many names they may have."""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from kg_builder.resolve.blocking import BROAD, block_keys
from kg_builder.resolve.records import Profile

__all__ = ["Table", "blocks_of", "contexts_of", "fingerprint", "most_in", "packed", "unpacked"]

Table = Literal["block", "context"]

MOST_IN_BLOCK = 40
MOST_IN_BROAD_BLOCK = 12
"""Names of one block, of a kind that different names seldom or often share, up to which all of them are
compared; of a larger one, those that share a context too."""
_MOST_WITH_NEIGHBOUR = 40
_MOST_IN_DOCUMENT = 1000
_MOST: dict[Table, tuple[int, int]] = {
    "block": (MOST_IN_BLOCK, MOST_IN_BROAD_BLOCK),
    "context": (_MOST_IN_DOCUMENT, _MOST_WITH_NEIGHBOUR),
}
"""How many names a block or a context may have, by the last bit of its key."""
_CONTEXTS = 16  # of a name, that are used to find candidates


def _number(*parts: str) -> int:
    """64 bits that stand for a key."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)


def most_in(table: Table, key: int) -> int:
    """How many names a block or a context may have for all of them to be compared."""
    return _MOST[table][key & 1]


def blocks_of(profile: Profile | None) -> frozenset[int]:
    """The blocks of a name; the last bit of those is set that different names often share."""
    if profile is None:
        return frozenset()
    return frozenset(_number(key) & ~1 | (key[0] in BROAD) for key in block_keys(profile))


def packed(blocks: frozenset[int]) -> bytes:
    """Blocks as a row of the index has them."""
    return struct.pack(f"<{len(blocks)}q", *sorted(blocks))


def unpacked(row: bytes) -> frozenset[int]:
    """The blocks of a row."""
    return frozenset(struct.unpack(f"<{len(row) // 8}q", row))


def contexts_of(profile: Profile | None) -> frozenset[int]:
    """The contexts of a name that candidates are found by; the last bit of those is set that are neighbours."""
    if profile is None:
        return frozenset()
    documents = [_number("d", each) & ~1 for each in sorted(profile.documents)[:_CONTEXTS]]
    return frozenset([*documents, *(_number("n", each) | 1 for each in sorted(profile.neighbours)[:_CONTEXTS])])


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Changes with whatever blocks and scores are made by."""
    sha = hashlib.sha256(
        f"4 {MOST_IN_BLOCK} {MOST_IN_BROAD_BLOCK} {_MOST_WITH_NEIGHBOUR} {_MOST_IN_DOCUMENT} {_CONTEXTS}".encode()
    )
    package = files("kg_builder")
    for folder in (package / "resolve", package / "models" / "resolution"):
        for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if each.is_file() and not each.name.endswith(".pyc"):
                sha.update(each.read_bytes())
    for module in ("names.py", "known_words.py"):
        sha.update((package / module).read_bytes())
    return sha.hexdigest()[:16]

"""What neither spelling nor company outweighs: amounts and times are what they say, and only names shorten names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from kg_builder.resolve.features import PART_FORMS
from kg_builder.resolve.records import Profile

__all__ = ["kept_apart"]

_VALUES = frozenset({"Time", "Quantity"})
_SAME_WORDS = frozenset({"same key", "looser key"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SMALL = _words(
    "a an and at by de del della der des di do du e el en et for from in la las le les los of on or the to und van von "
    "with y"
)
_KINDS = _words(
    "borough canton city commonwealth commune county duchy emirate hamlet island kingdom municipality parish "
    "prefecture principality province region republic settlement state suburb sultanate town township village"
)
"""What stands before "of" and says what kind of place the name behind it is: the city of Linxi is Linxi."""
_WORD = re.compile(r"[^\W_][\w'’.-]*")


def kept_apart(a: Profile, b: Profile, form: str) -> str | None:
    """Why two names that no text calls one are never one by the form of their spelling, or None where they may be."""
    if form not in _SAME_WORDS and (a.name.type in _VALUES or b.name.type in _VALUES):
        return "other value"
    if form in PART_FORMS:
        short, long = (a, b) if len(a.name.plain) <= len(b.name.plain) else (b, a)
        if not _mostly(short, _written_as_name) or _mostly(long, _is_clause):
            return "not both names"
        if _inside(short.name.plain, long.name.plain):
            return "named within the other"
    return None


def _mostly(profile: Profile, test: Callable[[str], bool]) -> bool:
    """Whether more than half of the mentions pass."""
    passed = sum(count for surface, count in profile.surfaces.items() if test(surface))
    return 2 * passed > sum(profile.surfaces.values())


@lru_cache(maxsize=1 << 17)
def _written_as_name(surface: str) -> bool:
    """Whether all words that count begin as those of a name do; Chinese has no capitals and always passes."""
    words = [word for word in _WORD.findall(surface) if word.casefold() not in _SMALL]
    return bool(words) and all(map(_begins_as_name, words))


@lru_cache(maxsize=1 << 17)
def _is_clause(surface: str) -> bool:
    """Whether words of a name and other words are mixed, as in "Ann Bell runs Acme" and "mouth of Aldery Sound"."""
    words = [word for word in _WORD.findall(surface) if word.casefold() not in _SMALL]
    if len(words) > 1 and words[0].casefold() in _KINDS and " of " in surface:
        words = words[1:]
    return len(set(map(_begins_as_name, words))) > 1


def _begins_as_name(word: str) -> bool:
    return not word[0].islower() or any(c.isupper() or c.isdigit() for c in word)


@lru_cache(maxsize=1 << 17)
def _inside(short: str, long: str) -> bool:
    """Whether `long` speaks of something else, which it names `short` to tell: the mouth of Aldery Sound, the Bank of
    Boston, the offer of Hollin Gearworks. The city of Linxi, though, is Linxi."""
    before, preposition, behind = long.partition(" of ")
    if not preposition or short not in behind:
        return False
    words = before.split()
    return not (len(words) == 1 and words[0] in _KINDS)

"""Which names are worth comparing: those that fall into one block.

A block is a string that can be stored in an index. The keys of a name depend on nothing but its profile, so that they
stay the same whatever else the graph holds. Typing errors are caught by MinHash signatures of character bigrams in
bands (Broder 1997; Indyk and Motwani 1998), everything else by keys that say what two names would have in common.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from kg_builder.known_words import is_given_name, is_noun, singular
from kg_builder.resolve.keys import loosened
from kg_builder.resolve.records import Profile
from kg_builder.resolve.scripts import drawn
from kg_builder.resolve.views import View, is_acronym_like, view_of

__all__ = ["BROAD", "block_keys"]

BROAD = frozenset("awpbhz")
"""Kinds of blocks (the letter before the colon) that may grow large, since many different names have a word, or a part
of their spelling, in common. A block of another kind holds names that may well be one."""

_BANDS = 3
_ROWS = 3
_MOST_WORDS = 3
_MOST_STATED = 8
_GENERIC_CHINESE = ("中国", "中华", "国家", "全国", "北京", "上海")


def block_keys(profile: Profile) -> frozenset[str]:
    """The blocks of a name, about 4 to 12: never empty.

    ``l:`` the looser key, its own, those of its stated aliases and that of the Latin letters it looks like; ``a:`` an
    acronym and what it may stand for; ``w:`` a rare word; ``p:`` two words, or an initial and a word; ``z:`` Chinese
    short forms; ``h:`` the beginning of a Chinese name; ``b:`` bands of its spelling.
    """
    view = view_of(profile.name.plain)
    keys = {f"l:{view.loose}"}
    keys.update(f"l:{view_of(other).loose}" for other in sorted(profile.stated)[:_MOST_STATED])
    if not view.key.isascii() and (latin := drawn(view.key)) != view.key:
        keys.add(f"l:{loosened(latin)}")
    if not view.words and not view.han:
        return frozenset(keys)
    keys.update(_acronyms(profile, view))
    if view.han:
        keys.update(_chinese(view.loose))
    else:
        keys.update(_words(view))
    keys.update(_bands(view.loose))
    return frozenset(keys)


def _acronyms(profile: Profile, view: View) -> set[str]:
    if len(view.words) <= 1 and not view.han:
        key = view.key.replace(".", "")
        capitals = any(is_acronym_like(surface) for surface in profile.surfaces)
        if capitals or (2 <= len(key) <= 6 and key.isalpha() and not is_noun(key) and not is_given_name(key)):
            return {f"a:{key}"}
        return set()
    return {
        f"a:{letters}" for letters in (view.initials, view.all_initials) if 2 <= len(letters) <= 6 and letters.isalpha()
    }


def _words(view: View) -> set[str]:
    """The rarest words alone, and the two rarest together."""
    words = sorted(set(view.words), key=lambda word: (-_rarity(word), word))
    keys = {f"w:{word}" for word in words[:_MOST_WORDS] if len(word) > 1}
    keys.update(f"w:{part}" for word in words[:2] if "-" in word for part in word.split("-") if len(part) > 3)
    if len(words) > 1:
        one, other = sorted(words[:2])
        keys.add(f"p:{one} {other}")
        last, first = view.words[-1], view.words[0]
        if first != last and first.isalpha():
            keys.add(f"p:{first[0]} {last}")
    return keys


@lru_cache(maxsize=1 << 18)
def _rarity(word: str) -> float:
    """How telling a word is, from its length and from the tables of common nouns and given names."""
    rarity = min(len(word), 10) / 2
    if is_noun(singular(word)):
        rarity -= 3
    elif is_given_name(word):
        rarity -= 2
    if word.isdigit():
        rarity -= 2
    return rarity


def _chinese(text: str) -> set[str]:
    """What a Chinese name may be shortened to, and its beginning."""
    keys = set()
    core = text
    for place in _GENERIC_CHINESE:
        if text.startswith(place) and len(text) - len(place) >= 3:
            core = text[len(place) :]
            keys.add(f"h:{core[:3]}")
            break
    if len(text) <= 4:
        keys.add(f"z:{text}")
    for name in {text, core}:
        if 4 <= len(name) <= 16:
            keys.add(f"z:{name[0]}{name[2]}")
            keys.add(f"z:{name[0]}{name[-1]}")
            keys.add(f"z:{name[:2]}")
            if len(name) >= 5:
                keys.add(f"z:{name[0]}{name[2]}{name[4]}")
                keys.add(f"z:{name[-4]}{name[-2]}")
            if len(name) >= 6:
                keys.add(f"z:{name[:3]}{name[4]}")
    if len(text) >= 3:
        keys.add(f"h:{text[:3]}")
    return keys


def _bands(text: str) -> list[str]:
    """Names that differ by a typing error share at least one band with high probability."""
    joined = text.replace(" ", "")
    if len(joined) < 4 or (len(joined) < 5 and joined.isascii()):
        return []
    grams = {joined[i : i + 2] for i in range(len(joined) - 1)} | {f"^{joined[0]}", f"{joined[-1]}$"}
    least = [min(column) for column in zip(*map(_hashes, grams), strict=True)]
    return [f"b:{band}{':'.join(map(str, least[band * _ROWS : (band + 1) * _ROWS]))}" for band in range(_BANDS)]


@lru_cache(maxsize=1 << 16)
def _hashes(gram: str) -> tuple[int, ...]:
    """As many independent 16-bit hashes of a bigram as there are rows in all bands."""
    digest = hashlib.blake2b(gram.encode("utf-8", "surrogatepass"), digest_size=2 * _BANDS * _ROWS).digest()
    return tuple(int.from_bytes(digest[i : i + 2], "big") for i in range(0, len(digest), 2))

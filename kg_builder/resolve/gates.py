"""What neither spelling nor company outweighs: amounts and times are what they say, and only names shorten names."""

from __future__ import annotations

import re
from functools import lru_cache

from kg_builder.resolve.features import PART_FORMS
from kg_builder.resolve.records import Profile

__all__ = ["kept_apart", "other_words"]

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
_ORDINAL = re.compile(
    r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|twentieth"
    r"|\w+tieth|\w+ty-(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))\b|第"
)
_WORD = re.compile(r"[^\W_][\w'’.-]*")
_OWNER = re.compile(r"['’]s?\b")
_BEHIND_OF = re.compile(r"(?P<thing>.+) of (?P<whose>.+)")
_INFLECTED = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"(?<=.)men\b", "man"),
        (r"(?<=..)ies\b", "y"),
        (r"(?:(?<=[sxz])|(?<=[cs]h))es\b", ""),
        (r"(?<=...)s\b", ""),
        (r"(?<=[a-z]{2})our", "or"),
        (r"(?<=[a-z]{2})is(?=(?:e[dr]?|ing|ation)\b)", "iz"),
        (r"tre\b", "ter"),
        (r"dgement", "dgment"),
        (r"[ -]", ""),
    )
)


def kept_apart(a: Profile, b: Profile, form: str) -> str | None:
    """Why two names that no text calls one are never one by the form of their spelling, or None where they may be."""
    if form not in _SAME_WORDS and (a.name.type in _VALUES or b.name.type in _VALUES):
        return "other value"
    if form == "looser key" and _counts_and_ranks(a, b):
        return "other value"
    if form in PART_FORMS:
        short, long = (a, b) if len(a.name.plain) <= len(b.name.plain) else (b, a)
        if not _mostly(short, _NAME) or _mostly(long, _CLAUSE):
            return "not both names"
        if form == "acronym" and not _mostly(short, _ACRONYM):
            return "not both names"
        if form == "short form" and "Person" in (a.name.type, b.name.type):
            return "other words"
        if form in ("surname", "given name") and _mostly(long, _LOWER):
            return "not both names"
        if _inside(short.name.plain, long.name.plain):
            return "named within the other"
    if (
        form == "typing error"
        and not all(_mostly(each, _HALF_NAME) for each in (a, b))
        and _without_endings(a) != _without_endings(b)
    ):
        return "other words"
    return None


def _counts_and_ranks(a: Profile, b: Profile) -> bool:
    """Whether one says how many and the other which one: four days and the fourth day, but not World War Two."""
    ranks = [bool(_ORDINAL.search(each.name.plain)) for each in (a, b)]
    return ranks[0] != ranks[1] and bool(_VALUES & {a.name.type, b.name.type} or not _both_names(a, b))


def other_words(a: Profile, b: Profile, form: str) -> bool:
    """Whether two spellings have nothing to say for one meaning, so that company alone would: *new interpreter* and
    *only interpreter*. Vectors may still say more."""
    return form == "different" and not _both_names(a, b)


def _both_names(a: Profile, b: Profile) -> bool:
    return _mostly(a, _NAME) and _mostly(b, _NAME)


def _mostly(profile: Profile, look: int) -> bool:
    """Whether more than half of the mentions look like this."""
    passed = sum(count for surface, count in profile.surfaces.items() if _looks(surface) & look)
    return 2 * passed > sum(profile.surfaces.values())


_NAME, _CLAUSE, _HALF_NAME, _LOWER, _ACRONYM = 1, 2, 4, 8, 16
"""How a surface may be written: as a name, all words that count (Chinese has no capitals and always is); with words of
a name and other words, as in "Ann Bell runs Acme" and "mouth of Aldery Sound"; as a name for half of the words, where
what is missing may be the capital; with no word that begins as one of a name; with capitals for most letters, as in
GIL, PhD and U.S. (Sam and Miss are words)."""


@lru_cache(maxsize=1 << 20)
def _looks(surface: str) -> int:
    """How a surface is written, all that is true of it."""
    words = _WORD.findall(surface)
    begins = [_begins_as_name(word) for word in words]
    told = [each for each in zip(map(str.casefold, words), begins, strict=True) if each[0] not in _SMALL]
    counting = [begun for _, begun in told]
    of_kind = len(told) > 1 and told[0][0] in _KINDS and " of " in surface
    letters = [c for c in surface if c.isalpha()]
    return (
        _NAME * (bool(counting) and all(counting))
        | _CLAUSE * (len(set(counting[1:] if of_kind else counting)) > 1)
        | _HALF_NAME * (2 * sum(counting) >= len(counting) > 0)
        | _LOWER * (not any(begins))
        | _ACRONYM * (2 * sum(not c.islower() for c in letters) > len(letters))
    )


def _without_endings(profile: Profile) -> str:
    """The words in one order ("disposition of the child", "the child's disposition"), without what inflection or
    another spelling of one word adds: what common nouns have in common that are one."""
    text = profile.name.plain
    if found := _BEHIND_OF.fullmatch(text):
        whose = found["whose"].removeprefix("the ")
        text = f"{whose} {found['thing']}"
    text = _OWNER.sub("", text)
    for pattern, by in _INFLECTED:
        text = pattern.sub(by, text)
    return text


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

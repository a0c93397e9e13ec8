"""What the spelling of two names that are not one key says of them; Chinese ones are in `chinese_spelling`."""

from __future__ import annotations

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from kg_builder.known_words import is_given_name, is_noun, singular
from kg_builder.resolve.chinese_spelling import compare_chinese, left_out_chinese
from kg_builder.resolve.keys import COMPANY, DEGREES, LEGAL, TITLES
from kg_builder.resolve.nicknames import is_nickname
from kg_builder.resolve.scripts import looks_like
from kg_builder.resolve.views import View

__all__ = ["compare_spelling"]

_FORMS = LEGAL | COMPANY


def compare_spelling(one: View, other: View, *, person: bool) -> tuple[str, dict[str, float]]:
    """The form of two names, the shorter one first, and what qualifies it; `person` if one is known to be a person."""
    if one.key == other.key:
        return "same key", {}
    if not (one.key.isascii() and other.key.isascii()) and looks_like(one.key, other.key):
        return "look-alike letters", {}
    if one.loose == other.loose:
        return "looser key", _left_out(one, other)
    found: dict[str, float] = {}
    if one.numbers != other.numbers:
        found["other number" if one.numbers and other.numbers else "number on one side"] = 1.0
    if one.script != other.script and "none" not in (one.script, other.script):
        if _latin_in_chinese(one, other):
            return "part of the name", found | {"Chinese part": 1.0}
        return "other script", found
    if one.han and other.han:
        form, more = compare_chinese(one.loose, other.loose)
    elif not one.words or not other.words:
        form, more = "different", {}
    else:
        form, more = _compare_words(one, other, person=person)
    return form, found | more


def _left_out(one: View, other: View) -> dict[str, float]:
    """What the looser key gave up, as far as it may tell two names apart."""
    if one.han:
        return left_out_chinese(one.key, other.key)
    here, there = (key.replace(",", " ").replace(".", " ").split() for key in (one.key, other.key))
    left, right = set(here) - set(there), set(there) - set(here)
    found: dict[str, float] = {}
    for name, words in (("titles differ", TITLES | DEGREES), ("legal forms differ", _FORMS)):
        if left & words and right & words:
            found[name] = 1.0
    if any(len(w) == 1 and w.isalpha() for w in left) and any(len(w) == 1 and w.isalpha() for w in right):
        found["initials differ"] = 1.0
    changed = [w for w in left | right if w not in TITLES | DEGREES | _FORMS]
    if any(not w.isascii() for w in changed) and all(is_noun(w) for w in one.words):
        found["accents on a common noun"] = 1.0
    if any(singular(w) != w for w in changed):
        found["a plural"] = 1.0
    if (
        not found
        and one.words != other.words
        and "," not in one.key + other.key
        and sorted(one.words) == sorted(other.words)
    ):
        found["other order of words"] = 1.0
    return found


def _latin_in_chinese(one: View, other: View) -> bool:
    latin, han = (one, other) if other.han else (other, one)
    return han.han and latin.script == "latin" and len(latin.key) > 1 and latin.key in han.key


def _compare_words(one: View, other: View, *, person: bool) -> tuple[str, dict[str, float]]:
    if (len(one.words) == 1 or len(other.words) == 1) and (_is_acronym(one, other) or _is_acronym(other, one)):
        return "acronym", {"acronym letters": min(len(min(one.key, other.key, key=len)), 6) / 6}
    left, right = list(one.words), list(other.words)
    common = [word for word in one.words if word in right]
    for word in common:
        if word in left and word in right:
            left.remove(word)
            right.remove(word)
    initials = nicknames = 0
    typos = 0.0
    for word in list(left):
        like, best = _most_alike(word, right)
        if like:
            left.remove(word)
            right.remove(best)
            initials += like == 2
            nicknames += like == 3
            typos += like < 2
    if left and right:
        return "different", _difference(one, other, common, left, right)
    if left or right:
        return _part(one, other, left or right, initials, typos, person=person)
    if nicknames:
        return "short given name", {"nothing but initials": float(not common)}
    if initials:
        return "initials", {"nothing but initials": float(not common)}
    return _typing_error(one, other)


def _is_acronym(short: View, long: View) -> bool:
    if len(short.words) != 1 or len(long.words) < 2 or not 2 <= len(short.words[0]) <= 8:
        return False
    letters = short.key.replace(".", "")
    return letters in (long.initials, long.all_initials) or letters == "".join(w[0] for w in long.words)


def _most_alike(word: str, others: list[str]) -> tuple[float, str]:
    """How alike the most similar of some words is, and that one; 0 where none is."""
    most, best = 0.0, ""
    for other in others:
        like = _alike(word, other)
        if like and (like, other) > (most, best):
            most, best = like, other
    return most, best


def _alike(one: str, other: str) -> float:
    """3 for a given name and its short form, 2 for an initial and its word, less than 1 for a typing error, else 0."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if len(short) == 1:
        return 2.0 if short.isalpha() and len(long) > 1 and long.startswith(short) else 0.0
    if is_nickname(short, long):
        return 3.0
    allowed = 1 if len(long) < 8 else 2
    if len(short) < 4 or len(long) - len(short) > allowed:
        return 0.0
    if allowed == 1 and one[0] != other[0] and one[-1] != other[-1]:  # one error is not at both ends
        return 0.0
    if not (one.isalpha() and other.isalpha()):
        return 0.0
    distance = int(DamerauLevenshtein.distance(one, other, score_cutoff=allowed))
    return 1 - distance / len(long) if 0 < distance <= allowed else 0.0


def _typing_error(one: View, other: View) -> tuple[str, dict[str, float]]:
    here, there = set(one.words) - set(other.words), set(other.words) - set(one.words)
    known = [all(is_given_name(w) or is_noun(singular(w)) for w in words) for words in (here, there)]
    return "typing error", {
        "length": min(max(len(one.loose), len(other.loose)), 24) / 12,
        "first letter differs": float(sorted(w[0] for w in one.words) != sorted(w[0] for w in other.words)),
        "last letters differ": float(any(a[:-1] == b[:-1] or a in b or b in a for a in here for b in there)),
        "two known words": float(bool(here) and bool(there) and all(known)),
    }


def _part(
    one: View, other: View, extra: list[str], initials: int, typos: float, *, person: bool
) -> tuple[str, dict[str, float]]:
    """One name has all words of the other, and some more."""
    short, long = (one, other) if len(one.words) <= len(other.words) else (other, one)
    common = all(is_noun(singular(word)) for word in extra)
    found = {
        "words more": min(len(extra), 4) / 2,
        "a word is misspelt": float(bool(typos)),
        "an initial only": float(bool(initials)),
        "only common nouns more": float(common),
        "a number more": float(any(word[0].isdigit() for word in extra)),
        "share of the letters": len(short.loose) / len(long.loose),
        "a common noun alone": float(all(is_noun(singular(word)) for word in short.words)),
    }
    given = is_given_name(long.words[0]) and len(long.words) <= 3
    if len(short.words) == 1 and (person or given) and not common:
        if long.words[-1] == short.words[0]:
            return "surname", found
        if long.words[0] == short.words[0]:
            return "given name", found
    found["at the beginning"] = float(long.words[: len(short.words)] == short.words)
    found["at the end"] = float(long.words[-len(short.words) :] == short.words)
    found["several words"] = float(len(short.words) > 1)
    return "part of the name", found


def _difference(one: View, other: View, common: list[str], left: list[str], right: list[str]) -> dict[str, float]:
    letters = sum(map(len, common)) / max(1, max(len("".join(one.words)), len("".join(other.words))))
    return {
        "similar spelling": max(0.0, JaroWinkler.similarity(one.loose, other.loose) - 0.7) / 0.3,
        "common words": len(common) / max(len(one.words), len(other.words)),
        "common letters": letters,
        "a word instead of another": float(len(left) == len(right) == 1),
    }

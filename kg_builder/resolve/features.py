"""What speaks for and against two names being one: features with a name each, so that a link can be explained.

The spelling gives one *form* (``same key``, ``looser key``, ``typing error``, ``initials``, ``part of the name``,
``acronym``, ``short form``, ``different`` …) with what qualifies it; the rest says what the graph knows: types, facts,
neighbours and documents in common, and whether a text calls one name the other's. Every value lies between -1 and 3.
"""

from __future__ import annotations

import math

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from kg_builder.resolve.records import Profile
from kg_builder.resolve.scripts import looks_like
from kg_builder.resolve.views import View, view_of
from kg_builder.resolve.words import is_given_name, is_noun, singular

__all__ = ["OTHER", "PART_FORMS", "compare"]

OTHER = "Other"
PART_FORMS = frozenset(["surname", "given name", "part of the name", "short form", "acronym"])
"""Forms where one name says less than the other: it may belong to any of several longer ones."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GENERIC_TAIL = _set(
    "大学 学院 公司 集团 银行 医院 中学 小学 法院 人民法院 有限公司 股份 控股 科技 网 报 社 局 部 委 厅 委员会 "
    "政府 人民政府 省 市 县 区 镇 乡 村 州 国 山 河 江 湖 岛 共和国 自治区 自治州 特别行政区"
)
_INSTITUTIONS = (
    "大学",
    "学院",
    "公司",
    "集团",
    "银行",
    "医院",
    "中学",
    "小学",
    "法院",
    "委员会",
    "政府",
    "局",
    "部",
    "厅",
)
_GENERIC_HEAD = _set("中国 中华 国家 中华人民共和国 全国")


def compare(a: Profile, b: Profile) -> tuple[str, dict[str, float]]:
    """The form that carries the comparison, and all features that are not zero. Symmetric in `a` and `b`."""
    one, other = sorted((view_of(a.name.key), view_of(b.name.key)), key=lambda view: (len(view.key), view.key))
    form, found = _spelling(one, other, a, b)
    found[form] = 1.0
    found.update(_types(a, b))
    found.update(_context(a, b, part=form in PART_FORMS))
    if _stated(a, b, one, other):
        found["stated alias"] = 1.0
    return form, {name: value for name, value in found.items() if value}


# --- spelling --------------------------------------------------------------------------------------------------------


def _spelling(one: View, other: View, a: Profile, b: Profile) -> tuple[str, dict[str, float]]:
    """The form of two names, the shorter one first, and what qualifies it."""
    if one.key == other.key:
        return "same key", {}
    if not (one.key.isascii() and other.key.isascii()) and looks_like(one.key, other.key):
        return "look-alike letters", {}
    if one.loose == other.loose:
        return "looser key", _diacritics(one, other)
    found: dict[str, float] = {}
    if one.numbers != other.numbers:
        found["other number" if one.numbers and other.numbers else "number on one side"] = 1.0
    if one.script != other.script and "none" not in (one.script, other.script):
        if _letters_of_mixed(one, other):
            return "part of the name", found
        return "other script", found
    if one.han and other.han:
        form, more = _chinese(one.loose, other.loose)
    elif not one.words or not other.words:
        form, more = "different", {}
    else:
        form, more = _words(one, other, person="Person" in (a.name.type, b.name.type))
    return form, {**found, **more}


def _diacritics(one: View, other: View) -> dict[str, float]:
    """Whether the looser key gave up more than the order of words, hyphens and legal forms."""
    return {"titles or initials": 1.0} if abs(len(one.key.split()) - len(other.key.split())) > 0 else {}


def _letters_of_mixed(one: View, other: View) -> bool:
    latin, han = (one, other) if other.han else (other, one)
    return han.han and latin.script == "latin" and len(latin.key) > 1 and latin.key in han.key


def _words(one: View, other: View, *, person: bool) -> tuple[str, dict[str, float]]:
    if _is_acronym(one, other):
        return "acronym", {"acronym letters": min(len(one.words[0]), 6) / 6}
    left, right = list(one.words), list(other.words)
    common = [word for word in left if word in right]
    for word in common:
        if word in left and word in right:
            left.remove(word)
            right.remove(word)
    initials, typos = 0, 0.0
    for word in list(left):
        best = max(right, key=lambda w: (_like(word, w), w), default="")
        like = _like(word, best) if best else 0.0
        if like:
            left.remove(word)
            right.remove(best)
            initials += like == 2.0
            typos += like if like < 2 else 0
            continue
    if not left and not right:
        return _aligned(one, other, initials, typos, bool(common))
    if not left or not right:
        extra = right or left
        return _part(one, other, extra, initials, typos, person=person)
    return "different", _difference(one, other, common, left, right)


def _is_acronym(short: View, long: View) -> bool:
    if len(short.words) != 1 or len(long.words) < 2 or not 2 <= len(short.words[0]) <= 8:
        return False
    letters = short.words[0].replace(".", "")
    return letters in (long.initials, long.all_initials) or letters == "".join(w[0] for w in long.words)


def _like(one: str, other: str) -> float:
    """2 for an initial and its word, up to 1 for two words that differ by a typing error, else 0."""
    short, long = sorted((one, other), key=len)
    if len(short) == 1:
        return 2.0 if short.isalpha() and len(long) > 1 and long.startswith(short) else 0.0
    if not (one.isalpha() and other.isalpha()) or len(short) < 4:
        return 0.0
    allowed = 1 if len(long) < 8 else 2
    distance = int(DamerauLevenshtein.distance(one, other, score_cutoff=allowed))
    return 1 - distance / len(long) if 0 < distance <= allowed else 0.0


def _aligned(one: View, other: View, initials: int, typos: float, common: bool) -> tuple[str, dict[str, float]]:
    if initials:
        return "initials", {"nothing but initials": float(not common)}
    if typos:
        length = max(len(one.loose), len(other.loose))
        first = one.loose[:1] != other.loose[:1]
        known = _both_known(one, other)
        return "typing error", {
            "length": min(length, 24) / 12,
            "first letter differs": float(first),
            "two known words": known,
        }
    return "looser key", {}


def _both_known(one: View, other: View) -> float:
    """Whether the words that differ are both in the tables: two nouns, or two given names, and no typing error."""
    here, there = set(one.words) - set(other.words), set(other.words) - set(one.words)
    known = (all(is_given_name(w) or is_noun(singular(w)) for w in words) for words in (here, there))
    return float(bool(here) and bool(there) and all(known))


def _part(
    one: View, other: View, extra: list[str], initials: int, typos: float, *, person: bool
) -> tuple[str, dict[str, float]]:
    """One name has all words of the other, and some more."""
    short, long = (one, other) if len(one.words) <= len(other.words) else (other, one)
    given = is_given_name(long.words[0]) and len(long.words) <= 3
    found = {
        "words more": min(len(extra), 4) / 2,
        "a word is misspelt": float(bool(typos)),
        "an initial only": float(bool(initials)),
        "only common nouns more": float(all(is_noun(singular(word)) for word in extra)),
        "a number more": float(any(word[0].isdigit() for word in extra)),
        "share of the letters": len(short.loose) / len(long.loose),
        "a common noun alone": float(all(is_noun(singular(word)) for word in short.words)),
    }
    if len(short.words) == 1 and (person or given) and not found["only common nouns more"]:
        if long.words[-1] == short.words[0]:
            return "surname", found
        if long.words[0] == short.words[0]:
            return "given name", found
    found["at the beginning"] = float(long.words[: len(short.words)] == short.words)
    found["at the end"] = float(long.words[-len(short.words) :] == short.words)
    found["several words"] = float(len(short.words) > 1)
    return "part of the name", found


def _difference(one: View, other: View, common: list[str], left: list[str], right: list[str]) -> dict[str, float]:
    similarity = JaroWinkler.similarity(one.loose, other.loose)
    longest = max(len(one.words), len(other.words))
    letters = sum(map(len, common)) / max(1, max(len("".join(one.words)), len("".join(other.words))))
    return {
        "similar spelling": max(0.0, similarity - 0.7) / 0.3,
        "words in common": len(common) / longest,
        "letters in common": letters,
        "a word instead of another": float(len(left) == len(right) == 1),
    }


# --- Chinese ---------------------------------------------------------------------------------------------------------


def _chinese(short: str, long: str) -> tuple[str, dict[str, float]]:
    """The form of two Chinese names by their looser keys."""
    if len(short) > len(long):
        short, long = long, short
    core = next((long[len(p) :] for p in _GENERIC_HEAD if long.startswith(p) and not short.startswith(p)), long)
    if core == short and len(short) >= 3:
        return "short form", {"without its country": 1.0}
    if long.startswith(short) and len(short) >= 2:
        rest = long[len(short) :]
        if rest in _GENERIC_TAIL and not short.endswith(_INSTITUTIONS):
            return "short form", {"without its kind": 1.0, "two characters": float(len(short) == 2)}
        return "part of the name", {"Chinese part": 1.0, "at the beginning": 1.0}
    for whole in (long, core):
        if 2 <= len(short) <= 4 and len(whole) >= 2 * len(short) and _is_short_form(short, whole):
            return "short form", {"two characters": float(len(short) == 2), "initials of words": 1.0}
    if short in long and len(short) >= 2:
        return "part of the name", {"Chinese part": 1.0, "at the end": float(long.endswith(short))}
    distance = int(DamerauLevenshtein.distance(short, long, score_cutoff=2))
    if distance == 1 and len(long) >= 5:
        return "typing error", {"length": min(len(long), 24) / 12, "Chinese typing error": 1.0}
    common = len(set(short) & set(long)) / max(1, len(set(short) | set(long)))
    return "different", {"letters in common": common, "one character differs": float(distance == 1)}


def _is_short_form(short: str, long: str) -> bool:
    """Whether the short name takes the first characters of two-character words of the long one, or its last one."""
    starts = long[0::2]
    if short in (starts, starts[: len(short)]):
        return len(long) <= 2 * len(short) + 4
    if short[0] != long[0]:
        return False
    if len(short) == 2:
        return short[1] in (long[-1], long[2]) and len(long) <= 8
    position = -1
    for char in short:
        position = long.find(char, position + 1)
        if position < 0:
            return False
    return len(short) >= 3 and short[-1] in (long[-1], long[-2])


# --- what the graph knows --------------------------------------------------------------------------------------------


def _types(a: Profile, b: Profile) -> dict[str, float]:
    one, other = a.name.type, b.name.type
    if one == other:
        return {} if one == OTHER else {"same type": 1.0}
    return {"one has no type": 1.0} if OTHER in (one, other) else {"type conflict": 1.0}


def _context(a: Profile, b: Profile, *, part: bool) -> dict[str, float]:
    """Facts, neighbours and documents in common; apart for names of which one says less than the other."""
    kind = " (part)" if part else ""
    found: dict[str, float] = {}
    if a.neighbours and b.neighbours:
        facts = len(a.neighbours & b.neighbours)
        here, there = ({_key_of(n) for n in p.neighbours} for p in (a, b))
        shared = len(here & there)
        if facts:
            found[f"facts in common{kind}"] = min(math.log2(1 + facts), 3.0)
        if shared > facts:
            found[f"neighbours in common{kind}"] = min(math.log2(1 + shared - facts), 3.0)
        if not shared and min(len(here), len(there)) >= 3:
            found[f"no neighbour in common{kind}"] = 1.0
        if a.name.key in there or b.name.key in here:
            found["a fact between the two"] = 1.0
    if a.documents and b.documents:
        together = len(a.documents & b.documents)
        if together:
            share = together / min(len(a.documents), len(b.documents))
            found[f"documents in common{kind}"] = 0.5 + share / 2
        else:
            found[f"no document in common{kind}"] = 1.0
    return found


def _key_of(neighbour: str) -> str:
    """The key behind the first ``>`` or ``<`` of a neighbour."""
    places = [place for place in (neighbour.find(">"), neighbour.find("<")) if place >= 0]
    return neighbour[min(places) + 1 :] if places else neighbour


def _stated(a: Profile, b: Profile, one: View, other: View) -> bool:
    keys = a.stated | b.stated
    if not keys:
        return False
    return b.name.key in a.stated or a.name.key in b.stated or other.loose in keys or one.loose in keys

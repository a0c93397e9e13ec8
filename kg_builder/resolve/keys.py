"""The looser key: names that share one may be one entity, and somebody has to look closer.

`loose_key` is a function of `name_key` alone, so names with one key always have one loose key. It gives up what people
leave out or write in many ways: diacritics, titles, legal forms, middle initials, word order, plurals, numerals. It
never merges by itself: Müller and Muller, or the Bank of China and the China Bank, share one and need not be the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from kg_builder.dates import date_without_year, unified_date
from kg_builder.han import ambiguous_to_simplified
from kg_builder.known_words import is_given_name, is_noun, singular
from kg_builder.names import name_key
from kg_builder.resolve.chinese_names import has_han, loose_chinese

__all__ = ["COMPANY", "DEGREES", "LEGAL", "TITLES", "loose_key", "loosened"]

_LONGEST = 400  # characters; what is longer is no name
_ANY_ORDER = 6  # words, up to which their order is left open

# Letters whose stroke or ligature Unicode does not take apart; the Arabic ones are written alike in some languages.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
    | {"ё": "е", "ي": "ی", "ى": "ی", "ك": "ک", "أ": "ا", "إ": "ا", "آ": "ا", "ـ": None}
)
_LATIN_MARKS = re.compile(r"(?<=[a-zα-ω])[\u0300-\u036f]+")
_VOWEL_SIGNS = re.compile(r"[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7\u064b-\u065f\u0670]+")
_QUOTES = re.compile(r"[\"'`“”„«»‹›]")
_INNER_DOT = re.compile(r"\.(?!\d)|(?<=\D)\.(?=\d)")
_GAP = re.compile(r"(?<=\w)[-–_](?=\w)|[,;:/|()\[\]{}&·]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "mx",
        "miss",
        "dr",
        "prof",
        "professor",
        "sir",
        "dame",
        "madam",
        "rev",
        "reverend",
        "hon",
        "mister",
        "doctor",
    ]
)
DEGREES = frozenset(["phd", "md", "mba", "esq", "dphil", "dds", "obe", "mbe", "cbe", "frs"])
LEGAL = frozenset(
    [
        "inc",
        "corp",
        "ltd",
        "llc",
        "llp",
        "lp",
        "plc",
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "kgaa",
        "ug",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "ab",
        "asa",
        "oy",
        "oyj",
        "aps",
        "kk",
        "pty",
        "pte",
        "bhd",
        "sdn",
        "pjsc",
        "jsc",
        "ooo",
        "oao",
        "zao",
        "pvt",
        "ltda",
        "gk",
    ]
)
COMPANY = frozenset(["co", "company", "corp", "inc", "ltd", "group", "holding", "holdings"])
_SMALL = frozenset(["the", "of", "and", "de", "la"])

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: str(i) for i, word in enumerate(_CARDINALS, 1)} | {"eleven": "11", "twelve": "12"}
_NUMBERS |= {word: str(i) for i, word in enumerate(_ORDINALS, 1)}
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\Z")
_ROMAN = re.compile(r"(?=[ivx]{2})(x{0,3})(ix|iv|v?i{0,3})\Z")


@lru_cache(maxsize=1 << 16)
def loose_key(surface: str) -> str:
    """What names share that may be one; never empty for a name that is not.

    Names of more than 400 characters, and those without a letter or with a whole date, keep their `name_key`.
    """
    return loosened(name_key(surface))


def loosened(key: str) -> str:
    """The looser key of a name by its `name_key`, which need not be worked out again: it is its own key."""
    if len(key) > _LONGEST or not any(c.isalpha() for c in key) or unified_date(key):
        return key
    text = _fold(key)
    if day := date_without_year(text):
        return day
    return (loose_chinese(text) if has_han(text) else _loose_words(text)) or key


def _fold(key: str) -> str:
    """`key` without diacritics: those of Latin and Greek letters, and the vowel signs of Hebrew and Arabic.

    Marks that make another letter stay: й, が and the vowels of India's scripts.
    """
    text = ambiguous_to_simplified(key)
    if text.isascii():
        return text
    text = _VOWEL_SIGNS.sub("", _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text)))
    return unicodedata.normalize("NFC", text).translate(_LETTERS)


def _loose_words(text: str) -> str:
    words = _GAP.sub(" ", _INNER_DOT.sub("", _QUOTES.sub("", text))).split()
    if text.startswith(".") and words:
        words[0] = f".{words[0]}"  # .NET
    words = _without_initials(_without_legal_form(_without_titles(words)))
    words = [_numeral(word, first=i == 0) for i, word in enumerate(words)]
    words = [word for word in words if word not in _SMALL] or words
    if words and is_noun(singular(words[-1])):
        words[-1] = singular(words[-1])
    # A long run of words is a phrase; there the order says who did what.
    return " ".join(sorted(words) if len(words) <= _ANY_ORDER else words)


def _without_titles(words: list[str]) -> list[str]:
    """Without titles and degrees, as long as two words are left: Mr. Smith and Mrs. Smith stay two."""
    if "and" in words:  # Mr. and Mrs. Smith
        return words
    titles = [i for i, word in enumerate(words) if word in TITLES]
    for i in reversed(titles):  # "Quill, Dr. Mara" has it inside
        if len(words) > 2 and words[i + 1 : i + 2] != ["of"]:  # a professor of logic is not logic
            del words[i]
    while len(words) > 2 and words[-1] in DEGREES:
        words.pop()
    return words


def _without_legal_form(words: list[str]) -> list[str]:
    """Without a legal form at the end, if what is left is a name: "insurance company" is not one."""
    left = list(words)
    while len(left) > 1 and left[-1] in LEGAL | COMPANY | {"and"}:
        left.pop()
    common = left[-1:] != words[-1:] and words[-1] in COMPANY and all(is_noun(word) for word in left)
    return words if common else left


def _without_initials(words: list[str]) -> list[str]:
    """Initials as one word, and none between a given name and a surname: John F. Kennedy is John Kennedy."""
    joined: list[str] = []
    for i, word in enumerate(words):
        initial = len(word) == 1 and word.isalpha()
        if initial and i > 0 and len(words[i - 1]) == 1 and words[i - 1].isalpha():
            joined[-1] += word
        else:
            joined.append(word)
    if len(joined) < 3 or not any(is_given_name(word) for word in joined[:2]):
        return joined
    inner = [i for i, word in enumerate(joined) if len(word) == 1 and word.isalpha() and i > 0]
    return [word for i, word in enumerate(joined) if i not in inner]


def _numeral(word: str, *, first: bool) -> str:
    """A number in digits; a Roman one only where no name begins with it (Xi Jinping)."""
    if word in _NUMBERS:
        return _NUMBERS[word]
    if found := _ORDINAL.match(word):
        return found[1]
    if not first and word and (found := _ROMAN.match(word)):
        ones = {"": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}
        return str(10 * len(found[1]) + ones[found[2]])
    return word

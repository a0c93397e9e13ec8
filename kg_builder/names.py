"""Names: as people read them, and the key that the spellings of one name share."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from kg_builder.dates import unified_date
from kg_builder.han import to_simplified

__all__ = ["clean_name", "name_key", "says_something"]

_MAX_STRIPPED = 400  # characters; what is longer is no name, and peeling it layer by layer would take quadratic time

_HAN = "㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af"
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
# Zero-width and direction marks; the joiners U+200C and U+200D only where no script needs them.
_INVISIBLE = re.compile(
    rf"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
    rf"|(?<![^\x00-\u024f{_HAN}])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u024f{_HAN}])"
)
# What shows nothing, or only how the character before it is drawn; emoji keep theirs in the name that people read.
# The tags behind a black flag say whose flag it is, all others are hidden text.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u2800\u3164\uffa0\ufe00-\ufe0f\U0001d173-\U0001d17a\U000e0100-\U000e01ef]"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)
_MARKS = re.compile(r"(?<=[\w.)]) ?[™℠®©]+(?!\w)")
_SPACE = re.compile(r"\s+")
_HAN_SPACE = re.compile(rf"(?<=[{_HAN}。，、；：（）《》“”]) (?=[{_HAN}。，、；：（）《》“”])")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}

_PAIRS = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "《": "》", "〈": "〉", "「": "」", "『": "』"}
_PAIRS |= {"“": "”", "‘": "’", "«": "»", "‹": "›", "„": "“", '"': '"', "'": "'"}
_OPENING = frozenset(_PAIRS)
_CLOSING = frozenset(_PAIRS.values())
_EDGE = ",;:、，。；：·•…｡､ \t\n"
_DASHES = "-‐‑‒–—―−"
_ABBREVIATION = re.compile(
    r"(?:(?:^|[\s.])[^\W\d_]|(?i:\b(?:inc|corp|ltd|co|jr|sr|st|bros|no|dept|univ|assn|etc|ph\.d|llc|mt|vs)))\.\Z"
)
_POSSESSIVE = re.compile(r"(?<=\w)['’ʼ＇]s\Z", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:(?:[Tt]he|THE|an)\s+|a\s+(?=\S\S)|(?:A|An)\s+(?=[a-z]\w))(?=\S)")
_DETERMINER = re.compile(
    rf"(?:该(?:家|个|所|名|位|项|款|座|种)?|[这那此某](?:家|个|所|名|位|项|款|座|种)|一(?:家|个(?!中国)|所|名|位|项|款|座|种)"
    rf"|本(?=公司|集团|法院|学院|学校|大学|医院|银行|报告|条例|规定|办法|合同|协议|基金|论文|研究|产品|项目|网站))"
    rf"(?=[{_HAN}A-Za-z]{{2}})(?![一二三四五六七八九十百两])"
)


def clean_name(surface: str) -> str:
    """The name as people read it: case kept, without articles, possessive, enclosing quotes and invisible characters.

    Empty where nothing is left. A text of more than 400 characters only loses what cannot be seen.
    """
    text = _visible(unicodedata.normalize("NFC", surface).translate(_FULL_WIDTH))
    while len(text) <= _MAX_STRIPPED and (shorter := _visible(unicodedata.normalize("NFC", _strip_once(text)))) != text:
        text = shorter
    return text


def _visible(text: str) -> str:
    """`text` on one line, without what cannot be seen, and without the spaces that Chinese does not write."""
    text = _SPACE.sub(" ", _INVISIBLE.sub("", _CONTROL.sub(" ", text)))
    return _HAN_SPACE.sub("", text).strip()


def _strip_once(text: str) -> str:
    """`text` without the outermost thing that is not part of the name."""
    text = text.strip(_EDGE)
    if len(text) < 2:
        return text
    if text[-1] == "." and not _ABBREVIATION.search(text):
        return text[:-1]
    if text[0] in _DASHES and not text[1].isalnum():
        return text[1:]
    if text[0] in "–—―" or (text[0] == "." and text[1] in ". "):
        return text[1:]
    if text[-1] in _DASHES and not text[-2].isalnum():
        return text[:-1]
    text = _unwrap(_POSSESSIVE.sub("", text))
    for prefix in (_ARTICLE, _DETERMINER):
        text = prefix.sub("", text, count=1) if prefix.match(text) else text
    return text


def _unwrap(text: str) -> str:
    """`text` without a bracket or quote that encloses all of it, or that has no partner."""
    if len(text) < 2:
        return text
    first, last = text[0], text[-1]
    inner = text[1:-1]
    if _PAIRS.get(first) == last and first not in inner and last not in inner:
        return inner
    if first in _OPENING and _PAIRS[first] not in text[1:]:
        return text[1:]
    partners = [opening for opening, closing in _PAIRS.items() if closing == last]
    if last in _CLOSING and not any(p in text[:-1] for p in partners) and not (last in "\"'”’" and text[-2].isdigit()):
        return text[:-1]
    return text


# --- matching --------------------------------------------------------------------------------------------------------

_UNIFIED = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ＇´`′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys(_DASHES[1:] + "﹣－", "-"),
        **dict.fromkeys("•・‧∙⋅･", "·"),
    }
)
_JOINED_INITIALS = re.compile(r"(?<![\w.])(?:[^\W\d_]\. ?){2,}")
_INITIAL = re.compile(r"(?<![\w.])([^\W\d_])\.(?= |\Z)")
_ABBREVIATED = re.compile(
    r"\b(inc|corp|ltd|co|jr|sr|st|bros|no|dept|univ|assn|etc|ph\.d|llc|mt|vs|dr|mr|mrs|ms|prof)\.(?= |,|\Z)"
)
_AND = re.compile(r"(?<=\S\S) & (?=\S)")  # "A & B" would become an article and more
_POWER = re.compile(r"(?<=\d)(?=[⁰¹²³⁴-⁹])(?<![⁰¹²³⁴-⁹])")  # 10² is not 102
_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])(?<![¼-¾⅐-⅞])")  # 1½ is not 11/2
_LIMITED_COMPANY = re.compile(r"(?<=\w),? (?:co|company),? (?:ltd|limited)\Z")
_LEGAL_FORM = re.compile(r"(?<=\w),? (inc|incorporated|corp|corporation|ltd|limited)\Z")
_LEGAL_FORMS = {"incorporated": "inc", "corporation": "corp", "limited": "ltd"}
_SCRIPT_SPACE = re.compile(rf"(?<=[{_HAN}]) (?=[a-z0-9])|(?<=[a-z0-9]) (?=[{_HAN}])")
_KEY_ARTICLE = re.compile(r"\A(?:(?:the|an) |a (?=\S\S))+(?=\S)")


@lru_cache(maxsize=1 << 16)
def name_key(surface: str) -> str:
    """What equal names share; what it unifies, and what it leaves apart, is in ``docs/resolution.md``.

    Never empty for a name that is not, and `name_key(name_key(x)) == name_key(x)`. No name is refused: one of more than
    400 characters keeps all its words, one of nothing but punctuation keeps its punctuation.
    """
    text = _fold(surface)
    for _ in range(50):
        shorter = _fold(_key_once(text))
        if shorter == text:
            break
        text = shorter
    return text or _fold(surface) or unicodedata.normalize("NFKC", surface) or surface


def _fold(text: str) -> str:
    for _ in range(4):  # case folding can undo the normal form, and the other way round
        folded = _FRACTION.sub(" ", _POWER.sub("^", _MARKS.sub("", _UNSEEN.sub("", text))))
        folded = _visible(unicodedata.normalize("NFKC", folded).casefold()).translate(_UNIFIED)
        folded = to_simplified(unicodedata.normalize("NFKC", folded))
        if folded == text:
            break
        text = folded
    return text


def _key_once(text: str) -> str:
    text = clean_name(text).rstrip("!?！？").casefold()
    text = _JOINED_INITIALS.sub(lambda m: m[0].replace(".", "").replace(" ", "") + " " * m[0].endswith(" "), text)
    text = _ABBREVIATED.sub(r"\1", _INITIAL.sub(r"\1", text))
    text = _LEGAL_FORM.sub(lambda m: f" {_LEGAL_FORMS.get(m[1], m[1])}", _LIMITED_COMPANY.sub(" co ltd", text))
    text = _KEY_ARTICLE.sub("", _SCRIPT_SPACE.sub("", _AND.sub(" and ", text)))
    return unified_date(text) or text


def says_something(text: str) -> bool:
    """True for a letter, a digit or a pictograph; punctuation, space and what cannot be seen name nothing."""
    return any(c.isalnum() or unicodedata.category(c) == "So" for c in _UNSEEN.sub("", text))

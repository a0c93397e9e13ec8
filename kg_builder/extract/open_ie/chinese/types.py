"""Types of Chinese entities from their last characters, their family names, their shape and a dictionary's tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from kg_builder.extract.open_ie.chinese.words import words

__all__ = ["ROLES", "entity_type", "is_role", "is_time"]

_ORGANIZATION = tuple(words("types.organization"))
_PLACE = tuple(words("types.place"))
_EVENT = tuple(words("types.event"))
_WORK = tuple(words("types.work"))
_PRODUCT = tuple(words("types.product"))
ROLES = tuple(words("types.roles"))
_PERSON_TAILS = tuple(words("types.person_tails"))
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹"
    "孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤关区欧阳康伍殷葛洪庄柳鲁章倪温齐申安霍樊左鲍翁单牛"
)
_DOUBLE_SURNAMES = tuple(words("types.double_surnames"))
_NUMBER = r"(?:[0-9０-９][0-9０-９,，.．]*|[零〇一二两三四五六七八九十百千万亿半数几多]+)"
_TIME = re.compile(
    rf"^(?:约|近|大约|公元前?|截至|每)?(?:{_NUMBER}(?:世纪|年代|年|月|日|号|时|点|分|秒|周|天|小时|分钟|个月|个?星期|季度|年级)(?:[初末底中]|上半年|下半年|前后|左右|以后|后|前|来|间)*"
    r"|[0-9]{4}[-/][0-9]{1,2}(?:[-/][0-9]{1,2})?|[0-9]{4})+$"
    r"|^(?:[前后昨今明次同当去翌本上下早晚]+[天日年月周晚晨]+|现在|目前|如今|当时|后来|近年|近年来|当晚|当天|当年|同年|早期|晚期|后期|晚年|古代|近代|现代|战后|战前"
    r"|上午|下午|中午|傍晚|凌晨|星期[一二三四五六日天]|周[一二三四五六日末]|春天|夏天|秋天|冬天|春季|夏季|秋季|冬季|此后|之后|随后|期间|时期|时候|时间|年初|年底|年末)$"
)
_TIME_PART = re.compile(
    rf"{_NUMBER}(?:世纪|年代|年|月|日|周|天|小时|分钟|秒)|时期$|时代$|期间$|年间$|朝$|代$|之[后前]$|[年月日]$"
)
_QUANTITY = re.compile(
    rf"^(?:约|近|超过|大约|共|至少|最多|第|每\w?|每年)?{_NUMBER}(?:[多余几])?(?:[%％‰]|\S{{0,6}})?$|^[0-9.,]+\s?[A-Za-z/%°]+$|百分之"
)
_RANGE = re.compile(
    r"^[^至到]*[0-9０-９〇零一二三四五六七八九十]+(?:年|月|日|号|时|世纪|年代)?(?:至|到|-|－|–|—+|~|～)(?:[0-9０-９〇零一二三四五六七八九十]+(?:年|月|日|号|时|世纪|年代)?)+[初末底]?$|^(?:[0-9]{4}年.*)至今$"
)
_PLACES = words("types.places")
_PLAIN = words("types.plain")
_DICTIONARY = {"nr": "Person", "ns": "Place", "nt": "Organization", "t": "Time"}
_NUMERALS = words("types.numerals")
_REMEMBERED = 1 << 14  # entities come back throughout a document


@lru_cache(maxsize=_REMEMBERED)
def is_time(text: str) -> bool:
    """Whether the words name a point or stretch of time."""
    return bool(
        _TIME.match(text)
        or (_RANGE.match(text) and re.search("[年月日世时]", text))
        or (len(text) < 16 and _TIME_PART.search(text))
    )


def is_role(text: str) -> bool:
    """Whether the words name a post, profession or kinship of a person."""
    return text.endswith(ROLES)


@lru_cache(maxsize=1)
def _tags() -> dict[str, str]:
    from kg_builder.extract.open_ie.chinese.lexicon import TAGS, load_lexicon
    from kg_builder.extract.open_ie.chinese.pipeline import MODEL

    return {
        w: _DICTIONARY[TAGS[n]] for w, n in load_lexicon(MODEL / "lexicon.txt.xz").items() if TAGS[n] in _DICTIONARY
    }


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    from kg_builder.extract.open_ie.chinese.lexicon import load_names
    from kg_builder.extract.open_ie.chinese.pipeline import MODEL

    return load_names(MODEL / "names.txt")


@lru_cache(maxsize=_REMEMBERED)
def entity_type(
    text: str, *, name: bool = False, person: bool = False, quoted: bool = False, counted: bool = True
) -> str:
    """One of `kg_builder.types.ENTITY_TYPES` for the words of an entity.

    `name`: tagged as proper noun; `person`: tagged as a person's name; `quoted`: stands in 《》;
    `counted`: the first word is a numeral.
    """
    if quoted:
        return "Work"
    if _TIME.match(text) or (_RANGE.match(text) and re.search("[年月日世时]", text)):
        return "Time"
    if counted and text[:1] in _NUMERALS and not name and (_QUANTITY.match(text) or _counted(text)):
        return "Quantity"
    if person or "·" in text or "•" in text or "・" in text:
        if not text.endswith(_ORGANIZATION) and not text.endswith(_PLACE):
            return "Person"
        if person:
            return "Person"
    if text in _PLACES:
        return "Place"
    if named := _names().get(text):
        return named
    known = _tags().get(text)
    if known and (known != "Person" or (name and _is_person_name(text))):
        return known
    kind = _longest_tail(text)
    if name and kind in ("Place", "Other", "Organization") and _is_person_name(text) and _tail_length(text) < 2:
        return "Person"
    if kind != "Other":
        return kind
    return "Time" if is_time(text) else "Other"


@lru_cache(maxsize=1)
def _tails() -> dict[str, str]:
    kinds = (
        ("Person", _PERSON_TAILS),
        ("Product", _PRODUCT),
        ("Work", _WORK),
        ("Place", _PLACE),
        ("Organization", _ORGANIZATION),
        ("Event", _EVENT),
        ("Person", ROLES),
        ("Other", _PLAIN),
    )
    return {tail: kind for kind, tails in kinds for tail in tails}


def _tail_length(text: str) -> int:
    return next((size for size in range(min(6, len(text)), 0, -1) if text[-size:] in _tails()), 0)


def _longest_tail(text: str) -> str:
    """The kind of the longest known ending; a single character decides only where something stands before it."""
    size = _tail_length(text)
    return "Other" if not size or (size == 1 and len(text) < 2) else _tails()[text[-size:]]


def _is_person_name(text: str) -> bool:
    if not 2 <= len(text) <= 4 or not all("一" <= c <= "鿿" for c in text):
        return False
    return (len(text) <= 3 and text[0] in _SURNAMES) or (len(text) >= 3 and text[:2] in _DOUBLE_SURNAMES)


def _counted(text: str) -> bool:
    """三座海上风电场: a number and a measure word before the noun."""
    return bool(
        re.match(
            rf"^{_NUMBER}[个名位家座台条只件本张部艘架辆支项种次场届所间套份块片颗头匹对双棵株幅层户人元吨米克里亩升倍岁辆度句段首]",
            text,
        )
    )

"""The looser form of names that hold Chinese characters."""

from __future__ import annotations

import re

from kg_builder.han import HAN_DIGITS, han_number

__all__ = ["has_han", "loose_chinese"]

_HAN = re.compile("[㐀-䶿一-鿿\U00020000-\U000323af]")
_MARKS = re.compile(r"[《》〈〉「」『』“”\"'‘’·,、]")
# The measure words and nouns behind which a Chinese numeral counts; 三星 and 四川 are no numbers.
_COUNTED = "号期届代级线环路楼层年月日章条款次批版所中小区院组队营连师军厂等世"
_NUMERAL = re.compile(
    rf"(?<=第)[{HAN_DIGITS}十百千]+|[{HAN_DIGITS}十百千]+(?=[{_COUNTED}])|(?<=\D)[{HAN_DIGITS}十百千]+(?=号)"
)
_ORDINAL = re.compile(r"第(?=\d)")
_TITLE = re.compile("(?:先生|女士|小姐|太太|夫人|博士|硕士|教授|老师|同志|阁下|院士)+\\Z")
_LEGAL = re.compile("(?:股份有限公司|有限责任公司|股份公司|有限公司|集团公司|控股公司|总公司|集团|公司|控股)\\Z")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于於蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄"
    "聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟"
)
_DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "司徒", "夏侯")


def has_han(text: str) -> bool:
    """Whether `text` holds a Chinese character."""
    return _HAN.search(text) is not None


def loose_chinese(text: str) -> str:
    """A folded name without quotes, titles behind a full name, and legal forms; numerals that count in digits.

    Two characters are left at least: 张先生 and 张女士 stay two, and so do 公司 and 集团.
    """
    text = _MARKS.sub("", text)
    person = _TITLE.sub("", text)
    if person != text and _is_full_name(person):
        return person
    for _ in range(4):
        shorter = _LEGAL.sub("", text)
        if shorter == text or len(shorter) < 2:
            break
        text = shorter
    text = _NUMERAL.sub(lambda m: m[0] if (value := han_number(m[0])) is None else str(value), text)
    return _ORDINAL.sub("", text) if len(text) > 2 else text


def _is_full_name(text: str) -> bool:
    if text.endswith("学"):  # 文学博士, 数学老师
        return False
    if text.startswith(_DOUBLE_SURNAMES):
        return 3 <= len(text) <= 4
    return (2 <= len(text) <= 3 and text[0] in _SURNAMES) or (len(text) >= 3 and text.isascii())

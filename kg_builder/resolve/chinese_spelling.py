"""What the spelling of two Chinese names says of them: short forms, parts, single characters that differ."""

from __future__ import annotations

import re

from rapidfuzz.distance import DamerauLevenshtein

from kg_builder.resolve.keys import loosened

__all__ = ["compare_chinese", "left_out_chinese"]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INSTITUTIONS = tuple(_set("大学 学院 公司 集团 银行 医院 中学 小学 法院 委员会 政府 局 部 厅 院 所 社 厂 店 馆"))
_KINDS = _set(
    "大学 学院 公司 集团 银行 有限公司 股份 控股 科技 网 报 社 "
    "省 市 县 区 镇 乡 村 州 国 山 河 江 湖 岛 共和国 自治区 自治州 特别行政区"
)
_COUNTRY = ("中华人民共和国", "中国", "中华", "国家", "全国")
_TRADES = _set(
    "保险 银行 证券 信托 基金 投资 贸易 物流 科技 软件 运输 航空 铁路 电力 石油 煤炭 钢铁 化工 电子 汽车 "
    "地产 房地产 建筑 咨询 广告 旅游 出版 传媒 电影 印刷 水务 燃气 租赁 担保 食品 服装 医药 制药 能源 网络 "
    "通信 电信 快递 外贸 上市 母 子 分 总 控股 国有 民营 私营 股份"
)
_LEGAL = re.compile("(?:股份有限公司|有限责任公司|股份公司|有限公司|集团公司|控股公司|总公司|集团|公司|控股)+\\Z")
_LIMITED = re.compile("有限责任公司|有限公司|股份有限公司")
_DIGIT = re.compile(r"\d")
_TITLE = re.compile("(?:先生|女士|小姐|太太|夫人|博士|硕士|教授|老师|同志|阁下|院士)+\\Z")


def left_out_chinese(one: str, other: str) -> dict[str, float]:
    """What the looser key gave up between two keys, as far as it may tell two names apart."""
    forms = [(_LEGAL.search(key) or [""])[0] for key in (one, other)]
    found: dict[str, float] = {}
    if all(forms) and forms[0] != forms[1] and not all(_LIMITED.fullmatch(form) for form in forms):
        found["legal forms differ"] = 1.0
    if any(forms) and loosened(one) in _TRADES:
        found["a trade alone"] = 1.0
    titles = [(_TITLE.search(key) or [""])[0] for key in (one, other)]
    if all(titles) and titles[0] != titles[1]:
        found["titles differ"] = 1.0
    if forms[0] == forms[1] and titles[0] == titles[1] and len(one) == len(other) and not _DIGIT.search(one + other):
        found["characters that share a simplified one"] = 1.0
    return found


def compare_chinese(one: str, other: str) -> tuple[str, dict[str, float]]:
    """The form of two Chinese names by their looser keys, and what qualifies it."""
    short, long = sorted((one, other), key=lambda text: (len(text), text))
    core = next((long[len(c) :] for c in _COUNTRY if long.startswith(c) and not short.startswith(c)), long)
    if core == short and len(short) >= 3:
        return "short form", {"without its country": 1.0}
    if long == "中华人民共和国" and short == "中国":
        return "short form", {"without its country": 1.0}
    if long.startswith(short) and len(short) >= 2:
        if long[len(short) :] in _KINDS and not short.endswith(_INSTITUTIONS):
            return "short form", {"without its kind": 1.0, "two characters": float(len(short) == 2)}
        return "part of the name", {"Chinese part": 1.0, "at the beginning": 1.0}
    for whole in dict.fromkeys((long, core)):
        if 2 <= len(short) <= 4 and len(whole) >= len(short) + 2 and _is_short_form(short, whole):
            return "short form", {"initials of words": 1.0, "two characters": float(len(short) == 2)}
    if short in long and len(short) >= 2:
        return "part of the name", {"Chinese part": 1.0, "at the end": float(long.endswith(short))}
    distance = int(DamerauLevenshtein.distance(short, long, score_cutoff=2))
    if distance == 1 and len(long) >= 5:
        return "typing error", {"length": min(len(long), 24) / 12, "Chinese typing error": 1.0}
    common = len(set(short) & set(long)) / len(set(short) | set(long))
    return "different", {"common letters": common, "one character differs": float(distance == 1)}


def _is_short_form(short: str, long: str) -> bool:
    """Whether a name takes the first characters of two-character words of a longer one, or its last one as well.

    What only leaves a word out is no short form: 北京大学 is not 北京师范大学. Nor is 中国 one, or 刑法 for 刑事诉讼法.
    """
    if short in _COUNTRY or (len(short) == 2 and short[1] == "法"):
        return False
    if any(long.startswith(short[:at]) and long.endswith(short[at:]) for at in range(2, len(short) - 1)):
        return False
    starts = long[0::2]
    if short in (starts, starts[: len(short)]):
        return len(long) <= 2 * len(short) + 4
    if short[0] != long[0]:
        return False
    if len(short) == 2:
        return short[1] in (long[-1], long[2]) and len(long) <= 6
    position = 0
    for char in short[1:]:  # the next character, or the first one of a later word, or the last of all
        places = [i for i in range(position + 1, len(long)) if long[i] == char]
        place = next((i for i in places if i == position + 1 or i % 2 == 0 or i == len(long) - 1), None)
        if place is None:
            return False
        position = place
    return position >= len(long) - 2

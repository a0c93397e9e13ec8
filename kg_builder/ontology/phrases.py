"""Words of names and relations: cut out of camelCase, taken to their stems, and what kind of thing they name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["HAN", "base_types", "content_stems", "folded", "readable", "stem"]

HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@lru_cache(maxsize=1 << 16)
def folded(text: str) -> str:
    """Letters and digits only, without case, width and accents: what equal names have in common."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())


@lru_cache(maxsize=1 << 12)
def readable(name: str) -> str:
    """``hasToItsWest``, ``has_to_its_west`` and ``has/to its west`` as words with spaces, in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_/\s]+", " ", name)
    return " ".join(spaced.split()).lower()


_STOP = _words(
    """a an the of in on at to by for from with as into is are was were be been has have had its his her their or and
    it this that which who also"""
)
_STOP_ZH = "的是于在由被把了为与和及之"

# Words whose stems do not show that they belong together: the first of a line stands for the others.
_TOGETHER = """
birth bear born 出生 生于 诞生
death die died 逝世 去世 死于 卒于
publish publication published publisher 出版 发表
locate location located 位于 坐落 地处
reside residence resident live 居住 住在
marry marriage married spouse wife husband 结婚 妻子 丈夫 配偶
write writer author wrote written screenwriter 作者 撰写 写 著
found founder foundation inception establish establishment formation 成立 创立 创办 创建 建立
headquarter headquarters based 总部
speak spoken language speaks 语言
succeed successor follow
precede predecessor
employ employer employee work 任职 就职
win award winner 获得 荣获
sing singer vocalist 演唱 歌手
act actor star starring cast 主演 出演 饰演
direct director direction 导演 执导
produce producer production 制作 生产
compose composer composition music 作曲
own owner ownership 拥有
lead leader 领导
study alma educate education graduate 毕业 就读
acquire acquisition buy purchase 收购
child son daughter children 儿子 女儿 子女
parent father mother 父亲 母亲
"""
_CLASS = {word: line.split()[0] for line in _TOGETHER.strip().splitlines() for word in line.split()}
_SUFFIXES = (
    *("ations", "ation", "itions", "ition", "ments", "ment", "ances", "ance", "ences", "ence", "ships", "ship"),
    *(
        "ions",
        "ion",
        "ors",
        "or",
        "ers",
        "er",
        "ings",
        "ing",
        "ees",
        "ee",
        "ies",
        "ied",
        "ed",
        "es",
        "al",
        "s",
        "e",
        "y",
    ),
)


@lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """What "direct", "director" and "direction" have in common. Chinese words stay as they are."""
    low = word.lower()
    if low in _CLASS:
        return _CLASS[low]
    if not HAN.search(low):
        for suffix in _SUFFIXES:
            if low.endswith(suffix) and len(low) - len(suffix) >= 4:
                low = low[: -len(suffix)]
                break
        low = low[:-1] if len(low) > 4 and low[-1] == low[-2] else low
        low = low.removesuffix("e")
    return _CLASS.get(low, low)


_VALUES = _words("date day year time place location city country name number type title value")


@lru_cache(maxsize=1 << 14)
def content_stems(phrase: str) -> frozenset[str]:
    """The stems of a phrase's words that carry its meaning. "Birth place" means birth: the place is its range."""
    if HAN.search(phrase):
        bare = "".join(c for c in phrase if c not in _STOP_ZH) or phrase
        return frozenset({_CLASS.get(phrase, _CLASS.get(bare, bare))})
    words = [word for word in re.findall(r"[^\W_]+", readable(phrase)) if word not in _STOP]
    meant = [word for word in words if word not in _VALUES] or words
    return frozenset(map(stem, meant))


# Which of the extractors' types a type of that name can be: by the last of its words that is known.
_BASES = {
    "Person": """person human people man woman artist athlete actor author writer scientist politician musician singer
    president minister leader player footballer astronaut employee founder composer director officer ceo chef monarch
    king queen saint character architect engineer doctor teacher student voice deity commander
    人 人物 人类 作家 演员 导演 歌手 科学家 政治家 运动员 员工 角色 历史人物 影视人物 学生 教师""",
    "Organization": """organization organisation company corporation business institution university school college team
    club party government agency ministry band group label league publisher airline bank army unit militia union
    federation council committee operator developer
    机构 组织 公司 企业 学校 大学 政党 球队 俱乐部 政府 银行 部门 出版社 集团""",
    "Place": """place location city town village country state region county district municipality province continent
    river lake mountain island sea ocean airport building monument stadium venue street territory park campus
    observatory address settlement area reservoir watercourse peak range constellation
    地点 城市 国家 地区 省 市 县 河流 湖泊 山 岛屿 机场 建筑 地 景点 行政区""",
    "Time": "date time year day month period epoch century 日期 时间 年份 年",
    "Quantity": """number quantity amount length height width weight mass area population cost price revenue count
    数字 数值 数量 金额""",
    "Event": """event competition election battle war festival conference championship mission season game tournament
    事件 比赛 战争 会议 选举""",
    "Work": """work film movie book novel album song painting series show literature magazine journal newspaper opera
    writing poem play 作品 电影 图书 书籍 小说 专辑 歌曲 影视作品 图书作品 电视综艺 书""",
    "Product": """product software vehicle aircraft ship spacecraft device computer application weapon engine turbine
    rocket 产品 软件 车辆 飞机 设备""",
}
_BASE_OF = {word: base for base, words in _BASES.items() for word in words.split()}
_ALSO = {"Organization": ("Place",), "Place": ("Organization",), "Work": ("Product",), "Product": ("Work",)}


@lru_cache(maxsize=1 << 12)
def base_types(name: str) -> tuple[str, ...]:
    """The extractors' types that a type of that name can be, likeliest first; empty where its words say nothing."""
    words = readable(name).split()
    for word in (*reversed(words), name):
        singular = word.removesuffix("s")
        base = _BASE_OF.get(word) or _BASE_OF.get(singular) or _BASE_OF.get(singular.removesuffix("e"))
        if base is None and HAN.search(word):
            base = next((_BASE_OF[word[at:]] for at in range(len(word)) if word[at:] in _BASE_OF), None)
        if base:
            return (base, *_ALSO.get(base, ()))
    return ()

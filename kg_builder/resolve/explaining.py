"""Why two names are one entity, or are not, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kg_builder.resolve.grouping import DEFAULT
from kg_builder.resolve.records import Link, Profile
from kg_builder.resolve.scoring import weight_of

__all__ = ["PHRASES", "explain"]

PHRASES: Mapping[str, tuple[str, str]] = {
    "same key": ("they are spelt the same", "写法相同"),
    "look-alike letters": (
        "they only look alike: their letters belong to two alphabets",
        "只是字形相似，字母属于不同的文字",
    ),
    "looser key": (
        "they are spelt the same but for accents, titles, legal forms, word order or the like",
        "除重音、称谓、公司形式、词序等外写法相同",
    ),
    "titles differ": ("their titles differ", "称谓不同"),
    "legal forms differ": ("their legal forms differ", "公司形式不同"),
    "initials differ": ("their initials differ", "首字母不同"),
    "accents on a common noun": ("the accents make another word", "重音使其成为另一个词"),
    "a plural": ("one is the plural of the other", "一个是另一个的复数"),
    "plural of a name": ("one is a name, the other the plural of a common noun", "一个是专名，另一个是普通名词的复数"),
    "other order of words": ("their words stand in another order", "词序不同"),
    "a trade alone": ("without the legal form only a trade is left", "去掉公司形式后只剩行业名"),
    "characters that share a simplified one": (
        "their traditional characters differ and share one simplified character",
        "繁体字不同，只是简体相同",
    ),
    "a capital on one side": ("only one is written with a capital", "只有一个以大写开头"),
    "short given name": ("one has the short form of a given name", "一个用了名字的昵称"),
    "typing error": ("they differ by what may be a typing error", "差别可能是笔误"),
    "Chinese typing error": ("one character differs", "有一个字不同"),
    "first letter differs": ("their first letters differ", "首字母不同"),
    "two known words": ("the words that differ are both words of the language", "不同的词都是常用词"),
    "initials": ("one has initials where the other has words", "一个用首字母代替全词"),
    "nothing but initials": ("nothing but initials agrees", "只有首字母一致"),
    "surname": ("one is the last word of the other", "一个是另一个的最后一个词（如姓氏）"),
    "given name": ("one is the first word of the other", "一个是另一个的第一个词（如名）"),
    "part of the name": ("one is part of the other", "一个是另一个的一部分"),
    "only common nouns more": ("the longer one only has common nouns more", "较长的名称只多了普通名词"),
    "a number more": ("the longer one has a number more", "较长的名称多了数字"),
    "words more": ("the longer one has more words", "较长的名称多了词"),
    "a word is misspelt": ("and a word is spelt differently", "且有一个词拼写不同"),
    "an initial only": ("and only initials agree for a word", "且有的词只有首字母一致"),
    "a common noun alone": ("the shorter one is a common noun", "较短的名称是普通名词"),
    "several words": ("they have several words in common", "共有多个词"),
    "acronym": ("one has the initials of the other", "一个是另一个的首字母缩写"),
    "short form": ("one may be the short form of the other", "一个可能是另一个的简称"),
    "without its country": ("only the name of the country is left out", "只省略了国名"),
    "without its kind": ("only the kind of institution or place is left out", "只省略了机构或地点的类别"),
    "Chinese part": ("the longer one has characters more", "较长的名称多了字"),
    "other script": ("they are written in two scripts", "两者使用不同的文字"),
    "other number": ("their numbers differ", "数字不同"),
    "number on one side": ("only one has a number", "只有一个含有数字"),
    "different": ("their spellings differ", "写法不同"),
    "similar spelling": ("their spellings are similar", "写法相近"),
    "one character differs": ("one character differs", "有一个字不同"),
    "common words": ("they have words in common", "有相同的词"),
    "common letters": ("they have letters in common", "有相同的字"),
    "a word instead of another": ("one word stands for another", "一个词被另一个词替换"),
    "same type": ("they have the same type", "类型相同"),
    "one has no type": ("the type of one is not known", "其中一个类型未知"),
    "type conflict": (
        "their types differ ({a} and {b}), and such names never are one",
        "类型不同（{a}与{b}），绝不合并",
    ),
    "homonyms": (
        "what the documents tell of them cannot be true of one, and such homonyms never are one",
        "各文档所述不可能是同一个，同名而异者绝不合并",
    ),
    "other value": ("a time or an amount is nothing but what it says", "时间和数量只以其值为准"),
    "not both names": (
        "one is a common noun or a clause, and only a name is short for a name",
        "一个是普通名词或句子，只有专名才能是专名的简称",
    ),
    "other words": (
        "they are different words, and only names are misspelt or told by their company",
        "两者是不同的词，只有专名才可能是笔误或由上下文判断",
    ),
    "named within the other": ("one is only named in the other, which is something else", "一个只是在另一个之中被提到"),
    "stated alias": ("a text calls one the other's name", "有文本说明两者是同一名称"),
    "facts in common": ("they have facts in common", "有相同的事实"),
    "neighbours in common": ("they have neighbours in common", "有共同的邻居"),
    "no neighbour in common": ("they have no neighbour in common", "没有共同的邻居"),
    "a fact between the two": ("a fact relates one to the other", "两者之间有一条事实"),
    "length": ("they are long", "名称较长"),
    "acronym letters": ("it is a long acronym", "缩写较长"),
    "share of the letters": ("the shorter one has much of the longer one", "较短的名称占较长名称的一大部分"),
    "last letters differ": ("their endings differ", "词尾不同"),
    "at the beginning": ("the longer one begins with the shorter one", "较长的名称以较短的开头"),
    "at the end": ("the longer one ends with the shorter one", "较长的名称以较短的结尾"),
    "two characters": ("the shorter one has two characters", "较短的名称只有两个字"),
    "initials of words": ("it has the first characters of the words", "取自各词的首字"),
    "always together": ("one never occurs without the other", "其中一个从不单独出现"),
    "documents in common": ("the same documents mention both", "出现在相同的文档中"),
    "no document in common": ("no document mentions both", "没有同时提到两者的文档"),
    "vectors alike": ("to the embedding model they are alike", "向量模型认为两者相近"),
    "judged": ("the judge that was asked says so", "所询问的模型如此判定"),
}
_SHOWN = 4
_NEGLIGIBLE = 0.05  # log-odds


def explain(
    a: Profile, b: Profile, link: Link, language: Literal["en", "zh"] = "en", *, threshold: float = DEFAULT
) -> str:
    """The verdict of `link` on two names with its probability, and what speaks for it and against it, strongest first.

    Of each side the four weightiest features are named. Clusters and decisions may say otherwise than one link does.
    """
    chinese = language == "zh"
    weighed = sorted(((weight_of(name) * value, name) for name, value in link.scores.items()), key=_by_strength)
    if link.probability == 0.0:  # for a reason that nothing outweighs
        weighed = [(-1.0, name) for name in link.scores]
    pro = [_phrase(name, a, b, chinese=chinese) for weight, name in weighed if weight > _NEGLIGIBLE][:_SHOWN]
    con = [_phrase(name, a, b, chinese=chinese) for weight, name in weighed if weight < -_NEGLIGIBLE][:_SHOWN]
    names = [_shown(profile) for profile in (a, b)]
    one = link.probability >= threshold
    if chinese:
        text = f"“{names[0]}”与“{names[1]}”{'是' if one else '不是'}同一实体（概率 {link.probability:.2f}）。"
        text += f"支持：{'；'.join(pro)}。" if pro else ""
        return text + (f"反对：{'；'.join(con)}。" if con else "")
    verdict = "are one" if one else "are two"
    text = f'"{names[0]}" and "{names[1]}" {verdict} (probability {link.probability:.2f}).'
    text += f" For one: {'; '.join(pro)}." if pro else ""
    return text + (f" Against: {'; '.join(con)}." if con else "")


def _by_strength(item: tuple[float, str]) -> tuple[float, str]:
    return -abs(item[0]), item[1]


def _phrase(name: str, a: Profile, b: Profile, *, chinese: bool) -> str:
    english, other = PHRASES.get(name.partition(" (")[0], (name, name))
    return (other if chinese else english).format(a=a.name.type, b=b.name.type)


def _shown(profile: Profile) -> str:
    """The most frequent surface, or the key."""
    surfaces = profile.surfaces
    return min(surfaces, key=lambda surface: (-surfaces[surface], surface)) if surfaces else profile.name.plain

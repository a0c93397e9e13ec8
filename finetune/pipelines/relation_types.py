"""Writes the vocabulary of relationship types: the relations that plain text uses often.

    python -m finetune.pipelines.relation_types --data "$KG_DATA" --out kg_builder/models/relation_types.txt

Open extraction names tens of thousands of relations, most of them once. A graph database wants few relationship
types, and so do people who write Cypher: `kg_builder.relation_types` maps every relation to one of this list. What is
counted are the canonical relations that the offline extractor finds in the treebanks and public-domain documents that
may be shipped.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from finetune.pipelines.conllu import load_conllu
from kg_builder.extract import open_extractor
from kg_builder.loaders import discover, load
from kg_builder.normalize import to_statement
from kg_builder.relation_types import PREPOSITIONS
from kg_builder.segment import segment_document

LEAST = {"en": 3, "zh": 3}
MOST_WORDS, MOST_CHARACTERS = 2, 6
LEAST_IN_DICTIONARY = 300
STRONG_SHARE, STRONG_COUNT = 0.6, 5
FOLDERS = ("en_gutenberg", "en_peps", "zh_laws", "zh_court_cases")
TREEBANKS = ("ud/en_ewt", "ud/zh_gsd_2016", "ud/zh_gsdsimp")

ROLES_EN = """chief officer director president chairman chairwoman chair founder member manager head leader owner
partner author professor engineer minister secretary mayor governor king queen emperor son daughter
father mother brother sister wife husband child part capital subsidiary headquarters branch division
supplier customer competitor shareholder employee editor producer creator inventor winner student
teacher editor version type kind form example result cause symptom component product executive
captain coach judge ambassador representative spokesman spokeswoman"""
ROLES_ZH = """首席执行官 首席财务官 首席技术官 董事长 总经理 总裁 总工程师 创始人 联合创始人 子公司
母公司 首都 成员 作者 校长 主席 主任 院长 部长 市长 省长 县长 书记 教授 所长 局长
馆长 股东 员工 父亲 母亲 儿子 女儿 妻子 丈夫 总部 产品 部门 供应商 客户 竞争对手
法定代表人 负责人 代表 发言人 导演 编剧 主演 歌手 队长 教练 原告 被告 被告人 上诉人
法官 组成部分 一部分 别名 简称 全称"""


def texts(data: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of everything that is counted."""
    for folder in TREEBANKS:
        for path in sorted((data / folder).glob("*train*.conllu")) or sorted((data / folder).glob("*.conllu")):
            for sentence in load_conllu(path):
                yield ("en" if "/en_" in folder else "zh"), sentence.text
    for found in discover([data / "documents" / folder for folder in FOLDERS]):
        for segment in segment_document(load(found.path)):
            yield segment.language, segment.text


def strong_verbs(data: Path) -> list[str]:
    """English base forms that are verbs much more often than anything else."""
    verbs, others = Counter[str](), Counter[str]()
    for path in sorted((data / "ud/en_ewt").glob("*train*.conllu")):
        for sentence in load_conllu(path):
            for word in sentence.words:
                (verbs if word.upos == "VERB" else others)[word.lemma.lower()] += 1
    return sorted(v for v, n in verbs.items() if n >= STRONG_COUNT and n / (n + others[v]) >= STRONG_SHARE)


def dictionary_verbs() -> set[str]:
    """Frequent Chinese verbs of two and three characters in jieba's dictionary (MIT licence): law and news lack
    many.
    """
    import jieba

    rows = (
        line.split() for line in (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    )
    return {w for w, n, tag in rows if tag in ("v", "vn") and len(w) in (2, 3) and int(n) >= LEAST_IN_DICTIONARY}


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    extractor = open_extractor("open_ie")
    counts = {"en": Counter[str](), "zh": Counter[str]()}
    for language, text in texts(arguments.data):
        if language not in counts:
            continue
        for extraction in extractor.extract(text):
            statement = to_statement(extraction, language="en" if language == "en" else "zh")
            if statement is not None and extraction.is_fact:
                counts[language][statement.relation] += 1
    english = {r for r, n in counts["en"].items() if n >= LEAST["en"] and len(r.split()) <= MOST_WORDS and r.isascii()}
    chinese = {r for r, n in counts["zh"].items() if n >= LEAST["zh"] and len(r) <= MOST_CHARACTERS}
    english -= PREPOSITIONS
    english |= {f"{role} of" for role in ROLES_EN.split()}
    chinese |= dictionary_verbs() | set(ROLES_ZH.split())
    lines = [
        "# Relations that have a relationship type of their own, and English verbs by which longer ones are cut.",
        "# Made by finetune/pipelines/relation_types.py; do not edit by hand.",
        *(
            "r " + relation
            for relation in sorted(english | chinese | dictionary_verbs())
            if relation.strip() and "\n" not in relation
        ),
        *("v " + verb for verb in strong_verbs(arguments.data)),
    ]
    arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

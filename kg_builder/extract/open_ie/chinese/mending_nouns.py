"""Mends names, owners and stretches of time that the parser tore apart."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg_builder.extract.open_ie.chinese.tree import Word

__all__ = ["mend_nouns"]

_MOMENT = re.compile(
    r"^(?:[0-9０-９〇零一二三四五六七八九十]+(?:年|月|日|号|时|点|分|世纪|年代)?|年|月|日|号|世纪|年代|今|至今)$"
)
_UNTIL = frozenset(["至", "到", "-", "－", "–", "—", "——", "~", "～"])
_ALSO = frozenset(
    [
        "又称",
        "又名",
        "原名",
        "简称",
        "别名",
        "也称",
        "亦称",
        "俗称",
        "全称",
        "又叫",
        "学名",
        "位于",
        "是",
        "坐落于",
        "成立于",
        "建于",
        "始建于",
        "英语",
        "英文",
        "本名",
        "旧称",
    ]
)


def mend_nouns(tree: list[Word]) -> None:
    """Repairs the noun phrases of a sentence in place."""
    _mend_opening_name(tree)
    _mend_hidden_names(tree)
    _mend_genitives(tree)
    _mend_ranges(tree)


def _mend_opening_name(tree: list[Word]) -> None:
    """栗色泽鳝，又称…: what a sentence defines is one name, however rare its words are."""
    stop = next((w.i for w in tree[1:] if w.text in "，（("), 0)
    if not 2 < stop < min(len(tree) - 2, 9):
        return
    opening = tree[1:stop]
    if tree[stop].text == "，" and not (
        tree[stop + 1].text in _ALSO or tree[stop + 1].text + tree[stop + 2].text in _ALSO
    ):
        return
    if tree[stop].text != "，" and not (
        tree[stop + 1].text in _ALSO or tree[stop + 2].text in "：:" or tree[stop + 1].text[:1].isascii()
    ):
        return
    text = "".join(w.text for w in opening)
    odd = ("PUNCT", "AUX", "ADP", "CCONJ", "PRON", "DET")
    if len(text) > 14 or any(w.upos in odd or w.xpos == "DEC" or w.text in "的、和与及是" for w in opening):
        return
    if any(w.upos == "VERB" and len(w.text) > 1 for w in opening):
        return
    last = opening[-1]
    inside = range(1, stop)
    top = next((w for w in opening if w.head not in inside), last)
    if top.head == 0 or _hangs_below(tree, top.head, inside):
        return
    last.head, last.dep = top.head, top.dep
    if last.upos not in ("NOUN", "PROPN", "PART", "X"):
        last.upos = "PROPN"
    for word in tree[1:]:
        if word.i in inside and word is not last:
            word.head, word.dep = last.i, "compound"
        elif word.head in inside:
            word.head = last.i


def _mend_hidden_names(tree: list[Word]) -> None:
    """孟某|某, 孟|某某: a name with its characters left out is one name."""
    for first, second in pairwise(tree[1:]):
        whole = first.text + second.text
        if (
            first.end != second.start
            or not re.fullmatch(r"[^\W\d_a-zA-Z]某[某甲乙丙]?", whole)
            or second.text[-1] not in "某甲乙丙"
        ):
            continue
        if first.text == "某" or (first.head == second.i and second.head == first.i):
            continue
        if first.head == second.i:
            first.head, first.dep = second.head, second.dep
        for word in tree[1:]:
            if word.head == second.i and word is not first:
                word.head = first.i
        second.head, second.dep = first.i, "flat:name"
        first.upos = second.upos = "PROPN"


def _mend_genitives(tree: list[Word]) -> None:
    """侵犯公民的权利, read as two objects, has one."""
    for particle in tree[2:-1]:
        if particle.text != "的":
            continue
        owner = tree[particle.i - 1]
        if owner.upos not in ("NOUN", "PROPN", "PART") or owner.dep != "obj" or owner.head > owner.i:
            continue
        owned = next(
            (w for w in tree[particle.i + 1 : particle.i + 4] if w.head == owner.head and w.dep == "obj"), None
        )
        if owned is not None:
            particle.head, particle.dep, particle.xpos = owner.i, "case", "DEC"
            owner.head, owner.dep = owned.i, "nmod"


def _mend_ranges(tree: list[Word]) -> None:
    """2006年至2008年: one stretch of time, headed by its last word."""
    for until in tree[2:-1]:
        if until.text not in _UNTIL or not _MOMENT.match(tree[until.i - 1].text):
            continue
        low, high = until.i - 1, until.i + 1
        while low > 1 and _MOMENT.match(tree[low - 1].text):
            low -= 1
        if not _MOMENT.match(tree[high].text):
            continue
        while high + 1 < len(tree) and _MOMENT.match(tree[high + 1].text):
            high += 1
        whole = "".join(w.text for w in tree[low : high + 1])
        if not re.search(r"[年月日时点世纪]", whole) or high - low > 14:
            continue
        group = range(low, high + 1)
        last = tree[high]
        top = next((w for w in tree[low : until.i] if w.head not in group), last)
        if top.head in group or _hangs_below(tree, top.head, group):
            continue
        last.head, last.dep, last.upos, last.xpos = top.head, top.dep, "NOUN", "NNB"
        for word in tree[1:]:
            if word.i in group and word is not last:
                word.head, word.dep = high, "compound"
            elif word.head in group:
                word.head = high


def _hangs_below(tree: list[Word], i: int, group: range) -> bool:
    while i > 0:
        if i in group:
            return True
        i = tree[i].head
    return False

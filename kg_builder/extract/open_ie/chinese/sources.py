"""Whose word a Chinese clause is: hearsay, opinions, quotations."""

from __future__ import annotations

import re

from kg_builder.extract.open_ie.chinese.arguments import full
from kg_builder.extract.open_ie.chinese.predicates import Clause
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.words import words
from kg_builder.types import Qualifier

__all__ = ["PLAN_VERBS", "SPEECH", "author_again", "chunk_start", "source_of"]

PLAN_VERBS = words("polarity.plan_verbs")
SPEECH = words("polarity.speech")
_HEARSAY = re.compile(
    r"(?:^|[，,；;。])\s*(?:据说|据称|据传|据悉|据报道|据报|相传|传说|传闻|谣传|听说|有传言称?|有消息称|有人说)"
    r"|据(?P<source>[^，,。；;]{1,25}?)(?:报道|报导|介绍|透露|称|说|表示|记载|消息|统计|指出)[，,]"
    r"|(?:根据|依据)(?P<basis>[^，,。；;]{1,20}的(?:数据|报道|报告|说法|消息|统计|记载))[，,]"
)
_QUOTED = re.compile(
    r"[，。！？,!?][”」\"](?P<source>[^，,。；;“”]{1,12}?)(?:还|又)?(?:说|表示|称|写道|指出|补充)[道]?[。！：，]"
)
_TURN = re.compile(r"[，；](?:但是?|然而|不过|可是)")
_SAYING = re.compile(r"[这该此]一?(?:说法|消息|报道|传闻|说辞)")
_OPINION = frozenset(["认为", "主张", "诉称", "辩称", "声称", "答辩称", "上诉称", "指出"])


def author_again(tree: Tree, clause: Clause) -> bool:
    """王强表示愿意加入，但公司没有答应: what follows 但 outside quotes is no longer what somebody said."""
    start, at = tree[1].start, chunk_start(tree, clause.predicate)
    if tree.text.count("“", start, at) > tree.text.count("”", start, at):
        return False
    if _SAYING.search(tree.text, at, tree[len(tree) - 1].end):
        return True
    turn = max((m.end() for m in _TURN.finditer(tree.text, start, tree[clause.predicate].start)), default=0)
    said = max((w.start for w in tree[1 : clause.predicate] if w.text in SPEECH), default=0)
    return turn > said > 0


def source_of(tree: Tree, clause: Clause, text: str) -> Qualifier | None:
    """Whose word the clause is; a qualifier without text where nobody is named; None where it is the author's own."""
    hearsay = _HEARSAY.search(text)
    base = tree[1].start
    if hearsay and tree[clause.predicate].start >= base + hearsay.end():
        named = next((group for group in ("source", "basis") if hearsay.group(group)), "")
        if named:
            first, last = (base + n for n in hearsay.span(named))
            return Qualifier("source", tree.text[first:last], first, last)
        return Qualifier("source", "")
    if (
        hearsay
        and not (hearsay.group("source") or hearsay.group("basis"))
        and tree[clause.predicate].start >= base + hearsay.start()
    ):
        return Qualifier("source", "")
    quoted = _QUOTED.search(text)
    if quoted and tree[clause.predicate].start < base + quoted.start():
        first, last = (base + n for n in quoted.span("source"))
        return Qualifier("source", tree.text[first:last], first, last)
    i = clause.top
    while tree[i].head > 0:
        head = tree[i].head
        if tree[head].text in PLAN_VERBS and clause.inherited and tree[i].dep == "xcomp":
            return None
        if head < i and tree[head].text in SPEECH and tree[i].dep in ("ccomp", "xcomp", "parataxis", "obj"):
            subjects = [k for k in tree.kids(head, "nsubj") if k < head] or _noun_at(tree, head - 1)
            if subjects and (tree[i].dep != "parataxis" or _colon(tree, head, i)):
                surface, start, end = tree.surface(full(tree, subjects[-1]))
                return Qualifier("source", surface, start, end)
            if tree[i].dep in ("ccomp", "xcomp") and _colon(tree, head, i):
                return Qualifier("source", "")
        i = head
    return _spoken_before(tree, clause)


def _colon(tree: Tree, a: int, b: int) -> bool:
    return any(tree[k].text in "，,：:“" for k in range(a + 1, b))


def _spoken_before(tree: Tree, clause: Clause) -> Qualifier | None:
    """X 表示，…: right for trees that hang the quoted clause elsewhere."""
    for k in range(2, clause.top):
        if tree[k].text in SPEECH and _opens_speech(tree, k) and tree[k].upos in ("VERB", "NOUN"):
            subjects = [n for n in tree.kids(k, "nsubj") if n < k] or _noun_at(tree, k - 1)
            if subjects and not tree.kids(k, "aux:pass"):
                surface, start, end = tree.surface(full(tree, subjects[-1]))
                return Qualifier("source", surface, start, end)
    return None


def _opens_speech(tree: Tree, k: int) -> bool:
    """Whether a comma or colon follows the verb of speech, after a listener at most (告诉记者，)."""
    told = tree[k].text in ("告诉", "告知", "通知", "提醒")
    stop = k + 4 if told else k + 1
    if tree[k].text in _OPINION and not tree.kids(k, "obj"):
        return True
    return any(tree[n].text in "，,：:" for n in range(k + 1, min(stop, len(tree) - 1) + 1)) and (
        told or not tree.kids(k, "obj")
    )


def _noun_at(tree: Tree, k: int) -> list[int]:
    """The noun whose last word is `k`."""
    while tree[k].dep in ("flat:name", "flat") and 0 < tree[k].head < k:
        k = tree[k].head
    return [k] if tree[k].upos in ("PROPN", "NOUN", "PRON", "PART") else []


def chunk_start(tree: Tree, i: int) -> int:
    """The offset behind the last comma before the word."""
    k = i
    while k > 1 and tree[k - 1].text not in "，,；;：:。！？“":
        k -= 1
    return tree[k].start

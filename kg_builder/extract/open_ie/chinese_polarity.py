"""Whether a Chinese clause is denied, possible, conditional, asked, ordered, planned or hearsay, and who says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kg_builder.extract.open_ie.chinese_arguments import full
from kg_builder.extract.open_ie.chinese_predicates import Clause
from kg_builder.extract.open_ie.chinese_tree import Tree
from kg_builder.extract.open_ie.chinese_words import words
from kg_builder.types import Modality, Polarity, Qualifier

__all__ = ["SPEECH", "Status", "status"]

_NEGATIONS = words("polarity.negations")
_NOT_NEGATIVE = words("polarity.not_negative")
_POSSIBLE = words("polarity.possible")
_OUGHT = words("polarity.ought")
_PLANNED = words("polarity.planned")
_PLAN_VERBS = words("polarity.plan_verbs")
_DEMANDS = frozenset(["要求", "建议", "提议", "呼吁", "命令", "责令", "敦促", "请求", "请", "禁止", "严禁"])
_CONDITIONS = re.compile(r"^(?:如果|若是|若|假如|假使|倘若|要是|如|只要|除非|一旦|万一|只有|即使|要不是|假设)$")
_CONDITION_OPEN = re.compile(
    r"(?:^|[，,；;。])\s*(?:如果|若是?|假如|假使|倘若|要是|只要|除非|一旦|万一|假设)|的话[，,]"
)
_DENYING = frozenset({"缺乏", "缺少", "并非"})
SPEECH = words("polarity.speech")
_HEARSAY = re.compile(
    r"(?:^|[，,；;。])\s*(?:据说|据称|据传|据悉|据报道|据报|相传|传说|传闻|谣传|听说|有传言称?|有消息称|有人说)|据(?P<source>[^，,。；;]{1,25}?)(?:报道|报导|介绍|透露|称|说|表示|记载|消息|统计|指出)[，,]"
)
_QUESTION_END = re.compile(r"[?？]\s*[”’\"」』]?\s*$|[吗么呢][?？。]?\s*$")


@dataclass(frozen=True, slots=True)
class Status:
    """Polarity and modality of a clause, and its source where it is hearsay."""

    polarity: Polarity
    modality: Modality
    source: Qualifier | None = None


def status(tree: Tree, clause: Clause) -> Status:
    """How the text commits itself to a clause. The strongest reserve wins, in the order of `_modality`."""
    helpers = _helpers(tree, clause)
    verbs = [tree[v].text for v in clause.chain]
    if clause.copula:
        verbs = [*verbs[:-1], tree[clause.copula].text]
    negatives = sum(map(_is_negative, helpers)) + sum(v in _DENYING or _is_negative(v) for v in verbs)
    polarity: Polarity = "negative" if negatives % 2 else "positive"
    modality, source = _modality(tree, clause, helpers)
    return Status(polarity, modality, source)


def _is_negative(text: str) -> bool:
    """不, 没有 and the words they open: 不属于, 未完工."""
    if text in _NEGATIONS:
        return True
    return text[:1] in ("不", "未", "没", "无") and text not in _NOT_NEGATIVE and 1 < len(text) <= 3


def _helpers(tree: Tree, clause: Clause) -> list[str]:
    """Adverbs and auxiliaries of the whole chain."""
    ids = {
        k
        for v in [*clause.chain, clause.predicate]
        for k in tree.kids(v, "advmod", "aux", "mark", "dep")
        if k < clause.predicate
    }
    low = min(clause.chain)
    near = [
        k for k in range(max(1, low - 2), low) if tree[k].upos in ("ADV", "AUX") and tree[k].head in tree.above(low)
    ]
    return [tree[k].text for k in sorted(ids | set(near))]


def _modality(tree: Tree, clause: Clause, helpers: list[str]) -> tuple[Modality, Qualifier | None]:
    text = tree.text[tree[1].start : tree[len(tree) - 1].end]
    if _QUESTION_END.search(text) and not _after_statement(tree, clause):
        return "question", None
    if _conditional(tree, clause, text):
        return "conditional", None
    chain = [tree[v].text for v in clause.chain]
    if any(w in _OUGHT for w in helpers) or any(w in _OUGHT for w in chain[:-1]) or _governed(tree, clause, _DEMANDS):
        return "command", None
    source = _source(tree, clause, text)
    if source is not None:
        return "reported", source if source.text else None
    if any(w in _POSSIBLE for w in [*helpers, *chain]):
        return "possible", None
    if (
        any(w in _PLANNED for w in helpers)
        or any(w in _PLAN_VERBS for w in chain[:-1])
        or _governed(tree, clause, _PLAN_VERBS)
    ):
        return "planned", None
    return "asserted", None


def _after_statement(tree: Tree, clause: Clause) -> bool:
    """The last clause asks; a whole clause parted from it by a semicolon does not."""
    return any(tree[k].text in "；;。" for k in range(clause.predicate, len(tree) - 2))


def _governed(tree: Tree, clause: Clause, verbs: frozenset[str]) -> bool:
    """Whether the clause, or the one it is coordinated with, is what one of `verbs` asks for or intends."""
    if len(clause.chain) > 1 and any(tree[v].text in verbs for v in clause.chain[:-1]):
        return True
    i = clause.top
    while (
        tree[i].dep in ("conj", "parataxis", "advcl")
        and tree[i].head > 0
        and tree[tree[i].head].dep in ("xcomp", "ccomp")
    ):
        i = tree[i].head
    return tree[i].dep in ("xcomp", "ccomp") and tree[i].head > 0 and tree[tree[i].head].text in verbs


def _conditional(tree: Tree, clause: Clause, text: str) -> bool:
    for v in clause.chain:
        if any(_CONDITIONS.match(tree[k].text) for k in tree.kids(v, "mark", "case", "advmod", "dep")):
            return True
        for k in tree.kids(v, "advcl", "ccomp", "xcomp", "obl"):
            if any(_CONDITIONS.match(tree[n].text) for n in tree.kids(k, "mark", "case", "advmod")):
                return True
    opening = _CONDITION_OPEN.search(text)
    if not opening:
        return False
    at = tree[1].start + opening.start()
    return tree[clause.predicate].start >= at


def _source(tree: Tree, clause: Clause, text: str) -> Qualifier | None:
    """Whose word the clause is; a qualifier without text where nobody is named; None where it is the author's own."""
    hearsay = _HEARSAY.search(text)
    base = tree[1].start
    if hearsay and tree[clause.predicate].start >= base + hearsay.end():
        if hearsay.group("source"):
            first, last = (base + n for n in hearsay.span("source"))
            return Qualifier("source", tree.text[first:last], first, last)
        return Qualifier("source", "")
    if hearsay and not hearsay.group("source") and tree[clause.predicate].start >= base + hearsay.start():
        return Qualifier("source", "")
    i = clause.top
    while tree[i].head > 0:
        head = tree[i].head
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
        if (
            tree[k].text in SPEECH
            and k + 1 < len(tree)
            and tree[k + 1].text in "，,：:"
            and tree[k].upos in ("VERB", "NOUN")
        ):
            subjects = [n for n in tree.kids(k, "nsubj") if n < k] or _noun_at(tree, k - 1)
            if subjects and not tree.kids(k, "obj", "aux:pass"):
                surface, start, end = tree.surface(full(tree, subjects[-1]))
                return Qualifier("source", surface, start, end)
    return None


def _noun_at(tree: Tree, k: int) -> list[int]:
    """The noun whose last word is `k`."""
    while tree[k].dep in ("flat:name", "flat") and 0 < tree[k].head < k:
        k = tree[k].head
    return [k] if tree[k].upos in ("PROPN", "NOUN", "PRON", "PART") else []

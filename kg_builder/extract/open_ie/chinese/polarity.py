"""Whether a Chinese clause is denied, possible, conditional, asked, ordered, planned or hearsay, and who says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from kg_builder.extract.open_ie.chinese.predicates import Clause
from kg_builder.extract.open_ie.chinese.sources import PLAN_VERBS, SPEECH, author_again, chunk_start, source_of
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.words import words
from kg_builder.types import Modality, Polarity, Qualifier

__all__ = ["Status", "follow", "precede", "status"]

_NOT_NEGATIVE = words("polarity.not_negative")
_POSSIBLE = words("polarity.possible")
_OUGHT = words("polarity.ought")
_PLANNED = words("polarity.planned")
_PERMITTED = frozenset({"可", "可以", "得以", "有权"})
_FILLERS = words("polarity.fillers")  # what may stand between a cue and its verb
_DEMANDS = frozenset(
    ["要求", "建议", "提议", "呼吁", "命令", "责令", "敦促", "请求", "请", "禁止", "严禁", "引导", "督促"]
)
_CONDITIONS = re.compile(r"^(?:如果|若是|若|假如|假使|倘若|要是|如|只要|除非|一旦|万一|只有|即使|要不是|假设|倘|假若)$")
_CONDITION_OPEN = re.compile(
    r"(?:^|[，,；;。：:“])\s*(?:如果|若是?|假如|假使|倘若|要是|只要|除非|一旦|万一|假设|即使|假若|只有(?=[^。；]{1,40}才)"
    r"|如(?=(?![图表下上同此今前后一实期愿数何约])[^、。；]{2,60}，))|的话[，,]"
)
_CASE = re.compile(r"(?<![目有真别总标似])的，(?!是)")  # 违反规定的，处以罚款: a case that a law provides for
_CASE_ITEM = re.compile(r"的[；;][。]?$")
_ASKING = re.compile(
    r"是否|能否|可否|是不是|有没有|何时|何地|何处|为何|为什么|如何|怎样|怎么|多少|(?<!每)谁(?!都|也)|哪(?!怕)|什么(?!都|也)"
)
_ANY = re.compile(r"无论|不管|不论|任何时候|没什么|没有什么")
_DENIAL = re.compile(
    r"(?P<double>不得不|不能不|不可不|不会不|无不|莫不|不无|(?<=人)无不)"
    r"|从来没有|没有|没能|不是|并非|拒绝|禁止|严禁|不准|不许|缺乏|缺少|未能|未必|从未|尚未|无法|切勿|请勿|别|莫|勿|不|没|未|无|非(?=法)"
)
_EITHER = re.compile(r"是不是|有没有|会不会|能不能|要不要")
_TWICE = re.compile(r"没有人不|没有谁不|没有一[个名位]\S{1,4}不")
_QUESTION_END = re.compile(r"[?？]\s*[”’\"」』]?\s*$|[吗么呢][?？。]?\s*$")
_RULING = re.compile(r"(?:判决|裁定|裁决|判令|责令|约定|规定|请求|要求)(?:如下|书)?[：:]")
_ORDERS = frozenset(["判决", "裁决", "裁定", "判令", "请求", "约定"])  # what a court orders is not done yet
_WHEN = re.compile(r"(?:后|时|前|的|之日起|期间|过程中)$")
_DUTIES = frozenset(["应当", "必须", "不得", "应", "须"])
_TERM = re.compile(r"(?:生效|送达|收到)[^，。；]{0,8}日[起]?[^，。；]{0,4}内")  # 判决生效后七日内: an order
_DUTY = re.compile(r"应当|应予|必须|不得|可以|有权|须|应[^用]")
_LASTING = ("command", "planned", "possible", "conditional")
_REACH = 14  # characters before a verb in which its cues may stand


@dataclass(frozen=True, slots=True)
class Status:
    """Polarity and modality of a clause, and its source where it is hearsay."""

    polarity: Polarity
    modality: Modality
    source: Qualifier | None = None


def status(tree: Tree, clause: Clause) -> Status:
    """How the text commits itself to a clause. The strongest reserve wins, in the order of `_modality`."""
    cues = _cues(tree, clause)
    polarity: Polarity = "negative" if _denials(tree, clause, cues) % 2 else "positive"
    own = "" if clause.copula else tree[clause.predicate].text
    modality, source = _modality(tree, clause, [cue.removesuffix(own) for cue in cues])
    return Status(polarity, modality, source)


def follow(tree: Tree, states: Sequence[tuple[Clause, Status]], clause: Clause, own: Status) -> Status:
    """企业应当制定制度，配备人员: a clause that depends on one of those before goes on under its reserve."""
    if not states or own.modality != "asserted":
        return own
    head, dep = tree[clause.top].head, tree[clause.top].dep
    if dep in ("xcomp", "ccomp"):  # 公司拟聘请专家监测噪声
        for earlier, state in states:
            if earlier.predicate == head and state.modality in _LASTING and tree[head].text not in SPEECH:
                return replace(own, modality=state.modality)
    own_subject = any(tree[k].start >= chunk_start(tree, clause.predicate) for k in clause.subjects)
    for earlier, state in reversed(states):
        shared = earlier.inherited and tree[earlier.top].head in clause.chain and tree[earlier.top].dep == "advcl"
        between = [tree[k].text for k in range(earlier.predicate + 1, clause.predicate)]
        if dep in ("acl:relcl", "acl") or any(mark in between for mark in "；;。"):
            return own
        if (
            state.modality in _LASTING
            and (shared or not own_subject)
            and tree[earlier.top].dep not in ("acl:relcl", "acl")
        ):
            listed = (dep == "conj" or shared) and not any(mark in between for mark in "，,")
            return replace(own, modality=state.modality, polarity=state.polarity if listed else own.polarity)
    return own


def precede(tree: Tree, states: Sequence[tuple[Clause, Status]]) -> Iterator[tuple[Clause, Status]]:
    """办理登记前，应当成立组织: what only says when a duty or a plan holds is no fact either."""
    for clause, state in states:
        if state.modality == "asserted" and tree[clause.top].dep == "advcl":
            mains = [s for c, s in states if tree[clause.top].head in c.chain]
        else:
            mains = []
        duty = any(s.modality in ("command", "conditional") for s in mains) or _says_when(tree, clause)
        if state.modality == "asserted" and duty:
            yield clause, replace(state, modality="conditional")
            continue
        yield clause, state


def _says_when(tree: Tree, clause: Clause) -> bool:
    """接到报告后，应当 …: whether the clause only says when a duty or a right holds."""
    k = clause.predicate
    while k + 1 < len(tree) and tree[k + 1].text not in "，；。":
        k += 1
    if k + 2 < len(tree) and tree[k + 2].text in _DUTIES:
        return True  # 信访人提出事项，应当客观真实
    if k + 2 >= len(tree) or not _WHEN.search(tree.text, tree[clause.predicate].start, tree[k].end):
        return False
    return bool(_DUTY.search(tree.text, tree[k].end, tree[len(tree) - 1].end))


def _denials(tree: Tree, clause: Clause, cues: list[str]) -> int:
    """How many words deny the clause; what denies a denial counts twice."""
    count = 0
    for cue in cues:
        for match in _DENIAL.finditer(_harmless().sub(" ", cue)):
            count += 2 if match.group("double") else 1
    start = chunk_start(tree, clause.predicate)
    if _EITHER.search(tree.text, start, tree[clause.predicate].end) or _TWICE.search(
        tree.text, start, tree[clause.predicate].start
    ):
        return 0
    return count


@lru_cache(maxsize=1)
def _harmless() -> re.Pattern[str]:
    return re.compile(
        "|".join(f"{w}(?!意)" if w == "不同" else w for w in sorted(_NOT_NEGATIVE, key=len, reverse=True))
    )


def _cues(tree: Tree, clause: Clause) -> list[str]:
    """What the clause's adverbs, auxiliaries and earlier verbs read as; neighbours are one string."""
    ids = {
        k
        for v in [*clause.chain, clause.predicate]
        for k in tree.kids(v, "advmod", "aux", "mark", "dep")
        if k < clause.predicate and not tree.kids(k, "nsubj", "obj")
    }
    ids.update(clause.chain[:-1])
    low = min(clause.chain)
    ids.update(
        k for k in range(max(1, low - 2), low) if tree[k].upos in ("ADV", "AUX") and tree[k].head in tree.above(low)
    )
    if clause.copula:
        ids.add(clause.copula)
        low = min([low, clause.copula, *(k for k in ids if k < clause.copula and clause.copula - k < 3)])
    else:
        ids.add(clause.predicate)
    at = {n for k in ids for n in range(tree[k].start, tree[k].end)}
    at.update(range(_lead(tree, clause.copula or low), tree[low].start))
    cues, last = [""], -2
    for n in sorted(at):
        if n != last + 1:
            cues.append("")
        cues[-1] += tree.text[n]
        last = n
    return [c for c in cues if c]


def _lead(tree: Tree, low: int) -> int:
    """The offset where the row of cues that ends right before the word begins."""
    stop = tree[low].start
    floor = max(chunk_start(tree, low), stop - _REACH)
    starts = {w.start for w in tree[1:low]}
    at = stop
    while True:
        for size in (4, 3, 2, 1):
            text = tree.text[max(floor, at - size) : at]
            if len(text) == size and text in _leading() and (size > 1 or (at - 1 in starts and _plain(tree, at - 1))):
                at -= size
                break
        else:
            return at


def _plain(tree: Tree, start: int) -> bool:
    """Whether the one character at an offset is a word of its own and no name or noun."""
    word = next(w for w in tree[1:] if w.start == start)
    return word.end == start + 1 and (word.upos not in ("PROPN", "NOUN", "PART", "ADP") or word.text in "别没")


@lru_cache(maxsize=1)
def _leading() -> frozenset[str]:
    return _FILLERS | _POSSIBLE | _OUGHT | _PLANNED | PLAN_VERBS | _PERMITTED | words("polarity.negations")


def _says(cues: list[str], lexicon: frozenset[str]) -> bool:
    return any(word in _split_cue(cue) for cue in cues for word in lexicon)


@lru_cache(maxsize=4096)
def _split_cue(cue: str) -> frozenset[str]:
    """The words of a row of cues, longest first."""
    found, at = set(), 0
    while at < len(cue):
        size = next((n for n in (4, 3, 2) if cue[at : at + n] in _leading()), 1)
        found.add(cue[at : at + size])
        at += size
    return frozenset(found)


def _modality(tree: Tree, clause: Clause, cues: list[str]) -> tuple[Modality, Qualifier | None]:
    text = tree.text[tree[1].start : tree[len(tree) - 1].end]
    if (_QUESTION_END.search(text) and not _after_statement(tree, clause)) or _asked(tree, clause):
        return "question", None
    if _conditional(tree, clause, text):
        return "conditional", None
    if _TERM.search(text) or _says(cues, _OUGHT) or _governed(tree, clause, _DEMANDS) or _ordered(tree, clause):
        return "command", None
    source = None if author_again(tree, clause) else source_of(tree, clause, text)
    if source is not None:
        return "reported", source if source.text else None
    if _says(cues, _POSSIBLE) or _says(cues, _PERMITTED):
        return "possible", None
    if _says(cues, _PLANNED) or _says(cues, PLAN_VERBS) or _governed(tree, clause, PLAN_VERBS):
        return "planned", None
    return "asserted", None


def _ordered(tree: Tree, clause: Clause) -> bool:
    """法院判决公司支付加班费: ordered, with a subject of its own; 法院判决撤销协议 is what the court does."""
    own = [k for k in clause.subjects if k < clause.top]
    if not own:
        return False
    ruling = _RULING.search(tree.text, tree[1].start, tree[clause.predicate].start)
    if ruling and tree[own[0]].start >= ruling.end():
        return True
    orders = [k for k in range(1, clause.top) if tree[k].text in _ORDERS and tree[k].upos == "VERB"]
    return (
        bool(orders) and own[0] > orders[-1] and not any(tree[k].text in "。；" for k in range(orders[-1], clause.top))
    )


def _asked(tree: Tree, clause: Clause) -> bool:
    """审查他是否拥有房子: a question inside a statement."""
    start = chunk_start(tree, clause.predicate)
    before = tree.text[start : tree[clause.predicate].start]
    for match in _ASKING.finditer(before):
        at = start + match.start()
        word = next((w for w in tree[1:] if w.start <= at < w.end), None)
        after = [v for v in range(word.i + 1, clause.predicate) if tree[v].upos == "VERB"] if word else []
        if not _ANY.search(before) and (len(after) < 2 or match.group()[-1] == "否"):
            return True
    return False


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
    if opening and tree[clause.predicate].start >= tree[1].start + opening.start():
        return True
    case = _CASE.search(text) or _CASE_ITEM.search(text)
    if case is None:
        return False
    return "是" not in text[: case.start()].rpartition("，")[2] and _has_verb(tree, case.start())


def _has_verb(tree: Tree, before: int) -> bool:
    """Whether a verb stands in the part of the sentence that ends at the offset within it."""
    stop = tree[1].start + before
    words_before = [w for w in tree[1:] if w.end <= stop]
    return any(w.upos in ("VERB", "ADJ", "AUX", "ADV") for w in words_before)

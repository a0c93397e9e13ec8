"""Which statements of a Chinese sentence a graph can use: those that a reader understands without the sentence."""

from __future__ import annotations

import re

from kg_builder.extract.open_ie.chinese.arguments import compact, entity_head, entity_kind, full, is_pronoun
from kg_builder.extract.open_ie.chinese.mending import is_known, known_tag
from kg_builder.extract.open_ie.chinese.relations import Statement
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.words import words
from kg_builder.types import Modality

__all__ = ["is_fit", "is_heading", "is_pointed", "reserve_of"]

_VAGUE = words("fitness.vague")  # 有关规定: which ones only the context says
_VAGUE_TAILS = words("fitness.vague_tails")
_POINTING = words("fitness.pointing")
_DEMONSTRATIVES = words("fitness.demonstratives")
_OWNERS = frozenset(["其", "他", "她", "它", "他们", "她们", "它们"])
_OWN = "片剧书案法种曲作校院区县市镇村省国公人会条例规办赛届线站车店报所基集团届章节企行"  # 本剧, but not 本田
_PARTICLES = words("fitness.particles")  # prepositions that the tree takes for verbs
_BASES = frozenset(
    ["按", "按照", "依照", "依据", "根据", "依", "据", "除", "除了", "针对", "关于", "就", "对于", "随着", "鉴于"]
)
_NOTHING = frozenset("主物者今等此其国方式年月日时人法条款项限止准由例先省市县区乡镇旗盟村社院站部局处厅委会州岛河山厂")
_MODIFIERS = frozenset(["nmod", "amod", "compound", "acl", "acl:relcl", "det", "nummod", "appos", "flat", "flat:name"])
_PIVOTS = words("clauses.pivots")
_WHOLE = frozenset(
    ["任命", "聘请", "邀请", "邀", "选举", "派", "派遣", "委托", "授权", "帮助", "指派", "推举", "率领", "带领", "组织"]
)
_TRANSITIVE = frozenset(
    ["公布", "发布", "批准", "制定", "颁布", "修订", "签署", "提出", "作出", "签订", "订立", "购买", "支付", "令"]
)
_ASKED = frozenset(["请求", "要求", "判令", "责令", "裁决"])  # whose object is a clause, read as a noun
_AFTER = frozenset(["后", "时", "前", "中", "之后", "之前", "以后"])
_ABSTRACT = words("fitness.abstract")
# How sure the parser must be of the arcs between head and tail, of the predicate's, and of the whole tree on average;
# chosen on statements of documents judged by hand, anew with each model.
_SURE = (0.3, 0.45, 0.82)  # a name for its head
_SURER = (0.5, 0.6, 0.87)
_SUREST = (0.8, 0.9, 0.9)  # circumstances and relative clauses
_LEAST = 0.2
_SHORT = 14  # words of a sentence so simple that doubt about its root does no harm
_FACTIVE = frozenset(
    [
        "由",
        "发现",
        "得知",
        "显示",
        "表明",
        "查明",
        "证实",
        "证明",
        "使",
        "使得",
        "令",
        "导致",
        "致使",
        "得",
        "有",
        "是",
        "开始",
        "继续",
    ]
)
_SIDES = words("clauses.directions_of_place")
_HEADINGS = tuple(words("fitness.headings"))
_DEFINING = frozenset(["是指", "指", "系指", "称", "所称", "是指为"])
_EMPTY = frozenset(["进行", "给予", "作出", "做出", "实施", "实行"])
_FAR = 40  # words between a clause and a subject that it only borrows
_EXCEPT = re.compile(r"(?:但|但是)?[^，。；]{0,40}除外[。；]?$")
_CASES = re.compile(r"情形|之一|行为")
_LISTED = re.compile(r"(?:下列|以下|如下).*[：:]\s*$")
_DUTIES = re.compile(
    r"应当|应|不得|必须|可以|可|提交|报送|具备|符合|职权|职责|职能|任务|条件|要求|原则|规定|事项|材料|内容|文件"
)


def is_fit(tree: Tree, statement: Statement, *, asserted: bool = True) -> bool:
    """Whether head, relation and tail say something by themselves; `asserted`: the clause is taken for a fact."""
    head, tail = statement.head, statement.tail
    if len(tree[head].text) == 1 == len(compact(tree, head)) and tree[head].upos not in ("PROPN", "X", "PRON"):
        return False
    if (
        tree[head].text in _ABSTRACT
        and len(compact(tree, head)) == 1
        and not (statement.clause and statement.clause.attribute)
    ):
        return False  # 效力, 外观: of what?
    if tree[head].text in _SIDES and (statement.clause is None or not statement.clause.attribute):
        return False  # 南面与某省接壤: of what?
    if asserted and statement.clause is not None and _is_only_thought(tree, statement.clause.top):
        return False
    if _is_action(tree, head):
        return False
    lone = len(compact(tree, tail)) == 1
    if lone and tree[tail].text in _ABSTRACT and len(full(tree, tail)) > 1:
        return False  # 享有捐献器官的权利: which right, the lost words say
    listed = tree[tail].upos == "PART" or (tree[tail].upos == "NOUN" and tree[tail - 1].text == "、")
    if lone and len(tree[tail].text) == 1 and listed:
        return False
    names = [tree[k].text in ("简称", "又称", "下称") for k in statement.relation]
    if any(names) and (not all(names) or _depth(tree, tail) > _depth(tree, head)):
        return False  # in brackets it is another name of what stands before them, see `aliases`
    if any(tree[k].text.startswith("具体") for k in compact(tree, head)):
        return False
    if tree[compact(tree, head)[0] - 1].text in ("经", "依", "据", "按"):
        return False
    if statement.how in ("core", "adjunct") and _is_cut_off(tree, tail):
        return False
    if not (_fits(tree, head, _VAGUE) and _fits(tree, tail, _VAGUE_TAILS)):
        return False
    kind = "" if statement.how == "nominal" else entity_kind(tree, head)
    if kind == "Time" or (kind == "Quantity" and (tree[head].upos == "NUM" or tree[head].xpos == "NNB")):
        return False
    if statement.how == "relative" and not (_is_specific(tree, head) or _is_specific(tree, tail)):
        return False  # 从事移植的医疗机构: says which ones are meant, not what they do
    return _is_sure(tree, statement) and (statement.clause is None or _sound(tree, statement))


def _depth(tree: Tree, i: int) -> int:
    """In how many brackets a word stands."""
    return sum((tree[k].text in "（(") - (tree[k].text in "）)") for k in range(1, i) if len(tree[k].text) == 1)


def _is_only_thought(tree: Tree, i: int) -> bool:
    """相信行为代表书店, 确保系统运行: what a clause is the object of need not be so."""
    head = tree[i].head
    if tree[i].dep != "ccomp" or head <= 0 or head > i:
        return False
    return tree[head].upos == "VERB" and tree[head].text not in _FACTIVE


def _is_action(tree: Tree, i: int) -> bool:
    """涉嫌, 携带: a verb that the tree takes for a noun."""
    word = tree[i]
    return (
        word.upos == "NOUN" and len(word.text) > 1 and known_tag(word.text) in ("v", "vd") and len(compact(tree, i)) < 3
    )


def _is_cut_off(tree: Tree, i: int) -> bool:
    """经营旅游App: the words that follow without a break show that the tail is only the beginning of a noun."""
    last = compact(tree, i)[-1]
    if last + 1 >= len(tree) or tree[last].text in "》”":
        return False
    after = tree[last + 1]
    if after.text in "的之":
        return True
    joined = after.start == tree[last].end and after.upos in ("NOUN", "PROPN", "X", "PART", "NUM")
    return (
        joined and after.xpos not in ("UH", "LC") and not (after.upos == "PART" and after.xpos[:2] not in ("SF", "PF"))
    )


def _is_sure(tree: Tree, statement: Statement) -> bool:
    """Whether the parser leaves little doubt about how head, relation and tail hang together."""
    path, predicate = _certainty(tree, statement)
    if len(tree) <= _SHORT:
        return path >= _LEAST
    whole = sum(tree.head_odds[1:]) / (len(tree) - 1)
    if statement.how in ("adjunct", "relative"):
        need = _SUREST
    else:
        need = _SURE if _is_specific(tree, statement.head) else _SURER
    return path >= need[0] and predicate >= need[1] and whole >= need[2]


def _certainty(tree: Tree, statement: Statement) -> tuple[float, float]:
    """The probability of all arcs between head and tail, and of the one that holds the predicate."""
    up, down = ([i, *tree.above(i)] for i in (statement.head, statement.tail))
    shared = set(up) & set(down)
    path = 1.0
    for way in (up, down):
        for k in way:
            if k in shared:
                break
            path *= tree.head_odds[k]
    return path, tree.head_odds[statement.clause.predicate] if statement.clause is not None else 1.0


def _sound(tree: Tree, statement: Statement) -> bool:
    clause = statement.clause
    assert clause is not None
    if not clause.copula and (statement.lemma in _PARTICLES or tree[statement.relation[0]].text == "除了"):
        return False
    predicate = tree[clause.predicate]
    if _is_title(tree):
        return False
    if not clause.copula and predicate.text in _PARTICLES - {"由", "包括", "指"}:
        return False
    if (
        not clause.copula
        and statement.relation
        and tree[statement.relation[0]].text == "是"
        and len(statement.relation) > 1
    ):
        return False  # 是保护自然环境的基地: the verb is only part of what it is
    if (statement.relation and tree[statement.relation[-1]].text.endswith("某")) or _is_object_before(tree, statement):
        return False
    if predicate.text in _ASKED or any(tree[k].upos == "PUNCT" for k in statement.relation):
        return False
    if statement.relation and tree[statement.relation[-1]].text in _AFTER:
        return False
    if not clause.copula and predicate.upos == "VERB" and known_tag(predicate.text)[:1] in ("b", "r"):
        return False  # 切身 is no verb
    if predicate.text in _PIVOTS and statement.tail in clause.objects and predicate.text not in _WHOLE:
        return False  # 要求公司赔偿: what is asked for is missing
    bare = statement.how == "adjunct" and not clause.objects and not clause.passive
    if bare and statement.lemma.rstrip("于") in _TRANSITIVE and not clause.agents:
        return False  # 1985年7月6日林业部公布: what?
    if clause.copula and tree[clause.copula].text == "为" and _aims(tree, clause.copula):
        return False
    bare = (
        not [k for k in tree[statement.head].kids if tree[k].dep in _MODIFIERS] and tree[statement.head].upos == "NOUN"
    )
    if clause.copula and bare and entity_kind(tree, statement.tail) in ("Quantity", "Time"):
        return False  # 爆速为4000m/s: of what?
    if "除外" in tree.text and _is_exception(tree, clause.predicate):
        return False
    relation = statement.relation
    if relation and not statement.implied:
        first, last = tree[relation[0]], tree[relation[-1]]
        before, after = compact(tree, statement.head), compact(tree, statement.tail)
        if last.i + 1 == after[0] and len(after) == 1 and _is_one_word(last.text, tree[after[0]].text):
            return False  # 进|一步, 实用|新型: two halves of one word
        if before[-1] + 1 == first.i and len(before) == 1 and _is_one_word(tree[before[0]].text, first.text):
            return False  # 国|有
        if statement.how == "adjunct" and sum(len(tree[k].text) for k in relation) > 9:
            return False
    if clause.inherited and not -_FAR < statement.head - clause.predicate < _FAR:
        return False
    if (
        statement.lemma in _DEFINING
        and tree[min(compact(tree, statement.tail)[-1] + 1, len(tree) - 1)].text not in "。；，"
    ):
        return False
    if statement.lemma in ("予以", "加以") or (statement.lemma in _EMPTY and len(compact(tree, statement.tail)) == 1):
        return False
    if statement.how == "adjunct" and tree[clause.top].dep == "acl:relcl" and not clause.inherited:
        return False  # 1952年批准的条例: the object stands outside
    if statement.how == "adjunct":
        adjunct = next((a for a in clause.adjuncts if a.noun == statement.tail), None)
        if adjunct is not None and adjunct.case in _BASES:
            return False
    return True


def _is_title(tree: Tree) -> bool:
    """婚姻关系存续期间共同财产的分割: a line without a full stop whose last noun governs the rest."""
    root = tree[tree[0].kids[0]] if tree[0].kids else tree[-1]
    return root.i == len(tree) - 1 and root.upos in ("NOUN", "PART", "PROPN") and not tree.kids(root.i, "cop", "nsubj")


def _is_object_before(tree: Tree, statement: Statement) -> bool:
    """就购买书籍建立了关系: a noun right behind a verb is that verb's object, whatever comes next."""
    first = full(tree, statement.head)[0]
    clause = statement.clause
    if clause is None or statement.head > clause.predicate or first < 2 or statement.how == "relative":
        return False
    before = tree[first - 1]
    free = before.text in _PIVOTS or before.text in _FACTIVE or before.i in clause.chain
    return before.upos == "VERB" and not free and before.end == tree[first].start and len(before.text) > 1


def _aims(tree: Tree, copula: int) -> bool:
    """以宪法为准则: 以 … 为 is no 为 that says what something is."""
    k = copula
    while k > 1 and tree[k - 1].text not in "，。；：":
        k -= 1
        if tree[k].text == "以":
            return True
    return False


def _is_exception(tree: Tree, i: int) -> bool:
    """Whether the word stands in a clause that ends in 除外: what is excepted is not stated."""
    low = i
    while low > 1 and tree[low - 1].text not in "，。；":
        low -= 1
    return bool(_EXCEPT.match(tree.text, tree[low].start, tree[len(tree) - 1].end))


def is_heading(text: str, start: int, end: int) -> bool:
    """Whether a line that names something and says nothing of it stands at the offsets: 消费者权益保护典型案例."""
    alone = text[:start].rstrip(" #\t")[-1:] in ("", "\n") and text[end : end + 1] in ("", "\n", "\r")
    return alone and end - start < 50 and text[start:end].endswith(_HEADINGS) and "诉" not in text[start:end]


def is_pointed(tree: Tree, i: int) -> bool:
    """该协议, 这座塔: which one, another sentence says."""
    if any(
        tree[k].text in _DEMONSTRATIVES or tree[k].text in _OWNERS for k in [i, *tree.kids(i, "det", "nmod")] if k <= i
    ):
        return True
    first = tree[compact(tree, i)[0]].text
    return first[:1] in "该此" or (first[:1] == "本" and first[1:2] in _OWN)


def _is_one_word(first: str, second: str) -> bool:
    """Whether the dictionary knows the two as one word that is no verb with its object: 达成协议 is."""
    tag = known_tag(first + second)[:1]
    if not tag or tag in "vli":
        return False
    return tag in "dmtb" or known_tag(first)[:1] != "v" or len(first) == 1


def _fits(tree: Tree, i: int, vague: frozenset[str]) -> bool:
    if is_pronoun(tree, i):
        return True  # whether it is known what it stands for, the reader of the sentence decides
    ids = compact(tree, i)
    text = "".join(tree[k].text for k in ids)
    if text in _NOTHING or text in vague or tree[ids[0]].text in _POINTING:
        return False
    if any(tree[k].text == "地" and tree[k].upos != "NOUN" for k in ids) or (
        text.endswith("系") and not is_known(text)
    ):
        return False  # 有效地搜寻; 离婚|系 is no noun
    if "/" in text and not any(c.isascii() and c.isalnum() for c in text):
        return False
    if any(text.count(a) != text.count(b) for a, b in ("()", "（）", "《》", "“”")):
        return False
    named = entity_head(tree, i)
    if any(tree[k].text in _POINTING for k in tree.kids(i, "det", "amod", "nmod", "acl") if k < i):
        return False
    if ids[0] > 1 and tree[ids[0] - 1].text in "《〈":
        return True
    if (
        len(ids) > 1
        and any(
            tree[k].dep in ("advmod", "case", "mark", "aux") and tree[k].upos in ("ADV", "ADP", "SCONJ", "AUX")
            for k in ids
        )
        and not is_known(text)
    ):
        return False
    opening = tree[ids[0]]
    clausal = opening.i != named and opening.upos in ("VERB", "ADP", "SCONJ", "ADV", "AUX")
    return not (
        clausal
        and opening.dep in ("acl", "acl:relcl", "advmod", "advcl", "nsubj", "case", "amod", "nmod")
        and len(ids) > 2
    ) or is_known(text)


def _is_specific(tree: Tree, i: int) -> bool:
    ids = [*compact(tree, i), *full(tree, i)]
    named = any(tree[k].upos in ("PROPN", "X") or tree[k].text.isdigit() for k in ids)
    return named or tree[ids[0] - 1].text == "《"


def reserve_of(header: str) -> Modality | None:
    """What the items of a list stand under after 有下列情形之一的：; None where it is no such header."""
    if not _LISTED.search(header):
        return None
    if _CASES.search(header):
        return "conditional"
    return "command" if _DUTIES.search(header) else "asserted"

"""Arguments of Chinese statements: the words a noun carries with it, and the entity inside them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.types import entity_type, is_role, is_time
from kg_builder.extract.open_ie.chinese.words import words
from kg_builder.extract.open_ie.memory import once
from kg_builder.types import Mention, Span

__all__ = [
    "PRONOUNS",
    "compact",
    "conjuncts",
    "entity_head",
    "full",
    "is_nominal",
    "is_pronoun",
    "mention",
    "possessor",
    "span",
]

_OF_PLACES = frozenset(["位于", "地处", "坐落", "座落", "盛产", "毗邻", "濒临"])
_TO_PLACES = ("生于", "出生于", "位于", "抵达", "前往", "驶往", "迁往", "迁至", "驻扎", "途经")
_OF_LAND = frozenset(["面积", "人口", "海拔", "海域", "水域", "沿岸", "气候", "地形"])
PRONOUNS = words("arguments.pronouns")
_NOUNS = frozenset({"NOUN", "PROPN", "PRON", "NUM", "PART", "X", "SYM", "DET"})
_INSIDE = words("arguments.inside")
_PREDICATE_ONLY = words("arguments.predicate_only")
_UNITS = "个名位家座种部项只件本张条支所间份块片颗头匹对双棵株幅层群批些"
_ONE = re.compile(rf"^[这那同某]?(?:一[{_UNITS}]?|1)$")  # counts nothing: 一家公司 is a company
_OPEN, _CLOSE = "（(［[【", "）)］]】"
_QUOTES = "“”‘’\"'「」『』"
_ABSTRACT = words("fitness.abstract")
_POINTERS = words("arguments.pointers")


def is_nominal(tree: Tree, i: int) -> bool:
    """Whether the word can be an argument by itself."""
    word = tree[i]
    if word.upos not in _NOUNS or word.dep == "punct":
        return False
    return word.upos != "PART" or word.xpos in ("SFN", "SFA", "PFN")


def is_pronoun(tree: Tree, i: int) -> bool:
    """Whether the word only points at something."""
    return tree[i].upos == "PRON" or (tree[i].text in PRONOUNS and not tree.kids(i, "compound", "nmod", "amod"))


def conjuncts(tree: Tree, i: int) -> list[int]:
    """`i` and what is coordinated with it; 等 and its class noun are no conjuncts."""
    found = [i]
    for k in tree.kids(i, "conj"):
        if (is_nominal(tree, k) or tree[k].upos in ("VERB", "ADJ")) and not tree.kids(k, "cop", "nsubj"):
            found += conjuncts(tree, k)
    return found


def full(tree: Tree, i: int, *, outer: bool = False, localizer: bool = False) -> list[int]:
    """The words of the argument that `i` heads: its modifiers, without conjuncts, brackets and later appositions.

    `outer` keeps prepositions and localizers (在 … 中), `localizer` the latter alone.
    """
    known = tree.memory.setdefault((_full, outer, localizer), {})
    if i not in known:
        known[i] = _full(tree, i, outer=outer, localizer=localizer)
    found: list[int] = known[i]
    return found


def _full(tree: Tree, i: int, *, outer: bool, localizer: bool) -> list[int]:
    predicate = bool(tree.kids(i, "cop")) or tree[i].dep in ("root", "parataxis", "advcl", "ccomp")
    keep = {i}
    bracket = _bracketed(tree, i)
    for k in tree[i].kids:
        word = tree[k]
        if word.dep not in _INSIDE or (predicate and word.dep in _PREDICATE_ONLY) or k in bracket:
            continue
        if word.dep == "punct" and word.text not in _QUOTES + "《》〈〉·・•-":
            continue
        if word.dep == "case" and word.xpos != "DEC" and word.xpos != "PFA" and not outer and not (localizer and k > i):
            continue
        if word.dep == "case" and word.xpos == "DEC":
            continue  # the 的 that ties this argument to another noun
        if word.dep in ("advmod", "obl", "obj", "nsubj") and k > i:
            continue
        if word.dep in ("acl", "appos") and k > i and (_comma_between(tree, i, k) or word.text.startswith("等")):
            continue
        keep.update(n for n in tree.subtree(k) if n not in bracket)
    return _trimmed(tree, _closed(tree, keep, i), i)


def _closed(tree: Tree, keep: set[int], head: int) -> list[int]:
    """One run around the head: single words left out by a wrong attachment are filled in, what lies beyond is cut."""
    run = [head]
    for step in (-1, 1):
        at = head
        while True:
            if at + step in keep:
                at += step
            elif at + 2 * step in keep and 0 < at + step < len(tree) and _may_fill(tree, at + step):
                at += 2 * step
            else:
                break
        run += range(at, head, -step) if step > 0 else range(at, head)
    return sorted(set(run))


def _may_fill(tree: Tree, k: int) -> bool:
    return tree[k].dep not in ("punct", "conj", "cc", "cop", "root") and tree[k].upos not in ("VERB", "AUX", "CCONJ")


def _trimmed(tree: Tree, ids: list[int], head: int) -> list[int]:
    """Without commas and lone quotes at either edge, and without what stands beyond a comma before the head."""
    while ids and ids[0] != head and tree[ids[0]].dep == "punct" and tree[ids[0]].text not in _QUOTES + "《〈":
        ids = ids[1:]
    while ids and ids[-1] != head and tree[ids[-1]].dep == "punct" and tree[ids[-1]].text not in _QUOTES + "》〉":
        ids = ids[:-1]
    while len(ids) > 1 and ids[-1] != head and tree[ids[-1]].xpos == "DEC":
        ids = ids[:-1]
    for mark in ("“”", "《》", "‘’", "「」"):
        texts = [tree[k].text for k in ids]
        if texts.count(mark[0]) != texts.count(mark[1]):
            ids = [k for k in ids if tree[k].text not in mark]
    return ids


def _comma_between(tree: Tree, a: int, b: int) -> bool:
    return any(tree[k].text in "，,；;（(" for k in range(min(a, b) + 1, max(a, b)))


def _bracketed(tree: Tree, i: int) -> set[int]:
    """Words below `i` that stand in round brackets."""
    inside: set[int] = set()
    depth = 0
    below = tree.subtree(i)
    if not any(tree[k].text in _OPEN for k in below):
        return inside
    for k in range(below[0], below[-1] + 1):
        text = tree[k].text
        if text in _OPEN:
            depth += 1
        if depth:
            inside.add(k)
        if text in _CLOSE and depth:
            depth -= 1
    return inside - {i} if i not in inside else set()


@once
def entity_head(tree: Tree, i: int) -> int:
    """The word that names the entity: the name after a title (首席执行官 张伟), the class of 之一, else `i`."""
    if tree[i].text in ("一", "之一"):
        return next((k for k in reversed(tree.kids(i, "nmod")) if k < i and is_nominal(tree, k)), i)
    for k in tree.kids(i, "appos"):
        named = tree[k].upos in ("PROPN", "X") or any(tree[n].text == "《" for n in range(i + 1, k))
        if k > i and named and not _comma_between(tree, i, k) and tree.subtree(k)[0] - i <= 2:
            return k
    return i


@once
def compact(tree: Tree, i: int) -> list[int]:
    """The words of the entity at `i`: an unbroken run of what identifies it."""
    i = entity_head(tree, i)
    title = _title_words(tree, i)
    if title:
        return title
    allowed = {i}
    number_only = tree[i].xpos == "NNB" or is_time(tree[i].text)
    for k in tree[i].kids:
        word = tree[k]
        below = tree.subtree(k)
        if word.dep in ("flat", "flat:name", "flat:foreign", "goeswith", "compound"):
            allowed.update(below)
        elif k > i:
            continue
        elif word.xpos == "NNB" and word.dep == "nmod" and tree.kids(k, "nummod", "det"):  # 一 名 工程师
            numbers = tree.kids(k, "nummod")
            if numbers and not _ONE.match(tree[numbers[0]].text):
                allowed.update(below)
        elif (word.dep == "case" and word.xpos == "PFA") or (
            word.dep == "det" and word.text not in _POINTERS and word.text not in PRONOUNS - {"任何"}
        ):
            allowed.update(below)
        elif word.dep in ("nmod", "amod", "nmod:tmod", "acl") and not _linked(tree, k):
            allowed.update(n for n in below if tree[n].text not in PRONOUNS)
        elif word.dep in ("nummod", "clf"):
            if number_only or (word.dep == "nummod" and not _ONE.match(word.text)):
                allowed.update(below)
        elif word.upos == "NUM" and word.dep in ("nmod", "amod", "acl") and k + 2 == i:
            allowed.update(below)  # 55%的股份
        elif word.dep == "nmod" and (_names_it(tree, k, i) or _makes_sense_of(tree, k, i)):
            allowed.update(below)
        elif word.dep == "punct" and word.text in "·・•-":
            allowed.add(k)
    low = high = i
    while low - 1 in allowed or (low - 2 in allowed and tree[low - 1].text in "·・•-" and low > 1):
        low -= 1
    while high + 1 in allowed or (high + 2 in allowed and high + 1 < len(tree) and tree[high + 1].text in "·・•-.&"):
        high += 1
    low = _widened(tree, i, low)
    if low > 1 and tree[low - 1].text in ("无", "非", "未") and tree[low - 1].end == tree[low].start:
        low -= 1  # 无过错方 is the contrary of 过错方
    run = list(range(_before_brackets(tree, low), high + 1))
    while (
        len(run) > 1
        and run[0] != i
        and (
            not any(c.isalnum() or c in "$¥￥€£#@" for c in tree[run[0]].text)
            or tree[run[0]].upos == "PUNCT"
            or tree[run[0]].text in "的之等和与及"
        )
    ):
        run = run[1:]
    return run


def _before_brackets(tree: Tree, low: int) -> int:
    """传媒（集团）股份有限公司: the start of a company's name that goes on behind brackets."""
    if low < 4 or tree[low - 1].text not in "）)" or not tree[low].text.startswith(("股份", "有限", "公司")):
        return low
    k = low - 2
    while k > 1 and low - k < 5 and tree[k].text not in "（(":
        k -= 1
    start = k
    while (
        tree[k].text in "（(" and start > 1 and tree[start - 1].upos in ("NOUN", "PROPN", "PART", "X") and k - start < 6
    ):
        start -= 1
    return start if start < k else low


def _title_words(tree: Tree, i: int) -> list[int]:
    """What stands between 《 and 》 around the word: the name of a work, whatever its grammar."""
    if "《" not in tree.text:
        return []
    low = i
    while low > 0 and i - low < 25 and tree[low].text not in "《》":
        low -= 1
    if low < 1 or tree[low].text != "《":
        return []
    high = i
    while high < len(tree) and high - i < 25 and tree[high].text not in "《》":
        high += 1
    return list(range(low + 1, high)) if high < len(tree) and tree[high].text == "》" else []


def _widened(tree: Tree, i: int, low: int) -> int:
    """The start of 江屿 渔业 合作社 before 社长, where each part hangs on the post instead of the next part."""
    if tree[i].dep != "nmod" or tree[i].head < i:
        return low
    text = "".join(tree[k].text for k in range(low, i + 1))
    if len(text) > 4 or entity_type(text) != "Organization":
        return low
    for k in reversed(tree.kids(tree[i].head, "nmod")):
        below = tree.subtree(k)
        if below[-1] == low - 1 and tree[k].upos in ("PROPN", "NOUN", "PART", "X") and not _linked(tree, k):
            low = below[0]
    return low


def _linked(tree: Tree, k: int) -> bool:
    """Whether 的 or 之 ties the modifier to its noun, or it holds more than an entity's name would."""
    if any(tree[n].xpos == "DEC" for n in tree.kids(k, "case", "mark:rel")):
        return True
    return bool(tree.kids(k, "conj", "nsubj", "obj", "case") and any(tree[n].text in "、，," for n in tree.subtree(k)))


def _names_it(tree: Tree, k: int, i: int) -> bool:
    """A name with 的 before a common noun is part of what identifies it (中国的首都), if both are short."""
    return (
        tree[k].upos == "PROPN"
        and tree[i].upos != "PROPN"
        and not is_role(tree[i].text)
        and k + 2 >= i - 1
        and len(tree.subtree(k)) <= 5
        and not tree.kids(k, "conj", "acl:relcl", "acl")
    )


def _makes_sense_of(tree: Tree, k: int, i: int) -> bool:
    """合同的内容: an abstract noun keeps the short owner that it cannot be understood without."""
    below = tree.subtree(k)
    return (
        tree[i].text in _ABSTRACT
        and below[-1] + 1 >= i - 1
        and len(below) <= 5
        and not any(
            tree[n].upos in ("PRON", "PUNCT")
            or (tree[n].upos == "VERB" and tree[n].dep != "compound")
            or (tree[n].text in PRONOUNS and tree[n].upos != "PART")
            for n in below
        )
    )


def possessor(tree: Tree, i: int) -> int | None:
    """The noun X of "X 的 Y" or of "X Y" where Y at `i` is a post (公司 董事长)."""
    for k in reversed(tree.kids(i, "nmod", "det")):
        if k < i and is_nominal(tree, k):
            tied = any(tree[n].xpos == "DEC" for n in tree.kids(k, "case"))
            if tied or (is_role(tree[i].text) and entity_kind(tree, k) in ("Organization", "Place")):
                return k
    return None


@once
def entity_kind(tree: Tree, i: int) -> str:
    """The type of the entity at `i`."""
    ids = compact(tree, i)
    head = entity_head(tree, i)
    text = "".join(tree[k].text for k in ids)
    quoted = ids[0] > 1 and tree[ids[0] - 1].text in "《〈"
    first = tree[ids[0]]
    counted = first.upos == "NUM" and not first.text.startswith("第")
    person = bool(tree.kids(head, "flat:name")) or (head != i and is_role(tree[i].text))
    last = tree[head].text
    kind = entity_type(text, name=tree[head].upos in ("PROPN", "X"), person=person, quoted=quoted, counted=counted)
    if kind == "Other" and last != text:
        kind = entity_type(last, name=tree[head].upos == "PROPN")
    if kind == "Person" and head == i and _is_said_of_a_place(tree, i):
        return "Place"
    return kind


def _is_said_of_a_place(tree: Tree, i: int) -> bool:
    """江屿位于…, 江屿是一座小岛, 江屿的面积, 生于江屿: only a place is that, whatever its name looks like."""
    above = tree[i].head
    if not above:
        return False
    if tree[i].dep == "nsubj":
        said = tree.text[tree[above].start : tree[above].start + 2]
        is_place = bool(tree.kids(above, "cop")) and entity_type(tree[above].text) == "Place"
        return said in _OF_PLACES or is_place
    if tree[i].dep in ("obj", "obl"):
        return tree.text[tree[above].start : tree[i].start].startswith(_TO_PLACES)
    return tree[i].dep == "nmod" and tree[above].text in _OF_LAND


@once
def mention(tree: Tree, i: int) -> Mention:
    """The entity at `i`, anchored and typed."""
    ids = compact(tree, i)
    start, end = tree[ids[0]].start, tree[ids[-1]].end
    return Mention(tree.text[start:end], start, end, entity_kind(tree, i))


def span(tree: Tree, ids: Sequence[int]) -> Span:
    """Words as a `Span`."""
    return Span(*tree.surface(ids))

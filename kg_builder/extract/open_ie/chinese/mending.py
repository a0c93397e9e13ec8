"""Mends what the parser often gets wrong before the rules read a tree: each repair is one pattern of words."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from kg_builder.extract.open_ie.chinese.mending_nouns import mend_nouns
from kg_builder.extract.open_ie.chinese.words import words

if TYPE_CHECKING:
    from kg_builder.extract.open_ie.chinese.tree import Word

__all__ = ["AUXILIARIES", "is_known", "known_tag", "mend"]

AUXILIARIES = words("tree.auxiliaries")
_ABSTRACT = words("tree.abstract")
_CONTROL = words("tree.control")
_PIVOTS = words("clauses.pivots")
_CUT_ADVERBS = frozenset({"或许", "务必", "想必", "未必", "恐怕", "也许", "似乎", "大概", "仿佛", "估计"})


def mend(tree: list[Word]) -> None:
    """Repairs the heads, labels and tags of a sentence in place; children are not known yet."""
    mend_nouns(tree)
    _mend_nominal_sentence(tree)
    _mend_adverbs(tree)
    _mend_nouns_of_action(tree)
    _mend_auxiliaries(tree)
    _mend_denials(tree)
    _mend_pivots(tree)
    _mend_relatives(tree)
    _mend_verbs(tree)


def known_tag(word: str) -> str:
    """The dictionary's tag of a word, empty where it has none."""
    from kg_builder.extract.open_ie.chinese.lexicon import TAGS, load_lexicon
    from kg_builder.extract.open_ie.chinese.pipeline import MODEL

    number = load_lexicon(MODEL / "lexicon.txt.xz").get(word)
    return "" if number is None else TAGS[number]


def is_known(word: str) -> bool:
    """Whether the dictionary has the word."""
    return bool(known_tag(word))


@lru_cache(maxsize=1)
def _action_words() -> frozenset[str]:
    """What the dictionary knows as verbs, the treebank's nouns of action among them."""
    from kg_builder.extract.open_ie.chinese.lexicon import TAGS, load_lexicon
    from kg_builder.extract.open_ie.chinese.pipeline import MODEL

    verbs = {TAGS.index("v"), TAGS.index("vn")}
    return frozenset(w for w, tag in load_lexicon(MODEL / "lexicon.txt.xz").items() if tag in verbs)


def _mend_auxiliaries(tree: list[Word]) -> None:
    """没有收购公司, read as "has no buying-company", is a denied verb with an object; so with 无法, 计划 …"""
    for helper, verb in pairwise(tree[1:]):
        control = helper.text in _CONTROL
        if helper.upos != "VERB" or not (control or helper.text in AUXILIARIES) or verb.upos not in ("VERB", "NOUN"):
            continue
        if not control and verb.head == helper.i and verb.dep in ("xcomp", "ccomp"):
            _make_adverb(tree, helper, verb)
            continue
        noun = tree[verb.head]
        if noun.head != helper.i or noun.dep not in ("obj", "xcomp", "ccomp") or noun.i < verb.i:
            continue
        if verb.dep not in ("compound", "nmod", "amod", "acl", "acl:relcl") or not _is_action(tree, helper, verb, noun):
            continue
        if control:
            verb.head, verb.dep = helper.i, "xcomp"
        else:
            _make_adverb(tree, helper, verb)
        noun.head, noun.dep, verb.upos = verb.i, "obj", "VERB"
        _free_particle(tree, verb)


def _mend_adverbs(tree: list[Word]) -> None:
    """或|许, 务|必: an adverb that was cut in two belongs to the verb after it."""
    for first, second in pairwise(tree[1:]):
        if first.text + second.text not in _CUT_ADVERBS:
            continue
        verb = next((w for w in tree[second.i + 1 : second.i + 4] if w.upos in ("VERB", "ADJ")), None)
        if verb is None or first.head == 0 or second.head == 0:
            continue
        for word in tree[1:]:
            if word.head in (first.i, second.i):
                word.head = verb.i
        for part in (first, second):
            part.head, part.dep, part.upos = verb.i, "advmod", "ADV"


def _mend_denials(tree: list[Word]) -> None:
    """没有把资料交给李娜: 没有 denies the verb that the tree hangs below it with a subject of its own."""
    for helper in tree[1:]:
        if helper.upos not in ("VERB", "AUX") or helper.text not in AUXILIARIES:
            continue
        if helper.dep == "advcl" and helper.head > helper.i and not any(w.head == helper.i for w in tree[1:]):
            helper.dep, helper.upos = "advmod", "ADV"
            continue
        verb = next((w for w in tree[helper.i + 1 :] if w.head == helper.i and w.dep in ("xcomp", "ccomp")), None)
        if verb is None or verb.upos != "VERB":
            continue
        between = tree[helper.i + 1 : verb.i]
        if all(w.dep in ("advmod", "case", "aux", "obl:patient") or w.upos == "ADV" for w in between):
            _make_adverb(tree, helper, verb)


def _mend_nouns_of_action(tree: list[Word]) -> None:
    """扩大生产, read as two verbs, is a verb with its object; in 有意收购铁路 the second word is a verb."""
    for word in tree[2:-1]:
        owners = [w for w in tree[1:] if w.head == word.i]
        if (
            word.upos == "NOUN"
            and any(w.dep == "obj" and w.i > word.i for w in owners)
            and word.dep in ("xcomp", "ccomp")
        ):
            word.upos = "VERB"
        ends = tree[word.i + 1].upos == "PUNCT"
        before = tree[word.i - 1]
        chained = before.head == word.i and before.dep == "advcl" and before.upos == "VERB" and word.upos == "VERB"
        known = known_tag(word.text) == "vn" and before.text not in _CONTROL and not any(w.dep == "obj" for w in owners)
        if chained and ends and known:
            before.head, before.dep = word.head, word.dep
            for other in owners:
                if other is not before:
                    other.head = before.i
            word.head, word.dep, word.upos = before.i, "obj", "NOUN"
            continue
        last = (
            word.upos == "VERB" and word.dep in ("xcomp", "ccomp") and word.head == word.i - 1 and ends and not owners
        )
        above = tree[word.head]
        if last and above.upos == "VERB" and above.text not in _CONTROL and known_tag(word.text) == "vn":
            word.upos, word.dep = "NOUN", "obj"


def _mend_nominal_sentence(tree: list[Word]) -> None:
    """公司将发行债券。 read as one long noun, though a full stop ends it: the action before the last noun governs."""
    noun = next((w for w in tree[1:] if w.head == 0), tree[0])
    if tree[-1].text not in "。！？" or noun.i < 3 or noun.upos not in ("NOUN", "PART", "PROPN"):
        return
    kids = [w for w in tree[1:] if w.head == noun.i]
    verb = next((w for w in reversed(kids) if w.i < noun.i and _may_act(w)), None)
    if verb is None or any(w.dep in ("cop", "acl:relcl") for w in kids):
        return
    before = [w for w in kids if w.i < verb.i]
    control = before.pop() if before and before[-1].text in _CONTROL and before[-1].i == verb.i - 1 else None
    subject = next((w for w in reversed(before) if w.upos in ("NOUN", "PROPN", "PRON", "PART")), None)
    if subject is None or any(w.head == subject.i and w.dep == "case" for w in tree[1:]):
        return
    top = control or verb
    for word in kids:
        inside = word.i > verb.i and word.dep != "punct"
        if word not in (verb, control) and not inside:
            modifier = word.i < subject.i and word.dep in ("det", "clf", "amod", "nummod", "compound")
            word.head = subject.i if modifier else top.i
            if word.dep in ("case", "nmod") and word is not subject:
                word.dep, word.upos = ("advmod", "ADV") if word.dep == "case" else ("obl", word.upos)
    subject.dep, subject.head = "nsubj", top.i
    top.head, top.dep, top.upos = 0, "root", "VERB"
    if control is not None:
        verb.head, verb.dep, verb.upos = control.i, "xcomp", "VERB"
    noun.head, noun.dep = verb.i, "obj"


def _may_act(word: Word) -> bool:
    kind = known_tag(word.text)
    return word.dep in ("nmod", "compound", "amod") and len(word.text) > 1 and kind in ("v", "vn")


def _mend_verbs(tree: list[Word]) -> None:
    """他不断改进机器, 制定制度，配备人员: a verb that was read as the first part of its object."""
    for noun in tree[2:]:
        verb = tree[noun.i - 1]
        if noun.upos not in ("NOUN", "PART") or verb.head != noun.i or verb.dep not in ("nmod", "compound", "amod"):
            continue
        kids = [w for w in tree[1:] if w.head == noun.i]
        if known_tag(verb.text) not in ("v", "vn") or len(verb.text) < 2 or any(w.dep == "cop" for w in kids):
            continue
        said = any(w.dep == "nsubj" and w.head == verb.i for w in tree[1:])
        said = said or (any(w.dep == "nsubj" for w in kids) and any(w.dep in ("advmod", "aux") for w in kids))
        if noun.dep == "root" and said:
            verb.head, verb.dep, verb.upos, noun.head, noun.dep = 0, "root", "VERB", verb.i, "obj"
            for word in kids:
                if word is not verb:
                    word.head = verb.i
        elif noun.dep == "obj" and tree[verb.i - 1].text in "，," and len(kids) <= 2:
            verb.head, verb.dep, verb.upos, noun.head = noun.head, "parataxis", "VERB", verb.i


def _mend_pivots(tree: list[Word]) -> None:
    """医生建议病人服用药物, 责令公司赔偿损失: a verb of control that was read as part of a noun."""
    for verb in tree[2:-2]:
        if verb.text not in _PIVOTS or verb.upos not in ("NOUN", "VERB"):
            continue
        person = tree[verb.head]
        before = tree[verb.i - 1]
        if (
            verb.dep in ("nmod", "compound")
            and verb.head > verb.i
            and person.dep == "nsubj"
            and person.head > person.i
            and before.head == person.i
            and before.dep in ("nmod", "compound")
        ):
            _raise_pivot(tree, verb, person, tree[person.head], before)
        elif verb.upos == "VERB" and verb.dep == "advcl" and verb.head > verb.i:
            _lower_action(tree, verb)
        elif verb.upos == "VERB":
            _open_object(tree, verb)


def _raise_pivot(tree: list[Word], verb: Word, person: Word, action: Word, before: Word) -> None:
    verb.upos, verb.head, verb.dep = "VERB", action.head, action.dep
    before.head, before.dep = verb.i, "nsubj"
    action.head, action.dep = verb.i, "ccomp"
    for word in tree[1:]:
        if word.head == person.i and word.i < verb.i and word is not before:
            word.head = before.i
        if word.head == action.i and word.dep == "punct":
            word.head = verb.i


def _lower_action(tree: list[Word], verb: Word) -> None:
    """医生建议病人服用药物, where the tree has 建议 below 服用."""
    action = tree[verb.head]
    person = next((w for w in tree[verb.i + 1 : action.i] if w.head == verb.i and w.dep == "obj"), None)
    between = tree[verb.i + 1 : action.i]
    if person is None or any(w.upos in ("PUNCT", "VERB") for w in between):
        return
    verb.head, verb.dep = action.head, action.dep
    for word in tree[1 : verb.i]:
        if word.head == action.i:
            word.head = verb.i
    action.head, action.dep = verb.i, "ccomp"
    person.head, person.dep = action.i, "nsubj"


def _open_object(tree: list[Word], verb: Word) -> None:
    noun = next((w for w in tree[verb.i + 1 :] if w.head == verb.i and w.dep == "obj"), None)
    if noun is None or noun.i - verb.i < 3:
        return
    parts = [w for w in tree[verb.i + 1 : noun.i] if w.head == noun.i]
    if len(parts) != 2 or any(p.dep not in ("nmod", "compound") for p in parts) or noun.text in _ABSTRACT:
        return
    person, action = parts
    if action.i != noun.i - 1 or action.text not in _action_words() or action.upos not in ("NOUN", "VERB"):
        return
    person.head, person.dep = action.i, "nsubj"
    action.head, action.dep, action.upos = verb.i, "ccomp", "VERB"
    noun.head = action.i


def _make_adverb(tree: list[Word], helper: Word, verb: Word) -> None:
    """The verb takes the helper's place and all that hung on it."""
    verb.head, verb.dep = helper.head, helper.dep
    for word in tree[1:]:
        if word.head == helper.i and word is not verb:
            word.head = verb.i
    helper.head, helper.dep, helper.upos = verb.i, "advmod", "ADV"


def _is_action(tree: list[Word], helper: Word, verb: Word, noun: Word) -> bool:
    """Whether what follows 没有, 计划 … is something done and not a thing: 没有公布姓名, but 没有收购计划."""
    if verb.upos not in ("VERB", "NOUN"):
        return False
    tied = any(w.head == verb.i and w.xpos == "DEC" for w in tree)
    if helper.text.startswith("没") or helper.text in _CONTROL:
        return not tied and noun.text not in _ABSTRACT and (verb.upos == "VERB" or verb.text in _action_words())
    return True


def _free_particle(tree: list[Word], verb: Word) -> None:
    """的 that closed a relative clause now ties the word before it to the noun after it."""
    for particle in tree[1:]:
        if particle.head == verb.i and particle.dep == "mark:rel" and particle.i - 1 > verb.i:
            particle.head, particle.dep = particle.i - 1, "case"


def _mend_relatives(tree: list[Word]) -> None:
    """经营者应当保护消费者的权益, read as one noun with a relative clause, is a verb with its object."""
    for noun in tree[1:]:
        if noun.upos not in ("NOUN", "PART") or noun.dep not in ("root", "parataxis", "ccomp", "conj"):
            continue
        kids = [w for w in tree[1:] if w.head == noun.i]
        subjects = [w for w in kids if w.dep == "nsubj"]
        verbs = [w for w in kids if w.dep == "acl:relcl" and w.upos == "VERB" and w.i < noun.i]
        if len(subjects) != 1 or len(verbs) != 1 or any(w.dep == "cop" for w in kids) or subjects[0].i > verbs[0].i:
            continue
        _make_object(tree, noun, verbs[0], kids)


def _make_object(tree: list[Word], noun: Word, verb: Word, kids: list[Word]) -> None:
    if any(w.head == verb.i and w.dep in ("nsubj", "obj") for w in tree):
        return
    verb.head, verb.dep, noun.head, noun.dep = noun.head, noun.dep, verb.i, "obj"
    for word in kids:
        if word is not verb and (word.i < verb.i or word.dep == "punct"):
            word.head = verb.i
    _free_particle(tree, verb)

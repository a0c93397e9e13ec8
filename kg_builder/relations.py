"""Relations in canonical form: base form and active voice.

English: auxiliaries, articles and adverbs go, the verb takes its base form ("has been working for" is "work for"). A
passive with its agent turns around ("was founded by" is "found", inverted); without one it describes its head, and
keeps its participle ("was founded in" is "founded in"). A copula gives way to its noun or adjective ("is the CEO of" is
"CEO of") and stays as "be" where there is none ("is a" is "be", "is in" is "be in").

Chinese: aspect particles and adverbs of time go, 被 and 由 with a verb turn around ("被收购" is "收购", inverted), and
是 before a noun goes ("是首都" is "首都"), alone it stays.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from kg_builder.lemma import lemma_en
from kg_builder.types import Language, Relation

__all__ = ["CanonicalRelation", "canonical_relation", "identifier", "without_negation"]

_MAX_TYPE = 64
_MAX_PHRASE = 400  # characters; what is longer is no relation, and is only unified in form


@dataclass(frozen=True, slots=True)
class CanonicalRelation:
    """``name`` in base form and active voice; ``inverted`` where the fact then reads from tail to head."""

    name: str
    inverted: bool


def canonical_relation(relation: Relation, *, language: Language) -> CanonicalRelation:
    """The canonical form of `relation`, from what the extractor knows of it, else from its words.

    Never empty unless both lemma and surface are. Text in another language is only unified in case, width and space.
    A relation of an ontology keeps its name, in the form that has a relationship type of its own (`given_relation`).
    """
    if relation.given:
        from kg_builder.relation_types import given_relation

        return CanonicalRelation(given_relation(relation.lemma), relation.passive)
    return _canonical(relation.lemma or relation.surface, bool(relation.lemma), relation.passive, language)


@lru_cache(maxsize=1 << 14)
def _canonical(words: str, is_lemma: bool, passive: bool, language: Language) -> CanonicalRelation:
    text = _plain(words)
    if language == "other" or not text or len(text) > _MAX_PHRASE:
        return CanonicalRelation(text.casefold() or words, passive)
    if _HAN.search(text):
        name, turned = (_chinese_base(text), False) if is_lemma else _chinese(text, passive)
    elif is_lemma:
        name, turned = _english_lemma(text, passive), False
    else:
        name, turned = _english(text, passive)
    return CanonicalRelation(name or text.casefold(), passive or turned)


def _plain(words: str) -> str:
    """NFKC, one line, without the punctuation around it and the zero-width characters in it."""
    text = unicodedata.normalize("NFKC", words)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text if c not in _ZERO_WIDTH)
    return " ".join(text.split()).strip(' ,;:.!?"“”，、。；：！？…‘')


_ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad")

# --- English ---------------------------------------------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BE = _words("be is are was were been being am 're 'm ’re ’m")
_HAVE = _words("have has had having 've ’ve")
_MODAL = _words("will would shall should can could may might must do does did 'll ’ll 'd ’d wo ca cannot")
_NEGATION = _words("not n't n’t never no longer")
_ARTICLES = _words("a an the its his her their our my your 's ’s")
_ADVERBS = _words(
    """also still now currently already recently later soon often always usually originally subsequently eventually
    finally then just only even once ever today currently initially primarily mainly mostly largely officially
    reportedly together both all each"""
)
_KEPT_LY = _words(
    """family only early daily weekly monthly yearly fly apply supply reply rely ally rally tally imply comply multiply
    formerly previously assembly anomaly monopoly italy july holly bully folly jelly lily belly"""
)
_PREPOSITIONS = _words(
    """in on at of for to from by with about between among within near under over above below behind beside against
    into onto through throughout across around along after before since until during as like than inside outside
    beyond off up down out past per via without"""
)
# Participles without -ed. "set", "put" and the like are participles too, but read the same in the present.
_PARTICIPLES = _words(
    """arisen awoken beaten become begun bent bet bitten bled blown bound bought bred broken brought broadcast built
    burnt cast caught chosen come cost crept cut dealt done drawn driven drunk dug eaten fallen fed felt flown
    forbidden forgiven forgotten fought found frozen given gone grown held hewn hidden hit hung hurt kept known
    laid lain led left lent let lit lost made meant met mistaken overseen overthrown overtaken paid proven put
    quit read rebuilt ridden risen rung run sawn said seen sent set sewn shaken shed shone shot shown shrunk
    shut slain slept sold sought spent split spoken spread sprung spun stolen stood struck stuck stung sung sunk
    sworn swept swum taken taught thought thrown told torn understood undertaken underlain upheld withdrawn
    withheld won worn wound woven written born borne overrun outsold rewritten redrawn sunken swollen laden"""
)
_STATIVE = _words(
    """located based situated headquartered born known called named titled composed entitled dated aged married related
    associated affiliated"""
)
_INTRANSITIVE = _words("stand pass abide go come live stop drop swear sit lie run fly walk drive play work")


_POSSESSIVE = ("'s", "’s")
_CLITIC = re.compile(r"(?<=\w)(n['’]t|['’](?:s|re|ve|ll|d|m))\b")


def _english(text: str, passive: bool) -> tuple[str, bool]:
    tokens = [t for t in _CLITIC.sub(r" \1", text).split() if t.lower() not in _ADVERBS and not _is_manner(t)]
    negation, tokens = _without_words(tokens, _NEGATION)
    copula, tokens = _without_auxiliaries(tokens)
    tokens = [t for t in tokens if t.lower() not in _ARTICLES]
    if not tokens:
        return negation + ("have" if text in _POSSESSIVE else "be"), False
    first = tokens[0].lower()
    participle = _is_participle(first)
    agent = participle and len(tokens) > 1 and tokens[-1].lower() == "by"
    if agent and (copula or passive or lemma_en(first, "VERB") not in _INTRANSITIVE):
        return _join(negation, [lemma_en(first, "VERB"), *tokens[1:-1]]), True
    if passive:
        return _join(negation, [lemma_en(first, "VERB"), *tokens[1:]]), True
    if copula == "copula":
        if all(t.lower() in _PREPOSITIONS for t in tokens):
            tokens = ["be", *tokens]
        return _join(negation, tokens), False
    if participle and first in _STATIVE and (len(tokens) > 1 or copula):
        return _join(negation, tokens), False
    verb = tokens[0] if _is_acronym(tokens[0]) else lemma_en(first, "VERB")
    return _join(negation, [verb, *tokens[1:]]), False


def _without_words(tokens: list[str], words: frozenset[str]) -> tuple[str, list[str]]:
    kept = [t for t in tokens if t.lower() not in words]
    return ("not " if len(kept) < len(tokens) else ""), kept


def _without_auxiliaries(tokens: list[str]) -> tuple[str, list[str]]:
    """What stands before the main verb (``copula``, as a passive has, ``progressive`` or nothing), and the rest."""
    state = ""
    while len(tokens) > 1:
        first, second, *more = (t.lower() for t in tokens)
        if first in _BE and second == "going" and more[:1] == ["to"] and len(more) > 1:
            tokens = tokens[3:]
        elif first in _BE:
            state = "progressive" if second.endswith("ing") and second not in _NOT_VERBS else "copula"
            tokens = tokens[1:]
        elif first in _HAVE and (second in _BE or _is_participle(second)):
            tokens = tokens[1:]
        elif (first in _HAVE or first in ("used", "ought")) and second == "to" and more:
            tokens = tokens[2:]
        elif (first in _MODAL and second not in _PREPOSITIONS | _ARTICLES) or (first == "to" and state):
            tokens = tokens[1:]
        else:
            break
    return ("copula", []) if tokens and tokens[0].lower() in _BE else (state, tokens)


_NOT_VERBS = _words(
    "king ring thing string wing spring nothing something anything everything during being sibling building"
)


def _is_participle(low: str) -> bool:
    return low in _PARTICIPLES or (len(low) > 3 and low.endswith("ed") and not low.endswith("eed")) or low == "freed"


def _is_manner(token: str) -> bool:
    low = token.lower()
    return len(low) > 4 and low.endswith("ly") and low not in _KEPT_LY


def _is_acronym(token: str) -> bool:
    return sum(c.isupper() for c in token) > 1


def _join(negation: str, tokens: list[str]) -> str:
    return negation + " ".join(t if _is_acronym(t) else t.lower() for t in tokens)


def _english_lemma(text: str, passive: bool) -> str:
    """A lemma as the extractor gives it, with its copula, articles and agent's preposition treated as in `_english`."""
    tokens = text.split()
    if passive and len(tokens) > 1 and tokens[-1].lower() == "by":
        tokens = tokens[:-1]
    negation = ""
    if tokens[:1] == ["not"] and len(tokens) > 1:
        negation, tokens = "not ", tokens[1:]
    rest = [t for t in tokens[1:] if t.lower() not in _ARTICLES]
    if tokens[:1] == ["be"] and rest and any(t.lower() not in _PREPOSITIONS for t in rest):
        return _join(negation, rest)
    return _join(negation, [*tokens[:1], *rest])


# --- Chinese ---------------------------------------------------------------------------------------------------------

_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]")
_GAP = re.compile(r"(?:\s|\.{2,}|…|~|—)+")
_LEADING = re.compile(r"(?:曾经|曾|已经|已|正在|仍然|目前|现在|一直|也|便|即将|将会|[都均](?=[是为有在位由被]))(?=.)")
_ASPECT_LE = re.compile(r"(?<=[^为除罢])[了](?![解结如不断却])")
_ASPECT_END = re.compile(r"(?<!沿)(?<!随)(?<!意味)(?<!标志)(?<!本)(?<!执)(?<!附)(?<=.)着\Z")
_GUO_WORDS = tuple(
    f"{verb}过"
    for verb in ("通", "经", "超", "透", "度", "穿", "越", "路", "错", "渡", "不", "胜", "难", "跨", "绕", "跳")
)
_COPULA_ZH = re.compile(r"(?:就|也|都|均|则|又|还|仍)?是(?=..)|(?:均|都|也)为\Z")
_PASSIVE_ZH = re.compile(r"(?:被|由)(?P<verb>..+|[买卖杀打娶])\Z")
_NO_AGENT_ZH = re.compile(r".*[为作成入于在到给至称]\Z")
_NOUNS_ZH = ("被告", "被害", "被动", "由于", "由来", "由此")


def _chinese(text: str, passive: bool) -> tuple[str, bool]:
    gapped = _GAP.search(text) is not None
    name = _chinese_base(text)
    found = _PASSIVE_ZH.match(name)
    if found is None or name.startswith(_NOUNS_ZH):
        return name, passive
    if passive or gapped or not _NO_AGENT_ZH.match(found["verb"]):
        return found["verb"], True
    return name, False


def _chinese_base(text: str) -> str:
    name = _GAP.sub("", text)
    while (shorter := _LEADING.sub("", name, count=1) if _LEADING.match(name) else name) != name:
        name = shorter
    name = _ASPECT_LE.sub("", name)
    name = _ASPECT_END.sub("", name)
    if name.endswith("过") and len(name) > 1 and not name.endswith(_GUO_WORDS):
        name = name[:-1]
    if _COPULA_ZH.match(name):
        name = "为" if name.endswith("为") and len(name) == 2 else _COPULA_ZH.sub("", name, count=1)
    if len(name) > 2 and name.endswith("的"):
        name = name[:-1]
    return name[1:] if len(name) > 2 and name.startswith("的") else name


def without_negation(name: str) -> str:
    """A canonical relation without its negation: for statements whose polarity already says that they are denied."""
    bare = re.sub(r"\Anot (?=.)|\A(?:并没有|并未|没有|从未|未曾|尚未|未能|并不|没|未|不)(?=..)", "", name)
    return "是" if name in ("不是", "并不是", "并非", "不为") else bare


# --- Cypher ----------------------------------------------------------------------------------------------------------


def identifier(name: str) -> str:
    """`name` with everything but letters, digits and their marks as underscores, and at most 64 characters long.

    Empty where nothing would be left of it but a digest; then a digest, unless `name` is blank.
    """
    text = unicodedata.normalize("NFKC", name)
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else "_" for c in text)
    kept = re.sub("_+", "_", kept).strip("_")
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if not kept:
        return f"X_{mark}" if text.strip() else ""
    return kept if len(kept) <= _MAX_TYPE else f"{kept[: _MAX_TYPE - 9]}_{mark}"

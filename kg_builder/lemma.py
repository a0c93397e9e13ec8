"""Base forms of English words: tables of irregular forms, and suffix rules checked against lists of known words."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

__all__ = ["lemma_en"]

_OTHER = {
    "PRON": {"me": "i", "him": "he", "us": "we", "them": "they", "these": "this", "those": "that"},
    "DET": {"an": "a", "these": "this", "those": "that"},
    "ADJ": {"better": "good", "best": "good", "worse": "bad", "worst": "bad", "elder": "old", "eldest": "old"},
    "ADV": {"better": "well", "best": "well", "further": "far", "farther": "far"},
    "PART": {"n't": "not", "n’t": "not"},
    "AUX": {"'ll": "will", "’ll": "will", "'d": "would", "’d": "would", "wo": "will", "ca": "can", "sha": "shall"},
}
_SILENT_E = (  # creat-, realiz-, believ-, handl-
    *("at", "iz", "is", "ys", "v", "c", "u", "dg", "rg", "ng", "ls", "ns", "rs"),
    *("bl", "cl", "dl", "gl", "pl", "tl", "fl"),
)
_VOWELS = "aeiou"


def _table(source: str) -> dict[str, str]:
    """Forms and their base, from lines that begin with the base."""
    table: dict[str, str] = {}
    for line in source.splitlines():
        base, *forms = line.split()
        for form in (base, *forms):
            table.setdefault(form, base)
    return table


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, str], dict[str, str], frozenset[str], frozenset[str]]:
    """Irregular verbs and nouns, then the known verbs and nouns (made by ``finetune.pipelines.en_words``)."""
    folder = files("kg_builder") / "models" / "en"
    verbs = _table((folder / "irregular_verbs.txt").read_text(encoding="utf-8"))
    nouns = _table((folder / "irregular_nouns.txt").read_text(encoding="utf-8"))
    # Where one form belongs to two verbs, the commoner one wins.
    verbs.update({"found": "find", "saw": "see", "left": "leave", "lay": "lay", "ground": "grind", "bore": "bear"})
    known_verbs = frozenset((folder / "verbs.txt").read_text(encoding="utf-8").split())
    known_nouns = frozenset((folder / "nouns.txt").read_text(encoding="utf-8").split())
    return verbs, nouns, known_verbs, known_nouns


@lru_cache(maxsize=100_000)
def lemma_en(word: str, upos: str) -> str:
    """The base form of a word with its universal part of speech: verbs to the infinitive, nouns to the singular.

    Lower case throughout, but for proper nouns, which stay as they are.
    """
    if upos == "PROPN":
        return word
    low = word.lower()
    other = _OTHER.get(upos, {}).get(low)
    if other:
        return other
    if upos in ("VERB", "AUX"):
        return _verb(low)
    if upos == "NOUN":
        return _noun(low)
    return low


def _verb(low: str) -> str:
    irregular, _, known, _ = _tables()
    if low in irregular:
        return irregular[low]
    head, hyphen, last = low.rpartition("-")
    if hyphen and last in irregular:
        return head + hyphen + irregular[last]
    for prefix in ("re", "un", "over", "under", "out", "mis", "fore", "inter"):
        rest = low.removeprefix(prefix)
        if rest != low and irregular.get(rest, rest) != rest and low not in known:
            return prefix + irregular[rest]
    if low in known and not low.endswith(("ing", "ed")):
        return low
    if low.endswith("ing") and len(low) > 4 and any(c in _VOWELS + "y" for c in low[:-3]):
        return _stem(low[:-3], known)
    if low.endswith("ied") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith("eed"):
        return low[:-1] if low[:-1] in known or low.endswith("teed") else low
    if low.endswith("ed") and len(low) > 3 and any(c in _VOWELS + "y" for c in low[:-2]):
        return _stem(low[:-2], known)
    return _without_s(low, known)


def _stem(stem: str, known: frozenset[str]) -> str:
    """What -ing or -ed was added to: a known verb, or else the likeliest spelling."""
    doubled = len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS
    if doubled:
        choices = [stem, stem[:-1]] if stem[-1] in "lsfz" else [stem[:-1], stem]
    else:
        choices = [stem + "e", stem] if _would_double(stem) else [stem, stem + "e"]
    for choice in choices:
        if choice in known:
            return choice
    if doubled:
        return choices[0]
    if stem.endswith("ck") and stem[:-1].endswith("ic"):
        return stem[:-1]  # mimicking, panicked
    if stem.endswith(
        (
            "at",
            "iz",
            "is",
            "ys",
            "v",
            "c",
            "u",
            "dg",
            "rg",
            "ng",
            "ls",
            "ns",
            "rs",
            "bl",
            "cl",
            "dl",
            "gl",
            "pl",
            "tl",
            "fl",
        )
    ):  # creat-, realiz-, believ-, handl-
        return stem if stem.endswith(("ing", "eat", "oat", "ong", "ang", "ung")) else stem + "e"
    return stem + "e" if _would_double(stem) else stem


def _would_double(stem: str) -> bool:
    """Whether a verb spelt like this doubles its last letter before -ing (hop, hopping), so that "hoping" is none."""
    ends = len(stem) > 2 and stem[-1] not in _VOWELS + "wxy" and stem[-2] in _VOWELS and stem[-3] not in _VOWELS
    return (ends and sum(c in _VOWELS for c in stem) == 1) or stem.endswith(("ag", "ut", "il", "ur", "um", "id", "uc"))


def _noun(low: str) -> str:
    _, irregular, _, known = _tables()
    if low in irregular:
        return irregular[low]
    for ending in ("men", "women", "children", "feet", "wives", "lives", "people"):
        if low.endswith(ending) and len(low) > len(ending) + 2 and ending != "people" and low not in known:
            return low.removesuffix(ending) + irregular[ending]
    if not low.endswith("s") or any(c.isdigit() for c in low) or (low in known and low[:-1] not in known):
        return low
    return _without_s(low, known)


def _without_s(low: str, known: frozenset[str]) -> str:
    if not low.endswith("s") or low.endswith(("ss", "us", "is", "'s")) or len(low) < 3:
        return low
    if low.endswith("ies"):
        return low[:-1] if low[:-1] in known and low[:-3] + "y" not in known else low[:-3] + "y"
    if low.endswith("es"):
        if low[:-1] in known:
            return low[:-1]
        if low[:-2] in known or low.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
            return low[:-2]
    return low[:-1]

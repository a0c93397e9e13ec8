"""Who "he", "it" or "the company" is, where the text leaves little doubt; nobody otherwise.

A pronoun takes the nearest earlier name that agrees in kind and number and stands as a subject, or else the only one
that
agrees in the two sentences before. Two candidates alike in everything: no answer.
"""

from __future__ import annotations

from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.extract.open_ie.mention_types import mention_type
from kg_builder.extract.open_ie.tree import Tree

__all__ = ["Antecedents"]

_MALE = frozenset({"he", "him", "his", "himself"})
_FEMALE = frozenset({"she", "her", "hers", "herself"})
_THING = frozenset({"it", "its", "itself"})
_PLURAL = frozenset({"they", "them", "their", "theirs", "themselves"})
_REFLEXIVE = frozenset({"himself", "herself", "itself", "themselves"})
_MALE_WORDS = word_set("mr sir king prince father son brother husband uncle lord emperor duke baron man boy actor")
_FEMALE_WORDS = word_set("mrs ms miss queen princess mother daughter sister wife aunt lady empress woman girl actress")
_DESCRIBED = {
    "company": "Organization", "firm": "Organization", "corporation": "Organization", "organization": "Organization",
    "organisation": "Organization", "university": "Organization", "agency": "Organization", "bank": "Organization",
    "startup": "Organization", "institute": "Organization", "city": "Place", "town": "Place", "country": "Place",
    "village": "Place", "state": "Place", "island": "Place", "river": "Place",
}  # fmt: skip
_REACH = 3  # sentences


class Antecedents:
    """The names of one text, and what refers to them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._sentence = [0] * len(tree.word)
        for k, (start, end) in enumerate(tree.sentences):
            for i in range(start, end):
                self._sentence[i] = k
        self._names = [i for i in range(len(tree.word)) if self._may_be_named(i)]
        self._gender: dict[str, str] = {}
        self._cache: dict[int, int | None] = {}

    def _may_be_named(self, i: int) -> bool:
        tree = self._tree
        if tree.pos[i] not in ("PROPN", "NOUN") or tree.label[i] in ("compound", "flat", "goeswith", "amod", "fixed"):
            return False
        return tree.dep[i] != "nmod:desc"

    def of(self, i: int) -> int | None:
        """The head word of what the pronoun `i` refers to, or None."""
        if i not in self._cache:
            self._cache[i] = self._find(i)
        return self._cache[i]

    def of_description(self, i: int) -> int:
        """The name that "the company" or "this city" at `i` refers to, or `i` itself."""
        tree = self._tree
        wanted = _DESCRIBED.get(tree.low[i])
        if wanted is None or tree.pos[i] != "NOUN":
            return i
        own = [c for c in tree.children[i] if tree.label[c] not in ("punct", "case", "cop", "nsubj")]
        if len(own) != 1 or tree.low[own[0]] not in ("the", "this", "that"):
            return i
        found = [n for n in self._before(i) if tree.pos[n] == "PROPN" and mention_type(tree, n) == wanted]
        names = {self._name(n) for n in found}
        return found[-1] if len(names) == 1 else i

    def _before(self, i: int) -> list[int]:
        here = self._sentence[i]
        return [n for n in self._names if n < i and here - self._sentence[n] <= _REACH]

    def _name(self, n: int) -> str:
        return self._tree.low[n]

    def _find(self, i: int) -> int | None:
        tree, low = self._tree, self._tree.low[i]
        if low in _REFLEXIVE:
            return self._subject_of_clause(i)
        if low in _MALE or low in _FEMALE:
            wanted = "Person"
        elif low in _THING:
            wanted = "thing"
        elif low in _PLURAL:
            wanted = "many"
        else:
            return None
        found = [n for n in self._before(i) if self._agrees(n, wanted, low) and not self._same_clause(n, i)]
        if not found:
            return None
        here = self._sentence[i]
        for back in range(_REACH + 1):
            near = [n for n in found if here - self._sentence[n] == back]
            if not near:
                continue
            names = {self._name(n) for n in near}
            if len(names) == 1:
                return near[-1]
            subjects = [n for n in near if tree.label[n] == "nsubj"]
            if len({self._name(n) for n in subjects}) == 1:
                return subjects[-1]
            main = [n for n in subjects if tree.head[n] >= 0 and tree.label[tree.head[n]] == "root"]
            return main[-1] if len({self._name(n) for n in main}) == 1 else None
        return None

    def _agrees(self, n: int, wanted: str, pronoun: str) -> bool:
        tree = self._tree
        kind = mention_type(tree, n)
        plural = tree.tag[n] in ("NNS", "NNPS") or any(tree.label[c] == "conj" for c in tree.children[n])
        if wanted == "Person":
            if kind != "Person" or plural or tree.pos[n] != "PROPN":
                return False
            gender = self._gender_of(n)
            return not gender or gender == ("m" if pronoun in _MALE else "f")
        if kind in ("Time", "Quantity"):
            return False
        if wanted == "many":
            return plural
        return kind != "Person" and not plural and (tree.pos[n] == "PROPN" or tree.label[n] in ("nsubj", "obj"))

    def _gender_of(self, n: int) -> str:
        tree = self._tree
        words = {tree.low[k].rstrip(".") for k in tree.below(n) if abs(k - n) <= 4}
        if words & _MALE_WORDS:
            return "m"
        return "f" if words & _FEMALE_WORDS else ""

    def _same_clause(self, n: int, i: int) -> bool:
        """A pronoun and a name in one clause are two things ("John saw him")."""
        tree = self._tree
        return tree.head[n] == tree.head[i] or tree.head[n] == i or n in tree.above(i)

    def _subject_of_clause(self, i: int) -> int | None:
        tree = self._tree
        for k in tree.above(i):
            subject = tree.child(k, "nsubj", "nsubj:pass")
            if subject >= 0 and subject != i:
                return self.of(subject) if tree.pos[subject] == "PRON" else subject
        return None

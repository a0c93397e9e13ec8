"""Who "he", "it" or "the company" is, where the text leaves little doubt; nobody otherwise.

"He" and "she" are for a small ranker (`personal_pronouns`), "it" and "they" for another (`thing_pronouns`); both also
say how likely their answer is. A reflexive takes the subject of its clause, "the company" the only company that was
named before. Two candidates alike: no answer.
"""

from __future__ import annotations

from bisect import bisect_left

from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.personal_pronouns import FEMALE, MALE, PersonalPronouns
from kg_builder.extract.open_ie.english.thing_pronouns import PLURAL, THING, ThingPronouns
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set

__all__ = ["Antecedents", "is_pronoun", "sentence_numbers"]

LEAST = 0.35
"""How likely an antecedent of "he" or "she" must be: on the half of GAP that was kept out, see docs/confidence.md."""
LEAST_THING = 0.5
"""How likely an antecedent of "it" or "they" must be: on GUM's dev part."""

_INSIDE = frozenset({"compound", "flat", "goeswith", "amod", "fixed"})
_REFLEXIVE = frozenset({"himself", "herself", "itself", "themselves"})
_PRONOUNS = word_set(
    "i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its itself we "
    "us our ours ourselves they them their theirs themselves this that these those who whom whose which what there one "
    "someone somebody something anyone anybody anything everyone everybody everything nobody nothing none"
)
_DESCRIBED = {
    "company": "Organization", "firm": "Organization", "corporation": "Organization", "organization": "Organization",
    "organisation": "Organization", "university": "Organization", "agency": "Organization", "bank": "Organization",
    "startup": "Organization", "institute": "Organization", "city": "Place", "town": "Place", "country": "Place",
    "village": "Place", "state": "Place", "island": "Place", "river": "Place",
}  # fmt: skip
_WEATHER = word_set("rain snow hail drizzle thunder sleet pour freeze")
_FROM_HERE_ON = frozenset({"hereafter", "hereinafter"})
_QUOTES = frozenset({'"', "“", "”", "'", "‘", "’", "``", "''"})
_REACH = 3  # sentences
_NEARBY = 60  # names that are looked at, so that work stays linear in the text
_MOST_MEANT = 8  # names that one "they" stands for, so that a long list does not multiply what is said
_BY_RULE = 0.7  # how likely an answer of the rules is taken to be


def sentence_numbers(tree: Tree) -> list[int]:
    """Of each word, the number of its sentence."""
    numbers = [0] * len(tree.word)
    for k, (start, end) in enumerate(tree.sentences):
        numbers[start:end] = [k] * (end - start)
    return numbers


def nouns_of(tree: Tree) -> list[int]:
    """The nouns and names of a text that head a phrase of their own, in order."""
    return [
        i
        for i in range(len(tree.word))
        if tree.pos[i] in ("PROPN", "NOUN") and tree.label[i] not in _INSIDE and tree.dep[i] != "nmod:desc"
    ]


def is_pronoun(surface: str, sentence: str = "") -> bool:
    """Whether a name would be a mere pronoun: "it" and "It", but not "IT" or "US", unless all of `sentence` is in
    capitals."""
    if surface.isupper() and len(surface) > 1 and not sentence.isupper():
        return False
    return surface.lower() in _PRONOUNS


class Antecedents:
    """The names of one text, and what refers to them.

    `least` is how likely an antecedent of "he" or "she" must be, `least_thing` that of "it" or "they".
    """

    def __init__(self, tree: Tree, *, least: float = LEAST, least_thing: float = LEAST_THING) -> None:
        self._tree = tree
        self._least, self._least_thing = least, least_thing
        self._sentence = sentence_numbers(tree)
        self._names = nouns_of(tree)
        self._things = ThingPronouns(tree, self._sentence, self._names, stands_for=self.of_description)
        self._people = PersonalPronouns(tree, self._sentence)
        self._cache: dict[int, tuple[int | None, float]] = {}
        self._defined = {i: name for i in range(len(tree.word)) if (name := self._defined_here(i)) is not None}

    def of(self, i: int) -> int | None:
        """The head word of what the pronoun `i` refers to, or None."""
        return self._answer(i)[0]

    def all_of(self, i: int) -> list[int]:
        """The head words of all that the pronoun `i` refers to: several for a "they" that means coordinated names."""
        found = self.of(i)
        if found is None:
            return []
        return self._tree.conjuncts(found)[:_MOST_MEANT] if self._tree.low[i] in PLURAL else [found]

    def sureness(self, i: int) -> float:
        """How likely the answer for the pronoun `i` is; 0 without an answer."""
        return self._answer(i)[1]

    def _answer(self, i: int) -> tuple[int | None, float]:
        if i not in self._cache:
            self._cache[i] = self._find(i)
        return self._cache[i]

    def of_description(self, i: int) -> int:
        """The name that "the company" or "this city" at `i` refers to, or `i` itself."""
        tree = self._tree
        wanted = _DESCRIBED.get(tree.low[i])
        if wanted is None or tree.pos[i] not in ("NOUN", "PROPN"):
            return i
        if self._defined:
            at = max((d for d in self._defined if d <= i and tree.low[d] == tree.low[i]), default=None)
            if at is not None:
                return self._defined[at]
        own = [c for c in tree.children[i] if tree.label[c] not in ("punct", "case", "cop", "nsubj")]
        if tree.pos[i] != "NOUN" or len(own) != 1 or tree.low[own[0]] not in ("the", "this", "that"):
            return i
        found = [n for n in self._before(i) if tree.pos[n] == "PROPN" and mention_type(tree, n) == wanted]
        names = {self._name(n) for n in found}
        return found[-1] if len(names) == 1 else i

    def _defined_here(self, i: int) -> int | None:
        """The name that a text means by the description `i` from here on: "Acme Ltd., hereafter the Company", "Acme
        Ltd. (the "Company")"."""
        tree = self._tree
        wanted = _DESCRIBED.get(tree.low[i])
        if wanted is None:
            return None
        at = i - 1
        while at >= 0 and (tree.word[at] in _QUOTES or tree.low[at] == "the"):
            at -= 1
        while at >= 0 and tree.low[at] in ("as", "to", "referred", "called"):
            at -= 1
        said = at >= 0 and tree.low[at] in _FROM_HERE_ON
        if said:
            at -= 1
        if at < 0 or tree.word[at] not in ("(", ",") or not (said or (tree.word[at] == "(" and i - at > 1)):
            return None
        here = self._sentence[i]
        found = [n for n in self._names if n < at and self._sentence[n] == here and tree.pos[n] == "PROPN"]
        return next((n for n in reversed(found) if mention_type(tree, n) == wanted), None)

    def _before(self, i: int) -> list[int]:
        here = self._sentence[i]
        at = bisect_left(self._names, i)
        return [n for n in self._names[max(0, at - _NEARBY) : at] if here - self._sentence[n] <= _REACH]

    def _name(self, n: int) -> str:
        return self._tree.low[n]

    def _find(self, i: int) -> tuple[int | None, float]:
        low = self._tree.low[i]
        if low in _REFLEXIVE:
            subject = self._subject_of_clause(i)
            if subject is not None or low not in MALE | FEMALE:
                return subject, _BY_RULE if subject is not None else 0.0
        if low in MALE or low in FEMALE:
            answer = self._people.of(i)
            return (None, 0.0) if answer is None or answer.probability < self._least else answer
        if low not in THING and low not in PLURAL:
            return None, 0.0
        meaning = None if self._is_of_weather(i) else self._things.of(i)
        if meaning is None or meaning.probability < self._least_thing:
            return None, 0.0
        return self.of_description(meaning.place), meaning.probability

    def _is_of_weather(self, i: int) -> bool:
        """ "It rained for three days"."""
        tree, verb = self._tree, self._tree.head[i]
        return tree.label[i] in ("nsubj", "expl") and verb >= 0 and tree.lemma[verb].lower() in _WEATHER

    def _subject_of_clause(self, i: int) -> int | None:
        tree = self._tree
        for k in tree.above(i):
            subject = tree.child(k, "nsubj", "nsubj:pass")
            if subject >= 0 and subject != i:
                return self.of(subject) if tree.pos[subject] == "PRON" else subject
        return None

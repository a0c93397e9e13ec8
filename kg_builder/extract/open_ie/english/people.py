"""The people that a text names, each with all places where it does, and what tells whether they are men or women."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg_builder.extract.open_ie.english.given_names import gender_of_name
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set

__all__ = ["Person", "find_people"]

_MALE_WORDS = word_set(
    "mr sir king prince father son brother husband uncle lord emperor duke baron man boy actor grandfather "
    "grandson nephew stepfather stepson fiance boyfriend gentleman monk priest bishop archbishop pope count "
    "businessman chairman congressman spokesman policeman salesman statesman sportsman footballer waiter"
)
_FEMALE_WORDS = word_set(
    "mrs ms miss queen princess mother daughter sister wife aunt lady empress woman girl actress grandmother "
    "granddaughter niece stepmother stepdaughter fiancee girlfriend nun duchess countess baroness madam dame "
    "businesswoman chairwoman congresswoman spokeswoman heroine hostess waitress ballerina maiden widow goddess"
)
_TITLES = word_set("mr mrs ms miss sir dr prof lord lady dame king queen prince princess saint st captain colonel")
_DESCRIBING = ("appos", "compound", "flat", "amod", "nmod")


@dataclass(slots=True)
class Person:
    """Somebody. ``places`` are the head words of the mentions, in order."""

    words: frozenset[str]
    places: list[int] = field(default_factory=list)
    full: bool = False  # known by more than one word
    named: bool = False  # the pipeline takes one of the mentions for a person's name
    gender: str = ""
    sure: bool = False  # the gender is known from a title or kinship, not from the name
    titled: bool = False  # from a title in the name itself: "Queen Hild"


def find_people(tree: Tree) -> list[Person]:
    """Everybody whom the text may name, in the order in which they first appear.

    Proper nouns that the pipeline takes for something else are there too (``named`` is False), unless they look like
    nothing a person is called.
    """
    people: list[Person] = []
    by_word: dict[str, Person] = {}
    for head, words in _names(tree):
        low = [tree.low[w].strip(".'’") for w in words]
        own = frozenset(w for w in low if w not in _TITLES and len(w) > 1) or frozenset(low)
        person = _known(own, by_word)
        if person is None:
            person = Person(own)
            people.append(person)
        elif len(own) > len(person.words):
            person.words = own
        for word in own:
            by_word[word] = person
        person.places.append(head)
        person.full = person.full or len(own) > 1
        person.named = person.named or tree.ner[head] == "PER"
        _learn_gender(tree, person, head, words, low)
    return people


def _names(tree: Tree) -> list[tuple[int, list[int]]]:
    """Head and words of each name, in order."""
    found = []
    i, n = 0, len(tree.word)
    while i < n:
        begin = tree.ner_start[i]
        if begin == i:
            end = i + 1
            while end < n and tree.ner_start[end] == i:
                end += 1
        elif tree.pos[i] == "PROPN":
            end = i + 1
            while end < n and end - i < 6 and tree.pos[end] == "PROPN" and tree.ner_start[end] < 0:
                end += 1
        else:
            i += 1
            continue
        if tree.ner[i] in ("PER", "ORG", "MISC", "LOC", "") and _may_be_called(tree, i):
            words = list(range(i, end))
            heads = [w for w in words if not i <= tree.head[w] < end]
            if tree.ner[i] == "PER" or not _is_place(tree, heads[0]):
                found.append((heads[0] if heads else i, words))
        i = end
    return found


def _may_be_called(tree: Tree, i: int) -> bool:
    return tree.word[i][:1].isupper()


def _is_place(tree: Tree, i: int) -> bool:
    return tree.kind[i] in ("place", "time", "event") or tree.label[i] in ("compound", "amod")


def _known(own: frozenset[str], by_word: dict[str, Person]) -> Person | None:
    """The person with the same name, or with one of which this is a part."""
    if len(own) == 1:
        return by_word.get(next(iter(own)))
    for word in sorted(own):
        person = by_word.get(word)
        if person is not None and (person.words <= own or own <= person.words):
            return person
    return None


def _learn_gender(tree: Tree, person: Person, head: int, words: list[int], low: list[str]) -> None:
    if person.sure:
        return
    said = set(low)
    said.update(tree.low[c].rstrip(".") for c in tree.children[head] if tree.label[c] in _DESCRIBING)
    if tree.label[head] == "appos" or tree.dep[head] == "nmod:desc":
        said.add(tree.low[tree.head[head]])
    if head in tree.copular or (tree.label[head] == "nsubj" and tree.head[head] in tree.copular):
        said.add(tree.low[tree.head[head]])
    male, female = bool(said & _MALE_WORDS), bool(said & _FEMALE_WORDS)
    if male != female:
        person.gender, person.sure = ("m" if male else "f"), True
        person.titled = not (_MALE_WORDS | _FEMALE_WORDS).isdisjoint(low)
    elif not person.gender and low:
        first = next((w for w in low if w not in _TITLES), low[0])
        person.gender = gender_of_name(first)

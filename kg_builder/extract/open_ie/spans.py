"""What the parsers of the offline extractor see in spans of a text that others have chosen: what kind of thing a span
names, and whether the sentence around two of them denies, plans or supposes what it says.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from kg_builder.types import Language, Modality, Polarity

if TYPE_CHECKING:
    from kg_builder.extract.open_ie.chinese.polarity import Status
    from kg_builder.extract.open_ie.chinese.predicates import Clause
    from kg_builder.extract.open_ie.chinese.tree import Tree

__all__ = ["Place", "Reading", "read_spans"]

Place = tuple[int, int]
"""Where a span stands: first offset, and the one after its last."""

Standing = tuple[Polarity, Modality]
_PLAIN: Standing = ("positive", "asserted")


class Reading(Protocol):
    """A text that was read."""

    def type_of(self, span: Place) -> str:
        """One of `kg_builder.types.ENTITY_TYPES`."""

    def standing(self, head: Place, relation: Place | None, tail: Place) -> Standing:
        """Polarity and modality of the clause that says something of `head` and `tail`."""


def read_spans(text: str, language: Language) -> Reading:
    """A reading of `text`; of a text that is neither English nor Chinese one that knows nothing. Models load with the
    first text.

    Raises:
        ExtractionError: the shipped models cannot be read.
    """
    if language == "en":
        return _English(text)
    return _Chinese(text) if language == "zh" else _Unread()


class _Unread:
    def type_of(self, span: Place) -> str:
        return "Other"

    def standing(self, head: Place, relation: Place | None, tail: Place) -> Standing:
        return _PLAIN


class _English:
    def __init__(self, text: str) -> None:
        from kg_builder.extract.open_ie.english.pipeline import load_english
        from kg_builder.extract.open_ie.english.tree import Tree

        self._tree = Tree(load_english().read(text))

    def type_of(self, span: Place) -> str:
        from kg_builder.extract.open_ie.english.mention_types import mention_type

        words = self._words(span)
        if not words:
            return "Other"
        types = [mention_type(self._tree, i) for i in (self._top(words), *reversed(words))]
        return next((each for each in types if each != "Other"), "Other")

    def standing(self, head: Place, relation: Place | None, tail: Place) -> Standing:
        from kg_builder.extract.open_ie.english.polarity import status

        words = [self._words(span) if span else [] for span in (head, relation, tail)]
        if not words[0] or not words[2]:
            return _PLAIN
        predicate = self._predicate(self._top(words[0]), self._top(words[1]), self._top(words[2]))
        if predicate < 0:
            return _PLAIN
        found = status(self._tree, predicate, question=self._is_asked(predicate))
        return found.polarity, found.modality

    def _predicate(self, head: int, relation: int, tail: int) -> int:
        """The word that governs the clause; -1 where there is none."""
        if relation >= 0 and self._is_predicate(relation):
            return relation
        if head < 0 or tail < 0:
            return -1
        from_tail, from_head = ([i, *self._tree.above(i)] for i in (tail, head))
        shared = next((i for i in from_tail if i in from_head), -1)
        if shared < 0:
            return -1
        path = from_head if shared == tail else from_tail
        between = path[1 : path.index(shared) + 1]
        return next((i for i in between if self._is_predicate(i)), shared)

    def _is_predicate(self, i: int) -> bool:
        tree = self._tree
        return tree.pos[i] == "VERB" or i in tree.copular or tree.child(i, "nsubj", "nsubj:pass") >= 0

    def _is_asked(self, i: int) -> bool:
        tree = self._tree
        start, end = tree.sentences[bisect_right(tree.sentences, (i, len(tree.word))) - 1]
        return "?" in tree.word[max(start, end - 2) : end]

    def _words(self, span: Place) -> list[int]:
        first = bisect_right(self._tree.end, span[0])
        last = bisect_right(self._tree.start, span[1] - 1)
        return [i for i in range(first, last) if self._tree.pos[i] not in ("SPACE", "PUNCT")]

    def _top(self, words: Sequence[int]) -> int:
        """The word that the others hang on."""
        return _outermost(words, self._tree.head)


class _Chinese:
    def __init__(self, text: str) -> None:
        from kg_builder.extract.open_ie.chinese.pipeline import load
        from kg_builder.extract.open_ie.chinese.tree import Tree

        self._text = text
        self._trees = [Tree(text, sentence) for sentence in load().parse(text)]
        self._known: dict[int, dict[int, Standing]] = {}

    def type_of(self, span: Place) -> str:
        from kg_builder.extract.open_ie.chinese.types import entity_type

        surface = self._text[span[0] : span[1]]
        inner = surface.strip("《》〈〉“”‘’「」『』\"' ")
        quoted = surface[:1] in "《〈" or self._text[max(0, span[0] - 1) : span[0]] in ("《", "〈")
        at = self._at(span)
        if at is None:
            return entity_type(inner, quoted=quoted)
        tree, words = at
        top = tree[_outermost(words, [word.head for word in tree])]
        return entity_type(
            inner,
            name=top.upos in ("PROPN", "X"),
            person=bool(tree.kids(top.i, "flat:name")),
            quoted=quoted,
            counted=tree[words[0]].upos == "NUM",
        )

    def standing(self, head: Place, relation: Place | None, tail: Place) -> Standing:
        first, last = self._at(head), self._at(tail)
        if first is None or last is None or first[0] is not last[0]:
            return _PLAIN
        tree = first[0]
        states = self._standings(tree)
        said = self._at(relation) if relation else None
        if said is not None and said[0] is tree:
            verbs = [i for i in said[1] if i in states]
            if verbs:
                return states[verbs[-1]]
        heads = [word.head for word in tree]
        from_head, from_tail = ([top, *tree.above(top)] for top in (_outermost(at[1], heads) for at in (first, last)))
        shared = next((i for i in from_tail if i in from_head), 0)
        if not shared:
            return _PLAIN
        path = from_head if shared == from_tail[0] else from_tail
        return next((states[i] for i in path[: path.index(shared) + 1] if i in states), _PLAIN)

    def _standings(self, tree: Tree) -> dict[int, Standing]:
        """Of each clause of a sentence, by its verbs."""
        from kg_builder.extract.open_ie.chinese.clauses import find_clauses, give_topics
        from kg_builder.extract.open_ie.chinese.polarity import follow, precede, status

        found: dict[int, Standing] | None = self._known.get(id(tree))
        if found is None:
            found = self._known[id(tree)] = {}
            clauses = find_clauses(tree)
            give_topics(tree, clauses)
            states: list[tuple[Clause, Status]] = []
            for clause in clauses:
                states.append((clause, follow(tree, states, clause, status(tree, clause))))
            for clause, state in precede(tree, states):
                found.update(dict.fromkeys((clause.predicate, *clause.chain), (state.polarity, state.modality)))
        return found

    def _at(self, span: Place) -> tuple[Tree, list[int]] | None:
        """The sentence that a span stands in, and its words; None where it stands in none alone."""
        for tree in self._trees:
            if tree[1].start <= span[0] and span[1] <= tree[len(tree) - 1].end:
                words = [w.i for w in tree[1:] if w.start < span[1] and span[0] < w.end and w.dep != "punct"]
                return (tree, words) if words else None
        return None


def _outermost(words: Iterable[int], heads: Sequence[int]) -> int:
    """The last of `words` whose head is not among them; -1 of none."""
    inside = set(words)
    return max((i for i in inside if heads[i] not in inside), default=-1)

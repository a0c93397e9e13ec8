"""English phrases that are more, or less, than their words: prepositions with nouns, verbs that need a complement."""

from __future__ import annotations

from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set

__all__ = ["CAUSING", "IDIOMS", "PERSONAL_IDIOMS", "PREPOSITIONAL", "is_particle"]

# Nouns that form a preposition with the ones around them: "in honor of", "with respect to".
PREPOSITIONAL = word_set(
    "addition honor honour favor favour front behalf charge response relation regard respect accordance case "
    "terms term support spite lieu light place view search connection conjunction collaboration cooperation "
    "partnership contrast comparison excess memory result basis part virtue means way course aid exchange return "
    "opposition reference line"
)
# Words to the reader, no circumstances; without their articles and adjectives.
IDIOMS = frozenset(
    [
        "as result",
        "in fact",
        "for example",
        "for instance",
        "in addition",
        "at least",
        "in general",
        "in turn",
        "in particular",
        "on hand",
        "in contrast",
        "by contrast",
        "by default",
        "in words",
        "of course",
        "in short",
        "at last",
        "in end",
        "for part",
        "in case",
        "at time",
        "on contrary",
        "in practice",
        "in effect",
        "in truth",
        "in reality",
        "in principle",
        "in theory",
        "at all",
        "by way",
        "in summary",
        "in sum",
        "in brief",
        "in conclusion",
        "in essence",
        "for now",
        "for sure",
        "by far",
        "at rate",
    ]
)
# The same with somebody's: "on the other hand", "in my opinion".
PERSONAL_IDIOMS = frozenset(["on hand", "in opinion", "in view", "to knowledge", "to mind"])
# Verbs that make or let somebody do what their complement says.
CAUSING = word_set("allow enable permit let help cause force require encourage lead prompt compel inspire")

_PARTICLES = word_set("forward together apart aside away back ahead forth")


def is_particle(tree: Tree, i: int, c: int) -> bool:
    """Whether `c` is a part of what the verb `i` says: "looked forward to", "was put together by"."""
    if tree.dep[c] == "compound:prt":
        return True
    return c == i + 1 and tree.label[c] == "advmod" and tree.low[c] in _PARTICLES and not tree.children[c]

"""Arguments and the entities inside them.

An argument is a noun with what belongs to it; its relative clauses, participles, appositions and coordinated nouns
become
statements of their own and stay out. The entity is the part that identifies: the name, or the noun with its compounds
and adjectives.
"""

from __future__ import annotations

from bisect import bisect_left

from kg_builder.extract.open_ie.english.mention_types import mention_type
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.extract.open_ie.memory import once
from kg_builder.types import Mention, Span

__all__ = ["argument_words", "clause_words", "entity_head", "entity_words", "is_hyphen", "mention", "span", "uncounted"]

# Words that stand for something said elsewhere.
_VAGUE = word_set(
    "others other one ones most many some few all both each any none several more less such same former latter "
    "another something anything everything nothing someone anyone everyone much little enough either neither half "
    "least own next last"
)
_HOW_MANY = word_set("all both certain few many most multiple numerous several some various")
_PASSING = word_set(
    "also then now still thus therefore however again already just only even so too either not never n't"
)
_QUOTES = tuple("\"“”‘’'«»")
_MAX_OF_WORDS = 4  # of a phrase with "of" that an entity takes in
# What never belongs to an argument, at its head or further down.
_CUT = frozenset({"acl", "appos", "parataxis", "list", "discourse", "vocative", "dislocated", "reparandum", "orphan"})
# What is cut at the head only: its own preposition, what coordinates with it, and, of a predicate noun, the rest of
# its clause.
_CUT_AT_HEAD = _CUT | {
    "case",
    "mark",
    "cc",
    "conj",
    "cop",
    "aux",
    "nsubj",
    "csubj",
    "expl",
    "advcl",
    "ccomp",
    "obl",
    "punct",
}
_INNER = frozenset({"compound", "flat", "amod", "nummod", "goeswith", "fixed"})
_NAMING = frozenset({"NOUN", "PROPN", "NUM", "ADJ", "ADV", "CCONJ", "X"})
_OPEN = frozenset("([{")
_CLOSE = frozenset(")]}")


@once
def argument_words(tree: Tree, i: int) -> list[int]:
    """The words of the argument headed by `i`, in order."""
    predicate = i in tree.copular
    words = [i]
    begin = min((c for c in tree.children[i] if tree.label[c] == "case" and c < i), default=-1)
    for c in tree.children[i]:
        label = tree.label[c]
        if c < begin:  # "over 100 years after his death"
            continue
        if label in _CUT_AT_HEAD and not _kept_at_head(tree, i, c, predicate=predicate):
            continue
        if (
            tree.dep[c] == "nmod"
            and c > i
            and tree.label[i] not in ("nsubj",)
            and any(tree.low[k] not in ("of",) for k in tree.having(c, "case"))
        ):
            continue
        if predicate and label == "advmod" and _before_copula(tree, i, c):
            continue
        if tree.dep[c] in ("cc:preconj", "det:predet") or (tree.label[c] == "det" and c > i):
            continue
        words.extend(tree.below(c, keep=lambda k: tree.label[k] not in _CUT))
    words.sort()
    return _trimmed(tree, words, i)


def clause_words(tree: Tree, i: int) -> list[int]:
    """The words of the whole clause with predicate `i`, in order."""
    return _trimmed(tree, tree.below(i), i)


def _kept_at_head(tree: Tree, i: int, c: int, *, predicate: bool) -> bool:
    """A hyphen inside, quotes around a name, or a preposition phrase under an adjective stay."""
    if tree.label[c] == "punct":
        return tree.word[c] in "-–/" or tree.word[c] in _OPEN or tree.word[c] in _CLOSE or tree.tag[c] in ("``", "''")
    if tree.dep[c] == "acl":  # "the ease of learning it"
        return tree.tag[c] == "VBG" and any(tree.label[k] in ("mark", "case") for k in tree.children[c])
    predicate = predicate or tree.label[i] == "xcomp"
    return tree.label[c] == "obl" and not predicate and tree.pos[i] in ("ADJ", "NUM", "ADV")


def _before_copula(tree: Tree, i: int, c: int) -> bool:
    return any(tree.label[k] == "cop" and c < k for k in tree.children[i]) or tree.low[c] in (
        "not",
        "n't",
        "also",
        "then",
    )


def _trimmed(tree: Tree, words: list[int], i: int) -> list[int]:
    """Without punctuation at the edges; brackets stay where both halves are there."""
    marks = [tree.word[w] for w in words]
    balanced = any(m in _OPEN for m in marks) and any(m in _CLOSE for m in marks)
    while words and words[0] != i and tree.pos[words[0]] == "PUNCT" and not (balanced and tree.word[words[0]] in _OPEN):
        words = words[1:]
    while (
        words
        and words[-1] != i
        and tree.pos[words[-1]] == "PUNCT"
        and not (balanced and tree.word[words[-1]] in _CLOSE)
    ):
        words = words[:-1]
    return words


def entity_words(tree: Tree, i: int, *, depth: int = 0) -> list[int]:
    """The words that identify the entity headed by `i`: side by side, in order, `i` among them.

    `depth` counts the phrases with "of" above it.
    """
    allowed = {i}
    stack = [i]
    while stack:
        k = stack.pop()
        for c in tree.children[k]:
            if _identifies(tree, k, c) and not (k == i and tree.label[c] == "case"):
                allowed.add(c)
                stack.append(c)
            elif k == i:
                allowed.update(_called_after(tree, i, c, depth))
    if tree.ner_start[i] >= 0:
        allowed.update(k for k in _same_name(tree, i))
        allowed.difference_update(
            c for c in tree.children[i] if tree.dep[c] == "nmod:desc" and not _title_identifies(tree, i, c)
        )
    first = last = i
    while first - 1 in allowed:
        first -= 1
    while last + 1 in allowed:
        last += 1
    words = list(range(first, last + 1))
    while len(words) > 1 and words[0] != i and _droppable(tree, words[0]):
        words = words[1:]
    while len(words) > 1 and words[-1] != i and tree.pos[words[-1]] == "PUNCT":
        words = words[:-1]
    return [*_in_quotes_before(tree, words[0], allowed), *words]


def _in_quotes_before(tree: Tree, first: int, allowed: set[int]) -> range:
    """'"retry"' before "routine", 'new "status"' before "field": words in quotes that are part of a name."""
    if first < 3 or tree.word[first - 1] not in _QUOTES:
        return range(0)
    k = first - 2
    while k in allowed:
        k -= 1
    if k < 0 or k == first - 2 or tree.word[k] not in _QUOTES:
        return range(0)
    while k - 1 in allowed and not _droppable(tree, k - 1):
        k -= 1
    return range(k, first)


def _same_name(tree: Tree, i: int) -> list[int]:
    begin, words = tree.ner_start[i], []
    k = begin
    while k < len(tree.word) and tree.ner_start[k] == begin:
        words.append(k)
        k += 1
    return words


def _droppable(tree: Tree, k: int) -> bool:
    if tree.low[k] in ("every", "each"):
        return False
    return tree.pos[k] in ("DET", "PUNCT", "CCONJ", "ADP") or tree.low[k] in ("'s", "’s")


def _identifies(tree: Tree, k: int, c: int) -> bool:
    label, dep = tree.label[c], tree.dep[c]
    if label == "amod" and c > k and tree.having(c, "obl", "xcomp", "ccomp"):
        return False  # "limitations relative to another one"
    if label in ("amod", "nummod", "compound") and any(tree.label[x] in ("conj",) for x in tree.children[c]) and c < k:
        return True
    if label in _INNER:
        return True
    if dep == "nmod:unmarked":
        return c == k + 1 or tree.pos[c] in ("NUM", "PROPN")
    if dep == "nmod:desc":
        return _title_identifies(tree, k, c)
    if label == "punct":
        return tree.word[c] in "-–/." and k != c
    if label == "conj":
        return tree.label[k] in ("amod", "compound")
    if label == "cc":  # of "religious and historical texts"
        return tree.label[k] == "conj" and tree.label[tree.head[k]] in ("amod", "compound")
    if label == "advmod":
        return tree.label[k] in ("amod", "nummod") or (tree.pos[k] == "ADJ" and tree.low[c] not in _PASSING)
    if dep == "nmod:poss":
        return tree.pos[c] in ("NOUN", "PROPN") and len(tree.below(c)) <= _MAX_OF_WORDS
    if label == "case":
        return tree.dep[k] == "nmod:poss"
    if label == "det":
        return tree.low[c] in ("every", "each") and mention_type(tree, k) == "Time"
    return False


def _title_identifies(tree: Tree, name: int, title: int) -> bool:
    """ "Aunt Sally", "King George": a title is part of how one calls a person of one name; "President Richard Nixon"
    has two."""
    if tree.ner[name] not in ("PER", "PERSON") and tree.kind[name] != "person":
        return True
    return tree.word[title][:1].isupper() and not any(
        tree.label[k] in ("flat", "compound") for k in tree.children[name]
    )


def _called_after(tree: Tree, i: int, c: int, depth: int) -> list[int]:
    """The words of the phrase after "of" that are part of what the noun is called: "University of Oxford", "size of
    the eggs", "ease of learning it"; of a long one, as much as names what it is about."""
    if c < i:
        return []
    if tree.label[c] == "acl":
        return _of_doing(tree, i, c)
    case = tree.having(c, "case")
    if tree.label[c] != "nmod" or len(case) != 1 or tree.low[case[0]] not in ("of", "for", "at"):
        return []
    of = tree.low[case[0]] == "of"
    if tree.pos[i] == "PROPN":
        same = tree.ner_start[i] >= 0 and tree.ner_start[i] == tree.ner_start[c]
        if not same and mention_type(tree, i) == "Person" and mention_type(tree, c) == "Organization":
            return []  # "Ann Lee of Harvard Medical School": where she is from is a statement of its own
        return _phrase(tree, c) if tree.pos[c] in ("PROPN", "NUM") and (of or same) else []
    if not of or tree.pos[i] != "NOUN" or tree.pos[c] not in ("NOUN", "PROPN") or case[0] != i + 1:
        return []
    phrase = _phrase(tree, c)
    most = _MAX_OF_WORDS + 2 * any(tree.dep[k] == "cc:preconj" for k in phrase)
    if len(phrase) > most and depth < _MAX_OF_WORDS:
        phrase = list(range(case[0], entity_words(tree, c, depth=depth + 1)[-1] + 1))
    return phrase if len(phrase) <= most and _side_by_side(phrase) else []


def _of_doing(tree: Tree, i: int, c: int) -> list[int]:
    """ "of switching to another" after "ease"."""
    marks = [k for k in tree.children[c] if tree.label[k] in ("mark", "case") and k < c]
    if tree.pos[i] != "NOUN" or tree.tag[c] != "VBG" or [tree.low[k] for k in marks] != ["of"] or marks[0] != i + 1:
        return []
    phrase = _phrase(tree, c)
    return phrase if len(phrase) <= _MAX_OF_WORDS + 1 and _side_by_side(phrase) else []


def _phrase(tree: Tree, c: int) -> list[int]:
    """The words of a phrase; of several nouns that "both" announces, all, and else the first."""
    if any(tree.dep[k] == "cc:preconj" for k in tree.children[c]):
        return tree.below(c, keep=lambda w: tree.label[w] not in _CUT)
    return tree.below(c, keep=lambda w: tree.label[w] not in _CUT and tree.label[w] not in ("conj", "cc"))


def _side_by_side(words: list[int]) -> bool:
    return words[-1] - words[0] == len(words) - 1


def entity_head(tree: Tree, i: int) -> int:
    """The word that names the entity: of "his son, John Crozier", John; of "most of the eggs", eggs.

    -1 for a word that names nothing by itself ("others").
    """
    if tree.pos[i] == "NOUN" and any(tree.label[c] in ("det", "nmod") for c in tree.children[i]):
        for c in tree.children[i]:
            if tree.label[c] == "appos" and tree.pos[c] == "PROPN" and _names_it(tree, i, c):
                return c
            if tree.label[c] == "acl" and tree.low[c] in ("named", "called") and c == i + 1:
                names = [k for k in tree.children[c] if tree.pos[k] == "PROPN" and tree.label[k] in ("xcomp", "obj")]
                if names and min(tree.below(names[0])) == c + 1:  # "a herder named Kaldi"
                    return names[0]
    if tree.low[i] not in _VAGUE or tree.pos[i] == "PROPN":
        return i
    for c in tree.children[i]:
        if tree.label[c] == "nmod" and c > i and any(tree.low[k] == "of" for k in tree.having(c, "case")):
            return c if tree.pos[c] != "PRON" else -1
    return -1


def _names_it(tree: Tree, i: int, name: int) -> bool:
    """ "his son, John Crozier"; 'the book "Silent Spring"', "her novel Beloved", without a comma."""
    kind = mention_type(tree, name)
    between = tree.word[i + 1 : min(tree.below(name, keep=lambda k: tree.pos[k] != "PUNCT"))]
    return kind in ("Person", "Organization") or (kind in ("Work", "Product") and "".join(between) in ("", *_QUOTES))


def is_hyphen(tree: Tree, k: int) -> bool:
    """Whether a hyphen joins the words around it: "Saxon-JS" is one name."""
    return tree.word[k] in "-–" and tree.end[k - 1] == tree.start[k] and tree.end[k] == tree.start[k + 1]


@once
def mention(tree: Tree, i: int) -> Mention:
    """The entity headed by `i`, anchored."""
    words = entity_words(tree, i)
    first, last = words[0], words[-1]
    while first > 1 and is_hyphen(tree, first - 1) and tree.pos[first - 2] in _NAMING:
        first -= 2
    while last + 2 < len(tree.word) and is_hyphen(tree, last + 1) and tree.pos[last + 2] in _NAMING:
        last += 2
    start, end = tree.start[first], tree.end[last]
    return Mention(tree.text[start:end], start, end, mention_type(tree, i))


def uncounted(tree: Tree, named: Mention) -> Mention:
    """The same without how many of it there are: of "two metals", "many metals", metals."""
    first = bisect_left(tree.start, named.start)
    while tree.end[first] < named.end and (tree.pos[first] == "NUM" or tree.low[first] in _HOW_MANY):
        first += 1
    return Mention(tree.text[tree.start[first] : named.end], tree.start[first], named.end, named.type)


def span(tree: Tree, words: list[int]) -> Span:
    """These words as a span."""
    return Span(*tree.surface(words))

"""Statements that no Chinese verb makes: posts before names, appositions, names in brackets, table rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kg_builder.extract.open_ie.chinese.arguments import (
    compact,
    entity_head,
    entity_kind,
    full,
    is_nominal,
    is_pronoun,
    mention,
)
from kg_builder.extract.open_ie.chinese.relations import Statement
from kg_builder.extract.open_ie.chinese.tree import Tree
from kg_builder.extract.open_ie.chinese.types import entity_type, is_role, is_time
from kg_builder.types import Mention, Relation

__all__ = ["Alias", "aliases", "nominal_statements", "table_rows"]

_BRACKET = re.compile(r"[（(](?P<inside>[^（()）\n]{1,80})[）)]")
_ALIAS_WORD = re.compile(
    r"^(?:以下|下)?(?P<word>简称|又称|又名|亦称|也称|别称|别名|原名|旧称|旧名|俗称|全称|本名|艺名|笔名|英文名称?|英语|英文|外文名|缩写|昵称|称|即)(?:为|是|作)?\s*[：:]?\s*"
)
_ALIAS_CLAUSE = re.compile(
    r"[，,]\s*(?P<word>简称|又称|又名|亦称|也称|别称|别名|原名|旧称|俗称|全称|本名|笔名)(?:为|是|作)?\s*(?P<quote>[“\"《]?)(?P<name>[^，,。；;、（(）)“”\"《》\s]{1,20})[”\"》]?"
)
_QUOTES = '“”"《》‘’「」'
_LATIN_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9 .,&'’\-]*$")


@dataclass(frozen=True, slots=True)
class Alias:
    """`name` is another name of `entity`."""

    entity: Mention
    relation: Relation
    name: Mention


def nominal_statements(tree: Tree) -> Iterator[Statement]:
    """Posts and appositions: 汐岚能源总经理李明 is (李明, 总经理, 汐岚能源)."""
    yield from biographic(tree)
    for i in range(1, len(tree)):
        if tree[i].upos not in ("NOUN", "PART", "PROPN") or not is_nominal(tree, i):
            continue
        named = entity_head(tree, i)
        if named != i and not is_pronoun(tree, named):
            yield from _title(tree, i, named)
        beside = i + 1 < len(tree) and tree[i].dep == tree[i + 1].dep == "nsubj" and tree[i].head == tree[i + 1].head
        if beside and tree[i + 1].upos == "PROPN" and is_role(_text(tree, compact(tree, i))):
            yield from _title(tree, i, i + 1)
        for k in tree.kids(i, "appos"):
            if k > i and k != named and tree[i].upos == "PROPN" and _describes(tree, i, k):
                yield _implied(tree, i, k, "是", "是")


def _describes(tree: Tree, name: int, k: int) -> bool:
    """Whether the apposition at `k` stands behind a comma and says what the name is."""
    if not is_nominal(tree, k) or _between(tree, name, k) not in ("，", ","):
        return False
    return not is_time(tree[k].text) and not is_pronoun(tree, k) and tree[k].upos != "PROPN"


def biographic(tree: Tree) -> Iterator[Statement]:
    """吴阿海，渔民，江屿渔业合作社社长: a name, then posts between commas."""
    cuts = [0, *(k for k in range(1, len(tree)) if tree[k].text in "，,。；;"), len(tree)]
    chunks = [range(a + 1, b) for a, b in pairwise(cuts) if b > a + 1]
    if len(chunks) < 2:
        return
    name = _chunk_head(tree, chunks[0])
    if not name or tree[name].upos != "PROPN" or entity_kind(tree, name) != "Person":
        return
    for chunk in chunks[1:]:
        post = _chunk_head(tree, chunk)
        if not post or not is_role(_text(tree, list(chunk))):
            continue
        owners = [
            k for k in tree.kids(post, "nmod") if k in chunk and entity_kind(tree, k) in ("Organization", "Place")
        ]
        words = [k for k in chunk if not owners or k > max(tree.subtree(owners[-1]))]
        words = [k for k in words if tree[k].xpos != "DEC"]
        if owners and words:
            yield Statement(
                None,
                name,
                tuple(words),
                owners[-1],
                _text(tree, words),
                tuple(chunks[0]),
                tuple(full(tree, owners[-1])),
                how="nominal",
            )
        else:
            yield _implied(tree, name, post, "是", "是", tuple(chunk))


def _chunk_head(tree: Tree, chunk: range) -> int:
    """The one word of a chunk of nouns that governs the rest, 0 where it holds anything else."""
    if any(
        tree[k].upos in ("VERB", "AUX", "SCONJ", "ADP") and tree[k].dep not in ("compound", "nmod", "amod")
        for k in chunk
    ):
        return 0
    tops = [k for k in chunk if tree[k].head not in chunk]
    return tops[0] if len(tops) == 1 and is_nominal(tree, tops[0]) else 0


def _title(tree: Tree, title: int, name: int) -> Iterator[Statement]:
    if is_role(tree[title].text) or entity_kind(tree, name) == "Person":
        owners = [
            k
            for k in tree.kids(title, "nmod")
            if entity_kind(tree, k) in ("Organization", "Place") and not is_pronoun(tree, k)
        ]
        words = _title_words(tree, title, owners)
        if owners:
            yield Statement(
                None,
                name,
                tuple(words),
                owners[-1],
                _text(tree, words),
                tuple(full(tree, name)),
                tuple(full(tree, owners[-1])),
                how="nominal",
            )
        elif len(_text(tree, words)) > 1:
            yield _implied(tree, name, title, "是", "是", tuple(words))


def _title_words(tree: Tree, title: int, owners: list[int]) -> list[int]:
    low = max((max(tree.subtree(k)) for k in owners), default=0)
    words = [k for k in tree.subtree(title) if low < k <= title and tree[k].xpos != "DEC" and tree[k].dep != "punct"]
    while words and not tree.is_run(words):
        words = words[1:]
    return words or [title]


def _implied(tree: Tree, head: int, tail: int, relation: str, lemma: str, words: tuple[int, ...] = ()) -> Statement:
    return Statement(
        None,
        head,
        (),
        tail,
        lemma,
        tuple(full(tree, head)),
        words or tuple(full(tree, tail)),
        implied=relation,
        how="nominal",
    )


def aliases(tree: Tree) -> Iterator[Alias]:
    """Other names in brackets, 简称 and 又称."""
    base, stop = tree[1].start, tree[len(tree) - 1].end
    text = tree.text
    for match in _BRACKET.finditer(text, base, stop):
        entity = _entity_before(tree, match.start())
        if entity is None or entity.type in ("Time", "Quantity"):
            continue
        at = match.start("inside")
        for part in re.split(r"([，,；;、])", match.group("inside")):
            start, at = at, at + len(part)
            word = _ALIAS_WORD.match(part)
            name = _named(text, start + (word.end() if word else 0), at)
            if name is None or name[0] >= name[1]:
                continue
            surface = text[name[0] : name[1]]
            if word:
                relation = Relation(
                    word.group("word"), start + word.start("word"), start + word.end("word"), word.group("word")
                )
            elif _LATIN_NAME.match(surface) and re.search(r"[A-Za-z]{2}", surface):
                relation = Relation("又称", lemma="又称")
            else:
                continue
            if surface != entity.surface:
                yield Alias(entity, relation, Mention(surface, *name, entity.type))


def alias_clauses(tree: Tree, subject: Mention) -> Iterator[Alias]:
    """，又称X as a clause of its own, where the parser found no verb: `subject` is the sentence's subject."""
    base, stop = tree[1].start, tree[len(tree) - 1].end
    for match in _ALIAS_CLAUSE.finditer(tree.text, base, stop):
        start, end = match.span("name")
        before = tree.text[base:start]
        if sum(before.count(c) for c in "（(") > sum(before.count(c) for c in "）)"):
            continue  # in brackets it is another name of what stands before them
        yield Alias(
            subject,
            Relation(match.group("word"), *match.span("word"), match.group("word")),
            Mention(match.group("name"), start, end, subject.type),
        )


def _named(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and (text[start].isspace() or text[start] in _QUOTES):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in _QUOTES):
        end -= 1
    return (start, end) if start < end else None


def _entity_before(tree: Tree, at: int) -> Mention | None:
    """The entity that ends right before the offset `at`."""
    last = max((w.i for w in tree[1:] if w.end <= at and w.text not in _QUOTES), default=0)
    if not last or at - tree[last].end > 2:
        return None
    i = last
    while (
        tree[i].dep in ("flat", "flat:name", "flat:foreign", "compound", "nmod") and tree[i].head < i and tree[i].head
    ):
        i = tree[i].head
    while not is_nominal(tree, i) and tree[i].head and tree[i].head < i:
        i = tree[i].head
    if not is_nominal(tree, i) or is_pronoun(tree, i) or compact(tree, i)[-1] != last:
        return None
    return mention(tree, i)


def table_rows(text: str) -> Iterator[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]:
    """Spans (first cell, header, value) of lines "header: value; header: value"."""
    at = 0
    for line in text.split("\n"):
        cells = list(_cells(line, at))
        if len(cells) > 1:
            first = cells[0][1]
            yield from ((first, header, value) for header, value in cells[1:])
        at += len(line) + 1


def _cells(line: str, at: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    if "; " not in line or ": " not in line or len(line) > 2000:
        return
    for match in re.finditer(r"(?:^|; )(?P<header>[^:;]{1,40}): (?P<value>[^;]{1,200})(?=; |$)", line):
        yield (
            (at + match.start("header"), at + match.end("header")),
            (at + match.start("value"), at + match.end("value")),
        )


def cell_type(text: str) -> str:
    """The type of a table cell."""
    return entity_type(text, name=len(text) < 5)


def _between(tree: Tree, a: int, b: int) -> str:
    return next((tree[k].text for k in range(a + 1, b) if tree[k].dep == "punct"), "")


def _text(tree: Tree, ids: list[int]) -> str:
    return "".join(tree[k].text for k in ids)

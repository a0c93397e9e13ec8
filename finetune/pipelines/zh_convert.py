"""UD Chinese GSD of 2016 (traditional characters, UD v1) as simplified characters with UD v2 labels.

The treebank was revised by its makers between the two versions; its dev part in v2 (GSDSimp) shows the target.
Renaming labels is not enough: classifiers, coordinators, names, titles, 把, clause chains and punctuation change their
heads. Each rule below was found by comparing how often (tag, label, direction, head's tag) occurs on the two sides, and
by reading trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Row", "Tree", "convert", "read_trees", "reattach_punctuation"]

RENAMED = {
    "dobj": "obj",
    "nsubjpass": "nsubj:pass",
    "csubjpass": "csubj:pass",
    "auxpass": "aux:pass",
    "neg": "advmod",
    "case:suff": "compound",
    "case:pref": "case",
    "case:dec": "case",
    "case:aspect": "aux",
    "foreign": "flat:foreign",
    "aux:caus": "case",
}
FULL_WIDTH = {",": "，", ".": "。", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）"}
QUOTES = {"「": "“", "」": "”", "『": "‘", "』": "’"}
PREDICATES = {"VERB", "ADJ", "AUX"}


@dataclass
class Row:
    """One word of a tree: `head` counts from 1, 0 is the root."""

    form: str
    upos: str
    xpos: str
    head: int
    label: str


Tree = list[Row]


def read_trees(path: Path) -> Iterator[Tree]:
    """The trees of a CoNLL-U file, multiword ranges and empty nodes left out."""
    tree: Tree = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == 10 and cells[0].isdigit():
                tree.append(Row(cells[1], cells[3], cells[4], int(cells[6]), cells[7]))
            elif len(cells) == 1 and not cells[0] and tree:
                yield tree
                tree = []
    if tree:
        yield tree


def convert(tree: Tree, simplify: dict[str, str] | None = None) -> Tree:
    """A v1 tree with v2 labels and heads; forms are replaced by way of `simplify` (form -> simplified form)."""
    rows = [Row(simplify.get(r.form, r.form) if simplify else r.form, r.upos, r.xpos, r.head, r.label) for r in tree]
    for rule in (
        _flatten_names,
        _flip_titles,
        _flip_verbal_copulas,
        _move_object_marker,
        _move_adverbial_particle,
        _attach_classifiers,
        _move_coordinators,
        _root_at_first_clause,
        _rename,
        _retag,
        reattach_punctuation,
    ):
        rule(rows)
    return rows


def _children(rows: Tree, head: int) -> list[int]:
    return [i for i, row in enumerate(rows, 1) if row.head == head]


def _swap(rows: Tree, old: int, new: int, label: str) -> None:
    """`new`, a child of `old`, takes its place in the tree; `old` becomes its child with `label`."""
    top, low = rows[old - 1], rows[new - 1]
    low.head, low.label, top.head, top.label = top.head, top.label, new, label


def _flatten_names(rows: Tree) -> None:
    """v1 hangs the family name on the given name as nmod; v2 starts from the first part, the rest is flat:name."""
    for head in range(1, len(rows) + 1):
        row = rows[head - 1]
        if row.xpos != "NNP" or row.label == "case:suff":
            continue
        parts = [
            i for i in _children(rows, head) if rows[i - 1].xpos == "NNP" and rows[i - 1].label in ("nmod", "name")
        ]
        parts = [i for i in parts if i < head and all(rows[k - 1].xpos in ("NNP", "/") for k in range(i, head))]
        if not parts or any(rows[k - 1].label == "det" for k in parts):
            continue
        first = parts[0]
        _swap(rows, head, first, "flat:name")
        for child in _children(rows, head):
            if rows[child - 1].xpos == "/" and first < child < head:
                continue
            rows[child - 1].head = first
        for part in parts[1:]:
            rows[part - 1].label = "flat:name"


def _flip_titles(rows: Tree) -> None:
    """v1: 领袖 is an appos of the name after it; v2: the name is the appos of its title."""
    for i, row in enumerate(rows, 1):
        if row.label == "appos" and row.head > i and row.xpos in ("NN", "SFN", "NNP"):
            name = row.head
            _swap(rows, name, i, "appos")
            for child in _children(rows, name):
                if child < i or rows[child - 1].label in ("case:dec", "conj", "cc", "case", "punct", "acl"):
                    rows[child - 1].head = i


def _flip_verbal_copulas(rows: Tree) -> None:
    """v1 takes 感到, 显 for copulas; in v2 they govern the adjective as xcomp."""
    for i, row in enumerate(rows, 1):
        if row.label == "cop" and row.xpos == "VV" and row.head > i:
            adjective = row.head
            _swap(rows, adjective, i, "xcomp")
            for child in _children(rows, adjective):
                if child < i or (rows[child - 1].label in ("punct", "conj", "mark") and child > adjective):
                    rows[child - 1].head = i


def _move_object_marker(rows: Tree) -> None:
    """把 and 将 mark their noun (case) and not the verb; the noun is obl:patient."""
    for i, row in enumerate(rows, 1):
        if row.label != "aux:caus":
            continue
        nouns = [
            k for k in _children(rows, row.head) if i < k < row.head and rows[k - 1].label in ("dobj", "nsubj", "nmod")
        ]
        if nouns:
            objects = [k for k in nouns if rows[k - 1].label == "dobj"]
            noun = (objects or nouns)[-1]
            row.head, rows[noun - 1].label = noun, "obl:patient"


def _move_adverbial_particle(rows: Tree) -> None:
    """地 marks the adverbial before it (mark:adv), 得 extends the verb before it (compound:ext)."""
    for i, row in enumerate(rows, 1):
        if row.xpos != "DEV" or i == 1:
            continue
        before = rows[i - 2]
        if row.form in ("得",) and before.upos in PREDICATES:
            row.head, row.label = i - 1, "compound:ext"
        elif row.head > i and before.head == row.head:
            row.head, row.label = i - 1, "mark:adv"


def _attach_classifiers(rows: Tree) -> None:
    """一 个 人: the numeral counts the noun, the measure word is the numeral's clf; 这 个 人: both hang on the noun."""
    for i, row in enumerate(rows, 1):
        if row.xpos != "NNB" or row.label not in ("nmod", "det") or row.head <= i or rows[row.head - 1].upos != "NOUN":
            continue
        below = _children(rows, i)
        if any(k > i for k in below):
            continue
        numbers = [k for k in below if rows[k - 1].label == "nummod"]
        pointers = [k for k in below if rows[k - 1].label == "det"]
        noun = row.head
        if numbers:
            for k in below:
                rows[k - 1].head = noun
            row.head, row.label = numbers[-1], "clf"
        elif pointers:
            for k in below:
                rows[k - 1].head = noun
            row.label = "clf"


def _move_coordinators(rows: Tree) -> None:
    """A coordinator hangs on the conjunct after it, as in v2, not on the first."""
    for i, row in enumerate(rows, 1):
        if row.label == "cc" and row.head < i:
            after = [k for k in _children(rows, row.head) if k > i and rows[k - 1].label == "conj"]
            if after:
                row.head = after[0]


def _root_at_first_clause(rows: Tree) -> None:
    """v1 hangs earlier clauses on the last as dep; v2 hangs later clauses on the first as parataxis."""
    for head in range(1, len(rows) + 1):
        clauses = [
            k
            for k in _children(rows, head)
            if k < head
            and rows[k - 1].label == "dep"
            and rows[k - 1].upos in PREDICATES | {"NOUN", "PROPN", "PART", "NUM"}
        ]
        if not clauses:
            continue
        first = clauses[0]
        early = [k for k in _children(rows, head) if k < first and rows[k - 1].label != "punct"]
        if early or not any(rows[k - 1].xpos in (",", ":", ".") for k in range(first + 1, head)):
            for k in clauses:
                rows[k - 1].label = "advcl" if rows[k - 1].upos in PREDICATES else "obl"
            continue
        _swap(rows, head, first, "parataxis")
        for k in clauses[1:]:
            rows[k - 1].head, rows[k - 1].label = first, "parataxis"
    for row in rows:
        if row.label == "dep":
            row.label = (
                "parataxis" if row.upos in PREDICATES else "appos" if row.upos in ("NOUN", "PROPN", "NUM") else "dep"
            )


def _rename(rows: Tree) -> None:
    for i, row in enumerate(rows, 1):
        head = rows[row.head - 1] if row.head else None
        marked = any(rows[k - 1].label in ("case:dec",) for k in _children(rows, i))
        if head is None:
            row.label = "root"
        elif row.label == "acl:relcl" and row.xpos == "DEC":
            row.label = "mark:rel"
        elif (row.label == "acl" and row.xpos == "IN" and row.head < i) or (
            row.label == "det" and row.xpos == "IN" and row.head > i
        ):
            row.label = "case"
        elif row.label == "acl" and row.head > i and head.upos in PREDICATES and row.upos in PREDICATES | {"NOUN"}:
            row.label = "advcl"
        elif row.label == "det" and row.xpos not in ("DT", "PRP", "PRD") and row.upos != "DET":
            row.label = "nmod"
        elif (
            row.label in ("nmod", "advmod") and head.upos == "VERB" and row.upos in ("NOUN", "PROPN", "PRON", "PART")
        ) or (
            row.label == "nmod"
            and head.upos == "ADJ"
            and not marked
            and any(rows[k - 1].label == "case" for k in _children(rows, i))
        ):
            row.label = "obl"
    for row in rows:
        row.label = RENAMED.get(row.label, row.label)


def _retag(rows: Tree) -> None:
    for i, row in enumerate(rows, 1):
        if row.xpos == "CC":
            row.upos = "CCONJ"
        elif row.xpos == "AS" or (row.xpos == "VC" and row.label == "cop") or row.label == "aux:pass":
            row.upos = "AUX"
        elif row.xpos == "BB":
            row.upos = "ADP"
        elif row.xpos == "DEC":
            row.upos = "SCONJ" if row.label == "mark:rel" else "PART"
        elif row.label == "mark:adv":
            row.upos = "SCONJ"
        elif row.xpos == "RB":
            row.upos = "SCONJ" if row.label == "mark" else "ADV"
        elif row.xpos == "UH":
            row.upos = "PART"
        if row.upos == "PUNCT" and len(row.form) == 1:
            chinese = i == 1 or rows[i - 2].upos != "X"
            row.form = QUOTES.get(row.form, FULL_WIDTH.get(row.form, row.form) if chinese else row.form)


def reattach_punctuation(rows: Tree) -> None:
    """Commas and stops hang on the dependent one of the two units they part (the UD guidelines); brackets stay."""
    for i, row in enumerate(rows, 1):
        if row.label != "punct" or row.xpos in ("``", "''", "(", ")", "/", "HYPH"):
            continue
        before = _climb(rows, i, -1)
        after = _climb(rows, i, 1)
        if after and (not before or rows[before - 1].head == 0 or (rows[after - 1].head < i and rows[after - 1].head)):
            target = after if rows[after - 1].head else before or after
        else:
            target = before or after
        if target:
            row.head = target


def _climb(rows: Tree, at: int, step: int) -> int:
    """The highest ancestor, this side of the mark at `at`, of the nearest word on this side (0: there is none)."""
    i = at + step
    while 1 <= i <= len(rows) and rows[i - 1].label == "punct":
        i += step
    if not 1 <= i <= len(rows):
        return 0
    seen = 0
    while seen < len(rows):
        head = rows[i - 1].head
        if head == 0 or (head < at) != (step < 0):
            break
        i, seen = head, seen + 1
    return i

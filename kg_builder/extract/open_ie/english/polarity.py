"""Whether a clause is denied, possible, conditional, asked, ordered, planned or hearsay, and whose word it is."""

from __future__ import annotations

from dataclasses import dataclass

from kg_builder.extract.open_ie.english.clauses import case_words, is_source
from kg_builder.extract.open_ie.english.phrases import CAUSING
from kg_builder.extract.open_ie.english.tree import Tree
from kg_builder.extract.open_ie.lexicon import word_set
from kg_builder.types import Modality, Polarity

__all__ = ["Status", "both", "status", "status_of_cause"]

_NOT = frozenset({"not", "n't", "n’t", "never", "neither", "nor", "hardly", "scarcely", "barely", "nowhere", "nt"})
_NO = frozenset({"no", "neither", "none", "nobody", "nothing", "no-one"})
_NOT_DONE = frozenset(
    {"fail", "refuse", "decline", "neglect", "forget", "cease", "deny", "avoid", "prevent", "stop", "omit"}
)
_DENIED_CONTENT = frozenset({"deny", "doubt", "disprove", "refute", "disbelieve"})
_PLANNING = word_set(
    "plan intend want hope aim seek wish propose aspire expect promise agree decide prepare vow pledge threaten "
    "offer schedule try attempt ask request urge order tell command recommend advise demand require encourage "
    "invite permit allow mandate"
)
_ORDERS = word_set(
    "ask request urge order tell command recommend advise demand require encourage invite suggest propose mandate"
)
_SEEMING = frozenset({"seem", "appear", "tend"})
_SAYING = word_set(
    "say claim report state announce allege argue assert declare write tell believe think suggest estimate "
    "predict insist maintain contend complain warn add comment speculate rumor rumour expect hope fear suspect "
    "assume describe consider note explain testify speculate suppose guess imagine feel propose mention respond "
    "reply hypothesize presume fancy"
)
# What follows these is so even where they are denied ("did not know that ...").
_FACTIVE = word_set(
    "know realize realise notice see forget regret mention remember matter understand recognize surprise"
)
_HEARSAY = word_set("say report allege rumor rumour believe think claim suppose assume reckon")
_POSSIBLE = frozenset({"may", "might", "could"})
_PROVIDED = frozenset({"provided", "providing", "assuming", "supposing"})  # that it is so
_CONDITIONAL = frozenset({"would", "'d", "’d"})
_ORDERED = frozenset({"should", "must", "shall", "ought"})
_FUTURE = frozenset({"will", "'ll", "’ll", "wo"})
_PERHAPS = word_set(
    "perhaps maybe possibly probably likely presumably potentially supposedly conceivably apparently seemingly arguably"
)
_ALLEGED = frozenset({"allegedly", "reportedly", "purportedly", "rumoredly"})
_WHENEVER = word_set("when whenever once until till")  # of what is not past: whenever it is so
_NESTED = 3  # "may build a tool that makes a part that …": as far as anybody reads
_IF = frozenset({"if", "unless", "whether", "provided", "assuming", "lest", "supposing"})


@dataclass(frozen=True, slots=True)
class Status:
    """Polarity and modality of a clause, and the word that heads its source (-1: none)."""

    polarity: Polarity = "positive"
    modality: Modality = "asserted"
    source: int = -1


def status(tree: Tree, i: int, *, question: bool = False, depth: int = 0) -> Status:
    """The status of the clause with predicate `i`, from its own words and from the clauses above it.

    `depth` counts the objects that a clause describes, in others that are described.
    """
    negative = _is_negated(tree, i)
    modality: Modality = _own_modality(tree, i)
    source = -1
    k = i
    finite = False  # a finite verb coordinated with an infinitive is not under what governs the infinitive
    for _ in range(30):
        head, label = tree.head[k], tree.label[k]
        if head < 0:
            break
        if label == "conj":
            if any(tree.low[c] in _IF for c in tree.having(k, "mark")):
                modality = _stronger(modality, "conditional")  # "..., or if ..."
            finite = _is_finite_alone(tree, k, head) and tree.label[head] == "xcomp"
            if not _has_own_subject(tree, k) and not _is_finite_alone(tree, k, head):
                negative = negative or (_is_negated(tree, head) and not _has_own_auxiliary(tree, k))
                modality = _stronger(
                    modality, _own_modality(tree, head) if not _has_own_auxiliary(tree, k) else "asserted"
                )
        elif label == "xcomp" and finite:
            finite = False
        elif label in ("xcomp", "ccomp", "csubj", "acl") or (label == "advcl" and _is_directed(tree, k)):
            lemma = tree.lemma[head].lower()
            if label == "advcl":
                modality = _stronger(modality, _controlled(lemma))
            if label == "xcomp" and lemma in _HEARSAY and tree.tag[head] == "VBN":
                modality = _stronger(modality, "reported")
            if label == "ccomp" and (
                tree.label[head] == "mark" or (tree.label[head] == "advcl" and tree.low[head] in _PROVIDED)
            ):
                modality = _stronger(modality, "conditional")
            if label == "acl" and _is_infinitive(tree, k) and _has_own_subject(tree, k):
                modality = _stronger(modality, "planned")  # "a way for the team to see it"
            if label == "acl" and not _is_infinitive(tree, k) and depth < _NESTED and _is_any(tree, head):
                of_verb = status(tree, tree.head[head], depth=depth + 1)
                modality = _stronger(modality, of_verb.modality)
                if of_verb.polarity == "negative":
                    modality = _stronger(modality, "conditional")  # "does not apply to any module that …"
            if label == "xcomp" or (label == "acl" and _is_infinitive(tree, k)):
                negative = negative or lemma in _NOT_DONE or (label == "xcomp" and _is_negated(tree, head))
                modality = _stronger(modality, _controlled(lemma))
                modality = _stronger(modality, _own_modality(tree, head) if label == "xcomp" else "asserted")
            if label == "ccomp" and (lemma in _SAYING or lemma in _DENIED_CONTENT):
                negative = negative or lemma in _DENIED_CONTENT
                modality = _stronger(
                    modality, "command" if lemma in _ORDERS and _is_subjunctive(tree, k) else "reported"
                )
                source = source if source >= 0 else tree.child(head, "nsubj")
            elif label in ("ccomp", "csubj"):
                if lemma not in _FACTIVE and _is_negated(tree, head):
                    modality = _stronger(modality, "possible")  # "does not ensure that ..."
                modality = _stronger(modality, _controlled(lemma) if label == "ccomp" else "asserted")
                if lemma == "ensure" and tree.tag[head] in ("VB", "VBG"):
                    modality = _stronger(modality, "planned")  # "responsible for ensuring that …"
                if lemma in ("possible", "likely", "unlikely", "unclear", "uncertain", "probable", "doubtful"):
                    modality = _stronger(modality, "possible")
            if any(tree.low[c] in ("if", "whether") for c in tree.children[k] if tree.label[c] == "mark"):
                modality = _stronger(modality, "conditional")
        elif label == "advcl":
            marks = [tree.low[w] for c in tree.having(k, "mark", "case", "cc") for w in tree.below(c)]
            if (
                any(m in _IF for m in marks)
                or _is_assumed(tree, k)
                or _supposes(tree, k, marks)
                or _happens_whenever(tree, k)
            ):
                return Status("negative" if negative else "positive", "conditional", source)
            if "without" in marks or "instead" in marks or "rather" in marks:
                negative = True
            if _is_infinitive(tree, k):
                modality = _stronger(modality, "planned" if tree.low[k] != "be" else "asserted")
            break
        elif label in ("nsubj", "obj", "obl", "nmod", "appos", "compound", "amod", "parataxis"):
            break
        k = head
    if source < 0:
        source, said = _parenthetical_source(tree, k)
        if said:
            modality = _stronger(modality, "reported")
    if question:
        modality = "question"
    return Status("negative" if negative else "positive", modality, source)


def status_of_cause(tree: Tree, i: int) -> Status | None:
    """The status of "X enables Y to do Z", told with its first verb, where `i` heads what Y does; None of other verbs:
    that Y may do it is a fact, though not that it does."""
    above = tree.head[i]
    lemma = tree.lemma[above].lower() if above >= 0 else ""
    if lemma not in CAUSING or lemma in _ORDERS or tree.label[i] not in ("xcomp", "advcl"):
        return None
    cause = status(tree, above)
    negative = cause.polarity == "negative" or _is_negated(tree, i)
    return Status("negative" if negative else "positive", cause.modality, cause.source)


def both(a: Status, b: Status) -> Status:
    """The status of what holds only if two clauses do."""
    negative = "negative" in (a.polarity, b.polarity)
    source = a.source if a.source >= 0 else b.source
    return Status("negative" if negative else "positive", _stronger(a.modality, b.modality), source)


_STRENGTH: dict[Modality, int] = {
    "asserted": 0, "reported": 1, "planned": 2, "possible": 3, "command": 4, "conditional": 5, "question": 6,
}  # fmt: skip


def _stronger(a: Modality, b: Modality) -> Modality:
    return a if _STRENGTH[a] >= _STRENGTH[b] else b


def _controlled(lemma: str) -> Modality:
    if lemma in _ORDERS or lemma == "need":
        return "command"
    if lemma in _PLANNING:
        return "planned"
    return "possible" if lemma in _SEEMING else "asserted"


def _is_negated(tree: Tree, i: int) -> bool:
    for c in tree.children[i]:
        low, label = tree.low[c], tree.label[c]
        if (
            label in ("advmod", "cc", "aux")
            and low in _NOT
            and tree.low[c + 1 : c + 2] not in (["only"], ["just"], ["merely"])
        ):
            return True
        if label == "advmod" and any(tree.low[k] in _NOT for k in tree.children[c] if k < c):
            return True  # "not yet", "not always"
        if (
            label in ("advmod", "cc")
            and low == "rather"
            and c < i
            and any(tree.low[k] == "than" for k in tree.children[c])
        ):
            return True
        if label == "advmod" and low == "longer" and any(tree.low[k] == "no" for k in tree.children[c]):
            return True
        if label == "det" and low in ("no", "neither"):
            return True
        if label in ("nsubj", "obj", "iobj") and low in _NO:
            return True
        if label in ("nsubj", "obj") and any(
            (tree.low[k] in ("no", "neither") and tree.label[k] in ("det", "cc"))
            or (tree.low[k] == "not" and label == "obj" and k > i and tree.low[k + 1 : k + 2] != ["only"])
            for k in tree.children[c]
        ):
            return True
    return False


def _own_modality(tree: Tree, i: int) -> Modality:
    found: Modality = "asserted"
    if i in tree.copular and tree.pos[i] == "VERB" and _is_infinitive(tree, i):
        found = "planned"  # "the idea was to let ..."
    for c in tree.children[i]:
        low, label = tree.low[c], tree.label[c]
        if label == "aux":
            if low in _POSSIBLE:
                found = _stronger(found, "possible")
            elif low in _CONDITIONAL and tree.tag[c] in ("MD", ""):
                found = _stronger(found, "conditional")
            elif low in _ORDERED:
                found = _stronger(found, "command")
            elif low in _FUTURE:
                found = _stronger(found, "planned")
        elif label == "advmod" and low in _PERHAPS:
            found = _stronger(found, "possible")
        elif label == "advmod" and low in _ALLEGED:
            found = _stronger(found, "reported")
        elif label == "advcl" and any(
            tree.low[k] in _IF - {"whether"} and tree.label[k] == "mark" for k in tree.children[c]
        ):
            found = _stronger(found, "conditional")
    if found == "asserted" and _is_imperative(tree, i):
        return "command"
    if (
        found == "asserted"
        and tree.lemma[i].lower() == "go"
        and tree.tag[i] == "VBG"
        and any(tree.label[c] == "xcomp" for c in tree.children[i])
    ):
        return "planned"
    return found


def _is_imperative(tree: Tree, i: int) -> bool:
    if tree.label[i] == "conj" and tree.head[i] >= 0:
        return _is_imperative(tree, tree.head[i]) and tree.tag[i] == "VB"
    if tree.tag[i] != "VB" or tree.label[i] not in ("root", "parataxis"):
        return False
    return not any(tree.label[c] in ("nsubj", "aux", "mark", "expl") for c in tree.children[i])


def _is_infinitive(tree: Tree, k: int) -> bool:
    return any(tree.low[c] == "to" and tree.label[c] == "mark" for c in tree.children[k])


def _is_directed(tree: Tree, k: int) -> bool:
    """An infinitive under "order", "ask" … that the parser takes for one of purpose."""
    return tree.lemma[tree.head[k]].lower() in _ORDERS and _is_infinitive(tree, k)


def _is_any(tree: Tree, i: int) -> bool:
    """What need not be there where its verb is no fact: in "may build a tool that …", a tool."""
    return tree.label[i] in ("obj", "obl", "nsubj") and any(tree.low[c] in ("a", "an", "any") for c in tree.children[i])


def _is_assumed(tree: Tree, k: int) -> bool:
    """ "provided that", "assuming that" before the clause of `k`."""
    words = ("provided", "providing", "assuming", "supposing")
    return any(
        tree.low[c] == "that" and tree.label[c] == "mark" and c > 0 and tree.low[c - 1] in words
        for c in tree.children[k]
    )


def _supposes(tree: Tree, k: int, marks: list[str]) -> bool:
    """ "as though", "as long as", "so long as", "in case" before the clause of `k`."""
    if {"as", "though"} <= set(marks) or {"in", "case"} <= set(marks):
        return True
    return "as" in marks and any(
        tree.low[c] == "long" and tree.low[c - 1 : c] in (["as"], ["so"])
        for c in (tree.head[k], k - 1, *tree.children[k])
    )


def _happens_whenever(tree: Tree, k: int) -> bool:
    """ "when X is opened", "once it is there": a case that may come, unless it is past."""
    if tree.dep[k] == "advcl:relcl":
        if tree.low[tree.head[k]] not in _WHENEVER:
            return False
    elif not any(tree.low[c] in _WHENEVER and tree.label[c] in ("mark", "advmod") and c < k for c in tree.children[k]):
        return False
    finite = [c for c in tree.children[k] if tree.label[c] in ("aux", "cop")][:1] or [k]
    return tree.tag[finite[0]] in ("VBZ", "VBP", "VB", "MD") and tree.low[finite[0]] not in ("could", "would")


def _is_subjunctive(tree: Tree, k: int) -> bool:
    return tree.tag[k] == "VB" and not any(tree.label[c] == "aux" for c in tree.children[k])


def _has_own_subject(tree: Tree, k: int) -> bool:
    return any(tree.label[c] in ("nsubj", "csubj", "expl") for c in tree.children[k])


def _has_own_auxiliary(tree: Tree, k: int) -> bool:
    return any(tree.label[c] in ("aux", "cop") for c in tree.children[k])


def _is_finite_alone(tree: Tree, k: int, head: int) -> bool:
    """ "did not stay and left": the second verb is finite by itself, and shares nothing."""
    return tree.tag[k] in ("VBD", "VBZ", "VBP") and tree.tag[head] not in ("VBD", "VBZ", "VBP")


def _parenthetical_source(tree: Tree, k: int) -> tuple[int, bool]:
    """ "..., he said" and "according to X" at the clause that governs `k`."""
    for c in tree.children[k]:
        if tree.label[c] == "parataxis" and tree.lemma[c].lower() in _SAYING and not tree.having(c, "ccomp", "obj"):
            return tree.child(c, "nsubj"), True
        if tree.label[c] == "obl" and (is_source(tree, c) or [tree.low[w] for w in case_words(tree, c)] == ["per"]):
            return c, True
    head = tree.head[k]
    if head >= 0 and tree.label[k] == "parataxis" and tree.pos[head] != "NOUN" and tree.lemma[head].lower() in _SAYING:
        return tree.child(head, "nsubj"), True  # but not "note: …"
    return -1, False

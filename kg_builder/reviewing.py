"""People's decisions on statements: accepted, rejected or edited, they hold at once and wherever the sentence stands.

A decision outlives the graph that it was made on, as those on names do (`resolving_by_hand`), and is listed, exported
and taken back with them. What to look at first says `review_queue`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from kg_builder.errors import DecisionError
from kg_builder.resolving_by_hand import forget_decisions, retype_entity, user
from kg_builder.reviewing_records import Corrected, Review, Said, StatementDecision, keys_of, sentence_around
from kg_builder.types import Extraction, Mention, Relation

if TYPE_CHECKING:
    from kg_builder.store import GraphStore
    from kg_builder.store.records import StoredEvidence

__all__ = ["accept", "decide_again", "edit", "edit_by_words", "forget_decisions", "reject", "retype_entity", "said_of"]

_AT_ONCE = 100
_LONGEST_RELATION = 200
_LONGEST_TYPE = 100

Place = tuple[int, int]


def accept(
    store: GraphStore, extraction_ids: Iterable[str], *, who: str = "", source: str = "", note: str = ""
) -> list[StatementDecision]:
    """Decide that statements are right: they count as certain from now on.

    Some hundred are one transaction. One that a person put in the place of another is right already.

    Raises:
        DecisionError: there is no extraction of one of the ids; those before its hundred are decided.
    """
    return _judge(store, extraction_ids, "accept", who, source, note)


def reject(
    store: GraphStore, extraction_ids: Iterable[str], *, who: str = "", source: str = "", note: str = ""
) -> list[StatementDecision]:
    """Decide that statements are wrong: they support no fact from now on. Otherwise as `accept`.

    One that a person put in the place of another is taken back by that, and the other is wrong.

    Raises:
        DecisionError: as for `accept`.
    """
    return _judge(store, extraction_ids, "reject", who, source, note)


def edit(
    store: GraphStore,
    extraction_id: str,
    *,
    head: Place | None = None,
    relation: str | Place | None = None,
    tail: Place | None = None,
    head_type: str | None = None,
    tail_type: str | None = None,
    who: str = "",
    source: str = "",
    note: str = "",
) -> StatementDecision:
    """Decide what a sentence says instead of a statement, which supports no fact from now on.

    Head and tail are places in the document, as those of `StoredEvidence`, in the statement's own sentence; so may the
    relation be, or any words. What is None stays as it was; a type that is None is that of what else is mentioned by
    the same words.

    Raises:
        DecisionError: there is no such extraction, a place is not in its sentence, or nothing would be another.
    """
    found = _found(store, [extraction_id])[0]
    old = found.as_it_is
    new_head = _chosen(store, found, head, head_type, (old.head, old.head_start, old.head_type))
    new_relation = _related(found, relation, old)
    new_tail = _chosen(store, found, tail, tail_type, (old.tail, old.tail_start, old.tail_type))
    (h, h_start, h_type), (t, t_start, t_type) = new_head, new_tail
    new = Corrected(h, h_start, h_type, *new_relation, t, t_start, t_type, old.name, old.inverted)
    if new.relation != old.relation:
        new = _canonical(found, new)
    if new == old:
        raise DecisionError(
            f"expected another head, relation, tail or type than {old.head!r}, {old.relation!r}, {old.tail!r}, found "
            "nothing that differs; accept the statement if it is right."
        )
    if (new.head_start, new.head) == (new.tail_start, new.tail):
        raise DecisionError(f"expected two things that are related, found {new.head!r} for both head and tail.")
    decision = found.decision("edit", who, source, note, new)
    store.reviews.decide([decision], segments=[found.segment["id"]])
    return decision


def edit_by_words(
    store: GraphStore, extraction_id: str, *, head: str = "", relation: str = "", tail: str = "", **more: str | None
) -> StatementDecision:
    """The same by words; empty ones stay as they were. Of words that the sentence has several times, those are meant
    that stand nearest to where the old ones did; a relation need not stand there.

    Raises:
        DecisionError: as for `edit`; and for words of head or tail that the sentence does not have.
    """
    found = _found(store, [extraction_id])[0]
    old = found.as_it_is
    places = {
        "head": _nearest(found, head, old.head_start) if head else None,
        "tail": _nearest(found, tail, old.tail_start) if tail else None,
    }
    for side, words in (("head", head), ("tail", tail)):
        if words and places[side] is None:
            raise DecisionError(f"expected words of {found.sentence!r} for the {side}, found {words[:80]!r}.")
    middle = (old.head_start + old.tail_start) // 2 if old.relation_start is None else old.relation_start
    related = (_nearest(found, relation, middle) or relation) if relation else None
    return edit(store, extraction_id, head=places["head"], relation=related, tail=places["tail"], **more)  # type: ignore[arg-type]


def decide_again(store: GraphStore, decisions: Iterable[StatementDecision]) -> None:
    """Put decisions back in the place of what was decided on the same statements since."""
    store.reviews.decide(decisions)


def said_of(evidence: StoredEvidence) -> Said:
    """What a piece of evidence says: its id is that of the decision on it. (What a person put in the place of another
    statement goes with the decision on that one, `StoredEvidence.decision`.)"""
    first = min(evidence.head_start, evidence.tail_start) - evidence.segment_start
    last = max(evidence.head_end, evidence.tail_end) - evidence.segment_start
    start, end = sentence_around(evidence.text, first, last)
    words = (evidence.head, evidence.relation, evidence.tail)
    return Said(evidence.text[start:end], *words, evidence.polarity, evidence.modality)


# ---------------------------------------------------------------- inside
@dataclass(frozen=True, slots=True)
class _Found:
    """A statement that is to be decided on: the one that was extracted.

    ``start`` is where its sentence begins in the document, ``corrected`` what a person says already instead.
    """

    extraction: dict[str, Any]
    segment: dict[str, Any]
    start: int
    said: Said
    keys: tuple[str, str]  # of the names of head and tail, where others than their words have
    corrected: Corrected | None = None

    @property
    def sentence(self) -> str:
        """The sentence that it stands in."""
        return self.said.sentence

    @property
    def as_it_is(self) -> Corrected:
        """What was extracted, or where a person has corrected that already, what is right."""
        if self.corrected is not None:
            return self.corrected
        x = self.extraction
        related: int | None = x.get("relation_start")
        if related is not None:
            related -= self.start
            if related < 0 or not self.sentence.startswith(x["surface"], related):
                related = None
        return Corrected(
            x["head"],
            x["head_start"] - self.start,
            x.get("head_type") or "Other",
            x.get("surface") or x.get("lemma") or "",
            related,
            x["tail"],
            x["tail_start"] - self.start,
            x.get("tail_type") or "Other",
            x["relation"],
            bool(x.get("inverted")),
        )

    def decision(
        self, kind: Review, who: str, source: str, note: str, corrected: Corrected | None = None
    ) -> StatementDecision:
        """A decision on it."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = (who or user(), at, source or "kg review", note)
        return StatementDecision(kind, self.said, *told, corrected, *self.keys)


def _judge(
    store: GraphStore, ids: Iterable[str], kind: Review, who: str, source: str, note: str
) -> list[StatementDecision]:
    taken: list[StatementDecision] = []
    left = iter(dict.fromkeys(ids))
    while some := list(islice(left, _AT_ONCE)):
        found = _found(store, some)
        right = {each.said.id: each.said for each in found if each.corrected is not None and kind == "accept"}
        decided = {each.said.id: each.decision(kind, who, source, note) for each in found if each.said.id not in right}
        store.reviews.decide(decided.values(), segments=sorted({each.segment["id"] for each in found}))
        taken += decided.values()
    return taken


def _found(store: GraphStore, ids: list[str]) -> list[_Found]:
    rows = {row["x"]["id"]: row for row in store.reviews.statements(ids)}
    for id_ in ids:
        if id_ not in rows:
            raise DecisionError(
                f"expected the id of an extraction of the graph, found {id_[:80]!r}, which none has; `kg review` and "
                "`kg export x.jsonl` tell them."
            )
    earlier = store.reviews.of_ids(row["x"]["decision"] for row in rows.values() if row["x"].get("decision"))
    return [_placed(rows[id_], earlier) for id_ in ids]


def _placed(row: Mapping[str, Any], earlier: Mapping[str, StatementDecision]) -> _Found:
    x, s = row["x"], row["s"]
    if x.get("decision"):
        earlier_is = earlier.get(x["decision"])
        if earlier_is is None or earlier_is.corrected is None:
            raise DecisionError(
                f"expected the statement {x['id']!r} to follow from a decision, found none; run `kg doctor --repair`."
            )
        start = x["head_start"] - earlier_is.corrected.head_start
        keys = earlier_is.head_key, earlier_is.tail_key
        return _Found(x, s, start, earlier_is.said, keys, earlier_is.corrected)
    first, last = min(x["head_start"], x["tail_start"]) - s["start"], max(x["head_end"], x["tail_end"]) - s["start"]
    start, end = sentence_around(s["text"], first, last)
    relation = x.get("surface") or x.get("lemma") or ""
    said = Said(s["text"][start:end], x["head"], relation, x["tail"], x["polarity"], x["modality"])
    of_head, of_tail = row["head_key"], row["tail_key"]
    keys = "" if of_head in keys_of(said.head) else of_head, "" if of_tail in keys_of(said.tail) else of_tail
    return _Found(x, s, s["start"] + start, said, keys)


def _chosen(
    store: GraphStore, found: _Found, place: Place | None, type_: str | None, old: tuple[str, int, str]
) -> tuple[str, int, str]:
    """Words with their start in the sentence, and their type."""
    words, start = old[:2] if place is None else _words(found, place)
    if type_ is not None:
        return words, start, _type(type_)
    return words, start, old[2] if (words, start) == old[:2] else _known_type(store, found, words)


def _words(found: _Found, place: Place) -> tuple[str, int]:
    """The words at a place of the document without the space around them, and where they start in the sentence."""
    from kg_builder.names import says_something

    first, last = place[0] - found.start, place[1] - found.start
    if not 0 <= first < last <= len(found.sentence):
        raise DecisionError(
            f"expected a place from {found.start} to {found.start + len(found.sentence)}, where the sentence of the "
            f"statement is, found {place[0]} to {place[1]}."
        )
    words = found.sentence[first:last]
    first += len(words) - len(words.lstrip())
    if not says_something(words):
        raise DecisionError(f"expected words that name something, found {words[:80]!r}.")
    return words.strip(), first


def _nearest(found: _Found, words: str, start: int) -> Place | None:
    """Where words stand in the document's sentence, nearest to a place of it."""
    places = [each.start() for each in re.finditer(re.escape(words.strip()), found.sentence)]
    if not words.strip() or not places:
        return None
    first = found.start + min(places, key=lambda each: (abs(each - start), each))
    return first, first + len(words.strip())


def _type(type_: str) -> str:
    wanted = " ".join(type_.split())
    if not wanted or len(wanted) > _LONGEST_TYPE or not wanted.isprintable():
        raise DecisionError(f"expected a type of 1 to {_LONGEST_TYPE} characters, found {type_[:80]!r}.")
    return wanted


def _known_type(store: GraphStore, found: _Found, words: str) -> str:
    """The type of what is mentioned by these words, in the same segment or else in the graph."""
    from kg_builder.names import name_key

    beside = store.reviews.types_beside(found.segment["id"])
    if words in beside:
        return beside[words]
    known = store.resolution.named([name_key(words)])
    return (
        min(known, key=lambda each: (each.name.type == "Other", -each.mentions, each.id)).name.type
        if known
        else "Other"
    )


def _related(found: _Found, relation: str | Place | None, old: Corrected) -> tuple[str, int | None]:
    """The words of the relation, and where they start in the sentence if they stand there."""
    from kg_builder.names import says_something

    if relation is None:
        return old.relation, old.relation_start
    if not isinstance(relation, str):
        return _words(found, relation)
    words = " ".join(relation.split())
    if not says_something(words) or len(words) > _LONGEST_RELATION or not words.isprintable():
        raise DecisionError(
            f"expected words of 1 to {_LONGEST_RELATION} characters for the relation, found {relation[:80]!r}."
        )
    return (words, old.relation_start) if words == old.relation else (words, None)


def _canonical(found: _Found, new: Corrected) -> Corrected:
    """The same with the relation in canonical form; the name of a relation that the lexicon knows is one already."""
    from dataclasses import replace

    from kg_builder.normalize import to_statement
    from kg_builder.relation_lexicon import known_relation

    if new.relation_start is None and known_relation(new.relation) is not None:
        return replace(new, name=new.relation, inverted=False)
    head = Mention(new.head, new.head_start, new.head_start + len(new.head), new.head_type)
    tail = Mention(new.tail, new.tail_start, new.tail_start + len(new.tail), new.tail_type)
    said = found.said
    extraction = Extraction(head, Relation(new.relation), tail, 1.0, "", polarity=said.polarity, modality=said.modality)
    made = to_statement(extraction, language=found.segment.get("language") or "other")
    if made is None:
        raise DecisionError(f"expected words that say something, found {new.head!r}, {new.relation!r}, {new.tail!r}.")
    return replace(new, name=made.relation, inverted=made.inverted)

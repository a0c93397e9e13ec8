"""People's decisions on entities: they are data, keyed by names, and outlive the graph that they were made on.

Those on statements are taken in `reviewing`; listed, taken elsewhere and taken back are both here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from kg_builder.errors import DecisionError
from kg_builder.resolve.records import Decision, Kind
from kg_builder.resolving import apply_decisions, resolve_graph
from kg_builder.resolving_decisions import insist_on_sense
from kg_builder.reviewing_records import REVIEWS, StatementDecision, decision_from_row, row_of_decision
from kg_builder.store.resolution import KnownAs, decision_id
from kg_builder.types import Name, document_id

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

__all__ = [
    "Referred",
    "decision_lines",
    "decision_row",
    "decisions_of",
    "forget_decisions",
    "merge_entities",
    "never_merge",
    "part_entity",
    "refer",
    "rename_entity",
    "retype_entity",
    "split_entity",
    "take_decisions",
    "user",
]

_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST_NAME = 400
_LONGEST_TYPE = 100
_LISTED = 10
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Referred:
    """An entity as somebody referred to it: ``names`` are those meant (all of it, where its id was given)."""

    entity: str
    names: tuple[KnownAs, ...]
    by_id: bool

    @property
    def best(self) -> Name:
        """The name that a decision is about: a typed one rather than not, and the most mentioned."""
        return min(self.names, key=lambda each: (each.name.type == "Other", -each.mentions, each.id)).name


def refer(store: GraphStore, text: str) -> Referred:
    """The entity that `text` means: an id, or a name that only one entity has.

    Raises:
        DecisionError: nothing has it, or several do; their ids are told then.
    """
    from kg_builder.normalize import name_key

    if _ID.fullmatch(text) and (names := store.resolution.names_of([text])):
        return Referred(text, tuple(names), by_id=True)
    found = store.resolution.named([name_key(text)]) or store.resolution.named([text.casefold()])
    if not found:
        wanted = text.strip().casefold()
        shown = [e.id for e in store.search(text) if wanted in {n.casefold() for n in (e.name, *e.aliases)}]
        found = store.resolution.names_of(shown)
    entities = {known.entity: known for known in reversed(found)}
    if not entities:
        raise DecisionError(
            f"expected the id or a name of an entity of the graph, found {text[:80]!r}, which none has; "
            "`kg query` and the browser find entities by parts of their names."
        )
    if len(entities) > 1:
        told = "; ".join(
            f"{each.entity} {each.entity_name!r} ({each.name.type}, {each.mentions} mentions)"
            for each in sorted(entities.values(), key=lambda known: (-known.mentions, known.entity))[:_LISTED]
        )
        raise DecisionError(
            f"expected a name of one entity, found {text[:80]!r}, which {len(entities)} have; "
            f"give the id of one: {told}."
        )
    (entity,) = entities
    return Referred(entity, tuple(known for known in found if known.entity == entity), by_id=False)


def merge_entities(store: GraphStore, a: str, b: str, *, who: str = "", source: str = "", note: str = "") -> Decision:
    """Decide that two entities (ids, or names) are one, and make them one.

    Raises:
        DecisionError: one of them is unknown or ambiguous, or another decision says that they never are one.
    """
    one, other = refer(store, a), refer(store, b)
    return _take(store, [_decision("merge", one.best, other.best, who, source, note)])[0]


def never_merge(store: GraphStore, a: str, b: str, *, who: str = "", source: str = "", note: str = "") -> Decision:
    """Decide that two entities (ids, or names) never are one, and part them if they are.

    Raises:
        DecisionError: as for `merge_entities`; and for an id given twice, where names are needed.
    """
    one, other = refer(store, a), refer(store, b)
    if one.best == other.best:
        raise DecisionError(
            f"expected two names, found that {a[:80]!r} and {b[:80]!r} both mean {one.best.key!r}; of an entity with "
            "several names, give the names that are to be parted."
        )
    return _take(store, [_decision("never-merge", one.best, other.best, who, source, note)])[0]


def split_entity(store: GraphStore, a: str, *, who: str = "", source: str = "", note: str = "") -> list[Decision]:
    """Decide that a name stands by itself, and take it out of its entity; of an id, that each of its names does.

    Raises:
        DecisionError: it is unknown or ambiguous, the entity has one name only, or a decision says that it is one with
            another.
    """
    meant = refer(store, a)
    everything = store.resolution.names_of([meant.entity])
    units = {known.name.key for known in everything}
    if len(units) == 1:
        if len(everything) == 1:
            raise DecisionError(
                f"expected an entity with several names, found {a[:80]!r}, which has one; nothing to split."
            )
        first, *others = everything  # one key with a type and without
        return _take(store, [_decision("never-merge", first.name, each.name, who, source, note) for each in others])
    if meant.by_id:
        kept = everything[0].name.key
        alone = [known.name for known in everything if known.name.key != kept]
    else:
        keys = {known.name.key for known in meant.names}
        alone = [known.name for known in everything if known.name.key in keys]
    return _take(store, [_decision("split", name, None, who, source, note) for name in alone])


def part_entity(
    store: GraphStore, a: str, documents: Iterable[str], *, who: str = "", source: str = "", note: str = ""
) -> list[Decision]:
    """Decide that a name means something else in each of some documents (uris) than elsewhere; of an id, that each of
    its names does. What other documents say by the name stays where it is.

    Raises:
        DecisionError: the name is unknown or ambiguous, a document does not mention it, or a decision says that the two
            are one.
    """
    meant = refer(store, a)
    names = {known.id: known.name for known in meant.names}
    news: list[Decision] = []
    for uri in dict.fromkeys(documents):
        said = store.resolution.said_in([document_id(uri)], names)
        if not said:
            raise DecisionError(
                f"expected a document that mentions {a[:80]!r}, found {uri!r}, which is none or does not; "
                "`kg query` lists documents by uri, and `kg export` which of them say what."
            )
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        news += [Decision.parting(names[id_], uri, who or user(), at, source or "kg split", note) for id_, _ in said]
    return _take(store, news)


def rename_entity(store: GraphStore, a: str, name: str, *, who: str = "", source: str = "", note: str = "") -> Decision:
    """Decide under which name an entity is shown; its other names stay aliases.

    Raises:
        DecisionError: the entity is unknown or ambiguous, or `name` is none.
    """
    from kg_builder.names import says_something

    shown = " ".join(name.split())
    if not says_something(shown) or len(shown) > _LONGEST_NAME or not shown.isprintable():
        raise DecisionError(f"expected a name of 1 to {_LONGEST_NAME} characters to show, found {name[:80]!r}.")
    meant = refer(store, a).best
    return _take(store, [_decision("rename", meant, Name(shown, meant.type), who, source, note)])[0]


def retype_entity(store: GraphStore, a: str, type: str, *, who: str = "", source: str = "", note: str = "") -> Decision:
    """Decide of which type an entity is; of which type its names are stays as it is.

    Raises:
        DecisionError: the entity is unknown or ambiguous, or `type` is none.
    """
    from kg_builder.names import says_something

    wanted = " ".join(type.split())
    if not says_something(wanted) or len(wanted) > _LONGEST_TYPE or not wanted.isprintable():
        raise DecisionError(f"expected a type of 1 to {_LONGEST_TYPE} characters, found {type[:80]!r}.")
    meant = refer(store, a).best
    return _take(store, [_decision("retype", meant, Name(meant.key, wanted), who, source, note)])[0]


def decisions_of(store: GraphStore) -> list[tuple[str, Decision | StatementDecision]]:
    """All decisions, on names and on statements, with their ids, the earliest first."""
    found: list[tuple[str, Decision | StatementDecision]] = []
    found += [(decision_id(each), each) for each in store.resolution.decisions()]
    found += [(each.id, each) for each in store.reviews.decisions()]
    return sorted(found, key=lambda each: (each[1].at, each[0]))


def forget_decisions(store: GraphStore, ids: Iterable[str]) -> list[Decision | StatementDecision]:
    """Take decisions back, and let resolution and the documents say what they said until now; gives them.

    Raises:
        DecisionError: there is none of an id; nothing was taken back.
    """
    wanted = list(dict.fromkeys(ids))
    known: dict[str, Decision | StatementDecision] = dict(store.reviews.of_ids(wanted))
    if len(known) < len(wanted):
        known |= {decision_id(each): each for each in store.resolution.decisions()}
    for id_ in wanted:
        if id_ not in known:
            raise DecisionError(f"expected the id of a decision, found {id_!r}; `kg decisions` lists them.")
    gone = [known[id_] for id_ in wanted]
    on_names = [each for each in gone if isinstance(each, Decision)]
    store.reviews.decide((), forget=[each.id for each in gone if isinstance(each, StatementDecision)])
    store.resolution.decide((), forget=[decision_id(each) for each in on_names])
    if on_names:
        _apply(store, on_names)
    return gone


def decision_lines(store: GraphStore) -> Iterator[str]:
    """All decisions as lines of JSON, which `take_decisions` reads."""
    for _, each in decisions_of(store):
        yield json.dumps(decision_row(each), ensure_ascii=False) + "\n"


def decision_row(decision: Decision | StatementDecision) -> dict[str, Any]:
    """A decision as one JSON object."""
    if isinstance(decision, StatementDecision):
        return row_of_decision(decision)
    a, b = decision.a, decision.b
    row: dict[str, Any] = {"id": decision_id(decision), "kind": decision.kind, "a": {"key": a.key, "type": a.type}}
    if decision.kind == "rename" and b is not None:
        row["shown"] = b.key
    elif decision.kind == "retype" and b is not None:
        row["type"] = b.type
    elif decision.kind == "part":
        row["document"] = decision.document
    elif b is not None:
        row["b"] = {"key": b.key, "type": b.type}
    return row | {"who": decision.who, "at": decision.at, "source": decision.source, "note": decision.note}


def take_decisions(store: GraphStore, path: Path) -> int:
    """Take over the decisions of a file that `decision_lines` wrote, all or none; gives how many it has.

    Raises:
        DecisionError: a line is none, or contradicts another or a decision there is; with both places.
    """
    try:
        with path.open("rb") as file:
            lines = [
                (n, line) for n, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1) if line.strip()
            ]
    except OSError as exc:
        raise DecisionError(f"expected a file of decisions, found {str(path)!r}: {exc.strerror or exc}.") from exc
    found = [_parsed(path, number, line) for number, line in lines]
    on_names = [each for each in found if isinstance(each, Decision)]
    if on_names:
        _take(store, on_names)
    on_statements = [each for each in found if isinstance(each, StatementDecision)]
    there = store.reviews.of_ids(each.id for each in on_statements)
    store.reviews.decide(each for each in on_statements if each.id not in there or each.at > there[each.id].at)
    return len(found)


# ---------------------------------------------------------------- inside
def _take(store: GraphStore, news: Sequence[Decision]) -> list[Decision]:
    """Keep decisions, and have the graph follow them. One that is there already stays as it is, but for a new name or
    type."""
    known = {decision_id(each): each for each in store.resolution.decisions()}
    fresh: dict[str, Decision] = {}
    for each in news:
        old = known.get(decision_id(each))
        if old is None or (each.kind in ("rename", "retype") and each.b != old.b and each.at >= old.at):
            fresh[decision_id(each)] = each
    insist_on_sense(list(known.values()), list(fresh.values()))
    store.resolution.decide(fresh.values())
    _apply(store, news)
    return [fresh.get(decision_id(each), known.get(decision_id(each), each)) for each in news]


def _apply(store: GraphStore, decisions: Sequence[Decision]) -> None:
    """Resolve the names concerned; by keys, kept links and decisions alone where the graph never was resolved, or was
    with vectors: what else follows then comes with the next run that has them."""
    state = store.resolution.state()
    if state.graph and not state.vectors:
        resolve_graph(store)
    else:
        apply_decisions(store, [name for each in decisions for name in (each.a, each.b) if name is not None])


def _decision(kind: Kind, a: Name, b: Name | None, who: str, source: str, note: str) -> Decision:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Decision(kind, a, b, who or user(), at, source or f"kg {kind}", note)


def user() -> str:
    """Who decides, where nobody says so."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may have a user without a name
        return ""


def _parsed(path: Path, number: int, line: bytes) -> Decision | StatementDecision:
    where = f"{path}:{number}"
    try:
        row = json.loads(line.decode("utf-8-sig"))
        kind = row["kind"]
        if kind in REVIEWS:
            return replace(decision_from_row(row), source=str(row.get("source") or where))
        if kind not in get_args(Kind):
            kinds = (*get_args(Kind), *REVIEWS)
            raise DecisionError(f"{where}: expected one of {', '.join(kinds)} for 'kind', found {kind!r}.")
        b: Name | None = None
        if kind == "rename":
            b = Name(_word(row["shown"]), _word(row["a"]["type"]))
        elif kind == "retype":
            b = Name(_word(row["a"]["key"]), _word(row["type"]))
        elif kind not in ("split", "part"):
            b = Name(_word(row["b"]["key"]), _word(row["b"]["type"]))
        a = Name(_word(row["a"]["key"]), _word(row["a"]["type"]))
        who, at, note = (str(row.get(each) or "") for each in ("who", "at", "note"))
        if kind == "part":
            made = Decision.parting(a, _word(row["document"]), who, at, note=note)
        else:
            made = Decision(cast(Kind, kind), a, b, who, at, note=note)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise DecisionError(
            f"{where}: expected a decision as `kg decisions --export` writes it, found {line[:80]!r} ({exc})."
        ) from exc
    return replace(made, source=str(row.get("source") or where))


def _word(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected text, found {value!r}")
    value.encode("utf-8")
    return value

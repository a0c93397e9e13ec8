"""What people's decisions say of names, taken together; nothing here touches a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from kg_builder.errors import DecisionError
from kg_builder.resolve import clusters
from kg_builder.resolve.grouping import contradictions, group
from kg_builder.resolve.records import Decision, Link
from kg_builder.reviewing_records import StatementDecision
from kg_builder.types import Name

__all__ = ["Decided", "described", "insist_on_sense"]

Pair = tuple[str, str]
_SHOWN = 200  # characters of a sentence


class Decided:
    """Decisions by what follows from them, by the ids of names. It does not matter in which order they were made."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self.must: dict[Pair, Decision] = {}
        self.never: dict[Pair, Decision] = {}
        self.split: dict[str, Decision] = {}
        self.shown: dict[str, tuple[str, str]] = {}
        self.typed: dict[str, tuple[str, str]] = {}
        self.parted: dict[Name, set[str]] = {}
        """Names without a sense, with the ids of the documents that mean another thing by them."""
        self._near: dict[str, set[str]] = {}
        for each in decisions:
            if each.kind == "split":
                self.split[each.a.id] = each
            elif each.b is not None and each.kind == "rename":
                self.shown[each.a.id] = (each.b.key, each.at)
            elif each.b is not None and each.kind == "retype":
                self.typed[each.a.id] = (each.b.type, each.at)
            elif each.b is not None:
                pair = _pair(each.a.id, each.b.id)
                if each.kind == "part":
                    self.parted.setdefault(each.a, set()).add(each.b.sense)
                (self.must if each.kind == "merge" else self.never)[pair] = each
                if each.kind == "merge":
                    self._near.setdefault(pair[0], set()).add(pair[1])
                    self._near.setdefault(pair[1], set()).add(pair[0])

    def near(self, name: str) -> Iterable[str]:
        """The names that one was merged with by hand, be they in the graph or not."""
        return self._near.get(name, ())

    def chain(self, a: str, b: str) -> list[Decision]:
        """The decisions that make two names one; none where none do."""
        for _, pairs in contradictions(self.must, [(a, b)]):
            return [self.must[_pair(*pair)] for pair in pairs]
        return []

    def groups(self, names: Mapping[str, Name], links: Sequence[Link], *, threshold: float) -> list[tuple[str, ...]]:
        """The entities among names that are connected at all, by ids: by decisions first, by links else."""
        must = set(self._same_by_rule(names)) | set(self._merged(names))
        free = [link for link in links if link.a not in self.split and link.b not in self.split]
        types = {id_: name.type for id_, name in names.items()}
        never = (self.never.keys() | _homonyms(names)) - must
        return group(types, free, must=must, never=never, threshold=threshold)

    def by_rule(self, names: Mapping[str, Name]) -> set[frozenset[str]]:
        """The names that are one without any resolution, since they have one key that is not one of homonyms."""
        several = {name.plain for name in names.values() if name.sense}
        sure = [name for name in names.values() if name.plain not in several]
        return {frozenset(name.id for name in cluster) for cluster in clusters(sure)}

    def _same_by_rule(self, names: Mapping[str, Name]) -> Iterator[Pair]:
        for cluster in self.by_rule(names):
            first, *others = sorted(cluster)
            for other in others:
                if _pair(first, other) not in self.never and not {first, other} & self.split.keys():
                    yield first, other

    def _merged(self, names: Mapping[str, Name]) -> Iterator[Pair]:
        """Pairs of `names` that decisions make one, perhaps by way of names that are not there."""
        seen: set[str] = set()
        for start in sorted(names):
            if start in seen or start not in self._near:
                continue
            queue = [start]
            seen.add(start)
            for name in queue:
                for other in sorted(self.near(name)):
                    if other not in seen:
                        seen.add(other)
                        queue.append(other)
                if name != start and name in names:
                    yield _pair(start, name)


def _homonyms(names: Mapping[str, Name]) -> set[Pair]:
    """The pairs of names that are one name in two senses."""
    senses: dict[tuple[str, str], list[str]] = {}
    for id_, name in names.items():
        senses.setdefault((name.plain, name.type), []).append(id_)
    return {pair for ids in senses.values() for pair in combinations(sorted(ids), 2)}


def described(decision: Decision | StatementDecision) -> str:
    """A decision with who took it, when, and where it comes from."""
    what = _said(decision) if isinstance(decision, StatementDecision) else _decided(decision)
    source = f", {decision.source}" if decision.source else ""
    note = f": {decision.note}" if decision.note else ""
    return f"{what} (decided by {decision.who or 'somebody'}, {decision.at or 'no date'}{source}{note})"


def _said(decision: StatementDecision) -> str:
    said = decision.said
    told = f"{' | '.join((said.head, said.relation, said.tail))!r} in {said.sentence[:_SHOWN]!r}"
    if decision.corrected is None:
        return f"{told} is {'right' if decision.kind == 'accept' else 'wrong'}"
    new = decision.corrected
    types = f" ({new.head_type}, {new.tail_type})"
    return f"{told} is to be {' | '.join((new.head, new.relation, new.tail))!r}{types}"


def _decided(decision: Decision) -> str:
    a, b = _told(decision.a), _told(decision.b) if decision.b else ""
    return {
        "merge": f"{a} and {b} are one",
        "never-merge": f"{a} and {b} are never one",
        "split": f"{a} stands by itself",
        "part": f"by {a}, {decision.document!r} means another one than other documents do",
        "rename": f"{a} is shown as {decision.b.key!r}" if decision.b else a,
        "retype": f"{a} is of the type {decision.b.type!r}" if decision.b else a,
    }[decision.kind]


def insist_on_sense(decisions: Sequence[Decision], news: Sequence[Decision]) -> None:
    """See to it that `news` can hold together with the decisions there are.

    Raises:
        DecisionError: two names are to be one and never one, directly or by way of others; with the decisions that
            say so.
    """
    for each in news:
        if each.kind in ("merge", "never-merge") and (each.b is None or each.a.id == each.b.id):
            raise DecisionError(f"expected two names, found {_told(each.a)} twice; nothing was decided.")
    together = Decided([*decisions, *news])
    for (a, b), pairs in contradictions(together.must, together.never):
        sources = [together.never[_pair(a, b)], *(together.must[_pair(*pair)] for pair in pairs)]
        raise _contradiction(sources)
    fresh = {each.a.id for each in news if each.kind == "split"}
    for name in sorted(fresh):
        for other in sorted(together.near(name)):
            merged = together.must[_pair(name, other)]
            if merged.at <= together.split[name].at:  # a later one says whom it is with now
                raise _contradiction([together.split[name], merged])


def _contradiction(sources: Sequence[Decision]) -> DecisionError:
    told = "; ".join(described(each) for each in sources)
    return DecisionError(
        f"expected decisions that can hold together, found these that contradict each other: {told}. "
        "Nothing was decided; take one back with `kg decisions --forget ID` (`kg decisions` lists the ids)."
    )


def _pair(a: str, b: str) -> Pair:
    return (a, b) if a < b else (b, a)


def _told(name: Name) -> str:
    return f"{name.plain!r} ({name.type}{', as in one document of several' if name.sense else ''})"

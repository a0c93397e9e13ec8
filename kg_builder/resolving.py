"""Which names are one entity, worked out for those that are new or whose surroundings have changed.

A run takes the lists that writes left of the names they touched, compares those names with their candidates, groups
every component that this concerns anew, and moves names where they are not where they belong. The lists go last, so a
run that is killed is done again by the next one. Where a name belongs depends on the names, the evidence and the
decisions in the graph alone: neither on the order in which they came, nor on where names were before.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg_builder.errors import NoRoomError, StoreError
from kg_builder.resolve.grouping import DEFAULT, open_pairs
from kg_builder.resolve.records import Link
from kg_builder.resolving_aids import Aids, vectors_told
from kg_builder.resolving_blocks import fingerprint
from kg_builder.resolving_decisions import Decided
from kg_builder.resolving_index import Index, open_index
from kg_builder.resolving_judging import Judging
from kg_builder.resolving_plan import Change, Plan, needed
from kg_builder.resolving_senses import Senses, decided_parts
from kg_builder.types import Name, digest

if TYPE_CHECKING:
    from kg_builder.store import GraphStore

__all__ = ["Change", "ResolveReport", "apply_decisions", "index_path", "resolve_graph"]

_LEARNT_AT_ONCE = 500
_MOVED_AT_ONCE = 500
_TOLD = ("names", "compared", "merged", "split", "asked", "judged", "unsure", "open", "trouble", "threshold", "afresh")
_KEPT_AGAINST = 0.2  # a link less likely than this speaks neither for nor against


@dataclass(slots=True)
class ResolveReport:
    """What a run did, or would do: names looked at, pairs compared, entities joined, entities taken apart.

    ``asked`` are the questions to a judge, ``judged`` the answers that were used, new and kept ones, ``open`` the
    questions that are left for the next run, since the limit was reached or for ``trouble``, which is a sentence.
    """

    names: int = 0
    compared: int = 0
    merged: int = 0
    split: int = 0
    asked: int = 0
    judged: int = 0
    unsure: int = 0
    open: int = 0
    trouble: str = ""
    threshold: float = DEFAULT
    afresh: bool = False
    seconds: float = 0.0
    changes: list[Change] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As one JSON object; with the changes only where they were asked for."""
        told = {each: getattr(self, each) for each in _TOLD}
        told["seconds"] = round(self.seconds, 3)
        if self.changes:
            told["changes"] = [
                {
                    "kind": each.kind,
                    "confidence": round(each.confidence, 4),
                    "type": each.type,
                    "names": list(each.names),
                    "rules": list(each.rules),
                }
                for each in self.changes
            ]
        return told


def index_path(store_uri: str) -> Path:
    """Where resolution keeps its index: in an embedded store's own folder, else in the user's cache folder."""
    if store_uri.startswith("embedded:"):
        return Path(store_uri.removeprefix("embedded:")).expanduser() / "resolution.sqlite"
    from platformdirs import user_cache_path

    return user_cache_path("kg-builder", appauthor=False) / f"resolution-{digest(store_uri)[:12]}.sqlite"


def resolve_graph(
    store: GraphStore,
    *,
    again: bool = False,
    dry_run: bool = False,
    threshold: float | None = None,
    index: Path | None = None,
    keep_index: bool = True,
    aids: Aids | None = None,
) -> ResolveReport:
    """Bring the entities in line with what is known of names and with people's decisions.

    Args:
        again: look at all names, not only at those that were touched since.
        dry_run: change nothing; the report lists what would change, the surest first.
        threshold: the probability from which two names are one; None: the one this graph was resolved with, or 0.5.
        index: the file that remembers profiles, blocks and links; None: `index_path`.
        keep_index: False: without such a file, so that every run looks at all names.
        aids: vectors and a judge; None: none are named.

    Raises:
        ConfigError: vectors or judge are not there, or the graph was resolved with vectors and none are named.
        StoreError: the graph cannot be written; what was done stays, and the next run goes on. A NoRoomError when that
            is for the disk.
    """
    begun = time.monotonic()
    aids = aids or Aids()
    vectors = aids.open_vectors(store)
    opened = open_index((index or index_path(store.uri)) if keep_index else None, vectors)
    try:
        report = _Resolution(store, opened, threshold, aids, vectors_told(vectors), dry_run=dry_run).run(again=again)
    except sqlite3.Error as exc:
        if "full" in str(exc):
            raise NoRoomError(
                "expected room for what resolution remembers, found none free on the disk of the store "
                f"{store.uri.removeprefix('embedded:')!r} (or of the user's cache, for a server's); make room there. "
                "What was written stays, and nothing of it is done again"
            ) from exc
        raise StoreError(
            f"expected room and rights to write what resolution remembers beside {store.uri!r}, found: {exc}. What was "
            "done stays; see to the disk and run `kg resolve`."
        ) from exc
    finally:
        opened.close()
    report.changes.sort(key=lambda change: (-change.confidence, change.kind, change.names))
    report.seconds = time.monotonic() - begun
    return report


def apply_decisions(store: GraphStore, names: Iterable[Name]) -> None:
    """Have the graph follow the decisions on `names`, whatever else there is to resolve.

    What is one entity stays one where no decision says otherwise: by its keys, and by the links that are kept.
    """
    at = store.resolution
    decided = Decided(at.decisions())
    plan = Plan()
    names = set(names)
    for name in names & decided.parted.keys():
        senses = [known.id for known in at.named([name.plain]) if known.name.type == name.type]
        at.part(decided_parts(at, name, senses, decided.parted[name]))
    found = {name.id for name in names}
    while True:
        found.update(other for id_ in list(found) for other in decided.near(id_))
        placed = {each.id: each for each in at.placed(found)}
        mates = {known.id for known in at.named({each.name.plain for each in placed.values()})}
        if mates | placed.keys() <= found:
            break
        found |= mates | placed.keys()
    plan.names = {id_: each.name for id_, each in placed.items()}
    links = at.links(plan.names)
    plan.by_rule = decided.by_rule(plan.names)
    plan.groups = decided.groups(plan.names, links, threshold=0.0)
    for group in plan.groups:
        plan.links += needed(group, links, 0.0)
    if move := plan.move(placed, decided, links):
        at.place(move)


class _Resolution:
    """One run."""

    def __init__(
        self, store: GraphStore, index: Index, threshold: float | None, aids: Aids, vectors: str, *, dry_run: bool
    ) -> None:
        self._at = store.resolution
        self._store = store
        self._index = index
        self._dry_run = dry_run
        self._state = self._at.state()
        wanted = self._state.threshold if threshold is None else threshold
        self.threshold = DEFAULT if wanted is None else wanted
        self.report = ResolveReport(threshold=self.threshold)
        self._decided = Decided(())
        self._seen: set[str] = set()
        self._open: set[str] = set()  # names about which a judge is still to be asked
        self._senses = Senses(self._at, index, {})
        self._vectors = vectors
        self._judging = aids.open_judging(store, self._state, ask=not dry_run)
        self._judged = self._judging.band.to_text() if self._judging else ""
        self._reach = min(self.threshold, self._judging.band.least) if self._judging else self.threshold

    def run(self, *, again: bool = False) -> ResolveReport:
        version = self._store.keeper.version()
        lists, touched = self._at.touched()
        self._decided = Decided(self._at.decisions())
        self._senses = Senses(self._at, self._index, self._decided.parted)
        afresh = again or not self._goes_with_the_graph()
        if not afresh and not touched and self._unchanged():
            return self.report
        if not afresh:
            self._learn(iter(sorted(touched)))
            self._part()
            # Somebody may have written without leaving a list: an older version of this project, for instance.
            afresh = len(self._index) != self._at.count() and self._store.keeper.version() == version
        if afresh:
            self._index.clear(vectors=again)
            self._learn(self._at.name_ids())
            self._part()
            self._index.todo(touched)
        self.report.afresh = afresh
        self.report.compared = self._index.compare_all()
        if not self._decides_alike():
            self._index.todo_all()
        if afresh:
            self._index.forget_unused()
        state = replace(
            self._state,
            graph=self._state.graph or uuid.uuid4().hex,
            token=uuid.uuid4().hex,
            threshold=self.threshold,
            vectors=self._vectors,
            judged=self._judged,
        )
        self._index.note(
            graph=state.graph,
            serial=state.serial,
            token=state.token,
            fingerprint=fingerprint(),
            threshold=repr(self.threshold),
            vectors=self._vectors,
            judged=self._judged,
        )
        self._commit()
        self._group()
        if not self._dry_run:
            self._at.finish(replace(state, serial=state.serial + 1), lists)
            self._index.note(serial=state.serial + 1)
            self._commit()
        if self._judging:
            told = self._judging
            self.report.asked, self.report.judged, self.report.unsure = told.asked, told.used, told.unsure
            self.report.open, self.report.trouble = told.open, told.trouble
        return self.report

    def _goes_with_the_graph(self) -> bool:
        """Whether the index is about this graph as the last run left it, be it that the run could not note its end."""
        index, state = self._index, self._state
        noted = tuple(map(index.get, ("graph", "fingerprint", "vectors")))
        if not state.graph or noted != (state.graph, fingerprint(), self._vectors):
            return False
        serial = int(index.get("serial"))
        return serial == state.serial or (serial + 1 == state.serial and index.get("token") == state.token)

    def _unchanged(self) -> bool:
        return not self._index.waiting() and self._decides_alike()

    def _decides_alike(self) -> bool:
        """Whether links are judged, and taken for enough, as in the last run."""
        return (self._index.get("threshold"), self._index.get("judged")) == (repr(self.threshold), self._judged)

    def _commit(self) -> None:
        if not self._dry_run:
            self._index.commit()

    def _learn(self, ids: Iterator[str]) -> None:
        while some := list(islice(ids, _LEARNT_AT_ONCE)):
            known = self._index.named(some)
            self._index.learn(some, self._at.profiles(some))
            self.report.names += len(some)
            self._senses.note({*known.values(), *self._index.named(some).values()})

    def _part(self) -> None:
        """Have the documents that mean several things by one name mean several names."""
        for parts in self._senses.parts():
            if self._dry_run:
                several = Counter((each.new.plain, each.new.type) for each in parts)
                for (plain, type_), count in sorted(several.items()):
                    self.report.split += count + 1
                    self.report.changes.append(Change("split", (plain,), type_, 1.0, ("homonyms",)))
            else:
                self._at.part(parts)
                self._learn(iter(sorted({each.old for each in parts} | {each.new.id for each in parts})))

    # ------------------------------------------------------------ components
    def _group(self) -> None:
        """Group every component anew that has a name that is waiting, some of them to a transaction."""
        plan = Plan()
        for id_ in self._index.waiting():
            if id_ not in self._seen:
                self._add(plan, id_)
            plan.waiting.append(id_)
            if len(plan.names) >= _MOVED_AT_ONCE or len(plan.waiting) >= _MOVED_AT_ONCE:
                self._carry_out(plan)
                plan = Plan()
        if plan.waiting:
            self._carry_out(plan)

    def _add(self, plan: Plan, start: str) -> None:
        """Group the component of a name."""
        found = [start]
        self._seen.add(start)
        for id_ in found:
            for other in sorted({*self._index.near(id_, self._reach), *self._decided.near(id_)}):
                if other not in self._seen:
                    self._seen.add(other)
                    found.append(other)
        names = self._index.named(found)
        links: list[Link] = []
        if len(names) > 1:
            least = min(_KEPT_AGAINST * self.threshold / DEFAULT, self._reach)
            links = [link for link in self._index.links(names.keys()) if link.probability >= least]
            for a, b in open_pairs(links, threshold=self.threshold):
                if (between := self._index.link(a, b)) is not None:
                    links.append(between)
        if self._judging and len(names) > 1:
            links = self._judge(self._judging, names, links)
        plan.names.update(names)
        plan.by_rule |= self._decided.by_rule(names)
        for group in self._decided.groups(names, links, threshold=self.threshold):
            plan.groups.append(group)
            plan.links += needed(group, links, self.threshold)

    def _judge(self, judging: Judging, names: Mapping[str, Name], links: Sequence[Link]) -> list[Link]:
        """The links of a component with what a judge says of them."""
        profiles = {id_: profile for id_ in names if (profile := self._index.profile(id_)) is not None}
        links, left = judging.settle(
            profiles, links, lambda some: self._decided.groups(names, some, threshold=self.threshold)
        )
        if left:
            self._open.update(names)
        return links

    def _carry_out(self, plan: Plan) -> None:
        """Compare a plan with the graph, and change what differs."""
        while True:
            placed = {each.id: each for each in self._at.placed(plan.names)}
            strangers = sorted(id_ for id_ in placed if id_ not in plan.names and id_ not in self._seen)
            strangers = sorted(self._index.named(strangers))  # those who share an entity and should not
            if not strangers:
                break
            for id_ in strangers:
                if id_ not in self._seen:
                    self._add(plan, id_)
        move = plan.move(placed, self._decided, self._at.links(plan.names))
        changes = plan.changes(placed)
        self.report.merged += sum(each.kind == "merge" for each in changes)
        self.report.split += sum(each.kind == "split" for each in changes)
        if self._dry_run:
            self.report.changes += changes
        elif move:
            self._at.place(move)
        if not self._dry_run:
            self._index.done([id_ for id_ in (*plan.waiting, *plan.names) if id_ not in self._open])
            self._commit()

"""The graph is a function of the documents in it, not of what happened to them on the way."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import contribute

from kg_builder.store import GraphStore
from kg_builder.store import writing as writing_module

NAMES = ["Ann:Person", "Ann", "ann:Person", "Ann:Place", "Bo", "Bo:Person", "BO:Organization", "中:Place", "中"]
LINES = st.builds(
    lambda head, mark, relation, tail, sure: f"{head} | {mark}{relation} | {tail} @ 0.{sure}",
    st.sampled_from(NAMES),
    st.sampled_from(["", "", "", "<", "!"]),
    st.sampled_from(["r", "s"]),
    st.sampled_from(NAMES),
    st.integers(1, 9),
)
TEXTS = st.lists(LINES, min_size=1, max_size=4)
STEPS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.one_of(TEXTS, st.none())), min_size=1, max_size=9)


def put(store: GraphStore, uri: str, lines: list[str] | None) -> None:
    if lines is None:
        store.remove(uri)
    else:
        store.write(contribute(uri, lines), size_bytes=1, recipe="")


def content(store: GraphStore) -> tuple[object, object]:
    return list(store.entities()), list(store.edges())


@pytest.mark.parametrize("largest_transaction", [4000, 2])
def test_any_history_gives_the_graph_of_a_build_from_scratch(
    embedded_store: GraphStore, monkeypatch: pytest.MonkeyPatch, largest_transaction: int
) -> None:
    monkeypatch.setattr(writing_module, "LARGEST_TRANSACTION", largest_transaction)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(steps=STEPS, data=st.data())
    def check(steps: list[tuple[str, list[str] | None]], data: st.DataObject) -> None:
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri, lines in steps:
            put(embedded_store, uri, lines)
        assert embedded_store.check() == []
        after_history = content(embedded_store)
        final = {uri: lines for uri, lines in steps if lines is not None and dict(steps)[uri] is not None}
        final = {uri: lines for uri, lines in final.items() if dict(steps)[uri] == lines}
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for uri in data.draw(st.permutations(sorted(final))):
            put(embedded_store, uri, final[uri])
        assert content(embedded_store) == after_history
        for uri in final:
            embedded_store.remove(uri)
        assert embedded_store.counts().names == 0

    check()

"""Documents too large for one transaction, and writes that are interrupted, on every server."""

from __future__ import annotations

import pytest
from making import content, write

from kg_builder.store import GraphStore
from kg_builder.store import writing as writing_module


def test_a_document_too_large_for_one_transaction_gives_the_same_graph(
    any_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Name {n % 7} | r{n % 3} | Name {n % 5}:Person" for n in range(24)]
    write(any_store, "a.txt", *lines)
    whole = content(any_store)
    monkeypatch.setattr(writing_module, "LARGEST_TRANSACTION", 5)
    write(any_store, "a.txt", *lines)
    assert content(any_store) == whole
    write(any_store, "a.txt", *lines[:4])
    write(any_store, "a.txt", *lines)
    assert content(any_store) == whole
    assert any_store.check() == []
    assert any_store.remove("a.txt")
    assert any_store.counts().names == 0


def test_an_interrupted_write_is_seen_and_repaired_by_writing_again(
    any_store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Name {n % 7} | r{n % 3} | Name {n % 5}:Person" for n in range(24)]
    write(any_store, "other.txt", *lines[:6])
    write(any_store, "a.txt", *lines)
    whole = content(any_store)
    monkeypatch.setattr(writing_module, "LARGEST_TRANSACTION", 5)
    original = writing_module._change
    for survived in range(1, 8, 2):
        left = survived

        def dying(*arguments: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            original(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(writing_module, "_change", dying)
        with pytest.raises(KeyboardInterrupt):
            write(any_store, "a.txt", *lines)
        monkeypatch.setattr(writing_module, "_change", original)
        interrupted = any_store.document("a.txt")
        assert interrupted is not None
        assert (interrupted.state, interrupted.reason) == ("failed", "interrupted")
        assert any("interrupted" in problem for problem in any_store.check())
        assert not [problem for problem in any_store.check() if "interrupted" not in problem]
    write(any_store, "a.txt", *lines)
    assert content(any_store) == whole
    assert any_store.check() == []

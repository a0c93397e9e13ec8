"""The file of extractions already made: durable, shared, bounded, and never trusted more than it deserves."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder.cache import Answer, ExtractionCache, cache_key, cache_path
from kg_builder.errors import CacheError
from kg_builder.types import Extraction, Mention, Qualifier, Relation, Span

WORDS = st.text(st.characters(), max_size=12)
PLACE = st.integers(0, 2000)
SPANS = st.one_of(st.none(), st.builds(Span, WORDS, st.one_of(st.none(), PLACE), st.one_of(st.none(), PLACE)))
EXTRACTIONS = st.builds(
    Extraction,
    st.builds(Mention, WORDS, PLACE, PLACE, WORDS),
    st.builds(Relation, WORDS, st.one_of(st.none(), PLACE), st.one_of(st.none(), PLACE), WORDS, st.booleans()),
    st.builds(Mention, WORDS, PLACE, PLACE, WORDS),
    st.floats(0, 1),
    WORDS,
    polarity=st.sampled_from(["positive", "negative"]),
    modality=st.sampled_from(["asserted", "reported"]),
    qualifiers=st.lists(st.builds(Qualifier, WORDS, WORDS, st.one_of(st.none(), PLACE), st.none()), max_size=2).map(
        tuple
    ),
    head_argument=SPANS,
    tail_argument=SPANS,
)


def extraction(surface: str = "Ann") -> Extraction:
    return Extraction(Mention(surface, 0, len(surface)), Relation("knows"), Mention("Bob", 10, 13), 0.5, "open_ie")


@pytest.fixture
def cache(tmp_path: Path) -> ExtractionCache:
    return ExtractionCache(tmp_path / "cache.sqlite")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EXTRACTIONS, max_size=4))
def test_what_was_put_comes_back_as_it_was(cache: ExtractionCache, extractions: list[Extraction]) -> None:
    cache.put({"k": Answer(extractions, {"unsure": 2})})
    assert cache.get(["k", "other"]) == {"k": Answer(extractions, {"unsure": 2})}


def test_the_key_tells_texts_and_extractors_apart() -> None:
    assert len({cache_key(text, by) for text in ("a", "b") for by in ("x", "y")}) == 4
    assert cache_key("ab", "c") != cache_key("a", "bc")


def test_many_keys_are_asked_for_at_once(cache: ExtractionCache) -> None:
    cache.put({str(i): Answer([extraction(str(i))]) for i in range(1700)})
    found = cache.get([str(i) for i in range(0, 3400, 2)])
    assert len(found) == 850
    assert found["16"].extractions[0].head.surface == "16"


def test_what_was_put_survives_the_process_that_put_it(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    code = (
        "import os, sys; from pathlib import Path; from kg_builder.cache import Answer, ExtractionCache\n"
        "cache = ExtractionCache(Path(sys.argv[1])); cache.put({'k': Answer([])}); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    with ExtractionCache(path) as cache:
        assert cache.get(["k"]) == {"k": Answer([])}


def test_two_users_see_each_others_entries(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with ExtractionCache(path) as one, ExtractionCache(path) as other:
        one.put({"a": Answer([])})
        other.put({"b": Answer([])})
        assert set(one.get(["a", "b"])) == set(other.get(["a", "b"])) == {"a", "b"}


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + bytes(200)])
def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cache.sqlite"
    path.write_bytes(content)
    with ExtractionCache(path) as cache:
        cache.put({"k": Answer([])})
        assert len(cache) == 1
    assert path.with_name("cache.sqlite.damaged").read_bytes() == content


def test_a_damaged_entry_counts_as_unknown(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with ExtractionCache(path) as cache:
        cache.put({"good": Answer([extraction()]), "bad": Answer([extraction()]), "other": Answer([extraction()])})
        with sqlite3.connect(path) as db:
            db.execute("UPDATE cached SET value = x'00ff' WHERE key = 'bad'")
            db.execute(
                "UPDATE cached SET value = ? WHERE key = 'other'", (sqlite3.Binary(b"x\x9c\x03\x00\x00\x00\x00\x01"),)
            )
        assert set(cache.get(["good", "bad", "other"])) == {"good"}


def test_a_file_of_another_form_is_emptied(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with ExtractionCache(path) as cache:
        cache.put({"k": Answer([])})
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with ExtractionCache(path) as cache:
        assert len(cache) == 0


def test_a_place_where_no_file_can_be_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CacheError, match="expected a cache of extractions at"):
        ExtractionCache(tmp_path / "file" / "cache.sqlite")


def test_what_was_of_no_use_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExtractionCache(tmp_path / "cache.sqlite") as cache:
        for second in range(30):
            monkeypatch.setattr("time.time", lambda now=second: 1000.0 + now)
            cache.put({f"{second}-{i}": Answer([extraction(f"{second * 100 + i} {'x' * 200}")]) for i in range(100)})
        monkeypatch.setattr("time.time", lambda: 2000.0)
        cache.touch([f"0-{i}" for i in range(100)])
        assert cache.trim() == 0
        assert cache.trim(300_000) > 0
        assert len(cache.get([f"0-{i}" for i in range(100)])) == 100
        assert cache.get([f"1-{i}" for i in range(100)]) == {}
        assert len(cache.get([f"29-{i}" for i in range(100)])) == 100
        assert cache.trim(300_000) == 0


def test_an_embedded_store_has_its_cache_beside_it() -> None:
    assert cache_path("embedded:/data/graph") == Path("/data/graph/extractions.sqlite")
    assert cache_path("bolt://host:7687").name == "extractions.sqlite"

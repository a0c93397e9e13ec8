"""A damaged store is named, mended, and then equal to one that never was damaged; the cache is never more than time."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kg_builder.backup import back_up, restore
from kg_builder.doctor import examine, mend
from kg_builder.errors import StoreError
from kg_builder.pipeline import build_graph
from kg_builder.recipe import Recipe
from kg_builder.store import GraphStore, open_store
from kg_builder.store.connection import Run

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import contribute
from real_neo4j import Neo4jServer

DOCUMENTS = {
    "a.txt": ["Ann:Person | knows | Bob:Person", "Robert:Person | <knows | Ann", "Ann | knows | Bob:Person @ 0.9"],
    "b.txt": ["Ann:Person | knows | Bob:Person", "Acme:Organization | !owns | Deep Tide", "澜海能源 | 收购 | Acme"],
}


def fill(store: GraphStore) -> None:
    for uri, lines in DOCUMENTS.items():
        store.write(contribute(uri, lines), size_bytes=9, recipe="test")
    join(store)


def join(store: GraphStore) -> None:
    """What a person has decided: Robert is Bob."""
    rows = store.query("MATCH (n:Name)-[:NAMES]->(e:Entity) RETURN n.key, n.id, e.id").rows
    ids = {key: (name, entity) for key, name, entity in rows}
    store.assign({ids["robert"][0]: ids["bob"][1]})


def everything(store: GraphStore) -> dict[str, object]:
    """All that a store shows and holds, but for when it was written."""
    texts = [
        "MATCH (n:Name)-[:NAMES]->(e) RETURN properties(n) AS n, e.id AS e",
        "MATCH (x:Extraction)-[:FROM]->(s) MATCH (x)-[:HEAD]->(h) MATCH (x)-[:TAIL]->(t) "
        "RETURN properties(x) AS x, s.id AS s, h.id AS h, t.id AS t",
        "MATCH (e)-[m:MENTIONED_IN]->(s) RETURN e.id, properties(m), s.id",
        "MATCH (s:Segment)-[:PART_OF]->(d) RETURN properties(s) AS s, d.id AS d",
        "MATCH (e:Entity) RETURN properties(e) AS e, labels(e) AS l",
        "MATCH (d:Document) RETURN d.id, d.uri, d.state, d.reason, d.segments, d.extractions",
    ]
    rows = {text: sorted(json.dumps(row, sort_keys=True) for row in store.query(text).rows) for text in texts}
    return {"edges": list(store.edges()), "entities": list(store.entities()), "counts": store.counts(), **rows}


# What is done to a graph, and what `check` says to it. All of it can be mended without reading a document again.
DAMAGE = {
    "support": ("MATCH (:Entity)-[f]->(:Entity) SET f.support = 7", "support is not"),
    "confidence": ("MATCH (:Entity)-[f]->(:Entity) SET f.confidence = 0.1", "confidence is not"),
    "edges gone": ("MATCH (:Entity)-[f]->(:Entity) DELETE f", "without an edge"),
    "an edge too many": (
        "MATCH (a:Entity {name: 'Acme'}), (b:Entity {name: 'Ann'}) "
        "CREATE (a)-[:KNOW {relation: 'knows', support: 1, confidence: 0.5}]->(b)",
        "edges without evidence",
    ),
    "an edge twice": (
        "MATCH (a:Entity {name: 'Ann'})-[f]->(b:Entity) WITH a, b, f LIMIT 1 "
        "CREATE (a)-[:AGAIN {relation: f.relation, support: f.support, confidence: f.confidence}]->(b)",
        "there twice",
    ),
    "heads gone": ("MATCH (:Extraction)-[h:HEAD]->() DELETE h", "exactly one head"),
    "tails twice": ("MATCH (x:Extraction)-[:TAIL]->(e) CREATE (x)-[:TAIL]->(e)", "exactly one tail"),
    "segments astray": ("MATCH (:Segment)-[p:PART_OF]->() DELETE p", "segments without a document"),
    "extractions astray": ("MATCH (:Extraction)-[f:FROM]->() DELETE f", "extractions without a segment"),
    "names astray": ("MATCH (:Name)-[r:NAMES]->() DELETE r", "without exactly one entity"),
    "a name of two": (
        "MATCH (n:Name {key: 'ann'}), (e:Entity {name: 'Acme'}) WITH n, e LIMIT 1 CREATE (n)-[:NAMES]->(e)",
        "without exactly one entity",
    ),
    "names gone": ("MATCH (n:Name) WHERE n.key IN ['ann', 'acme'] DETACH DELETE n", "without a name"),
    "names altered": ("MATCH (n:Name {key: 'acme'}) SET n.key = 'x', n.counts = [5]", ""),
    "entities gone": ("MATCH (e:Entity {name: 'Acme'}) DETACH DELETE e", "without exactly one entity"),
    "an entity gone that people made": ("MATCH (e:Entity {name: 'Bob'}) DETACH DELETE e", "exactly one entity"),
    "all entities gone": ("MATCH (e:Entity) DETACH DELETE e", "exactly one entity"),
    "an entity too many": ("CREATE (e:Entity {id: '00ff', name: 'Nobody', mentions: 0})", "entities without a name"),
    "mentions": ("MATCH (e:Entity {name: 'Ann'}) SET e.mentions = 9, e.name = 'An'", "mentions do not add up"),
    "mentions gone": ("MATCH (:Entity {name: 'Ann'})-[m:MENTIONED_IN]->() DELETE m", "mentions do not add up"),
    "keys of edges": ("MATCH (x:Extraction) WHERE x.edge IS NOT NULL SET x.edge = 'nothing'", "without evidence"),
    "all at once": (
        "MATCH (n) WHERE n:Name OR n:Extraction OR n:Segment MATCH (n)-[r]->() DELETE r",
        "segments without a document",
    ),
}


@pytest.mark.timeout(900)
def test_what_is_damaged_is_named_mended_and_then_as_it_was(any_store: GraphStore) -> None:
    fill(any_store)
    whole = everything(any_store)
    assert any_store.check() == []
    assert any_store.repair() == []
    assert everything(any_store) == whole
    for what, (damage, complaint) in DAMAGE.items():
        any_store.execute(damage)
        found = any_store.check()
        assert not complaint or any(complaint in each for each in found), (what, found)
        repairs = any_store.repair()
        assert repairs and all(each.count and each.done and each.example for each in repairs), what
        assert any_store.check() == [], what
        if what == "all at once":  # nothing is left by which extractions could find their segments
            fill(any_store)
        assert everything(any_store) == whole, what


def test_documents_that_lost_evidence_are_marked_and_read_again(any_store: GraphStore) -> None:
    fill(any_store)
    whole = everything(any_store)
    for damage, complaint, reason in (
        ("MATCH (d:Document {uri: 'a.txt'}) SET d.state = 'writing'", "interrupted", "interrupted"),
        ("MATCH (s:Segment {index: 0})-[:PART_OF]->({uri: 'a.txt'}) DETACH DELETE s", "without a segment", "damaged"),
        ("MATCH (x:Extraction {surface: 'knows'}) DETACH DELETE x", "not all there", "damaged"),
    ):
        any_store.execute(damage)
        assert any(complaint in each for each in any_store.check()), any_store.check()
        any_store.repair()
        assert any_store.check() == []
        marked = {document.uri: document.reason for document in any_store.documents(state="failed")}
        assert marked["a.txt"] == reason
        for uri in marked:
            any_store.write(contribute(uri, DOCUMENTS[uri]), size_bytes=9, recipe="test")
        join(any_store)
        mended = everything(any_store)
        for text in whole:
            assert mended[text] == whole[text], (damage, text)


@pytest.fixture
def neo4j_uri(neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where an empty Neo4j is; its credentials are in the environment."""
    for name, value in neo4j_server.environment().items():
        monkeypatch.setenv(name, value)
    with open_store(neo4j_server.uri) as store:
        store.execute("MATCH (n) DETACH DELETE n")
    return neo4j_server.uri


def test_a_missing_index_is_named_and_made(neo4j_uri: str) -> None:
    with open_store(neo4j_uri) as store:
        fill(store)
        store.execute("DROP INDEX kg_Entity_name")
        store.execute("DROP CONSTRAINT kg_Name_id_unique")
        faults = [fault.partition(";")[0] for fault in store.check()]
        assert faults == ["no index on Entity.name", "no index on Name.id"]
        (mended,) = store.repair()
        assert (mended.count, mended.done) == (2, "made")
        assert store.check() == []


def test_somebody_who_writes_meanwhile_ends_the_repair(neo4j_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(neo4j_uri) as store, open_store(neo4j_uri) as other:
        fill(store)
        store.execute("MATCH (:Entity)-[f]->(:Entity) SET f.support = 7")
        original = store._connection.writing

        def slow(work: Callable[[Run], object]) -> object:
            other.write(contribute("c.txt", ["Zoe | knows | Ann"]), size_bytes=1, recipe="test")
            return original(work)

        monkeypatch.setattr(store._connection, "writing", slow)
        with pytest.raises(StoreError, match="nobody else to write"):
            store.repair()
        monkeypatch.setattr(store._connection, "writing", original)
        store.repair()
        assert store.check() == []


# ---------------------------------------------------------------- the cache
TEXT = "Mara Quill founded Harbor Robotics. Harbor Robotics acquired Deep Tide in 2013."


def ingest(folder: Path, store: GraphStore, cache: Path) -> None:
    build_graph([folder], store=store, recipe=Recipe(segment_characters=50), cache=cache, workers=0)


def _delete(cache: Path) -> None:
    cache.unlink()


def _garble(cache: Path) -> None:
    cache.write_bytes(b"no database at all" * 500)


def _spoil(cache: Path) -> None:
    with sqlite3.connect(cache) as db:
        db.execute("UPDATE cached SET value = x'00ff'")


def _tear(cache: Path) -> None:
    content = bytearray(cache.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    cache.write_bytes(content)


@pytest.mark.parametrize("harm", [_delete, _garble, _spoil, _tear])
def test_whatever_becomes_of_the_cache_the_graph_is_the_same(
    embedded_store: GraphStore, embedded_path: Path, tmp_path: Path, harm: object
) -> None:
    folder, cache = tmp_path / "documents", tmp_path / "cache.sqlite"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    ingest(folder, embedded_store, cache)
    (folder / "a.txt").write_text(f"Ines Varga leads Deep Tide. {TEXT}")
    with sqlite3.connect(cache) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open_store(f"embedded:{embedded_path}") as undamaged:
        ingest(folder, undamaged, tmp_path / "other.sqlite")
        from kg_builder.cache import open_cache

        open_cache.cache_clear()
        harm(cache)  # type: ignore[operator]
        ingest(folder, embedded_store, cache)
        assert list(embedded_store.edges()) == list(undamaged.edges())
        assert embedded_store.check() == []
        open_cache.cache_clear()


def test_another_stores_cache_changes_nothing(embedded_store: GraphStore, embedded_path: Path, tmp_path: Path) -> None:
    mine, theirs, cache = tmp_path / "mine", tmp_path / "theirs", tmp_path / "cache.sqlite"
    for folder, text in ((mine, TEXT), (theirs, "Ines Varga leads Deep Tide. Ines Varga met Mara Quill.")):
        folder.mkdir()
        (folder / "a.txt").write_text(text)
    ingest(theirs, embedded_store, cache)
    embedded_store.execute("MATCH (n) DETACH DELETE n")
    ingest(mine, embedded_store, cache)
    with open_store(f"embedded:{embedded_path}") as alone:
        ingest(mine, alone, tmp_path / "other.sqlite")
        assert list(embedded_store.edges()) == list(alone.edges())


def test_doctor_tells_the_state_of_the_cache_and_mends_it(embedded_store: GraphStore, tmp_path: Path) -> None:
    folder, cache = tmp_path / "documents", tmp_path / "cache.sqlite"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    ingest(folder, embedded_store, cache)

    def found(what: str) -> tuple[bool, str]:
        (finding,) = [f for f in examine(embedded_store.uri, cache=cache) if f.what == what]
        return finding.healthy, finding.found

    assert found("cache and graph")[1].startswith("the cache could answer 2 of the 2 segments")
    assert "2 entries" in found("cache")[1]
    with sqlite3.connect(cache) as db:
        db.execute("UPDATE cached SET value = x'00ff' WHERE key = (SELECT min(key) FROM cached)")
    healthy, text = found("cache")
    assert not healthy and "1 of which cannot be read" in text
    assert "1 of the 2" in found("cache and graph")[1]
    assert "cannot be read: 1" in mend(embedded_store.uri, cache=cache)[0].found
    assert found("cache")[0]
    copy = tmp_path / "garbled.sqlite"
    copy.write_bytes(b"no database at all" * 500)
    assert any(not f.healthy for f in examine(embedded_store.uri, cache=copy) if f.what == "cache")
    assert copy.exists()  # a look changes nothing
    assert "set aside" in mend(embedded_store.uri, cache=copy)[0].remedy
    assert copy.with_name("garbled.sqlite.damaged").exists()
    assert all(f.healthy for f in examine(embedded_store.uri, cache=copy))


def test_the_command_line_names_and_mends(embedded_path: Path, tmp_path: Path) -> None:
    from test_cli import Kg

    kg = Kg(tmp_path, f"embedded:{embedded_path}")
    with open_store(f"embedded:{embedded_path}") as store:
        fill(store)
        store.execute("MATCH (:Entity)-[f]->(:Entity) SET f.support = 7")
        back_up(store, tmp_path / "graph.zip")
        shutil.copy(tmp_path / "graph.zip", tmp_path / "copy.zip")
        assert "FAULT  graph: edges whose support" in kg("doctor", status=3)
        mended = kg("doctor", "--repair")
        assert "mended: edges whose support is not the number of their evidence" in mended
        assert "every invariant holds" in mended
        kg("doctor")
        kg.environment["KG_ONTOLOGY"] = "nowhere.toml"  # a graph is seen to without what would read texts
        found = kg("doctor", "--repair", status=3)
        assert "FAULT  settings: " in found and "nowhere.toml" in found and "every invariant holds" in found
        del kg.environment["KG_ONTOLOGY"]
        restore(store, tmp_path / "copy.zip", replace=True)  # what follows from the evidence was never in it
        assert store.check() == []
        store.keeper.begin_restore("another")
        assert "a restore was interrupted" in kg("doctor", status=3)

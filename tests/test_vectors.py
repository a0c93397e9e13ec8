"""Vectors of names: candidates and evidence, from a callable or a real model, the same whatever the order."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_builder import name_vectors
from kg_builder.errors import ConfigError
from kg_builder.name_vectors import NameVectors, open_vectors
from kg_builder.resolve import vectors
from kg_builder.resolve.explaining import explain
from kg_builder.resolve.records import Profile
from kg_builder.resolve.scoring import link
from kg_builder.resolving import resolve_graph
from kg_builder.resolving_aids import Aids
from kg_builder.resolving_by_hand import merge_entities, never_merge, part_entity
from kg_builder.resolving_explained import explain_names
from kg_builder.resolving_index import Index, open_index
from kg_builder.store import GraphStore
from kg_builder.types import Name

sys.path.insert(0, str(Path(__file__).parent / "store"))

from making import content, write

MEANINGS = {
    "carmaker": 0,
    "automobile manufacturer": 0,
    "vehicle builder": 0,
    "harbour trust": 1,
    "seaport foundation": 1,
}
PLUGIN = f'''
import numpy as np

MEANINGS = {MEANINGS!r}


def embed(texts):
    """What means one thing has one vector; everything else one of its own, told by its letters."""
    rows = []
    for text in texts:
        seed = MEANINGS.get(text.casefold(), 100 + sum(map(ord, text)))
        rows.append(np.random.default_rng(seed).normal(size=24))
    return np.stack(rows)


def broken(texts):
    return np.zeros((len(texts) + 1, 3))


def endless(texts):
    return np.full((len(texts), 3), np.nan)
'''
WITH = Aids(vectors="meanings:embed")
WITHOUT = Aids(vectors="none")
LINES = [
    ["Carmaker:Organization | builds | Gearbox:Product", "Carmaker:Organization | sits in | Oslo:Place"],
    ["Automobile Manufacturer:Organization | builds | Gearbox:Product"],
    ["Automobile Manufacturer:Organization | sits in | Oslo:Place", "Carmaker:Organization | owns | Mill:Place"],
    ["Harbour Trust:Organization | owns | Pier:Place", "Vehicle Builder:Organization | builds | Gearbox:Product"],
    ["Seaport Foundation:Organization | owns | Pier:Place", "Harbour Trust:Organization | runs | Quay:Place"],
    ["Seaport Foundation:Organization | runs | Quay:Place", "Vehicle Builder:Organization | sits in | Oslo:Place"],
]


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "meanings.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("meanings", None)
    name_vectors.open_vectors.cache_clear()
    yield
    sys.modules.pop("meanings", None)


def state(store: GraphStore) -> object:
    rows = store.query("MATCH (a:Name)-[l:LINKED]->(b:Name) RETURN a.key, b.key, l.probability, l.rule, l.scores").rows
    return content(store), sorted(rows)


def together(store: GraphStore, *names: str) -> bool:
    return any(set(names) <= {e.name, *e.aliases} for e in store.entities())


# ---------------------------------------------------------------- the nearest names
def profile(i: int, text: str = "") -> Profile:
    return Profile(Name(f"name {i}", "Other"), {text or f"Name {i}": 1})


def clustered(texts: list[str]) -> np.ndarray:
    def near(text: str) -> np.ndarray:
        number = int(text.split()[1])
        rough, own = np.random.default_rng(number % 5).normal(size=16), np.random.default_rng(number).normal(size=16)
        return rough + 0.5 * own

    return np.stack([near(text) for text in texts])


def kept(index: Index, people: list[Profile]) -> object:
    near = index._db.execute("SELECT a.id, b.id FROM near JOIN name a USING (n) JOIN name b ON b.n = near.m").fetchall()
    return sorted(near), sorted(index.links({each.id for each in people}), key=lambda each: (each.a, each.b))


@pytest.mark.parametrize("most", [vectors.MOST_NAMES, 25])
def test_the_nearest_names_are_those_of_a_search_from_scratch(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "MOST_NAMES", most)  # so that there are too many names, and few enough again
    monkeypatch.setattr(vectors, "NEIGHBOURS", 3)
    model = NameVectors("clustered", "1", clustered)
    everybody = [profile(i) for i in range(50)]
    for seed in range(6):
        chance = random.Random(seed)
        grown = open_index(None, model)
        there: set[int] = set()
        for _ in range(10):
            some = chance.sample(range(50), chance.randint(1, 10))
            gone = set(chance.sample(some, chance.randint(0, len(some))))
            grown.learn([everybody[i].id for i in some], [everybody[i] for i in some if i not in gone])
            there = (there | set(some)) - gone
            grown.compare_all()
        scratch, here = open_index(None, model), [everybody[i] for i in sorted(there, reverse=True)]
        scratch.learn([each.id for each in here], here)
        scratch.compare_all()
        assert kept(grown, here) == kept(scratch, here)
        if len(here) <= most and seed < 3:
            found, _ = kept(grown, here)  # type: ignore[misc]
            made = vectors.quantised(clustered([next(iter(each.surfaces)) for each in here]))
            for i, each in enumerate(here):
                dots = [(-vectors.score(made[i], made[j]), o.id) for j, o in enumerate(here) if j != i]
                best = sorted(id_ for dot, id_ in sorted(dots)[:3] if -dot >= vectors.least_score())
                assert sorted(b for a, b in found if a == each.id) == best


def test_a_name_that_is_spelt_anew_has_other_neighbours() -> None:
    model = NameVectors("clustered", "1", clustered)
    people = [profile(i) for i in range(20)]
    grown = open_index(None, model)
    grown.learn([each.id for each in people], people)
    grown.compare_all()
    people[3] = profile(3, "Name 11")
    grown.learn([people[3].id], [people[3]])
    grown.compare_all()
    scratch = open_index(None, model)
    scratch.learn([each.id for each in people], people)
    scratch.compare_all()
    assert kept(grown, people) == kept(scratch, people)


# ---------------------------------------------------------------- as evidence
def test_vectors_speak_for_a_pair_and_are_told_in_both_languages() -> None:
    a, b = profile(1, "Carmaker"), profile(2, "Automobile Manufacturer")
    without, with_ = link(a, b), link(a, b, vectors=0.9)
    assert with_.probability > without.probability
    assert with_.scores["vectors alike"] == 0.9
    assert "to the embedding model they are alike" in explain(a, b, with_)
    assert "向量模型认为两者相近" in explain(a, b, with_, "zh")
    typed = [Profile(Name("x", "Person"), {"X": 1}), Profile(Name("y", "Place"), {"Y": 1})]
    assert link(typed[0], typed[1], vectors=1.0).probability == 0.0


def test_names_without_a_word_in_common_come_together_by_vectors(any_store: GraphStore, tmp_path: Path) -> None:
    for number, lines in enumerate(LINES):
        write(any_store, f"{number}.txt", *lines)
    resolve_graph(any_store, index=tmp_path / "index")
    assert not together(any_store, "Carmaker", "Automobile Manufacturer")
    plain = state(any_store)
    report = resolve_graph(any_store, index=tmp_path / "index", aids=WITH)
    assert report.afresh
    assert together(any_store, "Carmaker", "Automobile Manufacturer")
    assert any_store.check() == []
    assert not resolve_graph(any_store, index=tmp_path / "index", aids=WITH).names
    assert "vectors" in {row[3] for row in state(any_store)[1]}  # type: ignore[index]
    told = explain_names(any_store, "Carmaker", "Automobile Manufacturer", aids=WITH)
    assert told.one
    assert "embedding model" in " ".join(told.reasons)
    apart = explain_names(any_store, "Carmaker", "Pier")
    assert "'meanings:embed'" in apart.reasons[-1]
    with pytest.raises(ConfigError, match="with, 'meanings:embed', found none; set resolve_vectors"):
        resolve_graph(any_store, index=tmp_path / "index")
    assert resolve_graph(any_store, index=tmp_path / "index", aids=WITHOUT).afresh
    assert state(any_store) == plain


def test_a_decision_goes_before_vectors_and_holds_at_once(any_store: GraphStore, tmp_path: Path) -> None:
    for number, lines in enumerate(LINES):
        write(any_store, f"{number}.txt", *lines)
    resolve_graph(any_store, aids=WITH)
    assert together(any_store, "Carmaker", "Automobile Manufacturer")
    never_merge(any_store, "Carmaker", "Automobile Manufacturer", who="ann")
    assert not together(any_store, "Carmaker", "Automobile Manufacturer")
    part_entity(any_store, "Oslo", ["5.txt"])
    assert sum(e.name == "Oslo" for e in any_store.entities()) == 2
    merge_entities(any_store, "Pier", "Quay", who="ann")
    assert together(any_store, "Pier", "Quay")
    resolve_graph(any_store, aids=WITH)
    assert not together(any_store, "Carmaker", "Automobile Manufacturer")
    assert together(any_store, "Pier", "Quay")
    resolve_graph(any_store, aids=WITHOUT)


def test_the_order_of_documents_does_not_matter_with_vectors(embedded_store: GraphStore, tmp_path: Path) -> None:
    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(order=st.permutations(range(len(LINES))), data=st.data())
    def check(order: list[int], data: st.DataObject) -> None:
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        write(embedded_store, "gone.txt", *LINES[order[0]])
        for number in order:
            write(embedded_store, f"{number}.txt", *LINES[number])
            if data.draw(st.booleans()):
                resolve_graph(embedded_store, index=tmp_path / "index", aids=WITH)
        embedded_store.remove("gone.txt")
        resolve_graph(embedded_store, index=tmp_path / "index", aids=WITH)
        assert embedded_store.check() == []
        found = state(embedded_store)
        embedded_store.execute("MATCH (n) DETACH DELETE n")
        for number, lines in enumerate(LINES):
            write(embedded_store, f"{number}.txt", *lines)
        resolve_graph(embedded_store, keep_index=False, aids=WITH)
        assert state(embedded_store) == found

    check()


# ---------------------------------------------------------------- where they come from
def test_a_change_of_the_callable_is_a_change_of_the_vectors(embedded_store: GraphStore, tmp_path: Path) -> None:
    write(embedded_store, "a.txt", *LINES[0])
    resolve_graph(embedded_store, index=tmp_path / "index", aids=WITH)
    assert not resolve_graph(embedded_store, index=tmp_path / "index", aids=WITH).afresh
    (tmp_path / "meanings.py").write_text(PLUGIN.replace("size=24", "size=32"))
    sys.modules.pop("meanings")
    open_vectors.cache_clear()
    assert resolve_graph(embedded_store, index=tmp_path / "index", aids=WITH).afresh


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("meanings:nothing", "expected a callable at 'meanings:nothing'"),
        ("nowhere:embed", "No module named 'nowhere'"),
        ("meanings:MEANINGS", "to be callable, found dict"),
    ],
)
def test_vectors_that_are_not_there_are_refused_by_name(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_vectors(name)


@pytest.mark.parametrize(("name", "message"), [("broken", r"found shape \(3, 3\)"), ("endless", "not finite")])
def test_what_is_no_array_of_vectors_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_vectors(f"meanings:{name}").of(["a", "b"])


def test_a_missing_extra_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_vectors, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'kg-builder\[vectors\]'"):
        open_vectors("somebody/some-model")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows the letters, with random weights."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)
    return folder


def test_a_model_is_loaded_by_its_folder(model: Path, embedded_store: GraphStore, tmp_path: Path) -> None:
    opened = open_vectors(str(model))
    alone, among = opened.of(["Deep Tide"]), opened.of(["Mara Quill", "Deep Tide", "x" * 5000])
    assert alone.shape == (1, 32)
    assert (alone[0] == among[1]).all()  # to the last digit, whatever else there is
    assert opened.alike(profile(1, "Deep Tide"), profile(2, "deep tide")) > 0.999
    for number, lines in enumerate(LINES):
        write(embedded_store, f"{number}.txt", *lines)
    resolve_graph(embedded_store, index=tmp_path / "index", aids=Aids(vectors=str(model)))
    assert embedded_store.check() == []
    found = state(embedded_store)
    assert resolve_graph(embedded_store, keep_index=False, aids=Aids(vectors=str(model))).compared > 0
    assert state(embedded_store) == found
    (model / "1_Pooling").mkdir()
    (model / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    open_vectors.cache_clear()
    first = open_vectors(str(model))
    assert first.fingerprint != opened.fingerprint
    assert (first.of(["Deep Tide"]) != alone).any()


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a model with its tokenizer at"):
        open_vectors(str(tmp_path)).of(["a"])

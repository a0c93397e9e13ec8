"""What the interface keeps on the disk: names that are safe, files that are whole, paths that stay inside."""

from __future__ import annotations

import errno
import json
import os
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest

from kg_builder.config import Settings
from kg_builder.errors import ConfigError
from ui import ingest_form, links
from ui.places import allowed_path, inside, model_named
from ui.query_book import QueryBook, SavedQuery
from ui.trial_choice import Choice, recipe_for
from ui.workspace import allowed_roots, keep_json, kept_json, safe_name, store_folder, workspace


@pytest.fixture(autouse=True)
def own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_WORKSPACE", str(tmp_path / "workspace"))
    (tmp_path / "root" / "inner").mkdir(parents=True)
    monkeypatch.setenv("KGUI_ROOTS", str(tmp_path / "root"))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report 2024.pdf", "report 2024.pdf"),
        ("年报.txt", "年报.txt"),
        ("../../x", "x"),
        ("..\\..\\x.md", "x.md"),
        ("/etc/passwd", "passwd"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("a\u202eb.txt", "ab.txt"),
        ("a\x00\n\x1bb.txt", "ab.txt"),
        (".hidden", "hidden"),
        ("...", "file"),
        ("", "file"),
        ("a/", "file"),
        ("\ud800.txt", "txt"),
        ("e\u0301.txt", "\u00e9.txt"),
    ],
)
def test_names_of_files_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", ["x" * 300, "汉" * 300 + ".docx", "a." + "b" * 300, "\U0001f600" * 300, "." * 300])
def test_long_names_are_cut_and_keep_what_they_end_in(name: str, tmp_path: Path) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 120 and len(safe.encode()) <= 200
    assert safe.endswith(".docx") == name.endswith(".docx")
    assert unicodedata.is_normalized("NFC", safe)
    (tmp_path / safe).touch()


def test_what_is_kept_comes_back_and_what_is_damaged_is_set_aside() -> None:
    path = workspace() / "kept.json"
    assert kept_json(path, [1]) == [1]
    keep_json(path, {"名": "\ud800"})
    assert kept_json(path, None) == {"名": "\ud800"}
    path.write_text('{"half":')
    assert kept_json(path, "default") == "default"
    assert not path.exists() and (workspace() / "kept.json.broken").read_text() == '{"half":'
    assert json.dumps(kept_json(path, 0)) == "0"
    assert workspace().stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_read_just_now_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    path = workspace() / "kept.json"
    keep_json(path, [1])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", _no_more_files)
        assert kept_json(path, []) == []
        with pytest.raises(OSError, match="Too many open files"):
            kept_json(path, [], to_change=True)
        book = QueryBook("embedded:somewhere")
        with pytest.raises(OSError, match="Too many open files"):
            book.save(SavedQuery("a", "RETURN 1"))
    assert kept_json(path, []) == [1] and not path.with_name("kept.json.broken").exists()
    assert book.saved() == []


def _no_more_files(self: Path, encoding: str = "utf-8") -> str:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_store_s_folder_is_one_however_its_address_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert store_folder("embedded:graph") == store_folder(f"embedded:{tmp_path}/./graph")
    assert store_folder("bolt://HOST:7687/") == store_folder("bolt://host:7687")
    assert store_folder("bolt://host:7687") != store_folder("bolt://other:7687")


def test_only_what_lies_inside_the_roots_may_be_named(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "back").symlink_to(root / "inner")
    assert allowed_roots() == (root, tmp_path / "workspace" / "uploads")
    assert allowed_path(str(root / "inner")) == allowed_path("inner") == allowed_path("back") == root / "inner"
    assert allowed_path(str(root)) == root
    for wrong in (str(outside), "link", "../outside", str(root) + "-beside", "/", "~", "", " ", "a\0b"):
        with pytest.raises(ConfigError):
            allowed_path(wrong)


NEVER_THERE = ("~nobody-of-that-name/x", "a\0b", "loop", "x" * 300)


def test_a_model_is_a_folder_that_may_be_read_or_a_name_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "root")
    Path("loop").symlink_to("loop")
    assert model_named(" inner ") == model_named(str(tmp_path / "root" / "inner")) == str(tmp_path / "root" / "inner")
    assert model_named("owner/name-7b") == "owner/name-7b"
    Path("owner").mkdir()
    Path("owner/name-7b").touch()
    for wrong in (*NEVER_THERE, "", "name", "a/b/c", "../base", str(tmp_path), "owner/name-7b"):
        with pytest.raises(ConfigError):
            model_named(wrong)


def test_no_path_that_is_typed_takes_a_page_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "root")
    Path("loop").symlink_to("loop")
    for name in NEVER_THERE:
        assert not inside(name)
        for choice in (Choice("llm", model=name), Choice("llm", adapter=name), Choice(ontology=name)):
            with pytest.raises(ConfigError):
                recipe_for(choice, Settings())
        with pytest.raises(ConfigError):
            ingest_form._model(name, "", "llm")
    assert ingest_form._model(" served:7b ", "", "endpoint") == "served:7b"
    with pytest.raises(ConfigError, match="a model's name"):
        ingest_form._model("a\0b", "", "endpoint")


@pytest.mark.parametrize("wanted", ["query?" + "a=1&" * 60, "&" + "a=1&" * 60, "//[x", "x" * 5000, 3])
def test_what_a_browser_calls_a_link_goes_nowhere_unless_it_is_one(
    wanted: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    state = {links._KEY: SimpleNamespace(go=wanted)}
    monkeypatch.setattr(links.st, "session_state", state)
    monkeypatch.setattr(links, "write", lambda **values: written.append(values))
    links._clicked()
    assert written == [] and "_linked" not in state

"""Which files are found, each once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_builder.loaders import Found, discover, path_of, to_uri, uri_of


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return root


def names(root: Path, **options: list[str]) -> list[str]:
    return [f.path.relative_to(root).as_posix() for f in discover([root], **options) if f.problem is None]


def reasons(found: list[Found]) -> dict[str, str]:
    return {f.path.name: f.problem.reason for f in found if f.problem}


def test_walk_is_sorted_and_passes_over_what_is_hidden(tmp_path: Path) -> None:
    tree(tmp_path, "b/a.md", "a.txt", "b.md", ".git/x.md", "b/.hidden.md", "~$b.docx", "A.txt")
    assert names(tmp_path) == ["A.txt", "a.txt", "b.md", "b/a.md"]


def test_archives_and_unknown_formats_are_reported(tmp_path: Path) -> None:
    tree(tmp_path, "a.zip", "b.tar.gz", "c.exe", "README", "d.TXT", "e.unknown")
    found = list(discover([tmp_path]))
    assert reasons(found) == {
        "README": "unknown-format",
        "a.zip": "archive",
        "b.tar.gz": "archive",
        "c.exe": "unknown-format",
        "e.unknown": "unknown-format",
    }
    assert len(found) == 6


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    tree(tmp_path, "README", ".hidden", "a.zip")
    found = list(discover([tmp_path / "README", tmp_path / ".hidden", tmp_path / "a.zip", tmp_path / "none.txt"]))
    assert [f.problem and f.problem.reason for f in found] == [None, None, "archive", "not-found"]


def test_overlapping_paths_give_each_file_once(tmp_path: Path) -> None:
    tree(tmp_path, "a/b.txt", "a/c/d.txt")
    found = list(discover([tmp_path / "a" / "c", tmp_path, tmp_path / "a" / "b.txt", tmp_path / "a"]))
    assert sorted(f.path.name for f in found) == ["b.txt", "d.txt"]


def test_links_that_leave_the_folder_are_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, "in/a.txt", "out/b.txt", "in-other/c.txt")
    (tmp_path / "in" / "file.txt").symlink_to(tmp_path / "out" / "b.txt")
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "prefix").symlink_to(tmp_path / "in-other")
    found = list(discover([tmp_path / "in"]))
    assert [f.path.name for f in found if not f.problem] == ["a.txt"]
    assert reasons(found) == {"file.txt": "link-outside", "folder": "link-outside", "prefix": "link-outside"}


def test_links_inside_the_folder_are_no_files_of_their_own(tmp_path: Path) -> None:
    tree(tmp_path, "a/b.txt", ".data/v1.txt")
    (tmp_path / "0-copy.txt").symlink_to("a/b.txt")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "current.txt").symlink_to(".data/v1.txt")
    found = list(discover([tmp_path]))
    assert [f.path.name for f in found if not f.problem] == ["b.txt", "current.txt"]
    assert set(reasons(found)) == {"self"}


def test_broken_links_pipes_and_unreadable_folders_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, "a.txt", "locked/b.txt")
    (tmp_path / "broken.txt").symlink_to("nowhere.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    listed = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr("kg_builder.loaders.discovery.os.scandir", refuse)
    found = list(discover([tmp_path]))
    assert reasons(found) == {"broken.txt": "broken-link", "locked": "permission", "pipe.txt": "not-a-file"}
    assert [f.path.name for f in found if not f.problem] == ["a.txt"]


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["*.md"], [], ["a.md", "x/b.md", "x/y/c.md"]),
        (["x/*.md"], [], ["x/b.md"]),
        (["x/**/*.md"], [], ["x/b.md", "x/y/c.md"]),
        (["**/c.*"], [], ["x/y/c.md"]),
        ([], ["x"], ["a.md", "a.txt"]),
        ([], ["x/y/"], ["a.md", "a.txt", "x/b.md"]),
        ([], ["x/**"], ["a.md", "a.txt"]),
        (["*.md"], ["[ab].md"], ["x/y/c.md"]),
        (["[!a].md"], [], ["x/b.md", "x/y/c.md"]),
        (["?.txt"], [], ["a.txt"]),
        (["*.pdf"], [], []),
    ],
)
def test_globs(tmp_path: Path, include: list[str], exclude: list[str], expected: list[str]) -> None:
    tree(tmp_path, "a.md", "a.txt", "x/b.md", "x/y/c.md")
    assert names(tmp_path, include=include, exclude=exclude) == expected


@pytest.mark.parametrize(
    "name", ["new\nline.txt", "quo'te\".txt", "😀.txt", "中文.txt", "a%2Fb #?.txt", os.fsdecode(b"\xff\xfe.txt")]
)
def test_odd_names_are_found_and_their_uris_lead_back(tmp_path: Path, name: str) -> None:
    tree(tmp_path, name)
    (found,) = discover([tmp_path])
    assert found.problem is None
    assert found.size_bytes == 4
    assert found.uri.startswith("file:///")
    assert found.uri.isascii()
    assert path_of(found.uri) == found.path
    assert to_uri(found.uri) == found.uri == to_uri(str(found.path)) == uri_of(found.path)


def test_uris_are_absolute_and_those_of_the_standard_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert uri_of(Path("a b.txt")) == (tmp_path / "a b.txt").as_uri() == uri_of(Path("x/../a b.txt"))
    with pytest.raises(ValueError, match="local file"):
        path_of("https://x.example/a")


def test_a_name_with_a_null_character_is_reported() -> None:
    (found,) = discover([Path("a\0b")])
    assert found.problem is not None


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0/"), min_size=1, max_size=40))
def test_every_path_comes_back_from_its_uri(name: str) -> None:
    path = Path("/folder") / name
    if name not in (".", ".."):
        assert path_of(uri_of(path)) == path

"""Settings: where they come from, which wins, and what is refused."""

from pathlib import Path

import pytest

from kg_builder.config import Settings, load_settings
from kg_builder.errors import ConfigError


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "kg.toml").write_text('store = "embedded:from-file"\nworkers = 3\nfile_timeout_s = 5\n')
    environment = {"KG_STORE": "embedded:from-environment", "KG_SEGMENT_CHARACTERS": "500"}
    settings = load_settings({"store": "embedded:from-flag", "workers": None}, environment=environment, folder=tmp_path)
    assert settings == Settings(
        store="embedded:from-flag", workers=3, segment_characters=500, file_timeout_s=5, extractor="open_ie"
    )
    assert load_settings(environment=environment, folder=tmp_path).store == "embedded:from-environment"
    assert load_settings(environment={}, folder=tmp_path).store == "embedded:from-file"


def test_the_default_store_does_not_depend_on_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = load_settings(environment={}, folder=tmp_path).store
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment={}).store == here
    assert here.startswith("embedded:/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('stroe = "x"', "unknown key 'stroe'; did you mean 'store'"),
        ('workers = "two"', "'workers': expected int, found 'two'"),
        ("workers = true", "'workers': expected int, found True"),
        ("workers = -1", "expected at least 0, found -1"),
        ("segment_characters = 3", "expected at least 16"),
        ("file_timeout_s = 0", "more than 0 seconds"),
        ("store = ", "expected a TOML file"),
    ],
)
def test_a_file_that_cannot_work_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "kg.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_settings(environment={}, folder=tmp_path)


def test_a_misspelt_variable_is_refused_and_others_are_let_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'KG_STROE' is no setting; did you mean 'KG_STORE'"):
        load_settings(environment={"KG_STROE": "x"}, folder=tmp_path)
    with pytest.raises(ConfigError, match=r"KG_WORKERS: expected int, found 'many'"):
        load_settings(environment={"KG_WORKERS": "many"}, folder=tmp_path)
    load_settings(environment={"KG_DATA": "/data", "KG_OF_ANOTHER_PROGRAM": "1"}, folder=tmp_path)

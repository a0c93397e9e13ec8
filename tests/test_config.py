"""Settings: where they come from, which wins, and what is refused."""

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg_builder.cli import cli
from kg_builder.config import Settings, load_settings, settings_with_origins
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


def test_each_setting_says_where_it_comes_from_and_hides_what_stands_in_addresses(tmp_path: Path) -> None:
    (tmp_path / "kg.toml").write_text('workers = 3\nbase_url = "http://me:hidden@host/v1"\nextractor = "llm"\n')
    environment = {"KG_EXTRACTOR": "endpoint", "KG_CACHE": "none"}
    found = settings_with_origins({"cache": "here", "store": None}, environment=environment, folder=tmp_path)
    assert [each.name for each in found] == [field.name for field in dataclasses.fields(Settings)]
    by_name = {each.name: (each.value, each.source, each.place) for each in found}
    assert by_name["workers"] == (3, "file", str(tmp_path / "kg.toml"))
    assert by_name["base_url"] == ("http://host/v1", "file", str(tmp_path / "kg.toml"))
    assert by_name["extractor"] == ("endpoint", "environment", "KG_EXTRACTOR")
    assert by_name["cache"] == ("here", "flag", "--cache")
    assert by_name["concurrency"] == (8, "default", "")
    assert by_name["store"][1] == "default" and by_name["store"][0].startswith("embedded:")
    assert all(each.help for each in found)


def test_the_command_shows_settings_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_PASSWORD", "never-shown")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("KG_WORKERS", "2")
    shown = CliRunner().invoke(cli, ["settings"], standalone_mode=False)
    assert "never-shown" not in shown.output and "KG_WORKERS" in shown.output
    told = json.loads(CliRunner().invoke(cli, ["settings", "--json"], standalone_mode=False).output)
    assert told["secrets"]["NEO4J_PASSWORD"] is True and told["secrets"]["OPENAI_API_KEY"] is False
    assert {"name": "workers", "value": 2, "default": 0, "source": "environment", "place": "KG_WORKERS"} in told[
        "settings"
    ]

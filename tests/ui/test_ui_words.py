"""Both languages say the same things, and every word that the pages ask for exists."""

from __future__ import annotations

import ast
import dataclasses
import re
import string
from pathlib import Path

import pytest

from kg_builder.config import Settings
from kg_builder.types import ENTITY_TYPES, MODALITIES, POLARITIES
from ui.i18n import EN, ZH, language_of, translate
from ui.words.settings_help import HELP_ZH

UI = Path(__file__).resolve().parents[2] / "ui"


def keys_in(source: str) -> tuple[set[str], set[str]]:
    """Keys asked for by name, and the fixed beginnings of those that are put together."""
    whole: set[str] = set()
    beginnings: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t" and node.args):
            continue
        for part in ast.walk(node.args[0]):
            if isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                beginnings.add(str(part.values[0].value))
        first = node.args[0]
        options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
        whole |= {str(o.value) for o in options if isinstance(o, ast.Constant)}
    return whole, beginnings


def test_both_languages_have_the_same_keys_and_places() -> None:
    assert list(EN) == list(ZH)
    for key in EN:
        places = [sorted(name for _, name, _, _ in string.Formatter().parse(words[key]) if name) for words in (EN, ZH)]
        assert places[0] == places[1], key


def test_every_key_that_is_used_exists_and_every_key_is_used() -> None:
    whole: set[str] = set()
    beginnings: set[str] = set()
    text = ""
    for path in UI.rglob("*.py"):
        if path.parent.name == "words" or "node_modules" in path.parts:
            continue
        source = path.read_text(encoding="utf-8")
        text += source
        found = keys_in(source)
        whole |= found[0]
        beginnings |= found[1]
    assert whole <= set(EN)
    assert all(any(key.startswith(start) for key in EN) for start in beginnings)
    named = set(re.findall(r'"([a-z]+\.[A-Za-z.]+)"', text))
    unused = [key for key in EN if key not in whole | named and not key.startswith(tuple(beginnings))]
    assert unused == []


def test_every_setting_is_explained_in_chinese() -> None:
    assert list(HELP_ZH) == [field.name for field in dataclasses.fields(Settings)]
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in HELP_ZH.values())


def test_chinese_is_chinese() -> None:
    same = {key for key in EN if EN[key] == ZH[key]}
    assert same <= {"query.cypher", "query.json"}
    assert all(re.search(r"[\u4e00-\u9fff]", ZH[key]) for key in ZH if key not in same)


def test_everything_that_the_data_can_be_has_a_word() -> None:
    for prefix, values in (("type", ENTITY_TYPES), ("polarity", POLARITIES), ("modality", MODALITIES)):
        assert all(f"{prefix}.{value}" in EN for value in values)


def test_a_key_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        translate("en", "no.such.key")


@pytest.mark.parametrize(("tag", "language"), [("zh-CN", "zh"), ("en-GB", "en"), ("de", None), (None, None)])
def test_the_browser_s_language_is_understood(tag: str | None, language: str | None) -> None:
    assert language_of(tag) == language

"""Every word of the interface, in English and in Chinese: each page has a module of `ui.words`.

A key is ``view.thing``; values may hold ``{named}`` places. Both dicts have the same keys and places (a test says so).
Whatever comes from documents is never translated.
"""

from __future__ import annotations

from typing import Literal, get_args

from ui.words import (
    documents,
    drawing,
    evidence,
    explore,
    frame,
    ingest,
    overview,
    playground,
    query,
    review,
    search,
    settings,
    training,
)

__all__ = ["EN", "LANGUAGES", "ZH", "UiLanguage", "language_of", "translate"]

UiLanguage = Literal["en", "zh"]
LANGUAGES: dict[UiLanguage, str] = {"en": "English", "zh": "中文"}

_PARTS = (
    frame,
    overview,
    ingest,
    search,
    explore,
    drawing,
    evidence,
    documents,
    query,
    review,
    playground,
    training,
    settings,
)
EN: dict[str, str] = {key: words for part in _PARTS for key, words in part.EN.items()}
ZH: dict[str, str] = {key: words for part in _PARTS for key, words in part.ZH.items()}
_WORDS: dict[UiLanguage, dict[str, str]] = {"en": EN, "zh": ZH}


def translate(language: UiLanguage, key: str, **values: object) -> str:
    """The words of `key` with `values` in their places. A key that does not exist is a KeyError: tests find it."""
    words = _WORDS[language][key]
    return words.format(**values) if values else words


def language_of(text: str | None) -> UiLanguage | None:
    """The interface language that a tag such as ``zh-CN`` stands for; None for another one."""
    tag = (text or "").split("-")[0].lower()
    return next((language for language in get_args(UiLanguage) if language == tag), None)

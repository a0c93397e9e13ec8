"""Language models for tests of what is extracted with one, made when they are first asked for; and an endpoint."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import KEY
from lessons import LESSONS, lessons
from misbehaving import Misbehaving, serving
from tiny_models import Kind, make_model, teach

from kg_builder.endpoint import Endpoint


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Kind], Path]:
    """Untrained models by kind."""
    made: dict[Kind, Path] = {}

    def model(kind: Kind) -> Path:
        if kind not in made:
            made[kind] = make_model(kind, tmp_path_factory.mktemp(kind), texts=LESSONS)
        return made[kind]

    return model


@pytest.fixture(scope="session")
def taught(tiny: Callable[[Kind], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learnt the lessons."""
    folder = tmp_path_factory.mktemp("taught") / "model"
    shutil.copytree(tiny("qwen"), folder)
    teach(folder, lessons(), steps=50)
    return folder


@pytest.fixture(scope="session")
def adapter(taught: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter for `taught`, which has learnt to call every relation ``knows``."""
    folder = tmp_path_factory.mktemp("adapter") / "adapter"
    teach(taught, lessons("knows"), steps=25, adapter=folder)
    return folder


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Misbehaving]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving() as made:
        yield made


@pytest.fixture
def at(server: Misbehaving) -> Iterator[Any]:
    """Endpoints at the server, closed in the end."""
    opened: list[Endpoint] = []

    def make(**choices: Any) -> Endpoint:
        defaults = {"back_off_s": 0.01, "environment": {"OPENAI_API_KEY": KEY}, "timeout_s": 10.0}
        opened.append(Endpoint(choices.pop("url", server.url), "big", **{**defaults, **choices}))
        return opened[-1]

    yield make
    for each in opened:
        each.close()

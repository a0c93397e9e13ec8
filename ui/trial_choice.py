"""What may be tried: an extractor with its model, an ontology and a prompt, by the server's settings and a choice.

A person at the page may not make the server read any file, nor tell its key to anybody: models and ontologies lie in
the folders that it may read or are those of its settings, and the key goes to the endpoint of its settings alone.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from kg_builder.cli.common import recipe_of
from kg_builder.config import Settings
from kg_builder.endpoint import KEY_VARIABLE
from kg_builder.errors import ConfigError
from kg_builder.files import replacing_text
from kg_builder.ontology import open_mapper
from kg_builder.ontology.reading import SUFFIXES
from kg_builder.recipe import Recipe
from kg_builder.types import digest
from ui.places import inside
from ui.workspace import allowed_roots, workspace

__all__ = ["Choice", "environment_of", "kept_ontology", "known_ontologies", "recipe_for", "same_command"]

_MOST_LOOKED_AT = 3000  # entries of folders
_DEEPEST = 3
_MOST_FOUND = 100
_PASTED_KEPT = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for one attempt."""

    extractor: str = "open_ie"
    model: str = ""
    adapter: str = ""
    base_url: str = ""
    constrained: bool = True
    max_new_tokens: int = 512
    ontology: str = ""
    ontology_mode: Literal["strict", "open"] = "strict"
    instruction: str = ""


def recipe_for(choice: Choice, settings: Settings) -> Recipe:
    """How a text is read by that choice; what was not chosen is as the settings have it.

    Raises:
        ConfigError: something is missing, or may not be used from here.
        OntologyError: the ontology cannot be used.
    """
    if choice.extractor == "llm":
        for name, own in ((choice.model, settings.model), (choice.adapter, settings.adapter)):
            if name and name != own and not inside(name):
                raise ConfigError(
                    f"expected a folder inside {_roots_told()}, found {name!r}; a model of the hub is for the settings "
                    "(KG_MODEL) to name"
                )
    if choice.ontology and choice.ontology != settings.ontology and not inside(choice.ontology):
        raise ConfigError(f"expected an ontology inside {_roots_told()}, found {choice.ontology!r}")
    open_mapper.cache_clear()  # the file may have been changed since it was read
    return recipe_of(
        replace(
            settings,
            extractor=choice.extractor,
            model=choice.model,
            adapter=choice.adapter,
            base_url=choice.base_url,
            constrained=choice.constrained,
            max_new_tokens=choice.max_new_tokens,
            ontology=choice.ontology,
            ontology_mode=choice.ontology_mode,
            instruction=choice.instruction,
            classifier="",
        )
    )


def environment_of(choice: Choice, settings: Settings) -> Mapping[str, str]:
    """Where the endpoint's key is looked for: nowhere, unless the endpoint is the one of the settings."""
    same = bool(settings.base_url) and _place(choice.base_url) == _place(settings.base_url)
    return {KEY_VARIABLE: os.environ.get(KEY_VARIABLE, "")} if same else {}


def kept_ontology(text: str) -> Path:
    """A file of the workspace with an ontology that was pasted, in our own form (TOML)."""
    folder = workspace() / "playground"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"{digest('ontology', text)}.toml"
    if not path.is_file():
        others = sorted(folder.glob("*.toml"), key=lambda each: each.stat().st_mtime)
        for old in others[: len(others) - _PASTED_KEPT + 1]:
            old.unlink(missing_ok=True)
        with replacing_text(path) as file:
            file.write(text)
    return path


def known_ontologies() -> list[str]:
    """Files that may be ontologies in the folders that this server may read: a short look, not a search."""
    found: list[str] = []
    seen = 0
    for root in allowed_roots():
        for place, folders, files in os.walk(root):
            deep = len(Path(place).relative_to(root).parts)
            folders[:] = sorted(f for f in folders if not f.startswith((".", "_")) and f != "node_modules")
            if deep >= _DEEPEST:
                folders.clear()
            seen += len(files) + len(folders)
            found += [str(Path(place, f)) for f in sorted(files) if _may_be_ontology(Path(place, f))]
            if seen > _MOST_LOOKED_AT or len(found) >= _MOST_FOUND:
                return found[:_MOST_FOUND]
    return found


def same_command(choice: Choice, other: Choice | None = None) -> str:
    """What prints the same extractions in a terminal; of two choices, what compares them where that can be said."""
    variables = {}
    if choice.extractor != "open_ie":
        if not choice.constrained:
            variables["KG_CONSTRAINED"] = "false"
        if choice.max_new_tokens != Settings().max_new_tokens:
            variables["KG_MAX_NEW_TOKENS"] = str(choice.max_new_tokens)
        if choice.instruction:
            variables["KG_INSTRUCTION"] = choice.instruction
    flags = ["--extractor", choice.extractor]
    if choice.extractor != "open_ie":
        flags += ["--model", choice.model]
    if choice.extractor == "llm" and choice.adapter:
        flags += ["--adapter", choice.adapter]
    if choice.extractor == "endpoint":
        flags += ["--base-url", choice.base_url]
    if choice.ontology:
        flags += ["--ontology", choice.ontology, "--ontology-mode", choice.ontology_mode]
    before = "".join(f"{name}={shlex.quote(value)} " for name, value in variables.items())
    line = f"{before}kg extract - {shlex.join(flags)} < text.txt"
    if other is None:
        return line
    if "open_ie" in (choice.extractor, other.extractor) and not choice.ontology and choice.extractor != other.extractor:
        asked = choice if choice.extractor != "open_ie" else other
        alone = same_command(asked).removesuffix(" < text.txt").replace("kg extract -", "kg diff text.txt")
        return f"{same_command(choice)}\n{same_command(other)}\n{alone} --with open_ie"
    return f"{line}\n{same_command(other)}"


def _may_be_ontology(path: Path) -> bool:
    """By its name and size, and in forms that hold other things as well by a word that ours has."""
    if path.suffix.lower() not in SUFFIXES or path.name in ("pyproject.toml", "kg.toml", "package.json"):
        return False
    try:
        with path.open("rb") as file:
            beginning = file.read(20_000)
    except OSError:
        return False
    if path.suffix.lower() in (".toml", ".yaml", ".yml", ".json"):
        return b"relations" in beginning
    return True


def _place(url: str) -> tuple[object, ...]:
    """What tells one server from another."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return (url,)


def _roots_told() -> str:
    return ", ".join(map(str, allowed_roots()))

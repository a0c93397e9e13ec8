"""Settings: defaults < ``kg.toml`` < ``KG_*`` environment < flags, validated at once, unknown keys refused.

In the environment only what resembles a setting is refused ("KG_STROE"): other programs may use the prefix too.

Only entry points (the command line, the UI) read settings; library functions take plain arguments. Secrets are never
settings: a server's credentials come from ``NEO4J_USERNAME`` and ``NEO4J_PASSWORD``.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import inspect
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from kg_builder.errors import ConfigError

__all__ = [
    "OTHER_VARIABLES",
    "SECRETS",
    "Origin",
    "Settings",
    "default_store",
    "load_settings",
    "settings_with_origins",
]

CONFIG_FILE = "kg.toml"
OTHER_VARIABLES = {
    "KG_DATA": "folder of the public benchmark data, read by tests and benchmarks",
    "KG_IMPORT_USERNAME": "for `kg import` from a server; else NEO4J_USERNAME",
    "KG_IMPORT_PASSWORD": "for `kg import` from a server; else NEO4J_PASSWORD",
    "KG_IMPORT_DATABASE": "for `kg import` from a server; else NEO4J_DATABASE",
}
"""Variables that begin with ``KG_`` and are no settings."""
SECRETS = ("NEO4J_PASSWORD", "KG_IMPORT_PASSWORD", "OPENAI_API_KEY")
"""Variables of which only is told whether they are set."""


def default_store() -> str:
    """The embedded store in the user's data folder, the same from whichever folder a command is run."""
    import platformdirs

    return f"embedded:{platformdirs.user_data_path('kg-builder', appauthor=False) / 'graph'}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set, with the defaults."""

    store: str = ""
    """Where the graph is: ``embedded:PATH``, ``bolt://…`` or ``neo4j://…``; empty: the user's own embedded store."""
    extractor: str = "open_ie"
    """Which extractor reads the texts: ``open_ie``, ``llm``, ``endpoint``, or ``package.module:name``."""
    model: str = ""
    """The language model of ``llm`` (a folder, or a name of the Hugging Face hub), or the one behind ``endpoint``."""
    adapter: str = ""
    """With ``llm``: the LoRA adapter that goes into the model; empty: none."""
    base_url: str = ""
    """With ``endpoint``: where it is (``http://localhost:8000/v1``); its key is in ``OPENAI_API_KEY``."""
    chat_template: str = ""
    """With ``llm``: ``chatml``, ``llama-2``, ``llama-3``, ``alpaca``, ``plain`` or ``own``; empty: the model's own, or
    one that suits."""
    instruction: str = ""
    """What a language model is told to do, in place of our own words; empty: ours."""
    quantize: str = "auto"
    """With ``llm``: ``4bit``, ``8bit``, ``none``; ``auto``: 4-bit on a GPU, none elsewhere."""
    dtype: str = "auto"
    """With ``llm``: ``bf16``, ``fp16``, ``fp32``; ``auto``: bfloat16 where the hardware has it."""
    batch_size: int = 16
    """With ``llm``: texts that are answered together."""
    max_new_tokens: int = 512
    """The most tokens that the answer about a segment may take."""
    temperature: float = 0.0
    """Of a language model's choice of words; 0: the likeliest, so that the same text has the same answer."""
    constrained: bool = True
    """Whether a language model can only write well-formed lines with entities of the text."""
    trust_remote_code: bool = False
    """Whether code that comes with a model may run here."""
    requests_per_minute: int = 0
    """With ``endpoint``: what its provider allows; 0: as many as it takes."""
    tokens_per_minute: int = 0
    """The same of tokens, both ways together."""
    concurrency: int = 8
    """With ``endpoint``: requests at a time."""
    request_timeout_s: float = 120.0
    """With ``endpoint``: seconds that one request may take."""
    classifier: str = ""
    """A model that tells the topic of a text (`kg-finetune train --preset sequence-classification` makes one): only
    what is of certain topics is extracted from; empty: everything is."""
    topics: str = ""
    """Those topics, with commas between them."""
    topics_of: str = "segments"
    """Whose topic counts: that of each of the ``segments``, or that of most of the text of whole ``documents``."""
    ontology: str = ""
    """The file of the ontology that extractions are mapped to; empty: none."""
    ontology_mode: str = "strict"
    """What becomes of what does not fit: ``strict`` leaves it out and counts it, ``open`` keeps it."""
    ontology_vectors: str = ""
    """A callable (``package.module:name``), texts in, array out, for relations that no words connect; empty: none."""
    resolve_vectors: str = ""
    """Vectors of names for entity resolution: an embedding model (a folder, or a name of the Hugging Face hub) or a
    callable (``package.module:name``); empty: as before; ``none``: without."""
    resolve_judge: str = ""
    """Who is asked about doubtful pairs of names: a callable (``package.module:name``) or the base URL of an
    OpenAI-compatible endpoint, whose key is in ``OPENAI_API_KEY``; empty: nobody; ``none``: drop the answers, too."""
    resolve_judge_model: str = ""
    """The model behind that endpoint."""
    resolve_judge_least: float = 0.3
    """The probability from which a pair is doubtful."""
    resolve_judge_most: float = 0.7
    """The probability up to which it is."""
    resolve_judge_limit: int = 200
    """The most questions of one run."""
    workers: int = 0
    """Worker processes; 0: one for each core."""
    engine: str = "local"
    """Where files are read: ``local`` (worker processes on this machine) or ``ray`` (the nodes of a Ray cluster)."""
    ray_result_mb: int = 256
    """With ``ray``: the most mebibytes that may come back from a node for one file."""
    segment_characters: int = 1024
    """The most characters a segment may have."""
    file_timeout_s: float = 300.0
    """Seconds that loading a file, or extracting one of its segments, may take."""
    file_memory_mb: int = 2048
    """Mebibytes of memory a worker may take."""
    max_file_mb: int = 200
    """The largest file that is read, in megabytes."""
    cache: str = ""
    """The file of extractions already made; empty: beside the store; ``none``: nowhere."""
    cache_mb: int = 4096
    """The most that file may take, in mebibytes: what was of no use for longest is dropped first."""
    store_patience_s: float = 600.0
    """Seconds to wait for a store that has gone away in the middle of a run."""
    price_input_per_mtok: float = 0.0
    """What a million tokens cost that a paid model reads, in any currency; 0: nothing."""
    price_output_per_mtok: float = 0.0
    """What a million tokens cost that a paid model writes."""

    def __post_init__(self) -> None:
        for name, least in (
            ("workers", 0),
            ("ray_result_mb", 1),
            ("segment_characters", 16),
            ("file_memory_mb", 256),
            ("max_file_mb", 1),
            ("cache_mb", 1),
            ("store_patience_s", 0),
            ("resolve_judge_limit", 0),
            ("price_input_per_mtok", 0),
            ("price_output_per_mtok", 0),
            ("batch_size", 1),
            ("max_new_tokens", 1),
            ("temperature", 0),
            ("requests_per_minute", 0),
            ("tokens_per_minute", 0),
            ("concurrency", 1),
        ):
            if getattr(self, name) < least:
                raise ConfigError(f"setting {name!r}: expected at least {least}, found {getattr(self, name)!r}")
        for name, allowed in (
            ("ontology_mode", ("strict", "open")),
            ("topics_of", ("segments", "documents")),
            ("engine", ("local", "ray")),
            ("quantize", ("auto", "4bit", "8bit", "none")),
            ("dtype", ("auto", "bf16", "fp16", "fp32")),
        ):
            if getattr(self, name) not in allowed:
                expected = " or ".join([", ".join(allowed[:-1]), allowed[-1]])
                raise ConfigError(f"setting {name!r}: expected {expected}, found {getattr(self, name)!r}")
        if not 0 < self.resolve_judge_least <= self.resolve_judge_most < 1:
            raise ConfigError(
                "settings 'resolve_judge_least' and 'resolve_judge_most': expected two probabilities, the lower first, "
                f"both between 0 and 1, found {self.resolve_judge_least!r} and {self.resolve_judge_most!r}"
            )
        for name in ("file_timeout_s", "request_timeout_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"setting {name!r}: expected more than 0 seconds, found {getattr(self, name)!r}")


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """The settings in force: `flags` that are not None override the environment, which overrides ``kg.toml`` in
    `folder`.

    Raises:
        ConfigError: an unknown key or a value of the wrong kind, with the place where it stands.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    path = (folder or Path.cwd()) / CONFIG_FILE
    if path.is_file():
        values.update(_from_file(path))
    values.update(_from_environment(environment))
    values.update({k: v for k, v in (flags or {}).items() if v is not None})
    settings = Settings(**values)
    return settings if settings.store else dataclasses.replace(settings, store=default_store())


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting in force: its value, and where that comes from.

    ``place`` is the path of the file, the name of the variable, or the flag; empty for a default.
    """

    name: str
    value: Any
    default: Any
    source: Literal["default", "file", "environment", "flag"]
    place: str
    help: str


def settings_with_origins(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> list[Origin]:
    """Every setting that `load_settings` gives for the same arguments, in its order, with where it was found.

    User and password that stand in an address are left out of its value.

    Raises:
        ConfigError: as `load_settings`.
    """
    from kg_builder.store.connection import redacted

    environment = os.environ if environment is None else environment
    settings = load_settings(flags, environment=environment, folder=folder)
    path = (folder or Path.cwd()) / CONFIG_FILE
    in_file = _from_file(path) if path.is_file() else {}
    in_environment = _from_environment(environment)
    given = {name for name, value in (flags or {}).items() if value is not None}
    described = _described()
    found = []
    for each in dataclasses.fields(Settings):
        value = getattr(settings, each.name)
        shown = redacted(value) if isinstance(value, str) else value
        source: Literal["default", "file", "environment", "flag"] = "default"
        place = ""
        if each.name in given:
            source, place = "flag", f"--{each.name.replace('_', '-')}"
        elif each.name in in_environment:
            source, place = "environment", f"KG_{each.name.upper()}"
        elif each.name in in_file:
            source, place = "file", str(path)
        found.append(Origin(each.name, shown, each.default, source, place, described.get(each.name, "")))
    return found


@cache
def _described() -> dict[str, str]:
    """What the source says under each setting."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    found = {}
    for before, after in pairwise(statements):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[before.target.id] = " ".join(str(after.value.value).replace("``", "`").split())
    return found


def _kinds() -> dict[str, type]:
    return {f.name: type(f.default) for f in dataclasses.fields(Settings)}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: expected a TOML file, but {exc}") from exc
    kinds = _kinds()
    for key, value in table.items():
        if key not in kinds:
            raise ConfigError(f"{path}: unknown key {key!r}; {_suggest(key, kinds)}")
        kind = (int, float) if kinds[key] is float else kinds[key]
        if isinstance(value, bool) != (kind is bool) or not isinstance(value, kind):
            raise ConfigError(f"{path}: {key!r}: expected {kinds[key].__name__}, found {value!r}")
    return table


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    kinds = _kinds()
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith("KG_") or variable in OTHER_VARIABLES or not text:
            continue
        key = variable[3:].lower()
        if key not in kinds:
            _refuse_misspelt(variable, key, kinds)
            continue
        try:
            values[key] = _yes_or_no(text) if kinds[key] is bool else kinds[key](text)
        except ValueError as exc:
            raise ConfigError(
                f"environment variable {variable}: expected {kinds[key].__name__}, found {text!r}"
            ) from exc
    return values


def _yes_or_no(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


def _refuse_misspelt(variable: str, key: str, kinds: Mapping[str, type]) -> None:
    """Refuse what looks like one of our settings; other programs may have ``KG_`` variables of their own."""
    if difflib.get_close_matches(key, kinds, n=1, cutoff=0.75):
        raise ConfigError(f"environment variable {variable!r} is no setting; {_suggest(key, kinds, 'KG_')}")


def _suggest(key: str, kinds: Mapping[str, type], prefix: str = "") -> str:
    def shown(name: str) -> str:
        return prefix + (name.upper() if prefix else name)

    close = difflib.get_close_matches(key, kinds, n=1)
    if close:
        return f"did you mean {shown(close[0])!r}?"
    return f"expected one of {', '.join(shown(k) for k in kinds)}"

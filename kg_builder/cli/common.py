"""What the commands share: flags, exit statuses, and opening what the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from kg_builder.cli.running import INTERRUPTED, NOTHING_DONE, PARTLY_DONE
from kg_builder.config import Settings, load_settings
from kg_builder.errors import ConfigError
from kg_builder.extract import EXTRACTORS, ModelOptions

if TYPE_CHECKING:
    from kg_builder.recipe import Recipe
    from kg_builder.resolving_aids import Aids
    from kg_builder.store import GraphStore

__all__ = [
    "INTERRUPTED",
    "NOTHING_DONE",
    "PARTLY_DONE",
    "aids_of",
    "cache_of",
    "model_of",
    "open_graph",
    "options",
    "recipe_of",
]

Command = TypeVar("Command", bound=Callable[..., Any])


def options(*names: str) -> Callable[[Command], Command]:
    """The flags of `names` out of the common ones, in that order.

    With ``extractor`` come those of its language model. Those that are settings come as one argument,
    ``settings``, validated together with the file and the environment.
    """
    known = {
        "store": click.option("--store", metavar="URI", help="embedded:PATH, bolt://… or neo4j://… (or KG_STORE)."),
        "extractor": click.option(
            "--extractor",
            metavar="NAME",
            help=f"What reads the texts: {', '.join(EXTRACTORS)}, or package.module:name.",
        ),
        "model": click.option(
            "--model", metavar="NAME", help="Language model of llm (a folder, or a name of the hub) or of endpoint."
        ),
        "adapter": click.option("--adapter", metavar="DIR", help="LoRA adapter that goes into the model of llm."),
        "base-url": click.option("--base-url", metavar="URL", help="Where the endpoint is: http://localhost:8000/v1."),
        "classifier": click.option(
            "--classifier", metavar="DIR", help="Extract only from what this model says is of the topics named."
        ),
        "topics": click.option("--topics", metavar="A,B", help="The topics to extract from, with --classifier."),
        "topics-of": click.option(
            "--topics-of",
            type=click.Choice(["segments", "documents"]),
            help="Whose topic counts (default: segments).",
        ),
        "ontology": click.option(
            "--ontology", metavar="FILE", help="Types and relations to bring what is found into (docs/ontology.md)."
        ),
        "ontology-mode": click.option(
            "--ontology-mode",
            type=click.Choice(["strict", "open"]),
            help="What does not fit it is left out (strict, the default) or kept (open).",
        ),
        "workers": click.option("--workers", type=int, metavar="N", help="Worker processes; default: one a core."),
        "engine": click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            help="Where files are read: processes here, or a Ray cluster (docs/cluster.md).",
        ),
        "json": click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        "quiet": click.option("--quiet", is_flag=True, help="No progress, no messages."),
    }

    if "extractor" in names:
        at = names.index("extractor") + 1
        names = (*names[:at], "model", "adapter", "base-url", *names[at:])
    if "engine" in names:  # the commands that read documents into the graph
        at = names.index("ontology")
        names = (*names[:at], "classifier", "topics", "topics-of", *names[at:])
    given = [name.replace("-", "_") for name in names if name not in ("json", "quiet")]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def configured(**values: Any) -> Any:
            flags = {name: values.pop(name) for name in given}
            return command(**values, settings=load_settings(flags)) if given else command(**values)

        decorated: Any = configured
        for name in reversed(names):
            decorated = known[name](decorated)
        return cast(Command, decorated)

    return decorate


def open_graph(settings: Settings, *, create: bool = False) -> GraphStore:
    """The store that the settings name."""
    from kg_builder.store import open_store

    return open_store(settings.store, create=create)


def aids_of(settings: Settings) -> Aids:
    """What the settings say that resolution may use."""
    from kg_builder.resolving_aids import Aids

    return Aids(
        settings.resolve_vectors,
        settings.resolve_judge,
        settings.resolve_judge_model,
        settings.resolve_judge_least,
        settings.resolve_judge_most,
        settings.resolve_judge_limit,
    )


def recipe_of(settings: Settings) -> Recipe:
    """What the settings say of reading texts."""
    from kg_builder.recipe import Recipe

    recipe = Recipe(
        settings.extractor,
        settings.segment_characters,
        settings.max_file_mb * 1_000_000,
        model=model_of(settings) if settings.extractor in ("llm", "endpoint") else ModelOptions(),
    )
    if settings.topics and not settings.classifier:
        raise ConfigError("expected a classifier to tell topics, found topics alone; give --classifier")
    if settings.classifier:
        from kg_builder.classifying import checked_topics

        folder = _resolved(settings.classifier)
        topics = checked_topics(folder, [each.strip() for each in settings.topics.split(",") if each.strip()])
        by: Any = settings.topics_of
        recipe = replace(recipe, classifier=folder, topics=topics, topics_of=by)
    if recipe.asks_a_model:
        recipe.open()  # what it lacks is told before anything is read
    if not settings.ontology:
        return recipe
    recipe = replace(
        recipe,
        ontology=str(Path(settings.ontology).expanduser().resolve()),
        ontology_mode="open" if settings.ontology_mode == "open" else "strict",
        ontology_vectors=settings.ontology_vectors,
    )
    recipe.open_mapper()  # a mistake in it is told before anything is read
    return recipe


def model_of(settings: Settings) -> ModelOptions:
    """What the settings say of a language model."""
    return ModelOptions(
        model=settings.model if settings.extractor == "endpoint" else _resolved(settings.model),
        adapter=_resolved(settings.adapter),
        base_url=settings.base_url,
        instruction=settings.instruction,
        chat_template=settings.chat_template,
        quantize=cast(Any, settings.quantize),
        dtype=cast(Any, settings.dtype),
        batch_size=settings.batch_size,
        max_new_tokens=settings.max_new_tokens,
        temperature=settings.temperature,
        constrained=settings.constrained,
        trust_remote_code=settings.trust_remote_code,
        timeout_s=settings.request_timeout_s,
        concurrency=settings.concurrency,
        requests_per_minute=settings.requests_per_minute,
        tokens_per_minute=settings.tokens_per_minute,
    )


def _resolved(name: str) -> str:
    """A folder by its full path, so that it is found from wherever a worker runs; a name of the hub as it is."""
    folder = Path(name).expanduser()
    return str(folder.resolve()) if name and folder.is_dir() else name


def cache_of(settings: Settings) -> Path | None:
    """Where extractions are kept for the store that the settings name; None: nowhere."""
    from kg_builder.cache import cache_path

    if settings.cache.lower() == "none":
        return None
    return Path(settings.cache).expanduser() if settings.cache else cache_path(settings.store)

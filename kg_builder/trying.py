"""One text read by one extractor, with all that there is to see: what was found, what was left out and why, what the
model said. What the playground of the browser interface shows; ``kg extract -`` prints the same extractions.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kg_builder.contributing import contribute
from kg_builder.endpoint_reply import Reply
from kg_builder.errors import KGError
from kg_builder.extract.answered import Answered
from kg_builder.recipe import Recipe
from kg_builder.segment import segment_document
from kg_builder.stages import FileTask, is_anchored, load_file
from kg_builder.types import Contribution, Document, Extraction, Extractor, Segment, Usage

__all__ = ["Dropped", "Streamed", "Trial", "Tried", "stream_replies", "try_text"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """What an extractor held back or a stage after it left out. ``what`` are its words, empty where only the number of
    such things is known: ``count``."""

    reason: str
    what: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """A text, how it is to be read, and what an endpoint has answered about its segments, if it was asked before."""

    text: str
    recipe: Recipe
    replies: tuple[Reply, ...] | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. Offsets count code points of the document's text; ``contribution`` is what a graph would get,
    ``written`` what a language model said about each segment, ``faults`` are segments that failed."""

    document: Document
    extractions: tuple[Extraction, ...]
    contribution: Contribution
    dropped: tuple[Dropped, ...] = ()
    written: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Streamed:
    """The replies about each segment of a text, and how long they took: to the first word, and to the last."""

    replies: tuple[Reply, ...]
    first_s: float | None
    seconds: float

    @property
    def tokens_per_second(self) -> float | None:
        """How fast the endpoint wrote once it had begun; None where that cannot be told."""
        written = sum(reply.usage.output_tokens for reply in self.replies)
        took = self.seconds - (self.first_s or 0.0)
        return written / took if written and self.first_s is not None and took > 0 else None


def try_text(trial: Trial) -> Tried:
    """Read the text as a file of plain text is read, and keep count of everything.

    Raises:
        KGError: the text cannot be read, or the extractor as a whole cannot run.
    """
    begun = time.monotonic()
    recipe = trial.recipe
    document, segments = _segmented(trial.text, recipe)
    if recipe.ontology:
        from kg_builder.ontology import open_mapper

        open_mapper.cache_clear()  # whoever tries an ontology changes its file in between
    mapper = recipe.open_mapper()
    found: list[Extraction] = []
    dropped: list[Dropped] = []
    written: list[str] = []
    faults: list[str] = []
    usage = Usage()
    quarantined = 0
    for segment, answer in zip(segments, _answers(trial, segments), strict=True):
        if isinstance(answer, Exception):
            written.append("")
            faults.append(f"segment {segment.index} ({segment.start}-{segment.end}): {answer}")
            continue
        usage += answer.usage
        written.append(answer.written)
        dropped += _held_back(answer)
        anchored = [x for x in answer.extractions if is_anchored(x, segment.text)]
        quarantined += len(answer.extractions) - len(anchored)
        if mapper is not None:
            mapped = mapper.map(segment.text, anchored)
            kept = {id(x) for x in mapped.extractions}
            dropped += [Dropped(reason, _line(x)) for x, reason in mapped.dropped if id(x) not in kept]
            anchored = mapped.extractions
        found += [x.shifted(segment) for x in anchored]
    made = contribute(document, segments, found, quarantined=quarantined, faults=tuple(faults))
    dropped += [Dropped(reason, count=count) for reason, count in made.rejected.items()]
    if quarantined:
        dropped.append(Dropped("quarantined", count=quarantined))
    return Tried(
        document,
        tuple(found),
        made,
        tuple(dropped),
        tuple(written),
        tuple(faults),
        usage,
        time.monotonic() - begun,
    )


def stream_replies(
    text: str,
    recipe: Recipe,
    *,
    say: Callable[[str], None],
    stop: threading.Event | None = None,
    environment: Mapping[str, str] | None = None,
) -> Streamed:
    """Ask the endpoint of `recipe` about each segment of `text`, one after the other; `say` is given the words of the
    answers as they come, an empty line between two segments. `Trial` takes the replies.

    Raises:
        ConfigError: an address or a number that cannot be.
        EndpointError: the endpoint as a whole cannot be used.
        LoadError: the text cannot be read.
    """
    from importlib import import_module

    from kg_builder.extract.endpoint import EndpointExtractor

    _, segments = _segmented(text, recipe)
    extractor = EndpointExtractor(recipe.model_options(), environment=environment)
    import_module("openai")  # takes a moment the first time, which is not the endpoint's
    begun, first_s = time.monotonic(), None
    replies: list[Reply] = []
    try:
        for segment in segments:
            if replies:
                say("\n\n")
            pieces = extractor.stream(segment.text, stop=stop)
            while True:
                try:
                    piece = next(pieces)
                except StopIteration as ended:
                    replies.append(ended.value)
                    break
                first_s = time.monotonic() - begun if first_s is None else first_s
                say(piece)
            if stop is not None and stop.is_set():
                break
    finally:
        extractor.close()
    left = len(segments) - len(replies)
    replies += [Reply(reason="stopped", failed=True, told="it was no longer wanted")] * left
    return Streamed(tuple(replies), first_s, time.monotonic() - begun)


def _segmented(text: str, recipe: Recipe) -> tuple[Document, list[Segment]]:
    """The text as ``kg extract -`` reads it."""
    with tempfile.TemporaryDirectory(prefix="kg-try-") as folder:
        copy = Path(folder) / "stdin.txt"
        copy.write_bytes(text.encode("utf-8", "replace"))
        document = load_file(FileTask(copy, "-", recipe))
    return document, segment_document(document, budget=recipe.segment_characters)


def _answers(trial: Trial, segments: Sequence[Segment]) -> Iterator[Answered | Exception]:
    if trial.replies is None:
        yield from _asked(trial.recipe.open(), [segment.text for segment in segments])
        return
    from kg_builder.extract.endpoint import Unanswered, read_reply

    relations = trial.recipe.model_options().relations
    for segment, reply in zip(segments, trial.replies, strict=True):
        try:
            yield read_reply(segment.text, reply, relations=relations)
        except Unanswered as exc:
            yield exc


def _asked(extractor: Extractor, texts: Sequence[str]) -> Iterator[Answered | Exception]:
    many = getattr(extractor, "extract_many", None)
    if many is not None:
        yield from many(texts)
        return
    for text in texts:
        try:
            found = extractor.extract(text)
        except KGError:
            raise
        except Exception as exc:  # noqa: BLE001 - the border that keeps one segment's fault from the others
            yield exc
            continue
        yield Answered(found, dict(getattr(extractor, "left_out", {})), getattr(extractor, "usage", None) or Usage())


def _held_back(answer: Answered) -> Iterator[Dropped]:
    """The lines of a language model that are not given, and how many other things are not, by reason."""
    counts = dict(answer.left_out)
    for what, reason in answer.dropped:
        counts[reason] = counts.get(reason, 0) - 1
        yield Dropped(reason, what)
    yield from (Dropped(reason, count=count) for reason, count in counts.items() if count > 0)


def _line(extraction: Extraction) -> str:
    from kg_builder.prompt import format_triples
    from kg_builder.types import Triple

    triple = Triple(extraction.head.surface, extraction.relation.surface, extraction.tail.surface)
    return format_triples([triple]).rstrip("\n")

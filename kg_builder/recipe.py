"""What a contribution is made with: the extractor, how texts are cut, the ontology, the topics."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kg_builder.classifying import open_classifier
from kg_builder.extract import ModelOptions, open_extractor
from kg_builder.types import Extractor, digest
from kg_builder.workers import default_workers

if TYPE_CHECKING:
    from kg_builder.ontology import Mapper, Mode

__all__ = ["Recipe"]

STAGES_VERSION = 3
"""Goes up when loading, segmenting or normalizing gives something else for the same file, so that it is read again."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a contribution is made with: another recipe for the same file means work to do."""

    extractor: str = "open_ie"
    segment_characters: int = 1024
    max_file_bytes: int = 200_000_000
    verbatim: bool = False  # read sentences as they stand, unresolved pronouns included; not for graphs
    ontology: str = ""  # a file; what the extractor finds is mapped to it. Empty: to none
    ontology_mode: Mode = "strict"
    ontology_vectors: str = ""  # package.module:name of a callable, texts -> array
    model: ModelOptions = field(default_factory=ModelOptions)  # of the extractors `llm` and `endpoint`
    classifier: str = ""  # a folder; only segments of these topics are extracted from. Empty: all are
    topics: tuple[str, ...] = ()
    topics_of: Literal["segments", "documents"] = "segments"  # a document's topic is that of most of its text

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same file may give another contribution. Loads the extractor."""
        mapper = self.open_mapper()
        with_ontology = (mapper.fingerprint, self.ontology_vectors) if mapper else ()
        chosen: tuple[str, ...] = ()
        if self.classifier:
            chosen = (open_classifier(self.classifier).fingerprint, self.topics_of, *sorted(self.topics))
        made_with = (self.open().fingerprint, self.segment_characters, *with_ontology, *chosen)
        return digest("recipe", STAGES_VERSION, *made_with)

    @property
    def loads_model(self) -> bool:
        """Whether reading texts takes a language model in the memory of this machine."""
        return self.extractor == "llm" or bool(self.classifier)

    @property
    def asks_a_model(self) -> bool:
        """Whether a language model answers many segments together, whichever files they are of."""
        return self.extractor in ("llm", "endpoint")

    @property
    def needs_network(self) -> bool:
        """Whether what reads the texts does: the processes of all others have none."""
        if self.classifier and not Path(open_classifier(self.classifier).base or self.classifier).is_dir():
            return True
        if self.extractor == "llm":
            return not all(Path(each).is_dir() for each in (self.model.model, self.model.adapter) if each)
        return self.extractor != "open_ie"

    def workers(self, asked: int | None) -> int:
        """How many processes read files where `asked` does not say: one for each core, and one alone where a language
        model is asked, which is loaded once then, and has its limits kept."""
        if asked is not None:
            return asked
        return 1 if self.asks_a_model or self.classifier else default_workers()

    def memory_limit(self, memory_bytes: int | None) -> int | None:
        """What a worker may take of `memory_bytes`; None, any amount, where it loads a language model: how much that
        needs is known when it is too late, and the limit is there for parsers."""
        return None if self.loads_model else memory_bytes

    def open(self) -> Extractor:
        """The extractor that this recipe names."""
        return open_extractor(self.extractor, verbatim=self.verbatim, options=self.model_options())

    def model_options(self) -> ModelOptions:
        """How a language model is asked: it may name no relations but those of the ontology, if there is one and it is
        strict.

        Raises:
            OntologyError: the ontology cannot be used.
        """
        if not (self.ontology and self.ontology_mode == "strict" and self.asks_a_model):
            return self.model
        mapper = self.open_mapper()
        return replace(self.model, relations=tuple(mapper.ontology.relations) if mapper else ())

    def open_mapper(self) -> Mapper | None:
        """What maps extractions to the ontology that this recipe names, if any.

        Raises:
            OntologyError: the ontology cannot be used.
        """
        if not self.ontology:
            return None
        from kg_builder.ontology import open_mapper

        return open_mapper(Path(self.ontology), self.ontology_mode, self.ontology_vectors)

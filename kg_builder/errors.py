"""Every error the project raises on purpose.

A message says what was expected, what was found, where, and what to do about it.

* KGError
    * ConfigError        settings, flags or environment that cannot work
    * LoadError          one document that cannot be read
    * ExtractionError    an extractor that cannot run
    * StoreError         the graph database refused, or cannot be reached
        * ReadOnlyError  a statement that would write, where only reading is allowed
        * QueryError     a Cypher statement that the database could not run
        * UnreachableError  nothing answers where the database was
        * NoRoomError    the disk of the embedded database is full
    * CacheError         the file of extractions already made cannot be used
    * BackupError        a backup that cannot be made, or is none
    * ExportError        an export that could not be written to its end
    * OntologyError      an ontology file that cannot be used
    * DecisionError      a decision on names that cannot be: unknown or ambiguous names, or a contradiction
    * JudgeError         a judge of names that cannot be reached, or does not answer as one
    * EvaluationError    gold or predicted data that cannot be compared
    * DataError          training data that cannot be used
    * ModelError         a language model or an adapter that cannot be loaded
    * TrainingError      a training run that cannot begin or go on
    * EndpointError      a model's endpoint that cannot be reached, refuses, or does not answer as one
"""

from __future__ import annotations

__all__ = [
    "BackupError",
    "CacheError",
    "ConfigError",
    "DataError",
    "DecisionError",
    "EndpointError",
    "EvaluationError",
    "ExportError",
    "ExtractionError",
    "JudgeError",
    "KGError",
    "LoadError",
    "ModelError",
    "NoRoomError",
    "OntologyError",
    "QueryError",
    "ReadOnlyError",
    "StoreError",
    "TrainingError",
    "UnreachableError",
]


class KGError(Exception):
    """The root of every error raised on purpose by this project."""


class ConfigError(KGError):
    """A setting, flag or environment variable that cannot work."""


class LoadError(KGError):
    """One document that cannot be read.

    ``reason`` is a short stable slug (``empty``, ``binary``, ``encrypted``, ``too-large``, ``truncated`` …) by which
    failures are counted and retried; the message is the sentence for people.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return _restore_load_error, (str(self), self.reason)


def _restore_load_error(message: str, reason: str) -> LoadError:
    """Rebuild a LoadError that crossed a process boundary (keyword-only arguments do not pickle by themselves)."""
    return LoadError(message, reason=reason)


class ExtractionError(KGError):
    """An extractor that cannot run (a missing model, a wrong adapter …). Bad model output is data, not an error."""


class StoreError(KGError):
    """The graph database refused a statement, or cannot be reached."""


class ReadOnlyError(StoreError):
    """A statement that would write was given where only reading is allowed."""


class QueryError(StoreError):
    """A Cypher statement that the database could not run: syntax, unknown function, time limit.

    ``position`` is the line and the column of the statement, counted from 1, where the server found a mistake; None
    where it does not say.
    """

    position: tuple[int, int] | None = None


class UnreachableError(StoreError):
    """Nothing answers where the graph database was; the same may well succeed later."""


class NoRoomError(StoreError):
    """The disk of the embedded graph database is full; the same succeeds once there is room."""


class CacheError(KGError):
    """The file of extractions already made cannot be used."""


class BackupError(KGError):
    """A backup that cannot be made, is damaged, or does not go with the store."""


class ExportError(KGError):
    """An export that could not be written to its end, for example because the disk is full."""


class OntologyError(KGError):
    """An ontology file that cannot be used."""


class DecisionError(KGError):
    """A decision on names that cannot be: they are unknown or ambiguous, or it contradicts another decision."""


class JudgeError(KGError):
    """A judge of names that cannot be reached, or does not answer as one; resolution goes on without it."""


class EvaluationError(KGError):
    """Gold or predicted data that cannot be compared."""


class DataError(KGError):
    """Training data that cannot be used: unreadable, empty, or with too many lines that are no examples."""


class ModelError(KGError):
    """A language model, tokenizer or adapter that cannot be loaded, or that do not go together."""


class TrainingError(KGError):
    """A training run that cannot begin or go on: no memory, a loss that is no number, a checkpoint that is damaged."""


class EndpointError(KGError):
    """A model's endpoint that cannot be reached, refuses, or does not answer as one."""

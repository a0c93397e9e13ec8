"""A language model as judge, by DeepEval (the extra ``judge``): helpfulness by G-Eval (Liu et al. 2023), bias,
toxicity; and questions that it makes from documents.

The judge is a model behind any OpenAI-compatible endpoint. Nothing goes anywhere else: DeepEval's telemetry and its
settings files are switched off before it is imported. Documents are read by our own loaders.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from finetune.examples import Example
from kg_builder.endpoint import Endpoint, Request
from kg_builder.errors import EvaluationError, LoadError, ModelError
from kg_builder.loaders import discover, load
from kg_builder.segment import segment_document
from kg_builder.types import Segment

__all__ = [
    "METRICS",
    "Case",
    "Judged",
    "Judgement",
    "judge_answers",
    "open_judge",
    "synthesize_goldens",
    "write_judged",
]

METRICS = ("helpfulness", "bias", "toxicity")
"""1 is best of all three: of bias and toxicity the score is the share of the answer's opinions that are free of it."""

_HELPFULNESS = (
    "Check whether the actual output does what the input asks for, and all of it.",
    "Check whether what it states is right: compare it with the expected output by content, not by wording.",
    "Take off for what is missing, made up, vague, or beside the point.",
    "Length and politeness are no merit by themselves.",
)
_CONTEXT = 2_000  # characters of a document that a question is made from
_LEAST_CONTEXT = 150
_OFF = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    "DEEPEVAL_DISABLE_DOTENV": "1",
    "DEEPEVAL_DISABLE_LEGACY_KEYFILE": "1",
    "DEEPEVAL_FILE_SYSTEM": "READ_ONLY",
    "DEEPEVAL_UPDATE_WARNING_OPT_IN": "0",
}


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged."""

    question: str
    answer: str
    expected: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one metric gives one answer: a score in [0, 1]; None where the judge gave none, and ``reason`` says why."""

    score: float | None
    passed: bool
    reason: str = ""


@dataclass(slots=True)
class Judged:
    """By metric the judgements of all cases, in their order."""

    threshold: float
    judgements: dict[str, list[Judgement]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For each metric the mean score, the share that passed, and how many answers were judged, and were not."""
        found: dict[str, Any] = {"threshold": self.threshold}
        for metric, judgements in self.judgements.items():
            scores = [each.score for each in judgements if each.score is not None]
            found[metric] = {
                "mean": round(sum(scores) / len(scores), 4) if scores else None,
                "passed": round(sum(each.passed for each in judgements) / len(scores), 4) if scores else None,
                "judged": len(scores),
                "not_judged": len(judgements) - len(scores),
            }
        return found

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Columns and rows of the same."""
        rows = []
        told = self.to_dict()
        for metric in self.judgements:
            figures = ["" if told[metric][name] is None else f"{told[metric][name]:.3f}" for name in ("mean", "passed")]
            rows.append([metric, *figures, str(told[metric]["judged"]), str(told[metric]["not_judged"])])
        return ["metric", "mean", f"passed at {self.threshold:g}", "judged", "not judged"], rows


def open_judge(url: str, model: str, *, environment: Mapping[str, str] | None = None, **limits: Any) -> Endpoint:
    """The model that judges; nothing is sent yet. `limits` are those of `Endpoint` (``requests_per_minute`` …).

    Raises:
        ConfigError: an address that cannot be, no model, or no client.
        ModelError: DeepEval is not installed.
    """
    if find_spec("deepeval") is None:
        raise ModelError("a judge needs deepeval, which is not installed: pip install 'kg-builder[judge]'")
    return Endpoint(url, model, temperature=0.0, max_new_tokens=1024, environment=environment, **limits)


def judge_answers(
    cases: Sequence[Case], judge: Endpoint, *, threshold: float = 0.5, metrics: Sequence[str] = METRICS
) -> Judged:
    """What the judge says to each answer. What it says that is no judgement is counted, not raised.

    Raises:
        EndpointError: the judge cannot be reached, or refuses.
        EvaluationError: there is nothing to judge, or nothing was judged.
    """
    if not cases:
        raise EvaluationError("expected answers to judge, found none")
    judged = Judged(threshold)
    with _quietly(), ThreadPoolExecutor(judge.concurrency) as pool:
        model = _judge_model(judge)
        for name in metrics:
            judged.judgements[name] = list(pool.map(partial(_judgement, name, model, threshold), cases))
    found = judged.judgements
    if not any(each.score is not None for name in metrics for each in found[name]):
        raise EvaluationError(
            f"expected judgements from {judge.model!r} at {judge.host}, found none of {len(cases)} answers "
            f"({found[metrics[0]][0].reason}); take a model that follows instructions and writes JSON"
        )
    return judged


def synthesize_goldens(
    paths: Iterable[Path],
    judge: Endpoint,
    *,
    limit: int = 20,
    seed: int = 17,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Example]:
    """Questions that the judge makes from documents, each with a passage and the answer that it expects, by DeepEval's
    Synthesizer. Passages are drawn with `seed`, from as many documents as there are; what cannot be read is told.

    Raises:
        EndpointError: the judge cannot be reached, or refuses.
        EvaluationError: there is no document with enough text, or no question came of any.
    """
    passages = _passages(paths, limit, seed, tell)
    if not passages:
        raise EvaluationError("expected documents with some paragraphs of text to make questions from, found none")
    made: list[Example] = []
    failed: list[str] = []
    with _quietly():
        model = _judge_model(judge)
        for passage in passages:
            try:
                made += _questions(passage, model)
            except _no_judgement() as exc:
                failed.append(_short(exc))
    if failed:
        tell(f"no questions from {len(failed)} of {len(passages)} passages, the first time: {failed[0]}")
    if not made:
        raise EvaluationError(
            f"expected questions from {judge.model!r} at {judge.host}, found none to {len(passages)} passages "
            f"({failed[0] if failed else 'all were empty'}); take a model that follows instructions and writes JSON"
        )
    return made


def write_judged(path: Path, cases: Sequence[Case], judged: Judged) -> None:
    """Write each case with its judgements as a JSON line."""
    with path.open("w", encoding="utf-8") as file:
        for place, case in enumerate(cases):
            row = asdict(case) | {name: asdict(found[place]) for name, found in judged.judgements.items()}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


# --- documents -------------------------------------------------------------------------------------------------------


def _passages(paths: Iterable[Path], limit: int, seed: int, tell: Callable[[str], None]) -> list[Segment]:
    """Segments of the documents, one of each in turn until there are enough."""
    chance = random.Random(seed)
    by_document = []
    for found in discover(paths):
        try:
            if found.problem is not None:
                raise found.problem
            segments = [s for s in segment_document(load(found.path), budget=_CONTEXT) if len(s.text) >= _LEAST_CONTEXT]
        except LoadError as exc:
            tell(f"{found.uri}: {exc}")
            continue
        chance.shuffle(segments)
        if segments:
            by_document.append(segments)
    chance.shuffle(by_document)
    chosen: list[Segment] = []
    while len(chosen) < limit and any(by_document):
        for segments in by_document:
            if segments and len(chosen) < limit:
                chosen.append(segments.pop())
    return chosen


def _questions(passage: Segment, model: Any) -> list[Example]:
    """What DeepEval makes of one passage: a question, judged and made harder by itself, and the answer to it."""
    from deepeval.synthesizer import Synthesizer
    from deepeval.synthesizer.config import FiltrationConfig

    wanted = FiltrationConfig(critic_model=model, max_quality_retries=2)
    goldens = Synthesizer(model=model, async_mode=False, filtration_config=wanted).generate_goldens_from_contexts(
        [[passage.text]], max_goldens_per_context=1, source_files=[passage.document.uri]
    )
    return [_example(golden, passage) for golden in goldens if golden.input and golden.expected_output]


def _example(golden: Any, passage: Segment) -> Example:
    return Example(
        text=passage.text,
        messages=(
            {"role": "user", "content": f"{passage.text}\n\n{golden.input}"},
            {"role": "assistant", "content": golden.expected_output},
        ),
        language=passage.language,
        task="instruct",
        source=passage.document.uri,
    )


# --- DeepEval --------------------------------------------------------------------------------------------------------


@contextmanager
def _quietly() -> Iterator[None]:
    """Switch off whatever of DeepEval would talk to anybody or write files, and let it print to stderr."""
    os.environ.update(_OFF)
    os.environ.pop("CONFIDENT_API_KEY", None)
    with redirect_stdout(sys.stderr):
        yield


def _judge_model(judge: Endpoint) -> Any:
    """The endpoint as DeepEval has models."""
    from deepeval.models import DeepEvalBaseLLM

    class EndpointModel(DeepEvalBaseLLM):  # type: ignore[misc]
        """Asks, and reads what comes back as the schema says."""

        def load_model(self, *_: Any, **__: Any) -> Any:
            return judge

        def get_model_name(self, *_: Any, **__: Any) -> str:
            return judge.model

        def generate(self, prompt: str, schema: Any = None) -> Any:
            reply = judge.ask(Request([{"role": "user", "content": prompt}]))
            if reply.failed or not reply.text.strip():
                raise ValueError(f"the judge gave no answer: {reply.told or reply.reason}")
            return reply.text if schema is None else _read(reply.text, schema)

        async def a_generate(self, prompt: str, schema: Any = None) -> Any:
            return self.generate(prompt, schema)

    return EndpointModel(judge.model)


def _read(text: str, schema: Any) -> Any:
    """The object in what a model wrote; where one string is all that is wanted, the text will do."""
    found = re.search(r"\{.*\}", text, re.DOTALL)
    fields = schema.model_fields
    alone = len(fields) == 1 and all(each.annotation is str for each in fields.values())
    try:
        return schema.model_validate(json.loads(found[0] if found else text, strict=False))
    except ValueError as exc:
        if alone:
            return schema(**{name: text.strip() for name in fields})
        raise ValueError(f"expected JSON of {', '.join(fields)} from the judge, found {text[:80]!r}") from exc


def _judgement(name: str, model: Any, threshold: float, case: Case) -> Judgement:
    from deepeval.test_case import LLMTestCase

    asked = LLMTestCase(input=case.question, actual_output=case.answer or "(nothing)", expected_output=case.expected)
    metric = _metric(name, model, threshold)
    try:
        score = float(metric.measure(asked, _show_indicator=False))
    except _no_judgement() as exc:
        return Judgement(None, False, _short(exc))
    return Judgement(score, bool(metric.is_successful()), str(metric.reason or ""))


def _metric(name: str, model: Any, threshold: float) -> Any:
    import warnings

    from deepeval.metrics import BiasMetric, GEval, ToxicityMetric
    from deepeval.test_case import SingleTurnParams

    if name == "helpfulness":
        return GEval(
            name="helpfulness",
            evaluation_params=[
                SingleTurnParams.INPUT,
                SingleTurnParams.ACTUAL_OUTPUT,
                SingleTurnParams.EXPECTED_OUTPUT,
            ],
            evaluation_steps=list(_HELPFULNESS),
            model=model,
            threshold=threshold,
            async_mode=False,
        )
    kinds = {"bias": BiasMetric, "toxicity": ToxicityMetric}
    with warnings.catch_warnings():  # that scores are now the same way round everywhere
        warnings.simplefilter("ignore", DeprecationWarning)
        return kinds[name](model=model, threshold=threshold, async_mode=False)


def _no_judgement() -> tuple[type[Exception], ...]:
    """What comes of an answer that cannot be used."""
    from deepeval.errors import DeepEvalError

    return ValueError, KeyError, TypeError, AttributeError, DeepEvalError


def _short(exc: Exception) -> str:
    return " ".join(f"{type(exc).__name__}: {exc}".split())[:300]

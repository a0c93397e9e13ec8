"""One evaluation from beginning to end: ask or read answers, score them, let a judge judge, write the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from finetune.asking import Asking, ask_models, classifier_labels, runs_of
from finetune.evaluate import compare_scores, score_outputs
from finetune.evaluation_report import Report, write_report
from finetune.examples import write_examples
from finetune.held_out import HeldOut, Kept, Output, kept_outputs, load_held_out, read_outputs, write_outputs
from finetune.judging import Case, Judged, judge_answers, open_judge, synthesize_goldens, write_judged
from kg_builder.language_models import Loading
from kg_builder.types import digest

ASKED_FILE = "asked.json"
"""What answers depend on; beside them in the folder, so that only answers to the same questions are kept."""

__all__ = ["Request", "run_evaluation"]


@dataclass(frozen=True, slots=True)
class Request:
    """What ``kg-finetune evaluate`` is asked to do; the names are those of its options."""

    data: Path | None = None
    model: str = ""
    adapter: str = ""
    compare_base: bool = False
    predictions: tuple[Path, ...] = ()
    out: Path = Path("runs/evaluation")
    again: bool = False
    constrained: bool = False
    batch_size: int = 16
    max_new_tokens: int = 512
    temperature: float = 0.0
    quantize: Literal["auto", "4bit", "8bit", "none"] = "auto"
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    chat_template: str = ""
    trust_remote_code: bool = False
    labels: str = ""  # separated by commas
    limit: int = 0
    bootstrap: int = 1000
    seed: int = 17
    judge: str = ""
    judge_model: str = ""
    judge_limit: int = 50
    threshold: float = 0.5
    synthesize: Path | None = None
    goldens: int = 20

    @property
    def asking(self) -> Asking:
        """How the model is asked."""
        return Asking(self.batch_size, self.max_new_tokens, self.temperature, self.constrained)

    @property
    def loading(self) -> Loading:
        """How the model is loaded."""
        return Loading(quantize=self.quantize, dtype=self.dtype, trust_remote_code=self.trust_remote_code)


def run_evaluation(request: Request, *, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Evaluate, and write answers and report into the folder ``out``. `tell` hears how it goes. Answers that stand
    there since the same was asked before are kept, unless it is to be asked ``again``.

    Raises:
        DataError, EvaluationError: examples or answers that cannot be used.
        ModelError: a model, an adapter or a library that is missing or does not fit.
        EndpointError: the judge cannot be used.
    """
    if request.synthesize is not None:
        test = _synthesized(request, request.synthesize, tell)
    else:
        test = load_held_out(request.data or Path(), limit=request.limit)
    runs = _answered(request, test, tell)
    labels = [label.strip() for label in request.labels.split(",") if label.strip()]
    labels += classifier_labels(request.adapter or request.model) if request.model else ()
    report = Report(test, _asked(request))
    for name, (outputs, seconds) in runs.items():
        report.runs[name] = score_outputs(
            test,
            outputs,
            labels=labels,
            bootstrap=request.bootstrap,
            seed=request.seed,
            seconds=seconds,
        )
    if len(runs) == 2:
        (before, _), (after, _) = runs.values()
        report.differences = compare_scores(test, before, after, bootstrap=request.bootstrap, seed=request.seed)
    if request.judge:
        for name, (outputs, _) in runs.items():
            report.judged[name] = _judged(request, test, outputs, name, tell)
    for path in write_report(report, request.out):
        tell(f"wrote {path}")
    return report


def _answered(request: Request, test: HeldOut, tell: Callable[[str], None]) -> dict[str, tuple[list[Output], float]]:
    """Answers and the seconds that they took, by run."""
    if request.predictions:
        names = ("before", "after") if len(request.predictions) == 2 else ("after",)
        return {n: (read_outputs(path, test), 0.0) for n, path in zip(names, request.predictions, strict=True)}
    files = {
        name: request.out / f"answers-{name}.jsonl"
        for name in runs_of(request.adapter, compare_base=request.compare_base)
    }
    same = _same_as_before(request, test) and not request.again
    together = request.asking.together
    kept = {name: kept_outputs(file, test, together=together) if same else Kept() for name, file in files.items()}
    runs = {name: (list(each.outputs), each.seconds) for name, each in kept.items()}
    for name, each in kept.items():
        if each.outputs:
            there = f"{len(each.outputs)} of {len(test.examples)} questions are answered already"
            tell(f"{name}: {there} (--again asks anew)")
    for name, outputs in ask_models(
        test,
        request.model,
        adapter=request.adapter,
        compare_base=request.compare_base,
        asking=request.asking,
        loading=request.loading,
        template=request.chat_template,
        done={name: len(each.outputs) for name, each in kept.items()},
    ):
        tell(f"{name}: asking {len(test.examples) - len(kept[name].outputs)} questions")
        runs[name] = write_outputs(files[name], test, outputs, kept=kept[name])
    return runs


def _same_as_before(request: Request, test: HeldOut) -> bool:
    """Whether the folder has answers to these questions from this model; from now on it has no others."""
    how = request.loading.resolved()
    asked = {
        "test": test.fingerprint,
        "examples": len(test.examples),
        "model": _stamp(request.model),
        "adapter": _stamp(request.adapter),
        "chat_template": request.chat_template,
        "loading": [how.quantize, how.dtype, how.device, how.attention],
        "asking": asdict(request.asking),
    }
    file = request.out / ASKED_FILE
    try:
        before = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        before = None
    if before == asked:
        return True
    request.out.mkdir(parents=True, exist_ok=True)
    for each in request.out.glob("answers-*.jsonl"):  # before the file that would vouch for them
        each.unlink()
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(json.dumps(asked, indent=2) + "\n", "utf-8")
    partial.replace(file)
    return False


def _stamp(model: str) -> str:
    """What tells a folder of weights from the same folder with others: names, sizes and times of its files."""
    if not model or not Path(model).is_dir():
        return model
    files = [(each.name, each.stat()) for each in sorted(Path(model).iterdir()) if each.is_file()]
    return digest(model, *(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in files))


def _asked(request: Request) -> dict[str, Any]:
    """What the figures depend on, for the report."""
    if request.predictions:
        asked: dict[str, Any] = {"predictions": ", ".join(map(str, request.predictions))}
    else:
        how = request.loading.resolved()
        asked = {
            "model": request.model,
            "adapter": request.adapter,
            "decoding": "constrained" if request.constrained else "free",
            "temperature": request.temperature,
            "max_new_tokens": request.max_new_tokens,
            "batch_size": request.batch_size,
            "quantize": how.quantize,
            "dtype": how.dtype,
            "device": how.device,
        }
    if request.judge:
        asked |= {"judge": request.judge, "judge_model": request.judge_model, "threshold": request.threshold}
    return asked | {"bootstrap": request.bootstrap, "seed": request.seed}


def _synthesized(request: Request, folder: Path, tell: Callable[[str], None]) -> HeldOut:
    """Questions that the judge makes from documents, written beside the report as examples."""
    with open_judge(request.judge, request.judge_model) as judge:
        goldens = synthesize_goldens([folder], judge, limit=request.goldens, seed=request.seed, tell=tell)
    request.out.mkdir(parents=True, exist_ok=True)
    path = request.out / "goldens.jsonl"
    write_examples(path, goldens)
    tell(f"wrote {len(goldens)} questions to {path}")
    return load_held_out(path)


def _judged(
    request: Request, test: HeldOut, outputs: Sequence[Output], name: str, tell: Callable[[str], None]
) -> Judged:
    """What the judge says of the first answers, also written down one by one."""
    cases = [
        Case(example.question[-1]["content"], output.answer, example.answer)
        for example, output in zip(test.examples, outputs[: request.judge_limit], strict=False)
    ]
    tell(f"{name}: {request.judge_model} judges {len(cases)} answers")
    with open_judge(request.judge, request.judge_model) as judge:
        judged = judge_answers(cases, judge, threshold=request.threshold)
    request.out.mkdir(parents=True, exist_ok=True)
    write_judged(request.out / f"judged-{name}.jsonl", cases, judged)
    return judged

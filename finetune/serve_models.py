"""What answers behind the server, and a model in this process that does (another: `finetune.serve_vllm`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from finetune.relation_question import RelationAsking, grammar_of_labels, kept_asking
from kg_builder.chat_templates import render_chat
from kg_builder.classifying import open_classifier
from kg_builder.errors import ConfigError, KGError, ModelError
from kg_builder.extract.model_options import ModelOptions
from kg_builder.generating import Generated
from kg_builder.language import detect_language
from kg_builder.language_models import Loading, load_adapter, load_model, load_tokenizer, token_limit
from kg_builder.prompt import extraction_messages, format_triples, parse_triples
from kg_builder.types import Extraction, Language, Triple

__all__ = ["Extracted", "InProcess", "Labelled", "Model", "Question", "RelationQuestion", "extracted", "known_labels"]

EXTRACTOR = "llm"


@dataclass(frozen=True, slots=True)
class Question:
    """A text to extract from; ``relations`` are the only ones that are wanted, if any are given."""

    text: str
    relations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a text states. ``finished`` is False where the answer was cut off at its longest."""

    language: str
    extractions: tuple[Extraction, ...]
    left_out: dict[str, int] = field(default_factory=dict)
    finished: bool = True


@dataclass(frozen=True, slots=True)
class RelationQuestion:
    """Which of `labels` relates two given entities of a text; without any, one of the model's own."""

    text: str
    head: str
    tail: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label, and how sure the model is of each (none where it does not say)."""

    label: str
    confidences: dict[str, float] = field(default_factory=dict)


class Model(Protocol):
    """What the server asks. ``labels`` are those that it tells relations by, if it has any of its own; ``asking`` is
    how it learnt to be asked about them, if it did. ``at_a_time`` is how many batches it takes at a time, ``together``
    how many questions make a batch at most."""

    name: str
    options: ModelOptions
    at_a_time: int
    together: int
    labels: tuple[str, ...]
    asking: RelationAsking | None

    def load(self) -> None:
        """Get ready; what takes long happens here."""
        ...

    def problem(self) -> str:
        """Why it cannot answer any more; empty as long as it can."""
        ...

    def extract(self, questions: Sequence[Question]) -> Sequence[Extracted | KGError]:
        """The answers, in order; an error where one cannot be answered."""
        ...

    def classify(self, questions: Sequence[RelationQuestion]) -> Sequence[Labelled | KGError]:
        """The answers, in order; an error where one cannot be answered."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class InProcess:
    """A base model, with or without an adapter, in this process; and a classifier beside it, if there is one.

    `classifier` is the folder of a model or an adapter with a head for labels (`kg-finetune train` on a task
    ``classify``), which is shown the text with its head and tail. Without one, a model that learnt to tell relations
    (`finetune.relation_question`) is asked as it was then, and any other model says how likely it finds each label
    between head and tail.
    """

    def __init__(self, options: ModelOptions, *, classifier: str = "", name: str = "") -> None:
        self.options = options
        self.at_a_time, self.together = 1, options.batch_size
        self.name = name or Path(options.model).name or options.model
        self.labels: tuple[str, ...] = ()
        self.asking: RelationAsking | None = None
        self.model: Any = None
        self.tokenizer: Any = None
        self.chat: Callable[[dict[str, Any]], Any] | None = None  # answers chat completions, once asked for
        self._classifier_folder = classifier
        self._classifier: Any = None
        self._classifier_tokenizer: Any = None
        self._classifier_limit: int | None = None

    def load(self) -> None:
        """Load the model, the adapter and the classifier.

        Raises:
            ModelError: one of them is missing, damaged, or too large.
        """
        import torch

        options = self.options
        if not self._classifier_folder and (asking := kept_asking(options.adapter or options.model)):
            self.asking, self.labels = asking, asking.labels
        loading = Loading(quantize=options.quantize, dtype=options.dtype, trust_remote_code=options.trust_remote_code)
        own = Path(options.adapter) / "tokenizer_config.json"
        self.tokenizer = load_tokenizer(
            options.adapter if options.adapter and own.is_file() else options.model,
            template=options.chat_template,
            trust_remote_code=options.trust_remote_code,
        )
        model = load_model(options.model, loading=loading)
        if options.adapter:
            model = load_adapter(model, options.adapter)
        self.model = model.eval()
        # Once before two threads may: on some CPUs bitsandbytes repacks 4-bit weights at the first pass.
        with torch.inference_mode():
            model(input_ids=torch.tensor([[self.tokenizer.pad_token_id]], device=next(model.parameters()).device))
        if self._classifier_folder:
            self._load_classifier(loading)

    def _load_classifier(self, loading: Loading) -> None:
        classifier = open_classifier(self._classifier_folder)
        folder, self.labels = str(classifier.folder), classifier.labels
        model = load_model(classifier.base or folder, loading=loading, labels=self.labels)
        if classifier.base:
            model = load_adapter(model, folder)
        own = (classifier.folder / "tokenizer_config.json").is_file()
        self._classifier_tokenizer = load_tokenizer(
            folder if own else classifier.base, trust_remote_code=loading.trust_remote_code, chat=False
        )
        self._classifier_limit = token_limit(self._classifier_tokenizer, model)
        if model.config.pad_token_id is None:
            model.config.pad_token_id = self._classifier_tokenizer.pad_token_id
        self._classifier = model.eval()

    def problem(self) -> str:
        """Never any: what goes wrong here goes wrong with the process."""
        return ""

    def extract(self, questions: Sequence[Question]) -> list[Extracted | KGError]:
        """The triples of each text, found in it. Only well-formed lines about the text can come out, unless
        ``constrained`` is off."""
        from kg_builder.extract.grammar import grammar_for
        from kg_builder.generating import answers

        languages = [detect_language(each.text) for each in questions]
        conversations = [
            extraction_messages(each.text, language=language, relations=each.relations)
            for each, language in zip(questions, languages, strict=True)
        ]
        grammars = [grammar_for(each.text, relations=each.relations) for each in questions]
        made = answers(
            self.model,
            self.tokenizer,
            conversations,
            batch_size=self.options.batch_size,
            max_new_tokens=self.options.max_new_tokens,
            temperature=self.options.temperature,
            grammars=grammars if self.options.constrained else None,
        )
        return [
            answer
            if isinstance(answer, ModelError)
            else extracted(question, language, answer.whole, answer.finished, answer.confidences)
            for question, language, answer in zip(questions, languages, made, strict=True)
        ]

    def classify(self, questions: Sequence[RelationQuestion]) -> list[Labelled | KGError]:
        """The likeliest label of each."""
        if self._classifier is not None:
            return [self._by_head(each) for each in questions]
        if self.asking is not None:
            return self._by_question(self.asking, questions)
        return [self._by_answer(each) for each in questions]

    def _by_question(self, asking: RelationAsking, questions: Sequence[RelationQuestion]) -> list[Labelled | KGError]:
        """What the model answers to the questions of its training, out of the labels asked for."""
        from kg_builder.generating import answers

        wanted = [known_labels(each.labels, asking.labels) for each in questions]
        made = answers(
            self.model,
            self.tokenizer,
            [asking.messages(each.text, each.head, each.tail) for each in questions],
            batch_size=self.options.batch_size,
            max_new_tokens=self.options.max_new_tokens,
            grammars=[grammar_of_labels(labels) for labels in wanted],
        )
        return [
            answer if isinstance(answer, ModelError) else _told(answer, labels)
            for answer, labels in zip(made, wanted, strict=True)
        ]

    def _by_head(self, question: RelationQuestion) -> Labelled:
        """As the classifier has it, among the labels asked for."""
        import torch

        shown = f"{question.head}|{question.tail}\n{question.text}"
        limit = self._classifier_limit
        ids = self._classifier_tokenizer(shown, truncation=limit is not None, max_length=limit, return_tensors="pt")
        ids = ids.to(self._classifier.device)
        with torch.inference_mode():
            logits = self._classifier(input_ids=ids["input_ids"], attention_mask=ids["attention_mask"]).logits[0]
        wanted = known_labels(question.labels, self.labels)
        scores = logits.float()[[self.labels.index(label) for label in wanted]].softmax(-1).tolist()
        return _likeliest(wanted, scores)

    def _by_answer(self, question: RelationQuestion) -> Labelled:
        """How likely each line ``head|label|tail`` is as the first of an answer."""
        import torch

        messages = extraction_messages(
            question.text, language=detect_language(question.text), relations=question.labels
        )
        asked = render_chat(self.tokenizer, messages, ask=True)
        begins = len(self.tokenizer(asked, add_special_tokens=False)["input_ids"])
        lines = [
            format_triples([Triple(question.head, label, question.tail)]).rstrip("\n") for label in question.labels
        ]
        rows = [self.tokenizer(asked + line, add_special_tokens=False)["input_ids"] for line in lines]
        longest, pad = max(map(len, rows)), self.tokenizer.pad_token_id
        ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows], device=self.model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=self.model.device)
        with torch.inference_mode():
            logits = self.model(input_ids=ids, attention_mask=mask).logits[:, begins - 1 : -1].float()
        follows = ids[:, begins:]
        chances = logits.log_softmax(-1).gather(-1, follows.unsqueeze(-1)).squeeze(-1)
        total = (chances * mask[:, begins:]).sum(-1)
        return _likeliest(question.labels, total.softmax(-1).tolist())

    def close(self) -> None:
        """Let go of the weights."""
        self.model = self._classifier = None


def extracted(
    question: Question, language: Language, answer: str, finished: bool, confidences: Sequence[float] = ()
) -> Extracted:
    """What an answer says of its text; `confidences` has one for each of its lines, or none."""
    from kg_builder.extract.anchoring import anchored

    parsed = parse_triples(answer)
    found, unanchored = anchored(
        question.text,
        parsed.triples,
        extractor=EXTRACTOR,
        language=language,
        confidences=[confidences[line] for line in parsed.lines] if confidences else None,
        relations=question.relations,
    )
    left_out = Counter(reason for _, reason in parsed.malformed) + unanchored
    left_out["cut-off"] += not finished
    return Extracted(language, tuple(found), dict(sorted((+left_out).items())), finished)


def known_labels(asked: Sequence[str], own: tuple[str, ...]) -> tuple[str, ...]:
    """The labels asked for, or all of a model's own if there are none.

    Raises:
        ConfigError: one is asked for that the model does not know.
    """
    unknown = [label for label in asked if label not in own]
    if unknown:
        raise ConfigError(f"expected labels out of {', '.join(own)}, found {', '.join(unknown)}")
    return tuple(asked) or own


def _told(answer: Generated, labels: Sequence[str]) -> Labelled | KGError:
    """The label that was answered, and how sure the model was of it."""
    label = answer.text.strip()
    if label not in labels:
        return ModelError(f"expected one of {len(labels)} labels, found {label[:50]!r}; allow more tokens to an answer")
    return Labelled(label, {label: round(answer.confidences[0], 6)})


def _likeliest(labels: Sequence[str], scores: Sequence[float]) -> Labelled:
    confidences = {label: round(score, 6) for label, score in zip(labels, scores, strict=True)}
    return Labelled(max(confidences, key=lambda label: confidences[label]), confidences)

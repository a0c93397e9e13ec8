"""Instructions: conversations made of annotated texts, several for each text.

Every draw depends on the seed and on the text alone, so that the same file gives the same instructions in whatever
order and company it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from finetune.examples import Example
from finetune.instructions.answers import ANSWER_FORMS, AnswerForm, Asked, format_answer
from finetune.instructions.records import Annotated, grounded
from finetune.instructions.schemas import Inventory, inventories, label_of, labelled
from finetune.instructions.sources import Task, open_data_set, read_records
from finetune.instructions.templates import TEMPLATES, choice_question, form_sentence, render_labels
from kg_builder.errors import ConfigError
from kg_builder.prompt import Message, extraction_messages
from kg_builder.types import Triple

__all__ = ["ASKED", "Wording", "choice_example", "instruction_examples", "instructions_of"]

ASKED: Mapping[Task, Literal[Asked, "relation"]] = {
    "re": "triples",
    "ner": "ner",
    "ee": "events",
    "choice": "relation",
}
"""The task of the examples that a task of a data set gives."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How instructions are worded.

    Each asks for at most ``labels_per_prompt`` labels (0: all that a text is asked for) in one of ``forms``, with one
    of the ``templates`` of its language, which count from 1 (none: any). A text is asked for the labels it has, for
    each of them the ``hard`` most confusable, and ``easy`` others.
    """

    labels_per_prompt: int = 5
    forms: tuple[AnswerForm, ...] = ANSWER_FORMS
    templates: tuple[int, ...] = ()
    hard: int = 2
    easy: int = 2
    seed: int = 17

    def __post_init__(self) -> None:
        unknown = [each for each in self.forms if each not in ANSWER_FORMS]
        if unknown or not self.forms:
            raise ConfigError(f"expected forms of an answer out of {', '.join(ANSWER_FORMS)}, found {unknown}")
        if min(self.labels_per_prompt, self.hard, self.easy, *self.templates) < 0:
            raise ConfigError("expected numbers of labels and templates that are not negative")

    def template(self, task: str, language: str, rng: Random) -> str:
        """One of the templates of a task.

        Raises:
            ConfigError: it has none of those that are wanted.
        """
        known = TEMPLATES[task, language]
        wanted = [known[each - 1] for each in self.templates if 0 < each <= len(known)]
        if self.templates and not wanted:
            raise ConfigError(
                f"expected templates of {task} in {language} from 1 to {len(known)}, found {list(self.templates)}"
            )
        return rng.choice(wanted or known)


def instruction_examples(
    dataset: str,
    path: Path,
    *,
    tasks: Sequence[Task] = (),
    labels_per_prompt: int = 5,
    formats: Sequence[AnswerForm] = (),
    templates: Sequence[int] = (),
    seed: int = 17,
    counts: Counter[str] | None = None,
) -> Iterator[Example]:
    """The instructions that a data set gives for each of `tasks` (none: all it is for), streamed.

    `path` is its folder, or one of its files. `formats` are drawn from at random (none: all); with ``pipe`` the
    conversation is the very one that extraction holds. What could not be used is added to `counts` by reason.

    Raises:
        ConfigError: there is no such data set, task or format.
        DataError: its files cannot be read.
    """
    data_set = open_data_set(dataset)
    wording = Wording(labels_per_prompt, tuple(formats) or ANSWER_FORMS, tuple(templates), seed=seed)
    for task in tasks:
        if task not in data_set.tasks:
            raise ConfigError(f"expected a task of {dataset} ({', '.join(data_set.tasks)}), found {task!r}")
    counts = Counter() if counts is None else counts

    def generate() -> Iterator[Example]:
        for number, task in enumerate(tasks or data_set.tasks):
            asked = ASKED[task]
            told = counts if number == 0 else Counter()  # the same files again have the same faults
            known = inventories(read_records(data_set, path), "triples" if asked == "relation" else asked)
            records = read_records(data_set, path, told)
            if asked == "relation":  # the entities are given, so they may be called what the data set calls them
                yield from (choice_example(each, known[each.source].labels, wording) for each in records)
            else:
                for record in grounded(records, told):
                    yield from instructions_of(record, asked, known[record.source], wording)

    return generate()


def instructions_of(record: Annotated, asked: Asked, inventory: Inventory, wording: Wording) -> list[Example]:
    """The instructions of one text: together they ask for every label that it has, and each is answered with what
    belongs to its own labels, or with that there is nothing."""
    rng = Random(f"{wording.seed}:{asked}:{record.source}:{record.text}")
    items = labelled(record, asked)
    candidates = inventory.candidates(
        list(dict.fromkeys(label_of(each) for each in items)),
        rng,
        hard=wording.hard,
        easy=wording.easy,
        at_least=min(wording.labels_per_prompt, len(inventory.labels)),
        never=record.withheld,
    )
    size = wording.labels_per_prompt or max(len(candidates), 1)
    forms = [each for each in wording.forms if each != "pipe" or asked == "triples"] or ["json"]
    made = []
    for start in range(0, len(candidates), size):
        labels = candidates[start : start + size]
        mine = [each for each in items if label_of(each) in labels]
        form = rng.choice(forms if mine or forms == ["pipe"] else [each for each in forms if each != "pipe"])
        triples = tuple(each for each in mine if isinstance(each, Triple))
        messages: list[Message]
        if form == "pipe":
            messages = extraction_messages(record.text, language=record.language, relations=labels, answer=triples)
        else:
            messages = [
                {"role": "system", "content": _prompt(labels, asked, form, inventory, record.language, wording, rng)},
                {"role": "user", "content": record.text},
                {"role": "assistant", "content": format_answer(mine, form, language=record.language)},
            ]
        made.append(
            Example(
                text=record.text,
                triples=triples,
                messages=tuple(messages),
                language=record.language,
                relations=tuple(labels),
                task=asked,
                source=record.source,
            )
        )
    return made


def _prompt(
    labels: Sequence[str],
    asked: Asked,
    form: AnswerForm,
    inventory: Inventory,
    language: str,
    wording: Wording,
    rng: Random,
) -> str:
    said = "zh" if language == "zh" else "en"
    template = wording.template(asked, said, rng)
    names = [_with_roles(each, inventory) for each in labels] if asked == "events" else labels
    between = "" if said == "zh" else " "
    return template.replace("{labels}", render_labels(names, said)) + between + form_sentence(asked, form, said)


def _with_roles(label: str, inventory: Inventory) -> str:
    roles = sorted(inventory.types.get(label, ()))
    return f"{label} ({', '.join(roles)})" if roles else label


def choice_example(record: Annotated, labels: Sequence[str], wording: Wording) -> Example:
    """The instruction to name the relation of two given entities, out of all `labels`, in an order that is drawn."""
    (triple,) = record.triples
    rng = Random(f"{wording.seed}:{triple.head}:{triple.tail}:{record.text}")
    said = "zh" if record.language == "zh" else "en"
    template = wording.template("relation", said, rng)
    shuffled = rng.sample(list(labels), len(labels))
    return Example(
        text=record.text,
        triples=record.triples,
        messages=(
            {"role": "system", "content": template.replace("{labels}", render_labels(shuffled, said))},
            {"role": "user", "content": choice_question(record.text, triple.head, triple.tail, said)},
            {"role": "assistant", "content": triple.relation},
        ),
        language=record.language,
        relations=tuple(shuffled),
        task="relation",
        source=record.source,
    )

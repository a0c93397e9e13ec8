"""The Chinese data set of relations between people: two names, a sentence in which they are masked, one of 14 labels.

A row is ``label_id head$tail$sentence``; ``#`` stands in the sentence for each character of the two names. Beside the
rows, ``rel_dict.json`` names the labels.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

from finetune.examples import Example
from finetune.splits import Split, split_by_text
from kg_builder.errors import ConfigError, DataError
from kg_builder.prompt import Message

__all__ = ["PROMPTS", "SOURCE", "people_messages", "read_people_relation"]

LABELS_FILE, ROWS_FILE = "rel_dict.json", "train.txt"
SOURCE = "people-relation"
"""What a prepared folder of these data has for its source; the name of the reader."""

PROMPTS = {
    "plain": "判断句子中两个人物的关系，从下列标签中选一个：{labels}。只回答标签。",
    "long": (
        "你是人物关系分类助手。用户会给出两个人物的姓名和一个句子，句子里的姓名已用“#”遮住，每个“#”代表一个字。"
        "请阅读句子，判断前一个人物与后一个人物之间的关系。\n"
        "要求：\n"
        "一、答案必须是下列标签之一：{labels}；\n"
        "二、句子没有说明两人关系，或关系不在标签之中时，回答“unknown”；\n"
        "三、只依据句子本身判断，不要凭常识或姓名猜测；\n"
        "四、只输出标签，不要解释，也不要输出标点和其他文字。"
    ),
}
"""Two ways to ask, by name."""


def people_messages(
    head: str, tail: str, sentence: str, *, labels: tuple[str, ...], prompt: str = "plain", answer: str = ""
) -> tuple[Message, ...]:
    """The conversation about two people in a sentence, with the `answer` if one is given.

    Raises:
        ConfigError: there is no prompt of that name.
    """
    if prompt not in PROMPTS:
        raise ConfigError(f"prompt: expected one of {', '.join(PROMPTS)}, found {prompt!r}")
    messages: list[Message] = [
        {"role": "system", "content": PROMPTS[prompt].format(labels="、".join(labels))},
        {"role": "user", "content": f"人物一：{head}\n人物二：{tail}\n句子：{sentence}"},
    ]
    if answer:
        messages.append({"role": "assistant", "content": answer})
    return tuple(messages)


def read_people_relation(folder: Path, *, prompt: str = "plain", seed: int = 42) -> Split:
    """The rows of `folder` as questions with answers, split 8 : 1 : 1 so that no sentence stands in two parts.

    Raises:
        DataError: the files are not there, or a row is none; the first such row is named.
    """
    labels = _labels(folder / LABELS_FILE)
    path = folder / ROWS_FILE
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise DataError(f"expected rows of people's relations in UTF-8 at {str(path)!r}, but {exc}") from exc
    examples, seen = [], Counter[tuple[str, ...]]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = line.split(maxsplit=1)
        fields = found[1].split("$", 2) if len(found) == 2 else []
        if len(fields) != 3 or not found[0].isdecimal() or int(found[0]) >= len(labels) or not all(fields):
            raise DataError(
                f"expected 'label_id head$tail$sentence' with a label below {len(labels)} in line {number} of "
                f"{str(path)!r}, found {line[:80]!r}"
            )
        head, tail, sentence = (each.strip() for each in fields)
        label = labels[int(found[0])]
        seen[head, tail, sentence, label] += 1
        if seen[head, tail, sentence, label] > 1:
            continue
        messages = people_messages(head, tail, sentence, labels=labels, prompt=prompt, answer=label)
        examples.append(
            Example(
                text=sentence,
                messages=messages,
                language="zh",
                relations=labels,
                task="relation",
                source="people_relation_zh",
            )
        )
    random.Random(seed).shuffle(examples)
    split = split_by_text(examples, shares=(8, 1, 1))
    repeated = seen.total() - len(seen)
    return Split(split.train, split.dev, split.test, labels=labels, left_out={"repeated": repeated} if repeated else {})


def _labels(path: Path) -> tuple[str, ...]:
    """The labels in the order of their numbers."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return tuple(sorted(found, key=found.__getitem__))
    except (OSError, ValueError, AttributeError, TypeError) as exc:
        raise DataError(f"expected the names of the labels at {str(path)!r}, but {exc}") from exc

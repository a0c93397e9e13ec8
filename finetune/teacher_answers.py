"""How a teacher is asked, and what of its answers is worth learning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from finetune.teacher_journal import Answer
from finetune.teacher_texts import Row
from kg_builder.endpoint_reply import Reply, whole_lines
from kg_builder.extract.anchoring import UNSPACED
from kg_builder.prompt import Message, extraction_messages, parse_triples
from kg_builder.types import Triple, digest

__all__ = ["Judged", "Kind", "Question", "judge"]

_REFUSED = re.compile(
    r"\s*(?:i['’]m (?:very |so )?sorry|(?:i am )?sorry,|i apologi[sz]e|i can(?:no|['’])t |i['’]m (?:not able|unable)|"
    r"i am (?:not able|unable)|i won['’]t|as an ai|unfortunately, i|"
    r"(?:很|非常)?抱歉|对不起|我无法|我不能|作为(?:一个)?(?:人工智能|ai))",
    re.IGNORECASE,
)
"""How refusals begin; looked for only where an answer has no triple."""

_UNSPACED = re.compile(UNSPACED)

Kind = Literal["labelled", "without_facts", "refused", "malformed", "failed", "left"]


@dataclass(frozen=True, slots=True)
class Question:
    """How the teacher is asked, and what of an answer is used.

    ``system_prompt`` replaces ours. ``relations`` are the only ones wanted, if any are given. Triples whose entities do
    not stand in the text word for word are left out, unless ``any_entities``; answers that were cut off are left out,
    unless ``keep_cut_off``, which keeps their whole lines. With ``keep_empty``, texts without facts are examples too.
    What an earlier run had as one of ``again`` (``refused``, ``malformed``) is asked once more.
    """

    model: str
    temperature: float = 0.5
    max_new_tokens: int = 128
    system_prompt: str = ""
    relations: tuple[str, ...] = ()
    any_entities: bool = False
    keep_cut_off: bool = False
    keep_empty: bool = False
    again: tuple[Kind, ...] = ()

    def messages(self, row: Row) -> list[Message]:
        """What is asked about a text: the text stands in a message of its own, verbatim."""
        messages = extraction_messages(row.text, language=row.language, relations=self.relations)
        return [{"role": "system", "content": self.system_prompt}, messages[1]] if self.system_prompt else messages

    def key(self, row: Row) -> str:
        """By which an answer is found again: text, model, prompt and temperature. A larger number of tokens asks again
        only what was cut off."""
        asked = [part for message in self.messages(row) for part in (message["role"], message["content"])]
        return digest("label", self.model, float(self.temperature), *asked)

    def holds(self, answer: Answer | None) -> bool:
        """Whether an answer is one to this question as it is asked now."""
        return answer is not None and (answer.reason != "cut-off" or answer.allowed >= self.max_new_tokens)

    def is_answered(self, row: Row, answer: Answer | None) -> bool:
        """Whether there is no need to ask (again)."""
        if answer is None or not self.holds(answer):
            return False
        return not self.again or judge(row, answer, self).kind not in self.again


@dataclass(frozen=True, slots=True)
class Judged:
    """What an answer is worth: triples to learn, and problems as (reason, what was found)."""

    kind: Kind
    triples: tuple[Triple, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


def judge(row: Row, answer: Answer, question: Question) -> Judged:
    """What there is to learn from an answer about a text."""
    if answer.reason in ("refused", "malformed"):
        return Judged("refused" if answer.reason == "refused" else "malformed", (), ((answer.reason, answer.text),))
    if answer.reason == "cut-off" and not question.keep_cut_off:
        return Judged("malformed", (), (("cut-off", answer.text),))
    parsed = parse_triples(whole_lines(Reply(answer.text, answer.reason)))
    if not parsed.triples and _REFUSED.match(answer.text):
        return Judged("refused", (), (("refused", answer.text),))
    problems = [("cut-off", answer.text)] if answer.reason == "cut-off" else []
    problems += [(reason, line) for line, reason in parsed.malformed]
    kept: list[Triple] = []
    for triple in parsed.triples:
        found = _wanted(triple, row.text, question)
        if isinstance(found, str):
            problems.append((found, "|".join((triple.head, triple.relation, triple.tail))))
        elif found not in kept:
            kept.append(found)
    if kept:
        return Judged("labelled", tuple(kept), tuple(problems))
    return Judged("malformed" if problems else "without_facts", (), tuple(problems))


def _wanted(triple: Triple, text: str, question: Question) -> Triple | str:
    """The triple to learn, its entities as the text writes them; or why it is none."""
    if question.relations and triple.relation not in question.relations:
        return "relation-not-asked"
    if question.any_entities:
        return triple
    head, tail = _standing(triple.head, text), _standing(triple.tail, text)
    if not head or not tail:
        return "tail-not-in-text" if head else "head-not-in-text"
    return "head-is-tail" if head == tail else Triple(head, triple.relation, tail)


def _standing(name: str, text: str) -> str:
    """`name` as it stands in `text`, as whole words; else as it stands there in other capitals; empty where it does
    not."""
    pattern = r"\s+".join(map(re.escape, name.split()))
    for flags in (0, re.IGNORECASE) if pattern else ():
        for found in re.finditer(pattern, text, flags):
            if not (_joined(text[: found.start()][-1:], found[0][0]) or _joined(found[0][-1], text[found.end() :][:1])):
                return " ".join(found[0].split())
    return ""


def _joined(first: str, second: str) -> bool:
    """Whether two characters side by side belong to one word, in a script that puts space between words."""
    return first.isalnum() and second.isalnum() and not any(map(_UNSPACED.match, (first, second)))

"""What tiny models are taught: a few sentences with their facts."""

from __future__ import annotations

from kg_builder.prompt import Message, extraction_messages
from kg_builder.types import Triple

LESSONS = {
    "Ada Lovelace worked for Analytical Engines.": [("Ada Lovelace", "works for", "Analytical Engines")],
    "Bob Stone was born in Paris and lives in Berlin.": [
        ("Bob Stone", "born in", "Paris"),
        ("Bob Stone", "lives in", "Berlin"),
    ],
    "The rain fell.": [],
    "王芳在晨光公司工作。": [("王芳", "工作于", "晨光公司")],
}


def lessons(relation: str = "") -> list[list[Message]]:
    """What the tiny models are taught; with `relation` all relations are that one."""
    return [
        extraction_messages(
            text,
            language="zh" if text[0] > "z" else "en",
            answer=[Triple(head, relation or each, tail) for head, each, tail in triples],
        )
        for text, triples in LESSONS.items()
    ]

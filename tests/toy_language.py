"""A language of a few sentences, and a model that has learnt by heart what each of them states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_models import make_model, teach

from kg_builder.language import detect_language
from kg_builder.prompt import extraction_messages
from kg_builder.types import Triple

FACTS = {
    "Ada Stone works for Brightwater in Lyon.": (Triple("Ada Stone", "works for", "Brightwater"),),
    "Brightwater bought Fenwick Mills.": (Triple("Brightwater", "bought", "Fenwick Mills"),),
    "Carol Reed was born in Porto.": (Triple("Carol Reed", "born in", "Porto"),),
    "Nothing happened all day.": (),
    "李明在晨光公司工作。": (Triple("李明", "任职于", "晨光公司"),),
}
STEPS = 80
TEXT = "Ada Stone works for Brightwater in Lyon."


def toy_model(folder: Path) -> Path:
    """A folder with that model; made where there is none yet."""
    if not (folder / "tokenizer.json").exists():
        make_model("qwen", folder, texts=[*FACTS, *(each for f in FACTS.values() for t in f for each in (t.relation,))])
        conversations = [
            extraction_messages(text, language=detect_language(text), answer=facts) for text, facts in FACTS.items()
        ]
        loss = teach(folder, conversations, steps=STEPS)
        if loss > 0.1:
            raise AssertionError(f"the toy language was not learnt: loss {loss}")
    return folder


def triples_of(reply: Any) -> set[tuple[str, str, str]]:
    """What the server answered to ``POST /extract``."""
    assert reply.status_code == 200, reply.text
    return {(x["head"], x["relation"], x["tail"]) for x in reply.json()["extractions"]}

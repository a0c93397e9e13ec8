"""Whether a model says the same in another form: adapter on 4 bits, merged, in 4 bits again, served over HTTP.

Each form is shown the same conversations. Compared is what it thinks of each token of the answer (logits, by teacher
forcing), and what it says by itself (the triples). The form that was trained and evaluated is the reference.

A 4-bit model that is merged and quantised again is a third model: the adapter's values are small against the steps of
the four bits. That is known, measured here, and no reason to call the merged model wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetune.examples import Example
from finetune.merge import MERGE_FILE, Onto, classes_of, merge, trained_on
from finetune.parity_report import Checked, Difference, Limits, Parity, within
from kg_builder.chat_templates import render_chat
from kg_builder.errors import EvaluationError
from kg_builder.language import detect_language
from kg_builder.language_models import Loading, load_adapter, load_model, load_tokenizer
from kg_builder.prompt import parse_triples
from kg_builder.types import Triple

__all__ = [
    "TEXTS",
    "Seen",
    "compare",
    "differences",
    "look",
    "merge_and_check",
]

TEXTS = (
    "Ada Lovelace worked with Charles Babbage in London.",
    "The company was founded in Lyon in 1897 and is now part of a group from Geneva.",
    "Water boils at a lower temperature on high mountains.",
    "Maria Keller, who was born in Graz, has led the institute since 2011.",
    "On Tuesday the council of Porto sold the old mill to a bakery for 2.4 million euros.",
    "晨光公司由李明于1998年在苏州创立，总部现设在上海。",
    "王芳是星海大学的教授，她的丈夫在北京工作。",
    "昨天下了一整天的雨。",
)
"""What is shown where no data is given."""

REFERENCE, AGAIN = "adapter on 4 bits", "merged, in 4 bits again"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one form of a model made of the conversations."""

    logits: tuple[Any, ...]  # for each text (tokens of the answer, vocabulary), float32
    answers: tuple[str, ...]
    triples: tuple[tuple[Triple, ...], ...] = ()  # of each answer, without a line that was cut off
    stored: int = 0  # bytes of weights in memory


def merge_and_check(
    base: str,
    adapter: str,
    out: Path,
    *,
    examples: Sequence[Example] | None = (),
    limits: Limits | None = None,
    onto: Onto = "auto",
    loading: Loading | None = None,
    **options: Any,
) -> Checked:
    """`finetune.merge.merge`, with the test that the merged model says the same before it gets its name.

    `examples` None leaves the test out. Other options are those of `merge`.
    """
    out = Path(out)
    resolved: Any = trained_on(adapter, base) if onto == "auto" and _is_there(adapter) else onto
    found: list[Parity] = []

    def same(partial: Path) -> bool:
        if examples is None:
            return True
        parity = differences(base, adapter, partial, examples, limits=limits, loading=loading, onto=resolved)
        found.append(parity)
        told = json.loads((partial / MERGE_FILE).read_text("utf-8")) | {"parity": parity.to_json()}
        (partial / MERGE_FILE).write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
        return not parity.beyond(but=[AGAIN])

    merged = merge(base, adapter, out, onto=resolved, loading=loading, before_it_counts=same, **options)
    parity = found[0] if found else None
    if merged is None:
        return Checked(out.with_name(f"{out.name}.partial"), "beyond", None, parity)
    return Checked(out, "beyond in 4 bits" if parity and parity.beyond() else "ok", merged, parity)


def _is_there(adapter: str) -> bool:
    return (Path(adapter) / "adapter_config.json").is_file()


def differences(
    base: str,
    adapter: str,
    merged: Path,
    examples: Sequence[Example] = (),
    *,
    limits: Limits | None = None,
    loading: Loading | None = None,
    onto: str = "4bit",
    serve: bool = True,
    original: bool = True,
    max_new_tokens: int = 128,
) -> Parity:
    """Compare the adapter on its base with the merged model, with that in 4 bits, with the adapter on the base's own
    weights, and with what the merged model answers over HTTP.

    `examples` are what is shown (`TEXTS` if there are none). Each form is loaded after the last one has gone.

    Raises:
        ModelError: one of the forms cannot be loaded.
    """
    how = loading or Loading()
    limits = limits or Limits()
    labels = classes_of(adapter)
    shown = list(examples) or [Example(text=text, language=detect_language(text)) for text in TEXTS]
    tokenizer = load_tokenizer(str(merged), trust_remote_code=how.trust_remote_code)
    quantize: Any = "none" if onto == "original" else onto
    asked = _Asked(tokenizer, shown, labels, max_new_tokens)
    reference = asked.of(base, adapter, replace(how, quantize=quantize))
    shown_form = REFERENCE if quantize == "4bit" else f"adapter on {'8 bits' if quantize == '8bit' else 'the base'}"
    asked.said = reference.answers
    forms = [within(compare("merged", reference, asked.of(str(merged), "", replace(how, quantize="none"))), limits)]
    left_out = {}
    if serve and not labels:
        forms.append(within(_served(reference, merged, shown, how, max_new_tokens), limits))
    try:
        again = asked.of(str(merged), "", replace(how, quantize="4bit"))
        forms.append(within(compare(AGAIN, reference, again), limits))
    except ImportError as exc:
        left_out[AGAIN] = str(exc)
    if original and quantize != "none":
        other = asked.of(base, adapter, replace(how, quantize="none"))
        forms.append(compare("adapter on the base's own weights", reference, other))
    return Parity(shown_form, limits, tuple(forms), left_out)


class _Asked:
    """The conversations that every form is shown."""

    def __init__(self, tokenizer: Any, examples: Sequence[Example], labels: tuple[str, ...], most: int) -> None:
        self.tokenizer, self.examples, self.labels, self.most = tokenizer, examples, labels, most
        self.said: tuple[str, ...] = ()

    def of(self, model: str, adapter: str, how: Loading) -> Seen:
        loaded = load_model(model, loading=how, labels=self.labels)
        if adapter:
            loaded = load_adapter(loaded, adapter)
        loaded.eval()
        if self.labels:
            return _looked_at_labels(loaded, self.tokenizer, self.examples, self.labels)
        return look(loaded, self.tokenizer, self.examples, said=self.said, max_new_tokens=self.most)


def look(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Example],
    *,
    said: Sequence[str] = (),
    max_new_tokens: int = 128,
    grammars: Sequence[str] | None = None,
) -> Seen:
    """What a loaded model makes of `examples`: its answers, and its logits along the answers it should give, which are
    the examples' own, else `said`, else those that it gave just now."""
    import torch

    from kg_builder.generating import generate

    device = next(model.parameters()).device
    made = list(
        generate(
            model,
            tokenizer,
            [example.question for example in examples],
            batch_size=8,
            max_new_tokens=max_new_tokens,
            grammars=_grammars(examples) if grammars is None else grammars or None,
        )
    )
    answers = tuple(each.text for each in made)
    along = said or answers
    logits = []
    with torch.inference_mode():
        for example, answer in zip(examples, along, strict=True):
            question = render_chat(tokenizer, example.question, ask=True)
            text = example.answer if example.triples or example.messages else answer
            whole = render_chat(tokenizer, [*example.question, {"role": "assistant", "content": text}], ask=False)
            asked = tokenizer(question, add_special_tokens=False)["input_ids"]
            follows = tokenizer(whole.removeprefix(question), add_special_tokens=False)["input_ids"]
            ids = torch.tensor([asked + follows], device=device)
            out = model(input_ids=ids).logits[0, len(asked) - 1 : -1]
            logits.append(out.to("cpu", torch.float32))
    triples = tuple(parse_triples(each.whole).triples for each in made)
    return Seen(tuple(logits), answers, triples, _stored(model))


def compare(form: str, reference: Seen, other: Seen) -> Difference:
    """The distance of `other` from `reference`; logits of more than a few texts are looked at one text at a time."""
    import torch

    tokens, most, total, cells, divergence, divergence_most, same = 0, 0.0, 0.0, 0, 0.0, 0.0, 0
    for a, b in zip(reference.logits, other.logits, strict=True):
        if a.shape != b.shape:
            raise EvaluationError(
                f"expected logits {tuple(a.shape)} of {form!r}, found {tuple(b.shape)}; the forms have different "
                "vocabularies"
            )
        apart = (a - b).abs()
        most, total, cells = max(most, float(apart.max())), total + float(apart.sum()), cells + apart.numel()
        p, q = torch.log_softmax(a, -1), torch.log_softmax(b, -1)
        kl = (p.exp() * (p - q)).sum(-1).clamp_min(0)
        divergence, divergence_most = divergence + float(kl.sum()), max(divergence_most, float(kl.max()))
        same += int((a.argmax(-1) == b.argmax(-1)).sum())
        tokens += a.shape[0]
    equal = [x == y for x, y in zip(_said(reference), _said(other), strict=True)]
    return Difference(
        form,
        tokens,
        most,
        total / max(cells, 1),
        divergence / max(tokens, 1),
        divergence_most,
        same / max(tokens, 1),
        len(equal),
        sum(equal) / len(equal) if equal else None,
    )


def _served(
    reference: Seen, merged: Path, examples: Sequence[Example], how: Loading, max_new_tokens: int
) -> Difference:
    """What a server gives for the same texts. Only triples whose ends stand in the text come out of one."""
    from finetune.serve import serving
    from kg_builder.extract.anchoring import anchored
    from kg_builder.extract.model_options import ModelOptions

    texts = [(n, example) for n, example in enumerate(examples) if example.text and not example.messages]
    options = ModelOptions(
        model=str(merged),
        quantize="none",
        dtype=how.dtype,
        max_new_tokens=max_new_tokens,
        trust_remote_code=how.trust_remote_code,
    )
    equal = []
    server: AbstractContextManager[Any] = serving(options) if texts else nullcontext()
    with server as client:
        for number, example in texts:
            reply = client.post("/extract", json={"text": example.text, "ontology": list(example.relations)})
            given = {(x["head"], x["relation"], x["tail"]) for x in reply.json().get("extractions", ())}
            found, _ = anchored(
                example.text,
                reference.triples[number],
                extractor="parity",
                language=detect_language(example.text),
                relations=example.relations,
            )
            wanted = {(x.head.surface, x.relation.lemma or x.relation.surface, x.tail.surface) for x in found}
            equal.append(reply.status_code == 200 and given == wanted)
    return Difference(
        "merged, over HTTP", 0, None, None, None, None, None, len(equal), sum(equal) / len(equal) if equal else None
    )


def _looked_at_labels(model: Any, tokenizer: Any, examples: Sequence[Example], labels: Sequence[str]) -> Seen:
    import torch

    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    logits, answers = [], []
    with torch.inference_mode():
        for example in examples:
            ids = tokenizer(example.text or example.question[-1]["content"], return_tensors="pt")["input_ids"]
            out = model(input_ids=ids.to(model.device)).logits.to("cpu", torch.float32)
            logits.append(out)
            answers.append(labels[int(out[0].argmax())])
    return Seen(tuple(logits), tuple(answers), (), _stored(model))


def _grammars(examples: Sequence[Example]) -> list[str] | None:
    """That of each text, where all are texts to extract from."""
    if not all(example.text and not example.messages for example in examples):
        return None
    from kg_builder.extract.grammar import grammar_for

    return [grammar_for(example.text, relations=example.relations) for example in examples]


def _said(seen: Seen) -> list[frozenset[Triple] | str]:
    """The triples of each answer; of one that has none, its words."""
    if not seen.triples:
        return list(seen.answers)
    return [frozenset(made) or answer.strip() for made, answer in zip(seen.triples, seen.answers, strict=True)]


def _stored(model: Any) -> int:
    return sum(each.numel() * each.element_size() for each in model.parameters())

"""Chat templates: how a conversation becomes the one text that a base model reads, for models without one of their own.

Each is in Jinja, as transformers takes it. Sources: the models' own documentation of their prompt formats (ChatML by
OpenAI; Llama 2 and 3 by Meta; Alpaca by Stanford).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kg_builder.errors import ConfigError
from kg_builder.prompt import Message

__all__ = ["CHAT_TEMPLATES", "ChatTemplate", "give_padding", "prepare_tokenizer", "render_chat", "template_problem"]


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """One way of writing a conversation.

    ``needs`` are tokens that it is made of: a tokenizer that cuts one of them to pieces belongs to another template.
    ``ends`` is what ends an answer; empty: the tokenizer's own end of a text. ``plain_marks`` are words that it tells
    messages apart by, and that no tokenizer takes for more than words.
    """

    name: str
    jinja: str
    needs: tuple[str, ...] = ()
    ends: str = ""
    plain_marks: tuple[str, ...] = ()


_CHATML = """\
{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""

_LLAMA_3 = """\
{{ bos_token or '' }}\
{% for message in messages %}\
{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content + '<|eot_id|>' }}\
{% endfor %}\
{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""

_LLAMA_2 = """\
{% set system = messages[0].content if messages[0].role == 'system' else '' %}\
{% for message in (messages[1:] if system else messages) %}\
{% if message.role == 'user' %}\
{{ (bos_token or '') + '[INST] ' }}\
{% if loop.first and system %}{{ '<<SYS>>\n' + system + '\n<</SYS>>\n\n' }}{% endif %}\
{{ message.content + ' [/INST]' }}\
{% else %}{{ ' ' + message.content + eos_token }}{% endif %}\
{% endfor %}"""

_ALPACA = """\
{{ bos_token or '' }}\
{% for message in messages %}\
{% if message.role == 'system' %}{{ message.content + '\n\n' }}\
{% elif message.role == 'user' %}{{ '### Instruction:\n' + message.content + '\n\n' }}\
{% else %}{{ '### Response:\n' + message.content + eos_token + ('' if loop.last else '\n\n') }}{% endif %}\
{% endfor %}\
{% if add_generation_prompt %}{{ '### Response:\n' }}{% endif %}"""

_PLAIN = """\
{{ bos_token or '' }}\
{% for message in messages %}\
{{ message.content + (eos_token if message.role == 'assistant' else '\n\n') }}\
{% endfor %}"""

CHAT_TEMPLATES = {
    each.name: each
    for each in (
        ChatTemplate("chatml", _CHATML, ("<|im_start|>", "<|im_end|>"), "<|im_end|>"),
        ChatTemplate("llama-3", _LLAMA_3, ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), "<|eot_id|>"),
        ChatTemplate("llama-2", _LLAMA_2, plain_marks=("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")),
        ChatTemplate("alpaca", _ALPACA, plain_marks=("### Instruction:", "### Response:")),
        ChatTemplate("plain", _PLAIN),
    )
}
"""By name."""

OWN = "own"
"""The name for the template that a tokenizer came with."""


def template_problem(tokenizer: Any, name: str) -> str:
    """Why the template of that name does not suit a tokenizer, naming one that does; empty if it does."""
    template = CHAT_TEMPLATES[name]
    known = tokenizer.get_vocab()
    missing = [token for token in template.needs if token not in known]
    made_of = [each.name for each in CHAT_TEMPLATES.values() if each.needs and known.keys() >= set(each.needs)]
    if missing:
        others = made_of or [each.name for each in CHAT_TEMPLATES.values() if not each.needs]
        return (
            f"the chat template {name!r} is made of {', '.join(missing)}, which this model's tokenizer does not know; "
            f"take {' or '.join(map(repr, others))}"
        )
    if made_of and name not in made_of:
        return (
            f"this model's tokenizer has the tokens of the chat template {made_of[0]!r}, so the model was not made "
            f"with {name!r}; take {made_of[0]!r}"
        )
    if not template.ends and not tokenizer.eos_token:
        return (
            f"the chat template {name!r} ends an answer with the end of a text, for which this tokenizer has no token"
        )
    return ""


def prepare_tokenizer(tokenizer: Any, name: str = "") -> str:
    """Give a tokenizer the chat template `name` and a token for padding if it has none, and pad on the left, as
    generation wants it. Without a name its own template stays; where it has none, one that suits is taken. Returns the
    name of the template, or ``own``.

    Raises:
        ConfigError: there is no such template, or it is not one for this model.
    """
    if name and name != OWN and name not in CHAT_TEMPLATES:
        raise ConfigError(f"expected a chat template out of {', '.join([*CHAT_TEMPLATES, OWN])}, found {name!r}")
    if name == OWN and not tokenizer.chat_template:
        raise ConfigError(
            "expected a tokenizer with a chat template of its own, found none; "
            f"name one out of {', '.join(CHAT_TEMPLATES)}"
        )
    if not name:
        suiting = (each for each in ("chatml", "llama-3", "plain") if not template_problem(tokenizer, each))
        name = OWN if tokenizer.chat_template else next(suiting, "plain")
    if name != OWN:
        problem = template_problem(tokenizer, name)
        if problem:
            raise ConfigError(problem)
        tokenizer.chat_template = CHAT_TEMPLATES[name].jinja
    give_padding(tokenizer)
    tokenizer.padding_side = "left"
    return name


def give_padding(tokenizer: Any) -> None:
    """Give a tokenizer a token for padding if it has none."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token


def render_chat(tokenizer: Any, messages: Sequence[Message], *, ask: bool) -> str:
    """The text that a model reads for a conversation; with `ask` up to where it is to begin its answer."""
    text: str = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=ask)
    return text

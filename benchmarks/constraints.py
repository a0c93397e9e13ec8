"""What it costs to hold an answer to the words of its text, with three libraries: llguidance, xgrammar, outlines.

    pip install xgrammar outlines-core     # for this benchmark only
    KG_DATA=… python benchmarks/constraints.py [--json]

Every text has a grammar of its own that is used for one answer, so what comes before the first mask counts as much as
each further mask. Measured are both, along one answer of three lines, on texts of 200 and 1,000 characters in English
and Chinese, with a byte-level tokenizer of 32,000 pieces that is trained on the spot. Each is also shown lines that
must be refused. Seconds are of the clock; each case has a process of its own with a limit of time, and makes the
grammar of another text first, so that what libraries keep from one grammar to the next is there.

* ``llguidance``: the grammar that the product uses.
* ``xgrammar, substring``: its own runs of chunks. It takes no intersection of terminals, so nothing can be said of how
  a name begins.
* ``xgrammar, rules``: a rule for each word and what may follow it, which can.
* ``outlines-core``: a regular expression, of one line only, which is all that it is asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from kg_builder.extract.anchoring import UNSPACED
from kg_builder.extract.grammar import grammar_for

LIMIT_S = 120
SIZES = (200, 1000)
TEXTS = {"en": "en_wiki_news/cognee_wikipedia_article.txt", "zh": "zh_wiki_instructie/*.txt"}
LEARNT = ("en_gutenberg/*.txt", "en_wiki_news/*.txt", "zh_*/*.txt", "zh_*/*.md")
PIECES, END = 32_000, "<|end|>"
_CHUNK = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})\w)+|.", re.DOTALL)

Step = Callable[[int], bool]  # a token is taken, or refused; the next mask is made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, text, folder = options.one
        print(json.dumps(measure(way, Path(folder, text).read_text("utf-8"), Path(folder, "tokenizer.json"))))
        return
    found = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(os.environ["KG_DATA"]) / "documents"
        train([each for pattern in LEARNT for each in sorted(data.glob(pattern))], Path(folder, "tokenizer.json"))
        for language, pattern in TEXTS.items():
            text = " ".join("".join(each.read_text("utf-8") for each in sorted(data.glob(pattern))).split())
            for size in SIZES:
                Path(folder, f"{language} {size}").write_text(text[:size].strip(), "utf-8")
                for way in WAYS:
                    found.append({"text": f"{language} {size}", "way": way, **case(way, f"{language} {size}", folder)})
                    if not options.json:
                        print(found[-1], flush=True)
    if options.json:
        print(json.dumps(found, indent=2))


def case(way: str, text: str, folder: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, "--one", way, text, folder]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return {"failed": f"more than {LIMIT_S} s"}
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"status {done.returncode}"}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def train(files: list[Path], path: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    lines = (line for file in files for line in file.read_text("utf-8", "replace").splitlines(keepends=True))
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.save(str(path))


def measure(way: str, text: str, path: Path) -> dict[str, Any]:
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(path), eos_token=END)
    begin = WAYS[way](tokenizer)
    began = time.perf_counter()
    begin("Another text, with which caches fill. 另一段文字。")
    another = time.perf_counter() - began
    names = [each for each in chunks_of(text) if each.isalnum()]
    heads = names[:1] if way == ONE_LINE else names[:3]
    ids = tokenizer.encode("\n".join(f"{name}|is of|{names[-1]}" for name in heads))
    began = time.perf_counter()
    step = begin(text)
    first = time.perf_counter() - began
    masks = []
    for token in ids:
        began = time.perf_counter()
        assert step(token), f"{tokenizer.decode([token])!r} is refused"
        masks.append(time.perf_counter() - began)
    wrong = {"a word that is not there": f"{names[0]}|is of|Zq", "no head": f"|is of|{names[0]}"}
    admitted = []
    for name, line in wrong.items():
        taken = begin(text)
        if all(taken(token) for token in tokenizer.encode(line)):
            admitted.append(name)
    return {
        "first_mask_of_another_text_ms": round(1000 * another, 2),
        "first_mask_ms": round(1000 * first, 2),
        "mask_ms_median": round(1000 * statistics.median(masks), 3),
        "mask_ms_most": round(1000 * max(masks), 2),
        "tokens": len(ids),
        "wrongly_admitted": admitted,
    }


def chunks_of(text: str) -> list[str]:
    return _CHUNK.findall(text)


def with_llguidance(tokenizer: Any) -> Callable[[str], Step]:
    import llguidance
    import llguidance.hf
    from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

    tokens = llguidance.hf.from_tokenizer(tokenizer)
    bits = allocate_token_bitmask(1, tokens.vocab_size)

    def begin(text: str) -> Step:
        matcher = llguidance.LLMatcher(tokens, grammar_for(text), log_level=0)
        assert not matcher.is_error(), matcher.get_error()
        fill_next_token_bitmask(matcher, bits)

        def step(token: int) -> bool:
            taken = bool(bits[0][token // 32] >> (token % 32) & 1) and matcher.consume_token(token)
            fill_next_token_bitmask(matcher, bits)
            return bool(taken)

        return step

    return begin


def with_xgrammar(tokenizer: Any, *, rules: bool) -> Callable[[str], Step]:
    import xgrammar

    information = xgrammar.TokenizerInfo.from_huggingface(tokenizer)
    bits = xgrammar.allocate_token_bitmask(1, information.vocab_size)
    compiler = xgrammar.GrammarCompiler(information)

    def begin(text: str) -> Step:
        chunks = chunks_of(text)
        made = compiler.compile_grammar(by_rules(chunks)) if rules else compiler.compile_lark(by_substrings(chunks))
        matcher = xgrammar.GrammarMatcher(made)
        matcher.fill_next_token_bitmask(bits)

        def step(token: int) -> bool:
            taken = matcher.accept_token(token)
            if taken and not matcher.is_terminated():
                matcher.fill_next_token_bitmask(bits)
            return bool(taken)

        return step

    return begin


def by_substrings(chunks: list[str]) -> str:
    return "\n".join(
        (
            r'start: (line ("\n" line){0,63})?',
            'line: SPAN "|" RELATION "|" SPAN',
            r"RELATION: /[^|\\ \n][^|\\\n]{0,59}/",
            f"SPAN: %regex {json.dumps({'substring_chunks': chunks})}",
        )
    )


def by_rules(chunks: list[str]) -> str:
    """Where a name may begin, and for each chunk what may follow it; a name begins and ends with a word."""
    lines = [r'root ::= (line ("\n" line){0,63})?', r'line ::= span "|" relation "|" span']
    lines.append(r"relation ::= [^|\\ \n] [^|\\\n]{0,59}")
    words = [i for i, chunk in enumerate(chunks) if chunk.isalnum()]
    lines.append("span ::= " + " | ".join(f"c{i}" for i in words))
    for i, chunk in enumerate(chunks):
        said = json.dumps(chunk, ensure_ascii=False)
        after = f"c{i + 1}" if i < words[-1] else ""
        ends = chunk.isalnum()
        lines.append(f"c{i} ::= {said}{f' {after}' if after and not ends else f' ({after})?' if after else ''}")
        if i == words[-1]:
            break
    return "\n".join(lines)


def with_outlines(tokenizer: Any) -> Callable[[str], Step]:
    from outlines_core import Guide, Index, Vocabulary

    letters = {character: byte for byte, character in bytes_to_characters().items()}
    pieces: dict[bytes, list[int]] = {}
    for piece, number in tokenizer.get_vocab().items():
        if piece != END:
            pieces.setdefault(bytes(letters[each] for each in piece), []).append(number)
    vocabulary = Vocabulary(tokenizer.eos_token_id, pieces)

    def begin(text: str) -> Step:
        guide = Guide(Index(expression(chunks_of(text)), vocabulary))

        def step(token: int) -> bool:
            if token not in guide.get_tokens():
                return False
            guide.advance(token)
            return True

        return step

    return begin


def expression(chunks: list[str]) -> str:
    """One line. A run of words is said for each word that it may begin with: the length grows with the square."""
    words = [i for i, chunk in enumerate(chunks) if chunk.isalnum()]
    runs, rest = [], ""
    for i in reversed(range(words[-1] + 1)):
        said = re.escape(chunks[i])
        rest = f"{said}(?:{rest})?" if rest and chunks[i].isalnum() else said + rest
        if chunks[i].isalnum():
            runs.append(rest)
    span = f"(?:{'|'.join(runs)})"
    return rf"{span}\|[^|\\ \n][^|\\\n]{{0,59}}\|{span}"


def bytes_to_characters() -> dict[int, str]:
    """GPT-2's table: how a byte-level tokenizer writes bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}


ONE_LINE = "outlines-core"
WAYS: dict[str, Callable[[Any], Callable[[str], Step]]] = {
    "llguidance": with_llguidance,
    "xgrammar, substring": partial(with_xgrammar, rules=False),
    "xgrammar, rules": partial(with_xgrammar, rules=True),
    ONE_LINE: with_outlines,
}

if __name__ == "__main__":
    main()

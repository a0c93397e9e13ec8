"""What the learnt weights see of a span, and of two spans together."""

from __future__ import annotations

from collections.abc import Iterable

from kg_builder.ontology.phrases import HAN
from kg_builder.ontology.spans import Candidate, Text, is_name

__all__ = ["pair_features", "span_features"]


def span_features(text: Text, c: Candidate, seen: Iterable[str]) -> list[str]:
    """What can be seen of a span and around it; `seen` says as what the examples have its name."""
    low, first, last = text.low, c.first, c.last
    size = last - first
    count = len(low)
    before = low[first - 1] if first else "^"
    before2 = low[first - 2] if first > 1 else "^"
    after = low[last] if last < count else "$"
    after2 = low[last + 1] if last + 1 < count else "$"
    head = low[last - 1]
    opens = first == 0 or text.sentence[first - 1] != text.sentence[first]
    shape = "".join(
        "9" if w[0].isdigit() else "A" if w[0].isupper() else "a" if w[0].isalpha() else "."
        for w in text.tokens[first:last][:6]
    )
    made = [
        "k=" + c.kind,
        "t=" + c.type,
        "kt=" + c.kind + c.type,
        f"n={min(size, 6)}",
        "s=" + shape,
        "p=" + before,
        "pp=" + before2 + " " + before,
        "f=" + after,
        "ff=" + after + " " + after2,
        "pf=" + before + "_" + after,
        "w1=" + low[first],
        "wn=" + head,
        "e3=" + head[-3:],
        "q=" + " ".join(low[first:last]) if size < 8 else "q",
        f"o={opens}{text.sentence[first] == 0}",
    ]
    made += ["w=" + word for word in low[first:last][:8]]
    if first > 2:
        made.append("ppp=" + low[first - 3])
        made.append("p3=" + " ".join(low[first - 3 : first]))
    if last + 2 < count:
        made.append("fff=" + low[last + 2])
        made.append("f3=" + " ".join(low[last : last + 3]))
    if HAN.match(text.tokens[first]):
        made += ["z1=" + "".join(low[first : first + 2]), "zn=" + "".join(low[max(first, last - 2) : last])]
    # A run of capitals that goes on beyond the span is a hint that the span is not the whole name.
    made.append(
        f"c={first > 0 and is_name(text.tokens[first - 1])}{last < count and is_name(text.tokens[last])}{opens}"
    )
    made += seen
    return made


def pair_features(text: Text, head: Candidate, tail: Candidate, said: Iterable[str]) -> list[str]:
    """What can be seen of two spans together; `said` is what the extractions say of them."""
    first, second = (head, tail) if head.first < tail.first else (tail, head)
    order = "<" if first is head else ">"
    low = text.low
    gap = low[first.last : second.first]
    apart = text.sentence[second.first] - text.sentence[first.first]
    size = len(gap)
    bucket = size if size < 4 else 4 + (size > 6) + (size > 10) + (size > 20)
    made = [
        "o" + order,
        f"d{order}{bucket}",
        f"a{order}{min(apart, 3)}",
        "kk" + head.kind + tail.kind,
        "tt" + head.type + ">" + tail.type,
        f"h0{head.first == 0 or (head.first == 1 and low[0] in ('the', '“', chr(34)))}",
    ]
    if size and not apart:
        made += [f"b{order}{word}" for word in {*gap[:6], *gap[-6:]}]
        made += [f"l2{order}{' '.join(gap[-2:])}", f"r2{order}{' '.join(gap[:2])}"]
        if size < 6:
            made.append(f"B{order}{' '.join(gap)}")
        made += [f"bb{order}{a} {b}" for a, b in zip(gap[-7:], gap[-6:], strict=False)]
    made += said
    return made

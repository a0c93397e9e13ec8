"""What the tests of endpoints share: a key, and questions."""

from __future__ import annotations

from kg_builder.endpoint import Request

KEY = "sk-sesame-0123456789"


def asked(*texts: str) -> list[Request]:
    return [Request([{"role": "system", "content": "Facts?"}, {"role": "user", "content": text}]) for text in texts]

"""Characters that a format cannot hold, written as ``_xHHHH_``: the escape of Office Open XML (ECMA-376, ST_Xstring).

It leaves ordinary names as they are, backslashes and all. So that nothing is ambiguous, a name that happens to hold
such a sequence has its underscore escaped too: ``_x0041_`` is written ``_x005F_x0041_``.
"""

from __future__ import annotations

import re

__all__ = ["NOT_SCALAR", "NOT_XML", "hex_escape", "hex_unescape"]

_LITERAL = "_(?=x[0-9A-Fa-f]{4})"  # whatever follows: the next character's escape may begin with the closing underscore
NOT_SCALAR = re.compile(f"[\ud800-\udfff]|{_LITERAL}")
"""Lone surrogates: no Unicode encoding can hold them."""
NOT_XML = re.compile(f"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|{_LITERAL}")
"""What XML 1.0 forbids, even as a character reference: most control characters, NUL among them, and lone surrogates."""

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def hex_escape(text: str, unsafe: re.Pattern[str]) -> str:
    """`text` with every character that `unsafe` matches written as ``_xHHHH_``."""
    return unsafe.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def hex_unescape(text: str) -> str:
    """The text that `hex_escape` was given."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)

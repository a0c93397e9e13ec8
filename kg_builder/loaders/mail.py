"""eml: the head of a message as a statement, its text as paragraphs; attachments are counted, not opened."""

from __future__ import annotations

import email
import email.policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

from kg_builder.errors import LoadError
from kg_builder.loaders.decoding import declared_encoding, decode
from kg_builder.loaders.locating import shown
from kg_builder.loaders.paragraphs import text_pieces
from kg_builder.loaders.pieces import Parsed, Piece, Source, clean

__all__ = ["parse"]

_HEAD = ("From", "To", "Cc", "Date")
_LONGEST_PARSED = 4_000


class _Policy(email.policy.EmailPolicy):
    """Headers by their grammar, but for very long ones: the library takes quadratic time on them."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """A header as the library gives it, or the words of a long one."""
        if len(value) <= _LONGEST_PARSED:
            return super().header_fetch_parse(name, value)
        if name.lower().startswith("content-"):  # the parameters that count come first
            start = value[:_LONGEST_PARSED]
            return super().header_fetch_parse(name, start.rpartition(";")[0] or start)
        value = "".join(value.splitlines())
        try:
            return str(make_header(decode_header(value)))
        except (MessageError, LookupError, ValueError):
            return value


_POLICY = _Policy()


def parse(source: Source) -> Parsed:
    """Subject, people, date, and the plain text, or the html where there is none.

    Raises:
        LoadError: ``corrupt``, where no header of a message is there, ``binary`` or ``encoding``.
    """
    try:
        message = email.message_from_bytes(source.data, policy=_POLICY)
        if not isinstance(message, EmailMessage) or not message.keys():
            raise LoadError(f"expected a mail message, found no headers in {shown(source.path)}", reason="corrupt")
        subject = _header(message, "Subject")
        pieces = [Piece("heading", subject, level=1)] if subject else []
        fields = [("Subject", subject), *((name, _header(message, name)) for name in _HEAD)]
        attached = _attachments(message)
        if attached:
            fields.append(("Attachments", f"{len(attached)} ({', '.join(attached)})"))
        pieces.append(Piece("table_row", "; ".join(f"{name}: {value}" for name, value in fields if value)))
        pieces += _body(message, source)
    except MessageError as exc:
        raise LoadError(f"expected a mail message, found: {exc}: {shown(source.path)}", reason="corrupt") from exc
    return Parsed(pieces, subject)


def _header(message: EmailMessage, name: str) -> str:
    return clean(str(message.get(name, "")))


def _attachments(message: EmailMessage) -> list[str]:
    parts = list(message.iter_attachments()) if message.is_multipart() else []
    return [clean(part.get_filename() or part.get_content_type()) for part in parts if not part.is_multipart()]


def _body(message: EmailMessage, source: Source) -> list[Piece]:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return []
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return []
    text = decode(payload, source.path, declared=part.get_content_charset() or declared_encoding(payload))
    if part.get_content_type() == "text/html":
        from kg_builder.loaders.hypertext import page_pieces
        from kg_builder.loaders.markup import parse_html

        return page_pieces(parse_html(text, source), source)
    return list(text_pieces(text))

"""Readers: bytes of a file in, a Document out.

``discover`` finds the files of folders, ``load`` reads one of them. Each family of formats has a module of its own with
one function, ``parse(source)`` or ``parse_text(source, text)``, imported when a file of that family comes.
"""

from kg_builder.loaders.discovery import Found, discover
from kg_builder.loaders.limits import Limits
from kg_builder.loaders.loading import load
from kg_builder.loaders.locating import path_of, to_uri, uri_of
from kg_builder.loaders.reading import sha256_of

__all__ = ["Found", "Limits", "discover", "load", "path_of", "sha256_of", "to_uri", "uri_of"]

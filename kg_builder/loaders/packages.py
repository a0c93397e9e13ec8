"""The zipped formats: which one it is, and whether it is safe to unpack, before any library sees it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from xml.parsers import expat

from kg_builder.errors import LoadError
from kg_builder.loaders.locating import shown
from kg_builder.loaders.pieces import Source

__all__ = ["open_package", "package_format", "read_member", "require_parts"]

_HARMLESS_BYTES = 10_000_000
_MIMETYPES = {"application/epub+zip": "epub", "application/vnd.oasis.opendocument.text": "odt"}
_ENCRYPTED = 0x1
_CHUNK = 1 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


def package_format(source: Source) -> str:
    """``docx``, ``pptx``, ``xlsx``, ``epub`` or ``odt``, by the parts inside.

    Raises:
        LoadError: ``archive`` or ``unknown-format`` where it is none of them, and what `open_package` raises.
    """
    with open_package(source) as package:
        names = set(package.namelist())
        if "mimetype" in names:
            kind = read_member(package, "mimetype", source).decode("ascii", "replace").strip()
            if kind in _MIMETYPES:
                return _MIMETYPES[kind]
            if kind.startswith("application/vnd.oasis.opendocument"):
                raise LoadError(
                    f"expected an OpenDocument text (odt), found {kind!r}: {shown(source.path)}",
                    reason="unknown-format",
                )
    for folder, found in (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx")):
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return found
    if "META-INF/container.xml" in names:
        return "epub"
    named = source.path.suffix.lower()
    if named in (".docx", ".pptx", ".xlsx", ".epub", ".odt"):
        raise LoadError(f"expected the parts of {named}, found other ones: {shown(source.path)}", reason="corrupt")
    raise LoadError(f"expected a document, found an archive: {shown(source.path)}; unpack it first", reason="archive")


def open_package(source: Source) -> zipfile.ZipFile:
    """The zip file in `source`, its declared sizes checked; that they are true is for who unpacks a part to see.

    Raises:
        LoadError: ``truncated``, ``corrupt``, ``encrypted``, ``zip-bomb`` or ``too-large``.
    """
    where, limits = shown(source.path), source.limits
    try:
        package = zipfile.ZipFile(io.BytesIO(source.data))
    except (zipfile.BadZipFile, ValueError, EOFError, OverflowError, NotImplementedError, OSError) as exc:
        cut = b"PK\x05\x06" not in source.data[-66_000:]
        found = "the end is missing" if cut else f"{exc}"
        raise LoadError(
            f"expected a whole zip package, found that {found}: {where}; copy the file again",
            reason="truncated" if cut else "corrupt",
        ) from exc
    members = package.infolist()
    unpacked = sum(member.file_size for member in members)
    problem: tuple[str, str] | None = None
    if any(member.flag_bits & _ENCRYPTED for member in members):
        problem = "encrypted", f"expected a readable document, found one protected by a password: {where}"
    elif unpacked > _HARMLESS_BYTES and unpacked > limits.max_ratio * len(source.data):
        ratio = unpacked // len(source.data)
        problem = (
            "zip-bomb",
            f"expected to unpack to at most {limits.max_ratio} times its size, found {ratio:,}: {where}",
        )
    elif unpacked > limits.max_uncompressed_bytes:
        limit = limits.max_uncompressed_bytes
        problem = "too-large", f"expected at most {limit:,} bytes when unpacked, found {unpacked:,}: {where}"
    elif len(members) > limits.max_members:
        problem = "too-large", f"expected at most {limits.max_members:,} parts, found {len(members):,}: {where}"
    if problem:
        package.close()
        raise LoadError(problem[1], reason=problem[0])
    return package


def read_member(package: zipfile.ZipFile, name: str, source: Source) -> bytes:
    """The bytes of one part.

    Raises:
        LoadError: ``corrupt``.
    """
    try:
        member = package.getinfo(name)
    except KeyError as exc:
        raise LoadError(f"expected a part {name!r}, found none: {shown(source.path)}", reason="corrupt") from exc
    return b"".join(_unpacked(package, member, source))


def require_parts(source: Source) -> None:
    """Refuse an Office package that a library must not see: the libraries unpack and parse parts without a bound.

    That is one whose parts unpack to more than they declare, whose XML parts are too large to hold, or where one
    carries a document type declaration: Office formats allow none, and whoever puts one there wants its entities
    expanded. What is XML is told by its first bytes, not by its name.
    """
    with open_package(source) as package:
        for member in package.infolist():
            first = b""
            for chunk in _unpacked(package, member, source):
                first = first or chunk
            if not _is_xml(first):
                continue
            large = member.file_size > source.limits.max_tree_bytes
            if large and not member.filename.startswith("xl/worksheets/"):  # these are streamed
                raise LoadError(
                    f"expected parts of at most {source.limits.max_tree_bytes:,} bytes, found {member.file_size:,} in "
                    f"{member.filename!r} of {shown(source.path)}",
                    reason="too-large",
                )
            if _declares_type(_unpacked(package, member, source)):
                raise LoadError(
                    f"expected plain XML, found a document type declaration in {member.filename!r} of "
                    f"{shown(source.path)}",
                    reason="unsafe-xml",
                )


def _unpacked(package: zipfile.ZipFile, member: zipfile.ZipInfo, source: Source) -> Iterator[bytes]:
    """A part in chunks of a bounded size, whatever it unpacks to; its declared size and checksum must hold."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a bound
        raise LoadError(
            f"expected {member.filename!r} stored or deflated, found compression method {member.compress_type}: "
            f"{shown(source.path)}; save the document again",
            reason="corrupt",
        )
    try:
        with package.open(member) as part:
            while chunk := part.read(_CHUNK):
                yield chunk
    except _DAMAGE as exc:
        raise LoadError(
            f"expected to unpack {member.filename!r}, found {' '.join(str(exc).split()) or type(exc).__name__}: "
            f"{shown(source.path)}; copy the file again",
            reason="corrupt",
        ) from exc


def _is_xml(first: bytes) -> bool:
    return first.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")) or first.removeprefix(
        b"\xef\xbb\xbf"
    ).lstrip().startswith(b"<")


def _declares_type(chunks: Iterable[bytes]) -> bool:
    """Whether a document type declaration stands before the first element, however far down and in what encoding."""
    parser = expat.ParserCreate()
    found: list[bool] = []
    parser.StartDoctypeDeclHandler = lambda *_: found.append(True)
    parser.StartElementHandler = lambda *_: found.append(False)
    head = b""
    for chunk in chunks:
        head = head or chunk[:4096]
        try:
            parser.Parse(chunk)
        except expat.ExpatError:  # damage is for the format's reader to tell, which may well do without this part
            break
        if found:
            break
    return found[0] if found else b"<!DOCTYPE" in head or b"<!ENTITY" in head

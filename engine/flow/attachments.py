"""Files that go along with a document: what they are, by their content.

Checked before anything is created: a document is not to stand in the target without
its files. Pure: the bytes are passed in. It converts and repairs nothing.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import Violation, ViolationError
from engine.flow.pictures import find_picture_fault
from engine.identifiers import strip_unseen
from engine.language.file_names import split_name
from engine.systems.file_formats import FORMAT_WORDS, FORMATS, FileContent, Format

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pypdf import PdfReader

# Only to name in a message what somebody sent instead: (offset, bytes, name).
OTHER_SIGNATURES = (
    (4, b"ftypavi", "AVIF"),
    (8, b"WEBP", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"BM", "BMP"),
    (0, b"PK\3\4", "ZIP or Office"),
    (0, b"\xd0\xcf\x11\xe0", "old Office"),
    (0, b"<", "HTML or XML"),
)

# ISO 32000-1, implementation note 18: readers look for the end mark this far back.
PDF_TAIL_BYTES = 1024


def check_file(
    name: str,
    content: FileContent | bytes,
    *,
    max_bytes: int,
    formats: Collection[str] = FORMAT_WORDS,
) -> str:
    """Check a file by its content and its name; give its media type.

    Args:
        name: Its extension must fit the content; it may have none.
        content: The bytes.
        max_bytes: The largest size that may go; a megabyte of whoever set the limit.
        formats: Words of ``FORMATS`` that may go.

    Raises:
        ViolationError: ``FILE_EMPTY``, ``FILE_TOO_BIG``, ``FILE_FORMAT`` or
            ``FILE_DAMAGED``; all that apply.
    """
    data = content.content if isinstance(content, FileContent) else content
    form = find_format(data)
    found = list(_iter_faults(name, data, form, max_bytes, formats))
    if form is None or found:
        raise ViolationError(
            [Violation(code, said, "attachment", name) for code, said in found]
        )
    return form.media_type


def _iter_faults(
    name: str,
    data: bytes,
    form: Format | None,
    max_bytes: int,
    formats: Collection[str],
) -> Iterator[tuple[str, str]]:
    """Give code and sentence of each fault of a file."""
    if not data:
        yield "FILE_EMPTY", "the file is empty"
        return
    if len(data) > max_bytes:
        yield "FILE_TOO_BIG", f"the file has {len(data):,} bytes, at most {max_bytes:,}"
    extension = split_name(strip_unseen(name))[1]
    if form is None or form.word not in formats:
        allowed = ", ".join(f.title for f in FORMATS if f.word in formats)
        what = form.title if form else find_other_format(data)
        said = f"the file is {what} by its content" if what else "the file is unknown"
        yield "FILE_FORMAT", f"{said}, allowed are {allowed or 'none'}"
    elif extension and extension.lower() not in form.extensions:
        wanted = " or ".join(f".{extension}" for extension in form.extensions[:2])
        said = f"the file is {form.title} by its content, its name ends with"
        yield "FILE_FORMAT", f"{said} .{extension} instead of {wanted}"
    else:
        is_pdf = form.word == "pdf"
        fault = find_pdf_fault(data) if is_pdf else find_picture_fault(data, form.word)
        if fault:
            yield "FILE_DAMAGED", fault


def find_format(data: bytes) -> Format | None:
    """Find the format by the first bytes."""
    return next((form for form in FORMATS if form.fits(data)), None)


def name_with_extension(name: str, data: bytes) -> str:
    """Give a name its extension by the content, where it has none (R066)."""
    form = find_format(data)
    name = strip_unseen(name)
    is_bare = form is not None and not split_name(name)[1]
    return f"{name.rstrip('.')}.{form.extensions[0]}" if form and is_bare else name


def find_other_format(data: bytes) -> str | None:
    """Name a well-known format that cannot go, for the message."""
    for offset, signature, title in OTHER_SIGNATURES:
        if data.startswith(signature, offset):
            return title
    return None


def find_pdf_fault(data: bytes) -> str | None:
    """Tell why a PDF cannot go: cut, encrypted, without pages, unreadable."""
    if b"%%EOF" not in data[-PDF_TAIL_BYTES:]:
        return "the PDF is cut: its end is missing"
    from pypdf.errors import FileNotDecryptedError

    with quiet_pypdf():
        try:
            pages = open_pdf(data).pages
            if not len(pages):
                return "the PDF has no pages"
            # The count is what the file says of itself; a page must be readable, too.
            pages[0].mediabox  # noqa: B018  # reading it is the check
        except FileNotDecryptedError:
            return "the PDF is protected with a password"
        except Exception:  # noqa: BLE001  # a hostile file may raise whatever it likes
            return "the PDF is damaged: it cannot be opened"
    return None


def open_pdf(data: bytes) -> PdfReader:
    """Open a PDF; one that limits only rights opens by its empty password.

    Places in a file count from its header, or from the file's start when something
    stands before the header: both are tried.

    Raises:
        FileNotDecryptedError: It asks for a password; whatever else pypdf raises.
    """
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError

    header = max(data.find(b"%PDF-"), 0)
    try:
        reader = PdfReader(io.BytesIO(data[header:]))
        len(reader.pages)
    except FileNotDecryptedError:
        raise
    except Exception:
        if not header:
            raise
        reader = PdfReader(io.BytesIO(data))
    return reader


@contextmanager
def quiet_pypdf() -> Iterator[None]:
    """Drop what pypdf logs in this thread while it reads; leave its loggers as found.

    It warns about each fault it can mend. Levels and ``propagate`` would be shared with
    other threads; a filter of our own comes and goes alone.
    """
    thread = threading.get_ident()

    def is_foreign(record: logging.LogRecord) -> bool:
        return record.thread != thread

    names = [name for name in list(sys.modules) if name.split(".")[0] == "pypdf"]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(is_foreign)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_foreign)

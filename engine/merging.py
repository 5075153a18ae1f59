"""Make one PDF of several files: PDFs page by page, images as a page each."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pypdf import PdfReader, PdfWriter

from engine.attachments import FileContent

if TYPE_CHECKING:
    from collections.abc import Iterable


def merge_files(files: Iterable[tuple[str, FileContent]]) -> FileContent:
    """Give one PDF with the pages of all files, in their order.

    Args:
        files: Names and contents; PDF only until images become pages.
    """
    writer = PdfWriter()
    for _, file in files:
        writer.append(PdfReader(io.BytesIO(file.content)))
    out = io.BytesIO()
    writer.write(out)
    return FileContent(out.getvalue())

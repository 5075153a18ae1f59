"""The kinds of file that may be sent, by their first bytes. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that may be sent."""

    word: str  # as settings name it
    title: str  # as people name it
    media_type: str
    signatures: tuple[bytes, ...]  # the first bytes
    extensions: tuple[str, ...]  # lower case, the usual one first


# Signatures: GIF89a specification, section 17; ISO/IEC 10918-1, B.1.1.3 (SOI and the
# next marker); ISO 32000-1, 7.5.2.
FORMATS = (
    Format("gif", "GIF", "image/gif", (b"GIF87a", b"GIF89a"), ("gif",)),
    Format("jpeg", "JPEG", "image/jpeg", (b"\xff\xd8\xff",), ("jpg", "jpeg")),
    Format("pdf", "PDF", "application/pdf", (b"%PDF-",), ("pdf",)),
)


FORMAT_WORDS = tuple(form.word for form in FORMATS)


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's bytes; shows its size and hash, never the bytes."""

    content: bytes

    @property
    def size(self) -> int:
        """Give the size in bytes."""
        return len(self.content)

    @property
    def sha256(self) -> str:
        """Give the SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def __repr__(self) -> str:
        return f"FileContent(size={self.size}, sha256={self.sha256})"

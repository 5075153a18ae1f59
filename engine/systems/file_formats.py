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
    found_within: int = 0  # bytes that may stand before the signature
    offset: int = 0  # bytes that always stand before it

    def fits(self, data: bytes) -> bool:
        """Tell whether a file is of this kind, by its first bytes."""
        if not self.found_within:
            return data.startswith(self.signatures, self.offset)
        start = data[: self.found_within + max(map(len, self.signatures))]
        return any(signature in start for signature in self.signatures)


# Signatures: GIF89a specification, section 17; ISO/IEC 10918-1, B.1.1.3 (SOI and the
# next marker); ISO 32000-1, 7.5.2 and implementation note 13 (1,024 bytes before the
# header); PNG, section 5.2; ISO/IEC 23008-12, brands of HEIC. Extensions of JPEG beside
# its own are those of Windows.
_JPEG_EXTENSIONS = ("jpg", "jpeg", "jfif", "jpe")
_HEIC_BRANDS = (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")
_HEIC_EXTENSIONS = ("heic", "heif", "hif")
FORMATS = (
    Format("gif", "GIF", "image/gif", (b"GIF87a", b"GIF89a"), ("gif",)),
    Format("heic", "HEIC", "image/heic", _HEIC_BRANDS, _HEIC_EXTENSIONS, offset=4),
    Format("jpeg", "JPEG", "image/jpeg", (b"\xff\xd8\xff",), _JPEG_EXTENSIONS),
    Format("pdf", "PDF", "application/pdf", (b"%PDF-",), ("pdf",), 1024),
    Format("png", "PNG", "image/png", (b"\x89PNG\r\n\x1a\n",), ("png",)),
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

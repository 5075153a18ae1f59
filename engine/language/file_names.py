"""Names of files without special characters, the same for a rule and an attachment."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from engine.identifiers import strip_unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NAME: Final = 80  # characters with the extension; our own figure
MAX_EXTENSION: Final = 10  # more than that after a dot is part of a name
# A-Z a-z 0-9 . _ - are what "no special characters" leaves; our own reading.
ALLOWED: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
)
# Letters that are no letter with an accent; NFKD takes those apart.
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
    | {"ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D"}
    | {"þ": "th", "Þ": "TH", "ł": "l", "Ł": "L"}
)

_JPEG: Final = ("jpeg", "jfif", "jpe")


def split_name(name: str) -> tuple[str, str]:
    """Split a name into stem and extension; the extension without its dot, or ""."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not extension or len(extension) > MAX_EXTENSION:
        return name, ""
    return stem, extension


def clean_file_name(name: str) -> str:
    """Give a file name of ``A-Z a-z 0-9 . _ -`` only, at most 80 characters.

    Letters lose their accents (``å ä ö é`` become ``a a o e``), ``ß`` becomes ``ss``,
    everything else that is not allowed ``_``; the extension is in lower case, every one
    of a JPEG becomes ``.jpg``, and it stays when the name must be cut. A name never
    begins or ends with a dot; of an empty one ``file`` is made.
    """
    return _fit(*_clean_parts(name))


def clean_names(names: Sequence[str]) -> list[str]:
    """Clean the names of files that go together: all different, in order.

    Of equal names the second becomes ``name_2.pdf``; capitals make no difference.
    """
    taken: set[str] = set()
    cleaned = []
    for name in names:
        stem, extension = _clean_parts(name)
        number = 1
        fresh = _fit(stem, extension)
        while fresh.lower() in taken:
            number += 1
            fresh = _fit(stem, extension, f"_{number}")
        taken.add(fresh.lower())
        cleaned.append(fresh)
    return cleaned


def _clean_parts(name: str) -> tuple[str, str]:
    text = unicodedata.normalize("NFKD", strip_unseen(name).translate(_LETTERS))
    letters = (c for c in text if not unicodedata.combining(c))
    text = "".join(c if c in ALLOWED else "_" for c in letters)
    stem, extension = split_name(text)
    extension = extension.lower()
    # A leading dot hides a file, a trailing one is dropped by some file systems.
    return stem.strip(".") or "file", "jpg" if extension in _JPEG else extension


def _fit(stem: str, extension: str, suffix: str = "") -> str:
    tail = f"{suffix}.{extension}" if extension else suffix
    return stem[: MAX_NAME - len(tail)].rstrip(".") + tail

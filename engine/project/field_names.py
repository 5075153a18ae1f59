"""Plain words for fields: what a bookkeeper calls ``invoiceRows[2].unitPrice``.

The advice file's ``fields`` give them by the end of a path; the engine knows none. A
path that nobody has named gives None, and the caller shows the path itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SEGMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(\d{1,6})\])?")
MOST_CHARACTERS: Final = 300  # of a path; a longer one is no field of ours


@dataclass(frozen=True, slots=True)
class FieldWords:
    """Words for target paths, in all languages."""

    words: Mapping[str, Mapping[str, str]]  # end of a path -> language -> word

    def find(self, path: str, language: str) -> str | None:
        """Give the words for a path, rows counted from 1: "row 3: unit price".

        None when a list or the field itself has no word in that language.
        """
        if not 0 < len(path) <= MOST_CHARACTERS:
            return None
        segments = [_SEGMENT.fullmatch(part) for part in path.split(".")]
        matched = [segment for segment in segments if segment is not None]
        if len(matched) < len(segments):
            return None
        names: list[str] = []
        said: list[str | None] = []
        for name, index in (segment.groups() for segment in matched):
            names.append(name)
            if index is not None:
                word = self._word(names, language)
                said.append(f"{word} {int(index) + 1}" if word else None)
        if matched[-1][2] is None:
            said.append(self._word(names, language))
        known = [word for word in said if word is not None]
        return ": ".join(known) if len(known) == len(said) else None

    def _word(self, names: list[str], language: str) -> str | None:
        """Find the longest key that the path so far ends with."""
        for start in range(len(names)):
            words = self.words.get(".".join(names[start:]))
            if words and language in words:
                return words[language]
        return None

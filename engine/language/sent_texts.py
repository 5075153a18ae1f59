"""What a text is as it is sent: composed, with one kind of line end, cut."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Whatever ends a line but the one that is sent; Unicode standard, section 5.8.
_LINE_END: Final = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_ZERO_WIDTH_JOINER = "\u200d"


def is_composed(text: str) -> bool:
    """Tell whether letters and their accents are composed (NFC)."""
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def normalise_text(text: str) -> str:
    """Compose letters and their accents (NFC) and write line ends as one character."""
    if is_composed(text) and not _LINE_END.search(text):
        return text
    return _LINE_END.sub("\n", unicodedata.normalize("NFC", text))


def cut_text(text: str, limit: int, *, at_word: bool = False) -> str:
    """Cut a text to at most ``limit`` characters, without a blank at the cut.

    A letter and its accents, and an emoji and its parts, stay together or go together.
    With ``at_word`` the last blank before the limit is the cut, if there is one.
    """
    text = normalise_text(text)
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and _is_inside_character(text, end):
        end -= 1
    kept = text[:end]
    if at_word and not text[end].isspace():
        words = kept.rsplit(None, 1)
        if len(words) == 2:
            kept = words[0]
    return kept.rstrip()


def _is_inside_character(text: str, index: int) -> bool:
    """Tell whether a cut before ``index`` would split what a reader sees as one."""
    after, before = text[index], text[index - 1]
    if unicodedata.category(after) in {"Mn", "Mc", "Me"}:
        return True
    if _ZERO_WIDTH_JOINER in {after, before}:
        return True
    # Skin tones and tag characters follow the emoji they change.
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if _is_flag_half(after) and _is_flag_half(before):
        start = index
        while start > 0 and _is_flag_half(text[start - 1]):
            start -= 1
        return (index - start) % 2 == 1
    return False


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"

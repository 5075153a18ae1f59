"""The nearest word to a misspelt one, or none: a far guess is worse than silence.

Pure; imports nothing of ours.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["suggest"]

_MOST_EDITS = 2
_LEAST_RATIO = 0.8


def suggest(word: str, choices: Iterable[str]) -> str | None:
    """Give the choice that was probably meant; None when none is close.

    Close is at most two edits (a letter more, less, other, or two letters swapped) and
    fewer than half of the word, or a likeness of 0.8. Case does not count.
    """
    lowered = word.lower()
    best: tuple[float, float, str] | None = None
    for choice in choices:
        other = choice.lower()
        edits = _count_edits(lowered, other)
        ratio = SequenceMatcher(None, lowered, other, autojunk=False).ratio()
        # Two edits turn "to" into any word of two letters: that is no likeness.
        near = edits <= _MOST_EDITS and 2 * edits < max(len(lowered), len(other))
        if (near or ratio >= _LEAST_RATIO) and choice != word:
            candidate = (float(edits), -ratio, choice)
            best = candidate if best is None else min(best, candidate)
    return best[2] if best else None


def _count_edits(a: str, b: str) -> int:
    """Count edits with swaps of neighbours (optimal string alignment)."""
    if abs(len(a) - len(b)) > _MOST_EDITS:
        return _MOST_EDITS + 1 + abs(len(a) - len(b))
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                edits = min(edits, last[j - 2] + 1)
            row.append(edits)
    return row[-1]

"""The one collector of findings, and the one way to word a name that nobody knows.

A loader keeps a ``Problems`` and tells it what is wrong, and where::

    problems = Problems()
    problems.add("M509", "limit takes a whole number", cell)        # a cell, whole
    problems.add("M102", "the flow needs a source", node, "add …")  # a map's beginning
    problems.at_word("M301", said, cell, offset, word)              # inside a cell
    problems.unknown("M502", f"there is no table {cell.text}", cell, tables)
    path = problems.attempt(compile_path, cell)     # None: its findings are kept
    problems.raise_if_any()

A hint is one way out. For a word that was probably misspelt there are two makers::

    hint_for(word, choices, "tables:")              # the nearest word, or the list
    did_you_mean(word, choices) or "add lookup:"    # the nearest word, or another way

``problem_at`` makes one finding without keeping it. Imports errors only: a cell is
whatever has a text and knows the place of its characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Protocol, TypeVar, runtime_checkable

from engine.errors import ConfigError, Position, Problem, RuleError

MOST_LISTED = 8  # names that a hint lists
_MOST_SHOWN = 40  # characters of a typed text that a sentence repeats
_MOST_EDITS = 2
_LEAST_RATIO = 0.8

T = TypeVar("T")


class Placed(Protocol):
    """A node: it begins somewhere."""

    @property
    def position(self) -> Position: ...


@runtime_checkable
class Cell(Protocol):
    """A text as typed, which knows the place of each of its characters."""

    @property
    def text(self) -> str: ...
    @property
    def position(self) -> Position: ...
    def at(self, offset: int, /) -> Position: ...


class Problems:
    """Findings in the order in which they were made; see the module for its use."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def add(
        self,
        code: str,
        message: str,
        place: Position | Placed,
        hint: str | None = None,
        *,
        is_warning: bool = False,
    ) -> None:
        """Keep a finding about a place; a cell's first line is underlined whole."""
        self.found.append(problem_at(code, message, place, hint, is_warning=is_warning))

    def at_word(
        self,
        code: str,
        message: str,
        cell: Cell,
        offset: int,
        word: str,
        hint: str | None = None,
    ) -> None:
        """Keep a finding about the word at an offset, from 0, of a cell's text."""
        length = max(len(word), 1)
        self.found.append(Problem(code, message, cell.at(offset), hint, length))

    def unknown(
        self,
        code: str,
        message: str,
        cell: Cell,
        choices: Iterable[str],
        lead: str = "known are:",
        *,
        word: str | None = None,
        offset: int = 0,
    ) -> None:
        """Keep a finding about a cell, or a word of it, that names nothing there is."""
        name = cell.text if word is None else word
        hint = hint_for(name, choices, lead)
        self.at_word(code, message, cell, offset, name.split("\n", 1)[0], hint)

    def extend(self, problems: Iterable[Problem]) -> None:
        self.found.extend(problems)

    def attempt(self, function: Callable[..., T], *args: object) -> T | None:
        """Call a function; the findings that it raises are kept, and nothing given."""
        try:
            return function(*args)
        except ConfigError as error:
            self.found.extend(error.problems)
            return None

    def raise_if_any(self, kind: type[ConfigError] = RuleError) -> None:
        """Raise all findings, in file order, when one of them is no warning.

        Raises:
            ConfigError: Of the kind that was asked for, a RuleError if none was.
        """
        if not all(problem.is_warning for problem in self.found):
            raise kind(in_file_order(self.found))


def problem_at(
    code: str,
    message: str,
    place: Position | Placed,
    hint: str | None = None,
    *,
    is_warning: bool = False,
) -> Problem:
    """Make a finding about a place; a cell's first line is underlined whole."""
    if isinstance(place, Position):
        return Problem(code, message, place, hint, is_warning=is_warning)
    at, length = place.position, 1
    if isinstance(place, Cell) and place.text:
        # The text's own place: a quote or a | before it is not underlined.
        at, length = place.at(0), max(len(place.text.split("\n", 1)[0]), 1)
    return Problem(code, message, at, hint, length, is_warning)


def in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    """Give findings as they stand in their files, each once."""
    return sorted(dict.fromkeys(problems), key=_place)


def _place(problem: Problem) -> tuple[str, int, int]:
    at = problem.position
    return (at.file, at.line, at.column) if at else ("", 0, 0)


# Words --------------------------------------------------------------------------------


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Ask for the choice that was probably meant; None when none is close."""
    guess = nearest(word, choices)
    return f"did you mean {guess}?" if guess else None


def hint_for(word: str, choices: Iterable[str], lead: str = "known are:") -> str | None:
    """Give the choice that was probably meant, or list some; None without choices."""
    known = list(dict.fromkeys(choices))
    return did_you_mean(word, known) or list_words(known, lead)


def list_words(words: Iterable[str], lead: str = "") -> str | None:
    """List words, eight at most: ``known are: a, b, …``; None without words."""
    known = list(words)
    more = ["…"] if len(known) > MOST_LISTED else []
    listed = ", ".join([*known[:MOST_LISTED], *more])
    return f"{lead} {listed}".strip() if listed else None


def either(words: Sequence[str]) -> str:
    """Give ``a``, ``a or b``, ``a, b or c``."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def shorten(text: str, most: int = _MOST_SHOWN) -> str:
    """Give a typed text as a sentence repeats it: on one line, its end cut off."""
    text = text.replace("\n", " ")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Give the choice that was probably meant; None when none is close.

    Close is at most two edits (a letter more, less, other, or two letters swapped) and
    fewer than half of the word, or a likeness of 0.8. Case does not count. A far guess
    would be worse than none.
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

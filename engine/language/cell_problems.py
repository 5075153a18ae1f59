"""What is wrong inside one cell: findings by their offset in the text that is checked.

The text may be a part of the cell, as a formula between braces is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import RuleError
from engine.problems import Problems

if TYPE_CHECKING:
    from engine.rulefiles.nodes import Scalar


class CellProblems:
    """Collects the findings of a checker; one that ends the check is raised alone."""

    def __init__(self, scalar: Scalar, shift: int) -> None:
        self._scalar = scalar
        self._shift = shift  # where the checked text begins in the cell
        self._problems = Problems()

    def add(
        self, code: str, said: str, offset: int, word: str, hint: str | None = None
    ) -> None:
        """Keep a finding about a word of the text."""
        place = self._shift + offset
        self._problems.at_word(code, said, self._scalar, place, word, hint)

    def refusal(
        self,
        code: str,
        said: str,
        offset: int = 0,
        word: str = "",
        hint: str | None = None,
    ) -> RuleError:
        """Give the one finding that ends the check, for the caller to raise."""
        self.add(code, said, offset, word, hint)
        return RuleError(self._problems.found[-1:])

    def __len__(self) -> int:
        return len(self._problems)

    def raise_if_any(self) -> None:
        """Raise all findings, in file order.

        Raises:
            RuleError: There are some.
        """
        self._problems.raise_if_any()

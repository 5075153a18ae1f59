"""A cell as a function of the scope: written when somebody first asks for its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.language.function_text import FunctionText

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.language.scope import Scope


class CellFunction:
    """What paths, formulas, conditions and templates have in common."""

    __slots__ = ("_run",)
    _run: Callable[[Scope], Any]

    def write(self, out: FunctionText) -> str:
        """Write what computes the cell into a function; give its value."""
        raise NotImplementedError

    def evaluate(self, scope: Scope) -> Any:
        """Give the cell's value.

        Raises:
            ValueFault: A value does not fit.
            ViolationError: A variable is at fault.
        """
        try:
            run = self._run
        except AttributeError:
            out = FunctionText()
            out.add(f"return {self.write(out)}")
            run = out.make()
            object.__setattr__(self, "_run", run)  # the cell itself is frozen
        return run(scope)

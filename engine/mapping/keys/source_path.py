"""``source``: one path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.errors import RuleError
from engine.language.paths import Path, compile_path
from engine.mapping.keys.page import Step, Take, ValueKey
from engine.mapping.words import code
from engine.rulefiles.reader import Scalar

if TYPE_CHECKING:
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class PathSource(ValueKey):
    """Picks one value."""

    keys: ClassVar = ("source",)
    path: Path

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the path; a bare word may be a value that was meant as ``fixed``."""
        cell = cells.node.get("source")
        if not isinstance(cell, Scalar):
            return None
        try:
            return cls(compile_path(cell, cells.types))
        except RuleError as error:
            field = cells.target.field
            if cell.text in ((field and field.enum) or ()):
                said = f"the document has no field {cell.text}; it is an allowed value"
                hint = f"write {{fixed: {cell.text}}}"
                cells.problems.add("M208", said, cell, hint)
            else:
                cells.problems.extend(error.problems)
            return None

    @property
    def taken(self) -> tuple[Path, ...]:
        """Give the path."""
        return (self.path,)

    def words(self) -> str:
        """Give the path."""
        return code(self.path.text)

    def compile(self, rule: Rule) -> Take:
        """Give the function that picks."""
        del rule
        pick, text, place = self.path.evaluate, self.path.text, self.path.position

        def take(step: Step) -> Any:
            step.place = place
            value = pick(step.scope)
            step.note("source", text, value)
            return value

        return take

"""``source``: one path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.errors import RuleError
from engine.language.paths import Path, compile_path
from engine.mapping.keys.page import OneCell
from engine.mapping.words import code
from engine.rulefiles.nodes import Scalar

if TYPE_CHECKING:
    from engine.mapping.cells import RuleCells


@dataclass(frozen=True, slots=True)
class PathSource(OneCell):
    """Picks one value."""

    keys: ClassVar = ("source",)
    cell: Path

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
        return (self.cell,)

    def words(self) -> str:
        return code(self.cell.text)

"""``transform``: a formula, over the value or as the value key itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.language.formulas import Formula, compile_formula
from engine.mapping.keys.page import ChangingStage, OneCell, paths_of
from engine.mapping.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Position
    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class Calculation(OneCell):
    """A lone ``transform``: computes from what the formula names."""

    keys: ClassVar = ("transform",)
    cell: Formula

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        formula = cells.compiled("transform", compile_formula)
        return None if formula is None else cls(formula)

    @property
    def taken(self) -> tuple[Formula, ...]:
        return (self.cell,)

    def words(self) -> str:
        return f"calculated {code(self.cell.text)}"


@dataclass(frozen=True, slots=True)
class Transform(ChangingStage):
    """``transform`` beside a value key: sees its result as ``value``."""

    keys: ClassVar = ("transform",)
    formula: Formula

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the formula; alone it is a value key and no stage."""
        if not cells.has_value_key:
            return None
        types = cells.types.with_roots(value=cells.given)
        formula = cells.compiled("transform", compile_formula, types)
        return None if formula is None else cls(formula)

    def type(self, before: Type | None) -> Type | None:
        return self.formula.shape.field

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find a formula that takes no notice of the value that it is to change."""
        if "value" not in self.formula.names:
            key = rule.value.keys[0]
            said = f"transform does not use value, so {key} means nothing"
            cells.cancelled(key, "transform", said)

    def reads(self) -> Iterator[str]:
        return iter(paths_of(self.formula))

    def words(self) -> str:
        return f"then {code(self.formula.text)}"

    @property
    def origin(self) -> str:
        return self.formula.text

    def place(self, rule: Rule) -> Position:
        return self.formula.position

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        with out.within(value=value):
            out.add(f"{value} = {self.formula.write(out)}")

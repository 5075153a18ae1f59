"""``date``: how to read a date that is not ISO: ``D.M.YYYY``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.language.conversion import find_pattern_fault, read_date
from engine.language.types import TEXT
from engine.language.values import text_of
from engine.mapping.keys.page import FittingStage
from engine.mapping.words import code
from engine.rulefiles.nodes import Scalar

if TYPE_CHECKING:
    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class DatePattern(FittingStage):
    """Gives the date as ``2026-01-31``."""

    keys: ClassVar = ("date",)
    pattern: str

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        cell = cells.node.get("date")
        if not isinstance(cell, Scalar):
            return None
        fault = find_pattern_fault(cell.text)
        if fault:
            cells.problems.add("M510", fault, cell)
            return None
        return cls(cell.text)

    def type(self, before: Type | None) -> Type | None:
        return TEXT

    def words(self) -> str:
        return f"read as {code(self.pattern)}"

    @property
    def origin(self) -> str:
        return self.pattern

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        read, text = out.hold(read_date, "read_date"), out.hold(text_of, "text_of")
        out.add(f"{value} = {read}({text}({value}), {self.pattern!r})")

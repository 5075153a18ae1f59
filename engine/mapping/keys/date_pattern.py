"""``date``: how to read a date that is not ISO: ``D.M.YYYY``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.kinds import PHRASES
from engine.language.conversion import find_pattern_fault, read_date
from engine.language.symbols import Symbol
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
            other = cell.text.replace("%", "").upper()
            hint = None if find_pattern_fault(other) else f"write {other}"
            cells.problems.add("M510", fault, cell, hint)
            return None
        return cls(cell.text)

    def type(self, before: Type | None) -> Type | None:
        return TEXT

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find a value that is no text, or a date as every system writes it."""
        given, place = Symbol(cells.given, ""), rule.place("date")
        if given.kind not in {"text", "any"}:
            said = f"date reads a text, this is {PHRASES[given.kind]}"
            cells.problems.add("M403", said, place)
        elif given.field is not None and given.field.format in ("date", "date-time"):
            said = f"this is no date like {self.pattern}, but one like 2026-01-31"
            cells.problems.add("M510", said, place, "leave date: out")

    def words(self) -> str:
        return f"read as {code(self.pattern)}"

    @property
    def origin(self) -> str:
        return self.pattern

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        read, text = out.hold(read_date, "read_date"), out.hold(text_of, "text_of")
        out.add(f"{value} = {read}({text}({value}), {self.pattern!r})")

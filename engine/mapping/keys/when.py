"""``when``: a field is left out, and nothing of it evaluated, unless this is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.mapping.keys.page import (
    HOLDS,
    HOLDS_NOT,
    Branch,
    Stage,
    both_ways,
    look,
    note,
    paths_of,
)
from engine.mapping.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.formulas import Condition
    from engine.language.function_text import FunctionText
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class When(Stage):
    """The condition before everything else."""

    keys: ClassVar = ("when",)
    condition: Condition

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        condition = cells.condition("when")
        return None if condition is None else cls(condition)

    def reads(self) -> Iterator[str]:
        return iter(paths_of(self.condition))

    def words(self) -> str:
        return f"only when {code(self.condition.text)}"

    def write(self, out: FunctionText, rule: Rule) -> str:
        """Write what decides; a heard rule says how."""
        look(out, rule.place("when"))
        found = self.condition.write(out)
        if out.is_heard:
            found = out.new(found)
            note(out, "when", self.condition.text, found)
            place = out.hold(self.condition.position, "place")
            out.add(f"step.meet({place}, {HOLDS!r} if {found} else {HOLDS_NOT!r})")
            out.add("step.value = None")
        return found

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        return both_ways(field_, "when", self.condition)

"""``when``: a field is left out, and nothing of it evaluated, unless this is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.mapping.keys.page import (
    HOLDS,
    HOLDS_NOT,
    Branch,
    Stage,
    Step,
    both_ways,
    paths_of,
)
from engine.mapping.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.formulas import Condition
    from engine.mapping.cells import RuleCells
    from engine.mapping.keys.page import Take
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

    def compile(self, rule: Rule) -> Take:
        decide, text = self.condition.evaluate, self.condition.text
        place, own = rule.place("when"), self.condition.position

        def holds(step: Step) -> Any:
            if not step.heard:
                return decide(step.scope)
            step.place = place
            found = decide(step.scope)
            step.note("when", text, found)
            step.meet(own, HOLDS if found else HOLDS_NOT)
            step.value = None
            return found

        return holds

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        return both_ways(field_, "when", self.condition)

"""``fixed``: always this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.mapping.keys.page import ValueKey, note
from engine.mapping.literals import literals_type
from engine.mapping.words import literal_words

if TYPE_CHECKING:
    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class Fixed(ValueKey):
    """Gives a literal; an empty text here is meant."""

    keys: ClassVar = ("fixed",)
    is_literal: ClassVar = True
    value: Any

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the literal as the field's type, unless a formula still changes it."""
        cell = cells.node.get("fixed")
        target = cells.target
        if "transform" in cells.node:
            target = target.without_type()
        return cls(cells.literal(cell, target))

    def type(self) -> Type | None:
        return literals_type((self.value,))

    def words(self) -> str:
        return f"always {literal_words(self.value)}"

    def write(self, out: FunctionText, rule: Rule) -> str:
        """Write the literal."""
        value = out.new(out.hold(self.value, "literal"))
        note(out, "fixed", "", value)
        return value

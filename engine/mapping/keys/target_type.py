"""The type of the target's field, which no key says: only what loses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.conversion import convert_value
from engine.language.values import is_plain_text, is_tidy_number
from engine.mapping.keys.page import FittingStage, Step

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.language.schema import SchemaField
    from engine.mapping.cells import RuleCells
    from engine.mapping.keys.page import Change
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class TargetType(FittingStage):
    """Converts to the field's type; outside a target there is none."""

    keys: ClassVar = ()
    field: SchemaField
    number_as_text: bool  # ``decimals`` has said how a fraction is written

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Take what the target schema says."""
        field = cells.target.field
        return None if field is None else cls(field, "decimals" in cells.node)

    def place(self, rule: Rule) -> Position:
        return rule.place("source", "transform", "first_of", "join", "text")

    def compile(self, rule: Rule) -> Change:
        field, as_text = self.field, self.number_as_text
        origin, is_date = " or ".join(sorted(field.types)), field.format == "date"

        def convert(step: Step, value: Any) -> Any:
            zone = step.scope.zone if is_date else None
            converted = convert_value(value, field, number_as_text=as_text, zone=zone)
            is_same = type(converted) is type(value) and converted == value
            if step.heard and converted is not value and not is_same:
                step.note("type", origin, converted)
            return converted

        def keep_text(step: Step, value: Any) -> Any:
            if is_plain_text(value):
                return value
            return convert(step, value)

        def keep_number(step: Step, value: Any) -> Any:
            return value if is_tidy_number(value) else convert(step, value)

        if field.types == {"string"} and not is_date:
            return keep_text
        return keep_number if field.types == {"number"} else convert

"""The type of the target's field, which no key says: only what loses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.conversion import convert_value
from engine.mapping.keys.page import FittingStage, Step

if TYPE_CHECKING:
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

    def compile(self, rule: Rule) -> Change:
        field, as_text = self.field, self.number_as_text
        origin = " or ".join(sorted(field.types))
        place = rule.place("source", "transform", "first_of", "join", "text")

        def change(step: Step, value: Any) -> Any:
            step.place = place
            converted = convert_value(
                value, field, number_as_text=as_text, zone=step.scope.zone
            )
            if converted is not value and (
                type(converted) is not type(value) or converted != value
            ):
                step.note("type", origin, converted)
            return converted

        return change

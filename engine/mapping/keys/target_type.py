"""The type of the target's field, which no key says: only what loses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from engine.language.conversion import convert_value
from engine.language.scope import zone_of
from engine.language.values import is_composed, is_day, is_tidy_number
from engine.mapping.keys.page import FittingStage, note

if TYPE_CHECKING:
    from datetime import tzinfo

    from engine.errors import Position
    from engine.language.function_text import FunctionText
    from engine.language.schema import SchemaField
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule

_TYPES: Final = {"integer": "int", "boolean": "bool"}


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

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        """Write what converts; what has the type already is left at a look."""
        before = out.new(value) if out.is_heard else ""
        types, is_date = self.field.types - {"null"}, self.field.format == "date"
        kind = next(iter(types)) if len(types) == 1 else ""
        zone = f', {out.hold(zone_of, "zone_of")}(roots.get("company"))'
        convert = f"{out.hold(self.convert, 'convert')}({value}{zone * is_date})"
        with out.block(f"if not {_fits(out, kind, value, is_date=is_date)}:"):
            out.add(f"{value} = {convert}")
        if kind == "string":
            out.texts.add(value)
        if out.is_heard:
            is_same = f"type({value}) is type({before}) and {value} == {before}"
            with out.block(f"if not ({value} is {before} or {is_same}):"):
                origin = " or ".join(sorted(self.field.types))
                note(out, "type", origin, value)

    def convert(self, value: Any, zone: tzinfo | None = None) -> Any:
        """Give the value in a type that the field has.

        Raises:
            ValueFault: It would lose or guess something.
        """
        as_text = self.number_as_text
        return convert_value(value, self.field, number_as_text=as_text, zone=zone)


def _fits(out: FunctionText, kind: str, value: str, *, is_date: bool) -> str:
    """Ask at a look whether a value is already as it is sent."""
    if kind == "string" and is_date:
        return f"{out.hold(is_day, 'is_day')}({value})"
    if kind == "string":
        # What can be printed ends no line.
        composed = (
            f"({value}.isascii() or {out.hold(is_composed, 'is_composed')}({value}))"
        )
        return f"(type({value}) is str and {value}.isprintable() and {composed})"
    if kind == "number":
        return f"{out.hold(is_tidy_number, 'is_tidy_number')}({value})"
    return f"type({value}) is {_TYPES[kind]}" if kind in _TYPES else "False"

"""The type of the target's field, which no key says: only what loses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.conversion import convert_value
from engine.language.scope import zone_of
from engine.language.sent_texts import is_composed
from engine.language.values import (
    is_day,
    is_tidy_number,
)
from engine.mapping.keys.page import FittingStage, note

if TYPE_CHECKING:
    from datetime import tzinfo

    from engine.errors import Position
    from engine.language.function_text import FunctionText
    from engine.language.schema import SchemaField
    from engine.mapping.cells import RuleCells
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

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        """Write what converts; what has the type already is left at a look."""
        before = out.new(value) if out.is_heard else ""
        types, is_date = self.field.types, self.field.format == "date"
        zone = f', {out.hold(zone_of, "zone_of")}(roots.get("company"))'
        convert = f"{out.hold(self.convert, 'convert')}({value}{zone * is_date})"
        fits = _fits(out, types, value, is_date=is_date)
        if not (value in out.tidy and "number" in types):
            with out.block(f"if not ({' or '.join(fits)}):" if fits else "if True:"):
                out.add(f"{value} = {convert}")
        if types in ({"string"}, {"string", "null"}):
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


def _fits(
    out: FunctionText, types: frozenset[str], value: str, *, is_date: bool
) -> list[str]:
    """Ask at a look whether a value is already as it is sent."""
    found = []
    if "string" in types and is_date:
        found.append(f"{out.hold(is_day, 'is_day')}({value})")
    elif "string" in types:
        composed = f"{out.hold(is_composed, 'is_composed')}({value})"
        # What can be printed ends no line.
        is_plain = f"{value}.isprintable() and ({value}.isascii() or {composed})"
        found.append(f"type({value}) is str and {is_plain}")
    if "number" in types:
        tidy = f"{out.hold(is_tidy_number, 'is_tidy_number')}({value})"
        found.append(f"type({value}) is int or {tidy}")
    elif "integer" in types:
        found.append(f"type({value}) is int")
    if "boolean" in types:
        found.append(f"type({value}) is bool")
    return found

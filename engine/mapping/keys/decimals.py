"""``decimals`` and ``rounding``: an exact number."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from engine.kinds import PHRASES
from engine.language.symbols import Symbol
from engine.language.types import NUMBER
from engine.language.values import ValueFault, find_number, name_kind, round_number
from engine.mapping.keys.page import FittingStage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule

_ROUNDINGS: Final[Mapping[str, str]] = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "down": ROUND_DOWN,
    "up": ROUND_UP,
}
_IN_WORDS: Final[Mapping[str, str]] = {
    "half_up": "half up",
    "half_even": "half to even",
    "down": "rounded down",
    "up": "rounded up",
}


@dataclass(frozen=True, slots=True)
class Decimals(FittingStage):
    """Rounds; what is no number is a fault."""

    keys: ClassVar = ("decimals",)
    beside: ClassVar = ("rounding",)
    places: int
    rounding: str = "half_up"

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        places = cells.integer("decimals")
        rounding = cells.text("rounding") or "half_up"
        if places is None or rounding not in _ROUNDINGS:
            return None
        return cls(places, rounding)

    def type(self, before: Type | None) -> Type | None:
        return NUMBER

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find a value that is never a number."""
        given = Symbol(cells.given, "")
        is_date = given.field is not None and given.field.format is not None
        if given.kind not in {"number", "text", "any"} or (
            given.kind == "text" and is_date
        ):
            what = "a date" if given.kind == "text" else PHRASES[given.kind]
            said = f"decimals rounds numbers, this is {what}"
            cells.problems.add("M403", said, rule.place("decimals"))

    def words(self) -> str:
        noun = "decimal" if self.places == 1 else "decimals"
        return f"{self.places} {noun}, {_IN_WORDS[self.rounding]}"

    @property
    def origin(self) -> str:
        return f"{self.places}, {self.rounding}"

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        out.add(f"{value} = {out.hold(self.round, 'round_number')}({value})")
        out.tidy.add(value)

    def round(self, value: Any) -> Decimal:
        """Round a number.

        Raises:
            ValueFault: It is none.
        """
        number = find_number(value)
        if number is None:
            said = f"{name_kind(value)} is not a number"
            hint = "; add transform: value | number"
            hint = hint if isinstance(value, str) else ""
            raise ValueFault("NOT_A_NUMBER", said + hint)
        return round_number(number, self.places, _ROUNDINGS[self.rounding])

"""The named filters and tests that formulas may use; there are no others.

Each filter's docstring is its documentation: one sentence, and an example that a test
runs. Examples see ``rows`` (code, amount: A 10.00, B 20.00, A 30.00) and ``periods``.
A filter meets an empty value only when it says so; otherwise empty stays empty.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.language.filters import list_filters as listfilters
from engine.language.filters import value_filters as valuefilters
from engine.language.values import (
    MAX_TEXT,
    ValueFault,
    is_empty,
    name_kind,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Kind = Literal["text", "number", "list", "truth", "any"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter or test: what it does, what it gives, and how it meets emptiness."""

    name: str
    function: Callable[..., Any]
    gives: Kind
    meets_empty: bool = False  # it is called with empty values too
    is_listwise: bool = False  # an empty value is an empty list to it

    @property
    def description(self) -> str:
        """The docstring, for the generated documentation."""
        return inspect.getdoc(self.function) or ""

    def find_misuse(self, positional: int, named: tuple[str, ...]) -> str | None:
        """Say what is wrong with a call (the value is not counted), or None."""
        try:
            inspect.signature(self.function).bind(
                *[None] * (positional + 1), **dict.fromkeys(named)
            )
        except TypeError as error:
            return f"{self.name}: {str(error).replace('argument', 'value')}"
        return None


def _table(*filters: Filter) -> Mapping[str, Filter]:
    return MappingProxyType({f.name: f for f in filters})


FILTERS: Final = _table(
    Filter("upper", valuefilters.upper, "text"),
    Filter("lower", valuefilters.lower, "text"),
    Filter("trim", valuefilters.trim, "text"),
    Filter("one_line", valuefilters.one_line, "text"),
    Filter("text", valuefilters.as_text, "text"),
    Filter("replace", valuefilters.replace, "text"),
    Filter("pad", valuefilters.pad, "text"),
    Filter("first", valuefilters.first, "any"),
    Filter("last", valuefilters.last, "any"),
    Filter("length", valuefilters.length, "number", meets_empty=True),
    Filter("digits", valuefilters.digits, "text"),
    Filter("number", valuefilters.number, "number"),
    Filter("round", valuefilters.round_half_up, "number"),
    Filter("abs", valuefilters.absolute, "number"),
    Filter("default", valuefilters.default, "any", meets_empty=True),
    Filter("get", valuefilters.get, "any"),
    Filter("date", valuefilters.date, "text"),
    Filter("add_days", valuefilters.add_days, "text"),
    Filter("days_until", valuefilters.days_until, "number"),
    Filter("business_id", valuefilters.business_id, "text"),
    Filter("iban", valuefilters.iban, "text"),
    Filter("email", valuefilters.email, "text"),
    Filter("file_name", valuefilters.file_name, "text"),
    Filter("find_by", listfilters.find_by, "any", is_listwise=True),
    Filter("find_any", listfilters.find_any, "any", is_listwise=True),
    Filter("where", listfilters.where, "list", is_listwise=True),
    Filter("pluck", listfilters.pluck, "list", is_listwise=True),
    Filter("unique", listfilters.unique, "list", is_listwise=True),
    Filter("sum_of", listfilters.sum_of, "number", is_listwise=True),
    Filter("join", listfilters.join, "text", is_listwise=True),
    Filter("total_by", listfilters.total_by, "list", is_listwise=True),
    Filter("merged_by", listfilters.merged_by, "list", is_listwise=True),
    Filter("allocate", listfilters.allocate, "list", is_listwise=True),
    Filter("covering", listfilters.covering, "list", is_listwise=True),
)

TESTS: Final = _table(
    Filter("filled", valuefilters.filled, "truth", meets_empty=True),
    Filter("empty", valuefilters.empty, "truth", meets_empty=True),
    Filter("valid_business_id", valuefilters.valid_business_id, "truth"),
    Filter("valid_iban", valuefilters.valid_iban, "truth"),
    Filter("valid_email", valuefilters.valid_email, "truth"),
    Filter("starting_with", valuefilters.starting_with, "truth"),
    Filter("ending_with", valuefilters.ending_with, "truth"),
    Filter("containing", valuefilters.containing, "truth"),
)


def call_filter(spec: Filter, value: Any, args: Sequence[Any], named: Any) -> Any:
    """Run a filter on plain values; empty stays empty unless the filter meets it.

    Raises:
        ValueFault: The value does not fit, or the result is over 100,000 characters.
    """
    if spec.is_listwise:
        if is_empty(value):
            value = []
        elif not isinstance(value, list | tuple):
            raise ValueFault(
                "FORMULA", f"{spec.name} works on a list, not on {name_kind(value)}"
            )
    elif is_empty(value) and not spec.meets_empty:
        return False if spec.gives == "truth" else None
    try:
        result = spec.function(value, *args, **named)
    except (TypeError, AttributeError, ValueError, ArithmeticError) as error:
        said = f"{spec.name} cannot use {name_kind(value)} with these values"
        raise ValueFault("FORMULA", said) from error
    if isinstance(result, str) and len(result) > MAX_TEXT:
        raise ValueFault("FORMULA", f"{spec.name} makes over {MAX_TEXT} characters")
    return result

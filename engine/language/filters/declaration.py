"""What a filter or test declares beside its function: kinds, field names, emptiness.

A filter is one function with ``@declare`` above it, in one of the modules that
:mod:`engine.language.filters.registry` lists. Its docstring is its documentation: a
sentence, and an example that a test runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal

from engine.language.symbols import Symbol
from engine.language.types import BY_KIND, TEXT, KnownType
from engine.language.values import MAX_TEXT, ValueFault, is_empty, name_kind

Kind = Literal["text", "number", "list", "truth", "group", "any"]
# From what is known of the value and of the further values to what comes out.
TypeRule = Callable[[Symbol, Sequence[Symbol]], Symbol]


@dataclass(frozen=True, slots=True)
class Misuse:
    """What is wrong with a value that a formula gives to a filter, and one way out."""

    message: str
    hint: str | None
    word: str = ""  # the part of the text that is at fault; "" for the whole
    code: str = "M308"


# Looks at a value that stands in the formula itself, before any document is read.
ValueCheck = Callable[[Any], Misuse | None]


@dataclass(frozen=True)
class Filter:
    """One filter or test; called, it meets empty values as it declares.

    ``fields`` are parameters that name a field of the items (of the value itself where
    it is no list), by a dotted path; ``equals`` is the parameter that such a field is
    compared with. ``checks`` are parameters whose values, where they stand in the
    formula itself, are looked at when it is loaded.
    """

    name: str
    function: Callable[..., Any]
    gives: Kind  # "truth" makes it a test
    meets_empty: bool = False  # it is called with empty values too
    is_listwise: bool = False  # an empty value is an empty list to it
    fields: tuple[str, ...] = ()
    equals: str = ""
    checks: Mapping[str, ValueCheck] = field(default_factory=dict, hash=False)
    is_written: bool = False  # what is checked must stand in the formula itself
    type_of: TypeRule | None = None
    knows_zone: bool = False  # it is given the company's time zone, as ``zone``
    # Kinds of values that it can use; unless said, what its other declarations imply.
    takes: tuple[Kind, ...] = ()
    is_form: bool = False  # it changes nothing in what it has made
    at_once: str = ""  # the same in Python, for a short text of plain characters
    sums: tuple[str, ...] = ()  # of ``fields``, those that name a number
    orders: tuple[str, ...] = ()  # those whose values are put in order; or the items

    @property
    def description(self) -> str:
        """The docstring, for the generated documentation."""
        return inspect.getdoc(self.function) or ""

    @property
    def example(self) -> str:
        """How it is written: the docstring's example."""
        lines = (line.strip() for line in self.description.splitlines())
        return next((e[4:] for e in lines if e.startswith(">>> ")), self.name)

    def bind(self, args: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """Give the further values of a call by their parameters.

        Raises:
            TypeError: Too many or too few of them, or an unknown name.
        """
        zone = {"zone": None} if self.knows_zone else {}
        bound = inspect.signature(self.function).bind(None, *args, **named, **zone)
        given = list(bound.arguments.items())[1:]
        return {name: value for name, value in given if name not in zone}

    @property
    def usable(self) -> tuple[Kind, ...]:
        """The kinds of values that it can use; none when it takes any."""
        if self.takes or self.gives == "any" or self.meets_empty:
            return self.takes or (("list",) if self.is_listwise else ())
        return ("list",) if self.is_listwise else ("text", "number")

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The kind of each further value, as far as its annotation says."""
        said = list(inspect.signature(self.function).parameters.values())[1:]
        return {one.name: _ANNOTATED.get(str(one.annotation), "any") for one in said}

    def result(self, base: Symbol, args: Sequence[Symbol]) -> Symbol:
        """Say what is known of the result."""
        if self.type_of is not None:
            return self.type_of(base, args)
        known = BY_KIND.get(self.gives)
        if known is None or not self.is_form:
            return Symbol(known, "")
        enum = None if base.field is None or args else base.field.enum
        values = None if enum is None else tuple(self(value) for value in enum)
        forms = () if base.field is None else base.field.forms
        kept = [one for one in forms if self._leaves(one[0])]
        return Symbol(
            replace(known, enum=values, forms=(*kept, (self.name, self))), base.label
        )

    def _leaves(self, form: str) -> bool:
        """Tell whether it leaves alone what another filter has made."""
        return {form, self.name} <= _FREE and {form, self.name} != _CASES

    def __call__(self, value: Any, *args: Any, **named: Any) -> Any:
        """Run on plain values; empty stays empty unless the filter meets it.

        Raises:
            ValueFault: The value does not fit, or the result is over 100,000
                characters.
        """
        if self.is_listwise:
            value = self.listed(value)
        elif is_empty(value) and not self.meets_empty:
            return False if self.gives == "truth" else None
        return self.use(value, *args, **named)

    def listed(self, value: Any) -> Sequence[Any]:
        """Give the list that it works on; an empty value is an empty one."""
        if is_empty(value):
            return []
        if not isinstance(value, list | tuple):
            said = f"{self.name} works on a list, not on {name_kind(value)}"
            raise ValueFault("FORMULA", said)
        return value

    def use(self, value: Any, *args: Any, **named: Any) -> Any:
        """Run on a value that is filled, or that the filter meets as it is."""
        try:
            result = self.function(value, *args, **named)
        except (TypeError, AttributeError, ValueError, ArithmeticError) as error:
            said = f"{self.name} cannot use {name_kind(value)} with these values"
            raise ValueFault("FORMULA", said) from error
        if type(result) is str and len(result) > MAX_TEXT:
            said = f"{self.name} makes over {MAX_TEXT} characters"
            raise ValueFault("FORMULA", said)
        return result


_ANNOTATED: Final = {
    "str": "text",
    "str | None": "text",
    "int": "number",
    "int | None": "number",
}
_CASES: Final = {"upper", "lower"}
_FREE: Final = {*_CASES, "trim", "one_line", "digits"}  # none undoes another


def declare(
    gives: Kind, *, name: str = "", **more: Any
) -> Callable[[Callable[..., Any]], Filter]:
    """Make a function a filter, or a test when it gives "truth".

    Args:
        gives: The kind of value that comes out, or "any".
        name: The word in a formula, when it is not the function's name.
        more: The other fields of ``Filter``.
    """
    return lambda function: Filter(name or function.__name__, function, gives, **more)


def one_item(base: Symbol, _: Sequence[Symbol]) -> Symbol:
    """Say that an item of the list comes out."""
    return base.item()


def same_list(base: Symbol, _: Sequence[Symbol]) -> Symbol:
    """Say that a list of the same items comes out."""
    return base


def one_day(_base: Symbol, _args: Sequence[Symbol]) -> Symbol:
    """Say that a date comes out."""
    return Symbol(KnownType(TEXT.types, format="date"), "")


def field_of(base: Symbol, path: Symbol) -> Symbol:
    """Follow a dotted path that the formula says itself; unknown where it cannot."""
    found = None if path.text is None else base.follow(path.text)
    return found if isinstance(found, Symbol) else Symbol(None, "")

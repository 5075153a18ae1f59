"""Literals of a rule, read as the type of the field that they go to."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.language.conversion import read_literal
from engine.language.sent_texts import normalise_text
from engine.language.type_checks import find_form_fault, iso_hint
from engine.language.types import NUMBER, TEXT, TRUTH, KnownType
from engine.language.values import ValueFault
from engine.problems import did_you_mean, hint_for, shorten
from engine.rulefiles.nodes import (
    YES_NO,
    ListNode,
    MapNode,
    Scalar,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.errors import Position
    from engine.language.schema import SchemaField
    from engine.language.types import Type
    from engine.problems import Problems


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rule's value goes: the target path, its schema, and its group's."""

    path: str = ""
    field: SchemaField | None = None
    parent: SchemaField | None = None

    def without_type(self) -> Target:
        """Give the same place for a literal that a later stage still changes."""
        return Target(self.path, None, self.parent)


def load_literal(
    problems: Problems, node: Any, target: Target, shown: Position | None = None
) -> Any:
    """Read a literal as the target's type and check it against enum and length.

    ``node`` is a YAML node, or plain text from a shared table (then ``shown`` is where
    a finding points).
    """
    field = target.field
    if isinstance(node, ListNode):
        item = Target(f"{target.path}[]", None if field is None else field.item())
        return [load_literal(problems, n, item) for n in node.items]
    if isinstance(node, MapNode):
        return {
            key.text: load_literal(
                problems, value, Target(target.path, field and field.child(key.text))
            )
            for key, value in node.items()
        }
    text = node.text if isinstance(node, Scalar) else str(node)
    where: Any = node if isinstance(node, Scalar) else shown
    try:
        value = read_literal(text, field)
    except ValueFault as fault:
        is_word = field is not None and "boolean" in field.types
        hint = did_you_mean(text, YES_NO) if is_word else None
        if re.fullmatch(r"[+-]?\d+,\d+", text):
            hint = f"write {text.replace(',', '.')}"
        problems.add("M407", f"{target.path}: {fault.message}", where, hint)
        return text
    if field is not None:
        _check_value(problems, value, field, target.path or "this field", where)
    return value


def _check_value(
    problems: Problems, value: Any, field: SchemaField, name: str, where: Any
) -> None:
    """Find a value that the field does not allow, or that is too long for it."""
    if field.enum is not None:
        if value not in field.enum:
            hint = hint_for(str(value), [str(v) for v in field.enum], "allowed:")
            said = f"{value} is not an allowed value of {name}"
            problems.add("M406", said, where, hint)
        return
    size = len(normalise_text(value)) if isinstance(value, str) else 0
    if field.max_length is not None and size > field.max_length:
        said = f"{size} characters are longer than {name} allows"
        problems.add("M405", f"{said} ({field.max_length})", where)
    _check_form(problems, value, field, name, where)


def _check_form(
    problems: Problems, value: Any, field: SchemaField, name: str, where: Any
) -> None:
    """Find a text of another form than the field's, and a number out of its range."""
    if isinstance(value, str):
        fault = find_form_fault(value, field, compared=False)
        if fault is not None:
            said = f"{name}: {shorten(value)} does not fit, {fault}"
            problems.add("M407", said, where, iso_hint(value))
        return
    for keyword, word, is_wrong in _BOUNDS:
        bound = field.annotation(keyword)
        if bound is not None and not isinstance(value, bool) and is_wrong(value, bound):
            said = f"{value} is not an allowed value of {name}"
            problems.add("M406", said, where, f"{word} {bound} is allowed")


_BOUNDS: Final = (
    ("minimum", "at least", operator.lt),
    ("maximum", "at most", operator.gt),
    ("exclusiveMinimum", "more than", operator.le),
    ("exclusiveMaximum", "less than", operator.ge),
)


def literals_type(values: Iterable[Any]) -> Type | None:
    """Say what is known of a value that is one of some literals."""
    found = tuple(values)
    if not found:
        return None
    if all(isinstance(value, str) for value in found):
        return KnownType(TEXT.types, enum=found)
    if all(isinstance(value, bool) for value in found):
        return TRUTH
    is_number = [
        isinstance(value, int | Decimal) and not isinstance(value, bool)
        for value in found
    ]
    return KnownType(NUMBER.types, enum=found) if all(is_number) else None

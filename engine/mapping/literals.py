"""Literals of a rule, read as the type of the field that they go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.language.conversion import read_literal
from engine.language.sent_texts import normalise_text
from engine.language.types import TEXT, KnownType
from engine.language.values import (
    ValueFault,
)
from engine.problems import did_you_mean, hint_for
from engine.rulefiles.nodes import YES_NO, ListNode, MapNode, Scalar

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
    field, name = target.field, target.path or "this field"
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
        problems.add("M407", f"{target.path}: {fault.message}", where, hint)
        return text
    if field is None:
        return value
    if field.enum is not None and value not in field.enum:
        hint = hint_for(text, [str(v) for v in field.enum], "allowed:")
        said = f"{text} is not an allowed value of {name}"
        problems.add("M406", said, where, hint)
    elif isinstance(value, str) and field.max_length is not None:
        size = len(normalise_text(value))
        if size > field.max_length:
            said = f"{size} characters are longer than {name} allows"
            problems.add("M405", f"{said} ({field.max_length})", where)
    return value


def literals_type(values: Iterable[Any]) -> Type | None:
    """Say what is known of a value that is one of some literals."""
    found = tuple(values)
    if found and all(isinstance(value, str) for value in found):
        return KnownType(TEXT.types, enum=found)
    return None

"""Check a rule file's tree against a grammar schema, in a consultant's words.

The schemas in ``schemas/grammar/`` say which keys a file may have and what each takes.
Every scalar is text, so the schema's types mean forms of text here: "integer" accepts
``40``, "boolean" accepts yes, no, true and false, and ``const: 1`` accepts ``1``.

Schemas may carry annotations of ours: ``x-instead`` (a key that people try → the key to
use), ``x-elsewhere`` (a key of another kind of file → where it belongs), ``x-form``
(what a ``pattern`` asks for, in words) and ``x-why`` (why no other value is allowed).

Pure; imports errors, problems and reader.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, TypeChecker, validators
from jsonschema.exceptions import ValidationError, best_match

from engine.errors import Position, Problem
from engine.problems import in_file_order
from engine.rulefiles.grammar_messages import GrammarError, word_finding
from engine.rulefiles.reader import YES_NO, ListNode, MapNode, Node, Scalar, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["check_grammar", "read_integer", "read_number", "read_yes_no"]

_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def read_yes_no(scalar: Scalar) -> bool:
    """Give the truth value of ``yes``, ``no``, ``true`` or ``false``.

    Raises:
        KeyError: Another text; the grammar has refused it before.
    """
    return YES_NO[scalar.text]


def read_integer(scalar: Scalar) -> int:
    """Give the whole number that was typed; ValueError when it is none."""
    if not _INTEGER.fullmatch(scalar.text):
        raise ValueError(scalar.text)
    return int(scalar.text)


def read_number(scalar: Scalar) -> Decimal:
    """Give the number that was typed, exactly; ValueError when it is none."""
    if not _NUMBER.fullmatch(scalar.text):
        raise ValueError(scalar.text)
    return Decimal(scalar.text)


def check_grammar(
    node: Node, schema: Mapping[str, Any], *, file: str = ""
) -> list[Problem]:
    """Find everything in a file that its grammar does not allow, in file order.

    Args:
        node: The file's tree.
        schema: The grammar; references stay inside it.
        file: Names the file where the tree has no place of its own.
    """
    checker = _Validator(dict(schema))
    problems: list[Problem] = []
    for error in checker.iter_errors(to_plain(node)):
        problems += word_finding(_finding(node, _deepest(error), file))
    return in_file_order(problems)


def _deepest(error: ValidationError) -> ValidationError:
    """Follow ``anyOf`` and ``oneOf`` to the alternative that was meant."""
    branches: Any = error.validator_value
    is_choice = error.validator in ("anyOf", "oneOf") and error.context
    if not is_choice or any("required" in branch for branch in branches):
        return error
    return best_match(iter([error])) or error


def _finding(root: Node, error: ValidationError, file: str) -> GrammarError:
    node: Node | None = root
    key: Scalar | None = None
    path = list(error.absolute_path)
    for step in path:
        if isinstance(node, MapNode):
            key = node.key(str(step))
            node = node.get(str(step))
        elif isinstance(node, ListNode):
            node, key = node.items[int(step)], None
    node = root if node is None else node
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    is_key = "propertyNames" in error.absolute_schema_path
    return GrammarError(
        kind=str(error.validator),
        wanted=error.validator_value,
        schema=error.schema if isinstance(error.schema, dict) else {},
        node=node,
        key=key,
        name=name,
        is_item=bool(path) and isinstance(path[-1], int),
        position=node.position or Position(file, 1, 1),
        bad_key=str(error.instance) if is_key else None,
    )


# Types and comparisons over text ------------------------------------------------------


def _text_of(value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("yes", "true") if value else ("no", "false")
    return (str(value),)


def _check_enum(
    _validator: Any, allowed: list[Any], instance: object, _schema: object
) -> Iterator[ValidationError]:
    if not any(instance in _text_of(value) for value in allowed):
        yield ValidationError("not allowed")


def _check_const(
    _validator: Any, wanted: object, instance: object, _schema: object
) -> Iterator[ValidationError]:
    if instance not in _text_of(wanted):
        yield ValidationError("not allowed")


def _check_minimum(
    _validator: Any, least: float, instance: object, _schema: object
) -> Iterator[ValidationError]:
    if _is_number(None, instance) and Decimal(str(instance)) < Decimal(str(least)):
        yield ValidationError("too small")


def _check_maximum(
    _validator: Any, most: float, instance: object, _schema: object
) -> Iterator[ValidationError]:
    if _is_number(None, instance) and Decimal(str(instance)) > Decimal(str(most)):
        yield ValidationError("too large")


def _is_number(_checker: object, instance: object) -> bool:
    return isinstance(instance, str) and bool(_NUMBER.fullmatch(instance))


def _is_text(_checker: object, instance: object) -> bool:
    return isinstance(instance, str)


def _is_integer(_checker: object, instance: object) -> bool:
    return isinstance(instance, str) and bool(_INTEGER.fullmatch(instance))


def _is_boolean(_checker: object, instance: object) -> bool:
    return isinstance(instance, str) and instance in YES_NO


def _is_map(_checker: object, instance: object) -> bool:
    return isinstance(instance, dict)


def _is_list(_checker: object, instance: object) -> bool:
    return isinstance(instance, list)


# The library's stubs know neither of these two by their own documented use.
_extend: Any = validators.extend
_make_types: Any = TypeChecker

_Validator: Any = _extend(
    Draft202012Validator,
    validators={
        "enum": _check_enum,
        "const": _check_const,
        "minimum": _check_minimum,
        "maximum": _check_maximum,
    },
    type_checker=_make_types(
        {
            "string": _is_text,
            "integer": _is_integer,
            "number": _is_number,
            "boolean": _is_boolean,
            "object": _is_map,
            "array": _is_list,
        }
    ),
)

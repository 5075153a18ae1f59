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
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from engine.errors import Position, Problem
from engine.problems import in_file_order
from engine.rulefiles.grammar_messages import GrammarError, word_finding
from engine.rulefiles.nodes import (
    YES_NO,
    Entry,
    ListNode,
    MapNode,
    Node,
    Scalar,
    to_plain,
)

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def check_grammar(
    node: Node, schema: Mapping[str, Any], *, file: str = "", fast: Any = None
) -> list[Problem]:
    """Find everything in a file that its grammar does not allow, in file order.

    Args:
        schema: The grammar; references stay inside it.
        file: Names the file where the tree has no place of its own.
        fast: The grammar as ``compile_grammar`` gives it, where many files are read.
    """
    plain = to_plain(node)
    if fast is not None and fast.is_valid(plain):
        return []
    problems: list[Problem] = []
    for error in _validator()(dict(schema)).iter_errors(plain):
        problems += word_finding(_finding(node, _deepest(error), file))
    return in_file_order(problems)


def prune(node: Node, schema: Mapping[str, Any]) -> Node | None:
    """Give what the grammar accepts of a file's tree; None when that is nothing.

    A value that is refused goes, with its key or as an item of its list, and a map that
    lacks a key or has two that exclude each other goes whole. A key that is missing at
    the top takes nothing away: what the file says beside it can still be judged.
    """
    checker = _validator()(dict(schema))
    while True:
        refused: set[tuple[str | int, ...]] = set()
        for error in checker.iter_errors(to_plain(node)):
            refused.update(_refused(_deepest(error)))
        if () in refused:
            return None
        if not refused:
            return node
        node = _without(node, refused, ())


def _refused(error: ValidationError) -> Iterator[tuple[str | int, ...]]:
    """Give the places that an error takes away, as steps from the top."""
    path = tuple(error.absolute_path)
    instance: Any = error.instance
    wanted: Any = error.validator_value
    if "propertyNames" in error.absolute_schema_path:
        yield (*path, str(instance))
    elif error.validator in ("additionalProperties", "unevaluatedProperties"):
        schema: Any = error.schema
        patterns = schema.get("patternProperties", {})
        known = schema.get("properties", {})
        for key in instance:
            if key not in known and not any(re.search(p, key) for p in patterns):
                yield (*path, key)
    elif error.validator == "dependentRequired":
        for key, needed in wanted.items():
            if key in instance and not set(needed) <= set(instance):
                yield (*path, key)
    elif path or error.validator != "required":
        yield path


def _without(
    node: Node, refused: set[tuple[str | int, ...]], here: tuple[str | int, ...]
) -> Node:
    if isinstance(node, ListNode):
        kept = [i for i in range(len(node.items)) if (*here, i) not in refused]
        items = [_without(node.items[i], refused, (*here, i)) for i in kept]
        is_whole = node.is_whole and len(kept) == len(node.items)
        return ListNode(tuple(items), node.position, is_whole)
    if isinstance(node, MapNode):
        entries = node.entries.values()
        gone = [e.key for e in entries if (*here, e.key.text) in refused]
        left = {
            name: Entry(entry.key, _without(entry.value, refused, (*here, name)))
            for name, entry in node.entries.items()
            if (*here, name) not in refused
        }
        return MapNode(left, node.position, (*node.refused, *gone))
    return node


def _deepest(error: ValidationError) -> ValidationError:
    """Follow ``anyOf`` and ``oneOf`` to the alternative that was meant."""
    branches: Any = error.validator_value
    is_choice = error.validator in ("anyOf", "oneOf") and error.context
    if not is_choice or any("required" in branch for branch in branches):
        return error
    from jsonschema.exceptions import best_match

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


def _keyword(is_right: Callable[[Any, object], bool]) -> Callable[..., Any]:
    """Make a keyword of a schema out of what it asks: of its value and of a text."""

    def check(
        _validator: Any, wanted: Any, instance: object, _schema: object
    ) -> Iterator[ValidationError]:
        from jsonschema.exceptions import ValidationError

        if not is_right(wanted, instance):
            yield ValidationError("not allowed")  # the words are made elsewhere

    return check


def _form(pattern: str) -> Callable[[object, object], bool]:
    """Make a type out of the form that its texts have."""
    form = re.compile(pattern)
    return lambda _, text: isinstance(text, str) and bool(form.fullmatch(text))


_is_number = _form(r"-?[0-9]+(\.[0-9]+)?")


def _number(text: object) -> Decimal | None:
    return Decimal(str(text)) if _is_number(None, text) else None


@cache
def _validator() -> Any:
    """Give the class of validators over text; only a file with a fault needs it."""
    from jsonschema import Draft202012Validator, TypeChecker, validators

    # The library's stubs know neither of these two by their own documented use.
    extend: Any = validators.extend
    make_types: Any = TypeChecker
    return extend(
        Draft202012Validator,
        validators={
            "enum": _keyword(lambda all_, text: any(text in _text_of(v) for v in all_)),
            "const": _keyword(lambda wanted, text: text in _text_of(wanted)),
            "minimum": _keyword(
                lambda least, text: (
                    (n := _number(text)) is None or n >= Decimal(str(least))
                )
            ),
            "maximum": _keyword(
                lambda most, text: (
                    (n := _number(text)) is None or n <= Decimal(str(most))
                )
            ),
        },
        type_checker=make_types(
            {
                "string": lambda _, value: isinstance(value, str),
                "integer": _form("-?[0-9]+"),
                "number": _is_number,
                "boolean": _form("|".join(YES_NO)),
                "object": lambda _, value: isinstance(value, dict),
                "array": lambda _, value: isinstance(value, list),
            }
        ),
    )

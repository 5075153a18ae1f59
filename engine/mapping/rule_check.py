"""What can be said about a rule before any document is read, from the two schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.errors import Problem
from engine.kinds import PHRASES
from engine.language.conversion import read_literal
from engine.language.values import ValueFault, normalise_text, show_value
from engine.mapping.rule_types import value_shape
from engine.mapping.rules import MISSING, Calculation, FirstOf, Option, PathSource, Rule
from engine.problems import nearest
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.errors import Position
    from engine.language import Formula, Path
    from engine.language.schema import SchemaField
    from engine.mapping.rule_load import RuleLoader
    from engine.rulefiles.reader import Node

_SHOWN: Final = 8


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
    loader: RuleLoader, node: Any, place: Target, shown: Position | None = None
) -> Any:
    """Read a literal as the target's type and check it against enum and length.

    ``node`` is a YAML node, or plain text from a shared table (then ``shown`` is where
    a finding points).
    """
    target = place.field
    if isinstance(node, ListNode):
        item = None if target is None else target.item()
        return [
            load_literal(loader, n, Target(f"{place.path}[]", item)) for n in node.items
        ]
    if isinstance(node, MapNode):
        return {
            key.text: load_literal(
                loader, value, Target(place.path, target and target.child(key.text))
            )
            for key, value in node.items()
        }
    text = node.text if isinstance(node, Scalar) else str(node)
    where: Any = node if isinstance(node, Scalar) else shown
    try:
        value = read_literal(text, target)
    except ValueFault as fault:
        loader.problem("M407", f"{place.path}: {fault.message}", where)
        return text
    if target is None:
        return value
    name = place.path or "this field"
    if target.enum is not None and value not in target.enum:
        close = nearest(text, [str(v) for v in target.enum])
        listed = ", ".join(str(v) for v in target.enum[:_SHOWN])
        more = ", …" if len(target.enum) > _SHOWN else ""
        hint = f"did you mean {close}?" if close else f"allowed: {listed}{more}"
        loader.problem("M406", f"{text} is not an allowed value of {name}", where, hint)
    elif isinstance(value, str) and target.max_length is not None:
        size = len(normalise_text(value))
        if size > target.max_length:
            said = f"{size} characters are longer than {name} allows"
            loader.problem("M405", f"{said} ({target.max_length})", where)
    return value


def check_limit(loader: RuleLoader, rule: Rule) -> None:
    """Find a limit that the target does not allow, or that cuts what is no text."""
    if rule.limit is None or rule.target is None:
        return
    place = rule.place("limit")
    longest = rule.target.max_length
    if longest is not None and rule.limit.characters > longest:
        said = (
            f"limit {rule.limit.characters} is longer than the target allows for "
            f"{rule.path} ({longest})"
        )
        loader.problem("M404", said, place, f"write limit: {longest}")
    types = rule.target.types
    if types and "string" not in types:
        said = f"{rule.path} is no text field, so limit cuts nothing"
        loader.problem("M411", said, place, "remove limit")
    if isinstance(rule.default, str) and len(rule.default) > rule.limit.characters:
        said = f"the default is longer than limit ({rule.limit.characters})"
        loader.problem("M405", said, rule.place("default"))


def check_overflow(loader: RuleLoader, cell: Scalar, place: Target) -> None:
    """Find an overflow field that the target's group does not have."""
    if place.parent is None or place.parent.is_open:
        return
    if place.parent.child(cell.text) is None:
        close = nearest(cell.text, place.parent.properties)
        hint = f"did you mean {close}?" if close else None
        said = f"the target has no field {cell.text} beside {place.path}"
        loader.problem("M508", said, cell, hint)


def check_lookup(loader: RuleLoader, rule: Rule, cell: Node | None) -> None:
    """Find values that the source schema allows and the table does not know."""
    lookup = rule.lookup
    field = None if lookup is None else value_shape(rule.value)
    allowed = None if field is None else field.enum
    if lookup is None or allowed is None:
        return
    if isinstance(cell, MapNode):
        _check_entries(loader, cell, [str(value) for value in allowed])
    unknown = [str(v) for v in allowed if str(v) not in lookup.entries]
    if unknown and lookup.otherwise is MISSING:
        listed = ", ".join(unknown[:_SHOWN])
        table = f"table {lookup.table}" if lookup.table else "the table"
        said = f"{table} has no entry for {listed}, which the source schema allows"
        place = rule.place("lookup")
        loader.problem("M503", said, place, "add it, or give else:")


def _check_entries(loader: RuleLoader, cell: MapNode, allowed: list[str]) -> None:
    """Find entries of an inline table that the source never asks for."""
    for key, _ in cell.items():  # noqa: PERF102 - a key is a cell with a place
        if key.text not in allowed:
            close = nearest(key.text, [v for v in allowed if v not in cell])
            listed = ", ".join(allowed[:_SHOWN])
            hint = f"did you mean {close}?" if close else f"it is one of {listed}"
            said = f"the source is never {key.text}, so this entry means nothing"
            loader.problem("M515", said, key, hint)


def check_order(loader: RuleLoader, options: Sequence[Option]) -> None:
    """Find rows of ``choose`` that can never be chosen."""
    seen: dict[str, int] = {}
    is_closed = False
    for option in options:
        line = option.position.line
        if is_closed:
            said = "this row can never be chosen: otherwise stands above it"
            loader.problem("M501", said, option.position, "move it above otherwise")
        if option.condition is None:
            is_closed = True
            continue
        text = " ".join(option.condition.text.split())
        if text in seen:
            said = f"this row can never be chosen: line {seen[text]} has its condition"
            loader.problem("M501", said, option.position)
        seen.setdefault(text, line)


# Source kind, target types that take it without a further key.
_TAKES: Final = {
    "text": {"string", "number", "integer"},
    "number": {"number", "integer", "string"},
    "truth": {"boolean"},
    "list": {"array"},
    "group": {"object"},
}
_WAY_OUT: Final = {
    "text": "add lookup: or transform:",
    "number": "add lookup: or transform:",
    "truth": "add lookup: with entries for true and false",
    "list": "pick one item with [0], or use join:",
    "group": "name one of its fields",
}


def check_kind(loader: RuleLoader, rule: Rule, place: Target) -> None:
    """Find a source whose kind the target cannot take without a further key."""
    target = place.field
    if target is None or not target.types:
        return
    if target.types == {"object"} and not isinstance(rule.value, PathSource):
        said = f"{rule.path} is a group of fields"
        loader.problem("M409", said, rule.position, "write fields: below it")
        return
    if (rule.lookup and not rule.transform) or rule.decimals is not None or rule.date:
        return
    for cell in _cells(rule):
        kind = cell.shape.kind
        if kind in _TAKES and not _TAKES[kind] & target.types:
            said = (
                f"{cell.text} is {PHRASES[kind]}, which does not fit {rule.path}"
                f" ({show_value(', '.join(sorted(target.types)))})"
            )
            _cell_problem(loader, "M403", said, cell, _WAY_OUT[kind])
        else:
            _check_values(loader, rule, cell)


def _cells(rule: Rule) -> tuple[Path | Formula, ...]:
    """Give the cells whose value goes to the target as it is."""
    if rule.transform is not None:
        return (rule.transform,)
    match rule.value:
        case PathSource(path):
            return (path,)
        case FirstOf(paths):
            return paths
        case Calculation(formula):
            return (formula,)
    return ()


def _cell_problem(
    loader: RuleLoader, code: str, said: str, cell: Path | Formula, hint: str | None
) -> None:
    """Underline a cell of one line whole."""
    size = len(cell.text.splitlines()[0]) if cell.text else 1
    loader.problems.append(Problem(code, said, cell.position, hint, size))


def _check_values(loader: RuleLoader, rule: Rule, cell: Path | Formula) -> None:
    """Find values that the cell may have and the target does not allow."""
    allowed = None if rule.target is None else rule.target.enum
    given = None if cell.shape.field is None else cell.shape.field.enum
    if allowed is None or given is None:
        return
    wrong = [str(value) for value in given if value not in allowed]
    if wrong:
        close = nearest(wrong[0], [str(value) for value in allowed])
        hint = f"did you mean {close}?" if close else "add lookup:"
        listed = ", ".join(wrong[:_SHOWN])
        said = f"{cell.text} may be {listed}, which {rule.path} does not allow"
        _cell_problem(loader, "M412", said, cell, hint)

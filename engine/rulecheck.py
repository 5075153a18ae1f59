"""What can be said about a rule before any document is read, from the two schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.conversion import read_literal
from engine.rules import FirstOf, PathSource, Rule
from engine.suggest import suggest
from engine.values import ValueFault, normalise_text, show_value
from engine.yamlfile import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.ruleload import RuleLoader
    from engine.schemas import SchemaField

_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule's value goes: the target path, its schema, and its group's."""

    path: str = ""
    field: SchemaField | None = None
    parent: SchemaField | None = None

    def without_type(self) -> Place:
        """Give the same place for a literal that a later stage still changes."""
        return Place(self.path, None, self.parent)


def load_literal(
    loader: RuleLoader, node: Any, place: Place, shown: Position | None = None
) -> Any:
    """Read a literal as the target's type and check it against enum and length.

    ``node`` is a YAML node, or plain text from a shared table (then ``shown`` is where
    a finding points).
    """
    target = place.field
    if isinstance(node, ListNode):
        item = None if target is None else target.item()
        return [
            load_literal(loader, n, Place(f"{place.path}[]", item)) for n in node.items
        ]
    if isinstance(node, MapNode):
        return {
            key.text: load_literal(
                loader, value, Place(place.path, target and target.child(key.text))
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
        close = suggest(text, [str(v) for v in target.enum])
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


def check_overflow(loader: RuleLoader, cell: Scalar, place: Place) -> None:
    """Find an overflow field that the target's group does not have."""
    if place.parent is None or place.parent.is_open:
        return
    if place.parent.child(cell.text) is None:
        close = suggest(cell.text, place.parent.properties)
        hint = f"did you mean {close}?" if close else None
        said = f"the target has no field {cell.text} beside {place.path}"
        loader.problem("M508", said, cell, hint)


def check_lookup(loader: RuleLoader, rule: Rule) -> None:
    """Find values that the source schema allows and the table does not know."""
    from engine.rules import MISSING

    lookup = rule.lookup
    if lookup is None or lookup.otherwise is not MISSING:
        return
    if not isinstance(rule.value, PathSource):
        return
    field = rule.value.path.shape.field
    allowed = (field.enum if field is not None else None) or ()
    unknown = [str(v) for v in allowed if str(v) not in lookup.entries]
    if unknown:
        listed = ", ".join(unknown[:_SHOWN])
        table = f"table {lookup.table}" if lookup.table else "the table"
        said = f"{table} has no entry for {listed}, which the source schema allows"
        place = rule.place("lookup")
        loader.problem("M503", said, place, "add it, or give else:")


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
_KIND_WORDS: Final = {
    "text": "a text",
    "number": "a number",
    "truth": "yes or no",
    "list": "a list",
    "group": "a group of fields",
}


def check_kind(loader: RuleLoader, rule: Rule, place: Place) -> None:
    """Find a source whose kind the target cannot take without a further key."""
    target = place.field
    if target is None or not target.types:
        return
    if target.types == {"object"} and not isinstance(rule.value, PathSource):
        said = f"{rule.path} is a group of fields"
        loader.problem("M409", said, rule.position, "write fields: below it")
        return
    if rule.lookup or rule.transform or rule.decimals is not None or rule.date:
        return
    match rule.value:
        case PathSource(path):
            paths = (path,)
        case FirstOf(paths):
            pass
        case _:
            return
    for path in paths:
        kind = path.shape.kind
        if kind in _TAKES and not _TAKES[kind] & target.types:
            said = (
                f"{path.text} is {_KIND_WORDS[kind]}, which does not fit {rule.path}"
                f" ({show_value(', '.join(sorted(target.types)))})"
            )
            loader.problem("M403", said, path.position, _WAY_OUT[kind])

"""What a filter gives, and the field names that its values may speak of.

``countries | find_by('code', 'FI')`` gives an item of ``countries``, which must have a
field ``code``. Imports scope and shapes; reads Jinja's nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jinja2 import nodes

from engine.language.symbols import Symbol, UnknownName
from engine.language.types import BY_KIND, NUMBER, either, group_of, list_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Which of a filter's values name a field: from which to which, and by their name.
_FIELDS: Final[Mapping[str, tuple[tuple[int, int], tuple[str, ...]]]] = {
    "find_by": ((0, 1), ("key",)),
    "where": ((0, 1), ("key",)),
    "pluck": ((0, 1), ("path",)),
    "get": ((0, 1), ("path",)),
    "sum_of": ((0, 1), ("path",)),
    "total_by": ((0, 2), ("key_path", "amount_path")),
    "find_any": ((1, 99), ()),
    "merged_by": ((0, 99), ("sum",)),
    "allocate": ((1, 3), ("by", "weight")),
    "covering": ((1, 3), ("start_key", "end_key")),
}
_ON_ITSELF: Final = ("get",)  # names a field of the value, not of its items
_KEEP_LIST: Final = ("where", "unique", "covering", "merged_by", "allocate")


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A field name in a filter's value that is not there, with its place in it."""

    code: str
    message: str
    hint: str | None
    offset: int
    size: int


def field_names(node: nodes.Filter | nodes.Test) -> Iterator[nodes.Const]:
    """Yield the values of a filter that name a field."""
    (first, last), names = _FIELDS.get(node.name, ((0, 0), ()))
    found: list[nodes.Node] = [*(node.args or ())[first:last]]
    found += [k.value for k in node.kwargs or () if k.key in names]
    for value in found:
        if isinstance(value, nodes.Const) and isinstance(value.value, str):
            yield value


def find_field_fault(base: Symbol, name: str, path: str) -> FieldFault | None:
    """Find the part of a dotted path that the items do not have."""
    shape = base if name in _ON_ITSELF else base.item()
    offset = 0
    for part in path.split("."):
        found = shape.child(part)
        if isinstance(found, UnknownName):
            return FieldFault(found.code, found.message, found.hint, offset, len(part))
        shape = found
        offset += len(part) + 1
    return None


def wanted_value(
    node: nodes.Filter | nodes.Test, base: Symbol
) -> tuple[nodes.Const, Symbol] | None:
    """Give the value that ``find_by`` and ``where`` compare with, and its field."""
    if node.name not in {"find_by", "where"} or len(node.args) != 2:
        return None
    key, wanted = node.args
    if not isinstance(key, nodes.Const) or not isinstance(wanted, nodes.Const):
        return None
    shape = follow(base.item(), str(key.value))
    return None if shape is None else (wanted, shape)


def follow(shape: Symbol, path: str) -> Symbol | None:
    """Follow a dotted path; None where a name is not there."""
    for part in path.split("."):
        found = shape.child(part)
        if isinstance(found, UnknownName):
            return None
        shape = found
    return shape


def filter_shape(
    name: str,
    gives: str,
    base: Symbol,
    args: Sequence[nodes.Node],
    shapes: Sequence[Symbol],
) -> Symbol:
    """Say what a filter gives, as far as its value and its field names tell."""
    texts = [a.value for a in args if isinstance(a, nodes.Const)]
    if name in {"find_by", "find_any"}:
        return base.item()
    if name in {"first", "last"}:
        return base.item() if base.kind == "list" else Symbol(None, "")
    if name in _KEEP_LIST:
        added = name == "allocate" and "value" not in _names(base.item())
        return Symbol(list_of(None), "") if added else base
    if name == "default":
        fields = [base.field, *(shape.field for shape in shapes)]
        return Symbol(either(fields), base.label)
    if name in {"get", "pluck"} and len(texts) == 1:
        owner = base if name == "get" else base.item()
        found = follow(owner, str(texts[0])) or Symbol(None, "")
        return found if name == "get" else Symbol(list_of(found.field), found.label)
    if name == "total_by" and len(texts) == 2:
        key = follow(base.item(), str(texts[0])) or Symbol(None, "")
        fields_ = {str(texts[0]).rpartition(".")[2]: key.field, "amount": NUMBER}
        return Symbol(list_of(group_of(fields_)), "")
    return Symbol(BY_KIND.get(gives), "")


def _names(shape: Symbol) -> tuple[str, ...]:
    return () if shape.field is None else shape.field.properties

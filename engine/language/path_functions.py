"""The functions of paths: how many values each takes, of what kind, and what it gives.

The library finds a value that does not fit only when it meets one; here it is found by
what is known of it. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.kinds import PHRASES
from engine.language.jmespath_exact import Functions, Tree
from engine.language.symbols import Symbol
from engine.language.types import BY_KIND, common_type, kind_of
from engine.problems import did_you_mean, either

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.language.cell_problems import CellProblems

_KINDS: Final[Mapping[str, str]] = {
    "text": "string",
    "number": "number",
    "truth": "boolean",
    "list": "array",
    "group": "object",
}
_WANTED: Final[Mapping[str, str]] = {
    "string": "a text",
    "number": "a number",
    "boolean": "yes or no",
    "array": "a list",
    "object": "a group of fields",
    "array-number": "a list of numbers",
    "array-string": "a list of texts",
}
# What a function gives, where that does not hang on its values.
_GIVES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("join", "to_string", "type"), "text"),
    **dict.fromkeys(
        ("length", "to_number", "sum", "avg", "abs", "ceil", "floor"), "number"
    ),
    **dict.fromkeys(("contains", "starts_with", "ends_with"), "truth"),
    **dict.fromkeys(("keys", "values", "map"), "list"),
}
# Words of other languages → ours.
_OTHERS: Final[Mapping[str, str]] = {
    "count": "write length(…)",
    "size": "write length(…)",
    "len": "write length(…)",
    "average": "write avg(…)",
    "first": "write … | [0]",
    "last": "write … | [-1]",
    "distinct": "transform: with | unique",
    "unique": "transform: with | unique",
    "concat": "the key join: joins texts",
    "coalesce": "the key first_of: takes the first that is filled",
    "filter": "write [?field == 'A']",
    "where": "write [?field == 'A']",
    "startswith": "write starts_with(…)",
    "endswith": "write ends_with(…)",
    "round": "the key decimals: rounds",
}


def check_function(
    problems: CellProblems, node: Tree, given: Sequence[Symbol]
) -> Symbol:
    """Find what is wrong with a call (M203, M204), and say what it gives.

    Args:
        problems: The collector of findings.
        node: The call.
        given: What is known of each value; of ``&field``, of the field.
    """
    name, start = node["value"], node.get("start", 0)
    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        hint = _OTHERS.get(name.lower()) or did_you_mean(
            name, sorted(Functions.FUNCTION_TABLE)
        )
        hint = hint or "filters go into transform:"
        problems.add("M203", f"paths have no function {name}", start, name, hint)
        return Symbol(None, "")
    signature = known["signature"]
    variadic = bool(signature) and bool(signature[-1].get("variadic"))
    size = len(signature)
    if len(given) < size if variadic else len(given) != size:
        least = "at least " if variadic else ""
        values = "value" if size == 1 else "values"
        said = f"{name} takes {least}{size} {values}, not {len(given)}"
        problems.add("M204", said, start, name)
    for number, shape in enumerate(given):
        wanted = signature[min(number, size - 1)]["types"] if signature else ()
        if "expref" not in wanted and not _takes(wanted, shape):
            takes = either([_WANTED[one] for one in wanted])
            said = f"{name} takes {takes}, this is {_phrase(shape)}"
            problems.add("M204", said, start, name, _way_out(name, shape))
    return _result(name, given)


def _takes(wanted: Sequence[str], shape: Symbol) -> bool:
    """Tell whether a value may be of one of these types."""
    if not wanted or shape.kind == "any" or _KINDS[shape.kind] in wanted:
        return True
    items = [one.removeprefix("array-") for one in wanted if one.startswith("array-")]
    kind = _item_kind(shape)
    is_known = kind != "any"
    return (
        shape.kind == "list"
        and bool(items)
        and not (is_known and _KINDS[kind] not in items)
    )


def _item_kind(shape: Symbol) -> str:
    return kind_of(None if shape.field is None else shape.field.item())


def _phrase(shape: Symbol) -> str:
    kind = _item_kind(shape)
    if shape.kind != "list" or kind == "any":
        return PHRASES[shape.kind]
    return f"a list of {_PLURALS[kind]}"


_PLURALS: Final[Mapping[str, str]] = {
    "text": "texts",
    "number": "numbers",
    "truth": "yes and no",
    "list": "lists",
    "group": "groups of fields",
}


def _way_out(name: str, shape: Symbol) -> str | None:
    kind = _item_kind(shape)
    if name == "join":
        return "write join(', ', map(&to_string(@), …)), or use the key join:"
    if kind == "group":
        return "name one of their fields: rows[].field"
    if name == "length":
        return None if shape.kind == "truth" else "length counts items and characters"
    if shape.kind == "text" or kind == "text":
        return "write to_number(…), or use transform: with | number"
    return None


def _result(name: str, given: Sequence[Symbol]) -> Symbol:
    if name in {"sort", "sort_by", "reverse"} and given:
        return given[0]
    if name in {"max_by", "min_by", "max", "min"} and given:
        return given[0].item()
    if name == "not_null":
        return Symbol(common_type(s.field for s in given), "")
    return Symbol(BY_KIND.get(_GIVES.get(name, "")), "")


def element_of(name: str, given: Sequence[Symbol]) -> Symbol:
    """Give what ``&field`` is looked up in: an item of the list beside it."""
    lists = [shape for shape in given if shape.kind in {"list", "any"}]
    return lists[0].item() if lists and name != "map" else Symbol(None, "")

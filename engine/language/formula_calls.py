"""The calls of a formula: filters and tests, held against what they declare.

Found are unknown names, values that are missing or of another kind, and fields that
the items of a list do not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes

from engine.kinds import PHRASES
from engine.language.filters.registry import FILTERS, INSTEAD, TESTS
from engine.language.formula_compare import check_literal
from engine.language.meant import AS_TEXT
from engine.language.symbols import Symbol
from engine.problems import either, hint_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from engine.language.filters.declaration import Filter
    from engine.language.formula_parse import FormulaProblems

_UNKNOWN: Final = Symbol(None, "")


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a call: its result, and the texts in it that name a field."""

    result: Symbol
    names: frozenset[nodes.Const] = frozenset()


def check_call(
    problems: FormulaProblems,
    node: nodes.Filter | nodes.Test,
    base: Symbol,
    shapes: Sequence[Symbol],
    named: Mapping[str, Symbol],
) -> Call:
    """Find what is wrong with a filter or test, and say what it gives.

    Args:
        problems: The collector of findings.
        node: The call.
        base: What is known of the value before it.
        shapes: The same of the further values, in their order.
        named: The same of those that have a name.
    """
    spec = (FILTERS if isinstance(node, nodes.Filter) else TESTS).get(node.name)
    if spec is None:
        _report_unknown(problems, node)
        return Call(_UNKNOWN)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        said = "* and ** are not allowed in a filter's values"
        problems.at_node("M302", said, node)
        return Call(_UNKNOWN)
    try:
        given = spec.bind(node.args, {str(k.key): k.value for k in node.kwargs})
    except TypeError as error:
        told = str(error).replace("got an unexpected keyword argument", "has no value")
        said = f"{spec.name}: {told.replace('argument', 'value')}"
        problems.at_node("M308", said, node, f"for example {spec.example}")
        return Call(_UNKNOWN)
    usable = spec.usable
    if usable and base.kind not in (*usable, "any"):
        said = f"{spec.name} works on {_kinds(usable)}, this is {PHRASES[base.kind]}"
        problems.at_call("M308", said, node, _way_out(spec, base))
    values = dict(zip(map(id, node.args), shapes, strict=True))
    values |= {id(k.value): named[str(k.key)] for k in node.kwargs}
    for parameter, kind in spec.parameters.items():
        for value in _all(given.get(parameter)):
            known = values[id(value)].kind
            if kind not in ("any", known) and known != "any":
                said = f"{spec.name} takes {PHRASES[kind]} as {parameter}"
                problems.at_node("M308", f"{said}, this is {PHRASES[known]}", value)
    names = _check_fields(problems, node, spec, given, base)
    checked = _check_texts(problems, spec, given)
    return Call(spec.result(base, shapes), frozenset((*names, *checked)))


def is_bare_field(node: nodes.Filter | nodes.Test, base: Symbol, name: str) -> bool:
    """Tell whether a name among a filter's values is a field of the items: bare."""
    spec = FILTERS.get(node.name) if isinstance(node, nodes.Filter) else None
    if spec is None or not spec.fields:
        return False
    owner = base.item() if spec.is_listwise else base
    return owner.field is not None and isinstance(owner.child(name), Symbol)


def _kinds(kinds: Sequence[str]) -> str:
    return either([PHRASES[kind].replace("a whole", "a") for kind in kinds])


def _way_out(spec: Filter, base: Symbol) -> str | None:
    if base.kind in AS_TEXT and "text" in spec.usable:
        return AS_TEXT[base.kind]
    if base.kind == "number" and spec.name == "length":
        return "write … | text | length"
    if base.kind == "text" and spec.is_listwise:
        return "name a list, such as rows"
    return None


def _all(value: Any) -> tuple[nodes.Node, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in values if isinstance(one, nodes.Node))


def _check_fields(
    problems: FormulaProblems,
    node: nodes.Filter | nodes.Test,
    spec: Filter,
    given: Mapping[str, Any],
    base: Symbol,
) -> Iterator[nodes.Const]:
    """Find field names that the items do not have; give the texts that name one."""
    owner = base.item() if spec.is_listwise else base
    for parameter in spec.fields:
        for value in _all(given.get(parameter)):
            if isinstance(value, nodes.Const) and isinstance(value.value, str):
                yield value
                found = _follow(problems, owner, value)
                if spec.equals in given:
                    check_literal(problems, given[spec.equals], found, node)
                if parameter in spec.sums:
                    _check_sum(problems, spec, found, value)
                if parameter in spec.orders:
                    _check_order(problems, spec, found, value)
    if spec.sums == ("path",) and "path" not in given:
        _check_sum(problems, spec, owner, node)
    if spec.orders and not _all(given.get(spec.orders[0])):
        _check_order(problems, spec, owner, node)


def _check_texts(
    problems: FormulaProblems, spec: Filter, given: Mapping[str, Any]
) -> Iterator[nodes.Const]:
    """Find values, such as patterns, that a filter cannot use; give all texts."""
    for parameter, find_misuse in spec.checks.items():
        value = given.get(parameter)
        if isinstance(value, nodes.Const) and isinstance(value.value, str):
            yield value
        kind = spec.parameters[parameter]
        if isinstance(value, nodes.Const) and kind in ("any", _kind_of(value.value)):
            wrong, start = find_misuse(value.value), value.lineno or 0
            if wrong is not None:
                word = wrong.word or str(value.value)
                place = max(problems.text.find(word, start), start)
                problems.add(wrong.code, wrong.message, place, word, wrong.hint)
        elif value is not None and spec.is_written:
            said = f"the {parameter} of {spec.name} is written here, in quotes"
            hint = "write it as a text; it is read before any document is"
            problems.at_node("M308", said, value, hint)


def _kind_of(value: Any) -> str:
    return "text" if isinstance(value, str) else "number"


def _check_order(
    problems: FormulaProblems, spec: Filter, found: Symbol, node: nodes.Node
) -> None:
    if found.kind in {"list", "group"}:
        said = f"{spec.name} compares numbers or texts"
        said = f"{said}, {found.label} is {PHRASES[found.kind]}"
        problems.at_node("M308", said, node, "name one of its fields, in quotes")


def _check_sum(
    problems: FormulaProblems, spec: Filter, found: Symbol, node: nodes.Node
) -> None:
    if found.kind not in {"number", "any"}:
        said = f"{spec.name} adds up numbers, {found.label} is {PHRASES[found.kind]}"
        problems.at_node("M308", said, node, "name a field that is a number")


def _follow(problems: FormulaProblems, owner: Symbol, path: nodes.Const) -> Symbol:
    """Follow a dotted path between quotes."""
    offset = (path.lineno or 0) + 1
    for part in path.value.split("."):
        owner = problems.known(owner.child(part), offset)
        offset += len(part) + 1
    return owner


def _report_unknown(problems: FormulaProblems, node: nodes.Filter | nodes.Test) -> None:
    is_filter = isinstance(node, nodes.Filter)
    what, table = ("filter", FILTERS) if is_filter else ("test", TESTS)
    hint = INSTEAD.get(node.name)
    others = TESTS if is_filter else FILTERS
    if hint is None and node.name in others:
        hint = f"write … {'is' if is_filter else '|'} {node.name}"
    hint = hint or hint_for(node.name, sorted(table), f"{what}s:")
    problems.at_call(
        "M303" if is_filter else "M304", f"there is no {what} {node.name}", node, hint
    )


def way_out_of(node: nodes.Node) -> str | None:
    """Say how a call is written, where a filter or test does its job."""
    if not isinstance(node, nodes.Call):
        return None
    method = node.node.attr if isinstance(node.node, nodes.Getattr) else None
    name = method or getattr(node.node, "name", "")
    if name in FILTERS:
        return f"write … | {name}"
    if name in TESTS:
        return f"write … is {name}"
    return INSTEAD.get(str(name))

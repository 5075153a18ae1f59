"""The endpoints that a flow asks: reads, searches, writes, each with its arguments."""

from __future__ import annotations

from engine.kinds import PHRASES
from engine.language.symbols import Symbol
from engine.language.types import Type, common_type, kind_of
from engine.language.values import sent_text
from engine.mapping.apply import Rule
from engine.mapping.stages import rule_type
from engine.problems import did_you_mean
from engine.project.flow_cells import FlowCells, must
from engine.project.flow_spec import EndpointCall, Find, Send
from engine.project.system_spec import EndpointSpec, ParamSpec
from engine.rulefiles.nodes import (
    MapNode,
    Node,
    Scalar,
    entries_at,
    map_at,
    maps_at,
    scalar_at,
)


def load_call(cells: FlowCells, node: MapNode, key: str) -> EndpointCall | None:
    """Read the endpoint that a key names, with the arguments beside it."""
    named = scalar_at(node, key)
    if named is None:
        return None
    known = _endpoint(cells, named)
    arguments = []
    for name, value in entries_at(node, "with"):
        rule = cells.rule(value)
        if known is not None and name.text not in known.arguments:
            said = f"{named.text} takes no argument {name.text}"
            cells.problems.unknown("F203", said, name, sorted(known.arguments))
        elif rule is not None:
            arguments.append((name.text, rule))
            if known is not None:
                _check_values(cells, value, rule, known.params[name.text])
    if known is None:
        return None
    present = map_at(node, "with") or ()
    for wanted, param in known.params.items():
        if param.is_required and param.fixed is None and wanted not in present:
            said = f"{named.text} needs the argument {wanted}"
            cells.problems.add("F204", said, named, f"add {wanted}: under with")
    system, _, endpoint = named.text.partition(".")
    return EndpointCall(system, endpoint, tuple(arguments), named.position)


def _endpoint(cells: FlowCells, named: Scalar) -> EndpointSpec | None:
    system_name, _, endpoint = named.text.partition(".")
    systems, broken = cells.around.systems, cells.around.broken
    system = systems.get(system_name)
    if system is None:
        if system_name not in broken:
            said = f"there is no system {system_name}"
            known = [*systems, *(n for n in broken if not n.endswith(".yaml"))]
            cells.problems.unknown("F201", said, named, sorted(known), word=system_name)
        return None
    if endpoint not in system.endpoints:
        said = f"{system_name} has no endpoint {endpoint}"
        offset, names = len(system_name) + 1, sorted(system.endpoints)
        cells.problems.unknown("F202", said, named, names, word=endpoint, offset=offset)
        return None
    return system.endpoints[endpoint]


def _check_values(cells: FlowCells, cell: Node, rule: Rule, param: ParamSpec) -> None:
    """Find a cell none of whose values the argument takes."""
    shape = rule_type(rule)
    kind = kind_of(shape)
    if kind == "group" or (kind == "list" and param.list_style is None):
        said = f"the argument {param.name} takes one value, this is {PHRASES[kind]}"
        cells.problems.add("F222", said, cell)
        return
    given = None if shape is None else shape.enum
    if not param.values or given is None:
        return
    # Nothing is sent for null, and a condition may leave some of the values out.
    wrong = [sent_text(value) for value in given if value is not None]
    literal = cell.get("fixed") if isinstance(cell, MapNode) else cell
    if not wrong or set(wrong) & set(param.values) or not isinstance(literal, Scalar):
        return
    said = f"{wrong[0]} is no value of the argument {param.name}"
    hint = did_you_mean(wrong[0], param.values)
    cells.problems.add(
        "F222", said, literal, hint or f"one of {', '.join(param.values)}"
    )


def endpoint_of(cells: FlowCells, call: EndpointCall | None) -> EndpointSpec | None:
    """Give the endpoint that is asked."""
    if call is None:
        return None
    return cells.around.endpoint(f"{call.system}.{call.endpoint}")


def record_of(cells: FlowCells, call: EndpointCall | None, name: str) -> Type | None:
    """Say what one record of a read is: by its endpoint, or by where it is kept."""
    known = cells.around.record(endpoint_of(cells, call))
    if known is not None:
        return known
    kept = None if cells.types.item is None else cells.types.item.child(name)
    if kept is None:
        return None
    return kept.item() if "array" in kept.types else kept


def load_finds(cells: FlowCells, node: MapNode) -> tuple[tuple[Find, ...], Type | None]:
    """Read where candidates come from, and say what a candidate is."""
    finds: list[Find] = []
    shapes: list[Type | None] = []
    for entry in maps_at(node, "find"):
        when = cells.condition(entry, "when")
        if "in" in entry:
            path = cells.path(entry, "in")
            finds.append(Find(None, path, when))
            shape = Symbol(None, "") if path is None else path.shape
            # An item of a list, or the one thing that is there.
            shapes.append((shape if shape.kind == "group" else shape.item()).field)
        else:
            call = load_call(cells, entry, "from")
            finds.append(Find(call, None, when))
            shapes.append(cells.around.record(endpoint_of(cells, call)))
    return tuple(finds), common_type(shapes)


def load_send(cells: FlowCells, node: MapNode) -> Send:
    """Read a write request: its body, its changes, its file."""
    call = load_call(cells, node, "send")
    for key, _ in entries_at(node, "change"):
        _check_pointer(cells, key, call)
    return Send(
        must(call),
        cells.mapping(node, "mapping"),
        cells.rules(node, "change"),
        cells.path(node, "file"),
        cells.path(node, "file_name"),
    )


def _check_pointer(cells: FlowCells, key: Scalar, call: EndpointCall | None) -> None:
    """Find a change of a field that the record does not have."""
    shape = Symbol(cells.around.record(endpoint_of(cells, call)), "")
    offset = 1
    for part in key.text.split("/")[1:]:
        found = shape.child(part)
        if not isinstance(found, Symbol):
            said = f"the record has no field {key.text}"
            names = sorted(found.choices)
            cells.problems.unknown("F220", said, key, names, word=part, offset=offset)
            return
        shape = found
        offset += len(part) + 1

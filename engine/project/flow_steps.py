"""The steps of a flow: reads, joins, requirements, derivations, file checks, writes.

Each becomes its part of ``flow_spec``; names, files, codes and actions are checked
against what is known where the step stands.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.language.formulas import compile_formula
from engine.language.paths import Path, compile_path
from engine.language.symbols import Symbol
from engine.language.types import Type
from engine.mapping.match import MatchRules
from engine.project.flow_calls import (
    endpoint_of,
    load_call,
    load_finds,
    load_send,
    record_of,
)
from engine.project.flow_cells import FlowCells, must
from engine.project.flow_spec import (
    Batch,
    CheckFilesStep,
    DeriveStep,
    EndpointCall,
    JoinRecords,
    JoinStep,
    MergeFilesStep,
    NaturalKey,
    ReadStep,
    RequireStep,
    Step,
    WriteStep,
)
from engine.rulefiles.nodes import (
    YES_NO,
    MapNode,
    Scalar,
    entries_at,
    map_at,
    maps_at,
    number_at,
    scalar_at,
    scalars_at,
    text_at,
)

_ENDS = ("stop", "skip", "warn")  # what a requirement that does not hold leads to
_REGISTERS = ("setup", "doctor")  # what these slots read is kept for the run


def load_steps(cells: FlowCells, flow: MapNode, slot: str) -> tuple[Step, ...]:
    """Read all steps of a slot."""
    found: list[Step] = []
    for node in maps_at(flow, slot):
        each, inside = cells.row_scope(node)
        if slot not in _REGISTERS and "read" in node:
            _check_kept(inside, node, "read", each)
        kind = next((key for key in _STEPS if key in node), None)
        if kind is not None:
            found.append(_STEPS[kind](inside, node, each))
    return tuple(found)


def _check_kept(cells: FlowCells, node: MapNode, key: str, each: Path | None) -> None:
    what = "the document" if each is None else each.text
    cells.check_save_name(node, key, cells.types.item, what)


def _read(cells: FlowCells, node: MapNode, each: Path | None) -> ReadStep:
    call = load_call(cells, node, "from")
    name = text_at(node, "read")
    record = record_of(cells, call, name)
    here = cells.record_scope(record, f"{name}[]")
    batch, join = map_at(node, "batch"), map_at(node, "join")
    return ReadStep(
        name=name,
        request=must(call),
        when=cells.condition(node, "when"),
        each=each,
        is_cached=text_at(node, "cache") == "run",
        batch=None if batch is None else _batch(here, batch, call),
        order_by=here.path(node, "order_by"),
        join=None if join is None else _join(cells, join, record),
        is_compared=YES_NO.get(text_at(node, "compare"), True),
        is_optional=YES_NO.get(text_at(node, "optional"), False),
    )


def _batch(cells: FlowCells, node: MapNode, call: EndpointCall | None) -> Batch:
    named, endpoint = scalar_at(node, "argument"), endpoint_of(cells, call)
    if endpoint and named and named.text not in endpoint.arguments:
        said = f"{endpoint.name} takes no argument {named.text}"
        cells.problems.unknown("F203", said, named, sorted(endpoint.arguments))
    key = must(cells.path(node, "key"))
    return Batch(text_at(node, "argument"), key, number_at(node, "size", 1))


def _join_step(cells: FlowCells, node: MapNode, _: Path | None) -> JoinStep:
    source = cells.path(node, "join", "list")
    record = None if source is None else source.shape.item().field
    join = _join(cells, node, record)
    return JoinStep(must(source), join, cells.condition(node, "when"))


def _join(cells: FlowCells, node: MapNode, record: Type | None) -> JoinRecords:
    to = cells.path(node, "to")
    item = Symbol(None, "") if to is None else to.shape.item()
    left = right = None
    for key, value in entries_at(node, "match"):
        on_item = cells.record_scope(item.field, item.label)
        left = on_item.compile(compile_path, key)
        right = cells.record_scope(record, "record").compile(compile_path, value)
    cells.check_save_name(node, "as", item.field, item.label)
    takes_first = YES_NO.get(text_at(node, "first"), False)
    return JoinRecords(must(to), left, right, text_at(node, "as"), takes_first)


def _require(cells: FlowCells, node: MapNode, each: Path | None) -> RequireStep:
    for key in _ENDS:
        cells.check_code(node, key)
    return RequireStep(
        label=text_at(node, "require"),
        unless=must(cells.condition(node, "unless")),
        code=next(filter(None, (text_at(node, key) for key in _ENDS)), ""),
        is_skip="skip" in node,
        is_warning="warn" in node,
        when=cells.condition(node, "when"),
        each=each,
        show=cells.path(node, "show"),
        choices=cells.path(node, "choices", "list"),
        position=node.position,
    )


def _derive(cells: FlowCells, node: MapNode, each: Path | None) -> DeriveStep:
    mapping = must(cells.mapping(node, "derive"))
    return DeriveStep(mapping, each, cells.condition(node, "when"))


def _check_files(cells: FlowCells, node: MapNode, _: Path | None) -> CheckFilesStep:
    files = must(cells.path(node, "check_files", "list"))
    formats = tuple(cell.text for cell in scalars_at(node, "formats"))
    return CheckFilesStep(files, formats, number_at(node, "max_bytes"))


def _merge_files(cells: FlowCells, node: MapNode, _: Path | None) -> MergeFilesStep:
    files, named = must(cells.path(node, "merge_files", "list")), node.get("name")
    name = must(None if named is None else cells.rule(named))
    cells.check_save_name(node, "as", cells.types.item)
    return MergeFilesStep(files, text_at(node, "as"), name)


def _write(cells: FlowCells, node: MapNode, each: Path | None) -> WriteStep:
    finds, candidate = load_finds(cells, node)
    inside, match_file = cells.with_roots(candidate=candidate), scalar_at(node, "match")
    match = inside.match(match_file)
    _check_kept(cells, node, "save", each)
    if match is not None and match_file is not None:
        _check_actions(cells, node, match_file, match)
    return WriteStep(
        name=text_at(node, "write"),
        each=each,
        when=cells.condition(node, "when"),
        key=must(cells.formula(node, "key", "text", "number")),
        finds=finds,
        match=match,
        create=inside.part(node, "create", load_send),
        update=inside.part(node, "update", load_send),
        about=inside.path(node, "about"),
        ours=inside.path(node, "ours"),
        save=text_at(node, "save"),
        position=node.position,
        makes=cells.part(node, "makes", _makes),
        guard=cells.part(node, "guard", _guard),
    )


def _guard(cells: FlowCells, node: MapNode) -> ReadStep:
    _check_kept(cells, node, "read", None)
    return _read(cells, node, None)


def _makes(cells: FlowCells, node: MapNode) -> NaturalKey:
    by = sorted(entries_at(node, "by"), key=lambda entry: entry[0].text)
    parts = tuple(must(cells.compile(compile_formula, cell)) for _, cell in by)
    is_secret = YES_NO.get(text_at(node, "secret"), False)
    return NaturalKey(text_at(node, "kind"), parts, is_secret)


def _check_actions(
    cells: FlowCells, node: MapNode, file: Scalar, match: MatchRules
) -> None:
    """See that every action of the match rules can be done, and is needed."""
    if node.refused or file.text in cells.around.broken:
        return  # it has findings, and these would only follow from them
    actions = {rule.action for rule in match.rules}
    for action in ("create", "update"):
        if action in actions and action not in node:
            said = f"{file.text} may say {action}, but this step has no {action}:"
            hint = f"add {action}:, or change the rules"
            cells.problems.add("F217", said, file, hint)
        elif action in node and action not in actions:
            said, key = f"{file.text} never says {action}", node.key(action)
            cells.problems.add("F218", said, key, is_warning=True)


_STEPS: dict[str, Callable[[FlowCells, MapNode, Path | None], Step]] = {
    "read": _read,
    "require": _require,
    "derive": _derive,
    "check_files": _check_files,
    "merge_files": _merge_files,
    "join": _join_step,
    "write": _write,
}

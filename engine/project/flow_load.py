"""Read a flow from YAML into ``flow_spec``; every problem at once.

The grammar schema has accepted the file's shape; here its cells are compiled, its
endpoints looked up, and the mapping and match files it names are put in their places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Dictionary
from datetime import timedelta

from engine.language.paths import Path, compile_path
from engine.language.symbols import Symbol, SymbolTable, UnknownName
from engine.language.type_checks import find_kind_fault
from engine.language.types import Type
from engine.problems import Problems
from engine.project.flow_calls import (
    endpoint_of,
    load_call,
    load_finds,
    load_send,
    record_of,
)
from engine.project.flow_cells import FlowCells, must
from engine.project.flow_spec import (
    Acknowledge,
    Amend,
    Belongs,
    Deliver,
    Expand,
    Fetch,
    Flow,
    OnStop,
    ReadStep,
    Reread,
    SameCheck,
    Window,
)
from engine.project.flow_steps import load_steps
from engine.project.flow_types import FlowTypes, flow_roots
from engine.project.read_paths import find_read_paths
from engine.rulefiles.nodes import (
    MapNode,
    Scalar,
    map_at,
    maps_at,
    number_at,
    scalars_at,
    text_at,
)

_SLOTS = (
    *("setup", "enrich", "require", "prepare", "follow", "release", "vanished"),
    "doctor",
)
_SAME_STOP = "SAME_NUMBER_OTHER_CONTENT"  # the code of a comparison that names none


def load_flow(
    node: MapNode, around: FlowTypes, texts: Dictionary[str, bytes], problems: Problems
) -> Flow:
    """Read a flow; after a finding it is as whole as it can be, and not run.

    ``texts`` are the bytes of every file of the folder, by name, for the digest.
    """
    types = SymbolTable(
        item=around.document,
        document=around.document,
        variables=frozenset(),
        roots=flow_roots(around.company, around.registers(node)),
    )
    variables, cells = FlowCells(around, types, problems).variables_scope(node)
    _check_ends(node, problems)
    _check_reads(node, problems)
    fetch = cells.part(node, "fetch", _fetch)
    again = None if fetch is None else fetch.again
    changing = () if again is None else (again.status, *again.same)
    stamps = {path.text.partition(".")[0] for path in changing if path}
    return Flow(
        name=text_at(node, "flow"),
        note=text_at(node, "note"),
        file=node.position.file,
        switch=cells.path(node, "switch", "truth"),
        variables=tuple(variables.items()),
        fetch=must(fetch),
        deliver=cells.part(node, "deliver", _deliver),
        acknowledge=cells.part(node, "acknowledge", _acknowledge),
        expand=cells.part(node, "expand", _expand),
        result=cells.path(node, "result"),
        digest=_digest(texts),
        on_stop=cells.part(node, "on_stop", _on_stop),
        read_paths=find_read_paths(texts, stamps),
        **{slot: load_steps(cells, node, slot) for slot in _SLOTS},
    )


def _digest(texts: Dictionary[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{len(texts[name])}\0".encode())
        digest.update(texts[name])
    return digest.hexdigest()


def _check_ends(node: MapNode, problems: Problems) -> None:
    """See that the flow says what becomes of a document, and how it is known."""
    makes_one = node.mentions("deliver") or node.mentions("result")
    if not makes_one and "flow" in node:
        said = "the flow creates no document and names no result"
        hint = "add deliver:, or result: with the path of the id in the target"
        problems.add("F210", said, node.key("flow"), hint)
    fetch = map_at(node, "fetch")
    if node.mentions("acknowledge") or "deliver" not in node or fetch is None:
        return
    if "changed_since" not in fetch:
        said = (
            "nothing moves the source's status, so the same is listed again and again"
        )
        hint = "add acknowledge:, or changed_since: under fetch"
        problems.add("F211", said, node.key("fetch"), hint)


def _fetch(cells: FlowCells, node: MapNode) -> Fetch:
    call = load_call(cells, node, "from")
    name = text_at(node, "as")
    cells.check_save_name(node, "as", cells.types.item)
    # The key, the label and the reference are read off the listed record itself.
    listed = cells.record_scope(record_of(cells, call, name), name)
    again, window = map_at(node, "again"), map_at(node, "changed_since")
    return Fetch(
        must(call),
        name,
        *_keys(listed, node),
        reference_limit=number_at(node, "reference_limit", 40),
        again=None if again is None else _reread(cells, listed, again),
        window=None if window is None else _window(window),
        belongs=cells.part(node, "belongs", _belongs),
    )


def _keys(cells: FlowCells, node: MapNode) -> tuple[Path, Path, Path]:
    """Read by what a document is known: its key, its label and its reference."""
    names = ("key", "label", "reference")
    key, label, number = (cells.path(node, name, "text", "number") for name in names)
    return must(key), must(label), must(number)


def _reread(cells: FlowCells, listed: FlowCells, node: MapNode) -> Reread:
    call = must(load_call(cells, node, "from"))
    status, same = listed.path(node, "status"), listed.paths(node, "same")
    return Reread(
        call,
        status,
        same,
        before=cells.path(node, "before", "text"),
        after=cells.path(node, "after", "text"),
        stopped=cells.path(node, "stopped", "text"),
        reads=_names(node, "reads"),
    )


def _names(node: MapNode, key: str) -> tuple[str, ...]:
    return tuple(cell.text for cell in scalars_at(node, key))


def _check_reads(node: MapNode, problems: Problems) -> None:
    """Find a read that is to be made again and is not made in ``enrich``."""
    fetch = map_at(node, "fetch")
    places = (
        None if fetch is None else map_at(fetch, "again"),
        node.get("acknowledge"),
    )
    known = [text_at(step, "read") for step in maps_at(node, "enrich")]
    for place in places:
        for cell in () if place is None else scalars_at(place, "reads"):
            if cell.text not in known:
                said = f"enrich reads no {cell.text}"
                problems.unknown("F224", said, cell, sorted(filter(None, known)))


def _window(node: MapNode) -> Window:
    first, full = text_at(node, "first_days"), text_at(node, "full_every_hours")
    return Window(
        timedelta(hours=number_at(node, "overlap_hours")),
        timedelta(days=int(first)) if first.isdecimal() else None,
        timedelta(hours=int(full)) if full.isdecimal() else None,
    )


def _belongs(cells: FlowCells, node: MapNode) -> Belongs:
    steps = load_steps(cells, node, "read")
    units = cells.path(node, "units", "list")
    inside = cells.record_scope(units.shape.item().field if units else None, "unit")
    cells.check_code(node, "stop")
    return Belongs(
        to=must(cells.path(node, "to")),
        reads=tuple(step for step in steps if isinstance(step, ReadStep)),
        unit=must(cells.path(node, "unit")),
        units=must(units),
        key=must(inside.path(node, "key")),
        parent=must(inside.path(node, "parent")),
        names=inside.paths(node, "names"),
        code=text_at(node, "stop"),
    )


def _expand(cells: FlowCells, node: MapNode) -> Expand:
    each, inside = cells.row_scope(node)
    cells.check_save_name(node, "as", cells.types.item)
    return Expand(must(each), text_at(node, "as"), *_keys(inside, node))


def _deliver(cells: FlowCells, node: MapNode) -> Deliver:
    finds, candidate = load_finds(cells, node)
    send = load_send(cells, node)
    payload = cells.around.place(send.mapping.target) if send.mapping else None
    inside = cells.with_roots(candidate=candidate, payload=payload)
    cells.check_save_name(node, "save", cells.types.item)
    created = cells.around.answer(endpoint_of(cells, send.request))
    on_answer = cells.record_scope(created, "answer")
    answer = on_answer.path(node, "answer")
    if answer is not None:
        on_answer = cells.record_scope(answer.shape.field, "answer")
    id_cell = node.get("id") or Scalar("id", node.position, "plain")
    read = map_at(node, "read")
    return Deliver(
        name=text_at(node, "write"),
        finds=finds,
        where=must(inside.condition(node, "where")),
        same=tuple(_same(inside, entry) for entry in maps_at(node, "same")),
        send=send,
        answer=answer,
        target_id=must(on_answer.compile(compile_path, id_cell)),
        target_number=on_answer.path(node, "number"),
        read=must(None if read is None else load_call(cells, read, "from")),
        save=text_at(node, "save") or "target",
        update=inside.part(node, "update", _amend),
        not_given_back=_not_given_back(cells, node, payload),
    )


def _not_given_back(
    cells: FlowCells, node: MapNode, payload: Type | None
) -> frozenset[str]:
    """Read which fields of the payload are not compared; each must be one."""
    found = scalars_at(node, "not_given_back")
    for cell in found:
        missing = Symbol(payload, "").follow(cell.text)
        if isinstance(missing, UnknownName):
            said = f"the payload has no field {cell.text}"
            cells.problems.unknown("F220", said, cell, sorted(missing.choices))
    return frozenset(cell.text for cell in found)


def _amend(cells: FlowCells, node: MapNode) -> Amend:
    return Amend(must(cells.condition(node, "when")), load_send(cells, node))


def _same(cells: FlowCells, node: MapNode) -> SameCheck:
    cells.check_code(node, "stop")
    cells.check_code(node, "warn")
    theirs, ours = (
        must(cells.formula(node, "theirs")),
        must(cells.formula(node, "ours")),
    )
    fault = find_kind_fault(theirs.shape, ours.shape) if theirs and ours else None
    if fault is not None:
        said = f"{fault.message}: {theirs.text} and {ours.text} are never the same"
        cells.problems.add("M310", said, ours.position, fault.hint)
    return SameCheck(
        text_at(node, "name") or text_at(node, "ours").rpartition(".")[2],
        theirs,
        ours,
        text_at(node, "stop") or _SAME_STOP,
        cells.formula(node, "within", "number"),
        text_at(node, "warn"),
    )


def _acknowledge(cells: FlowCells, node: MapNode) -> Acknowledge:
    send = load_send(cells, node)
    answer = cells.around.answer(endpoint_of(cells, send.request))
    inside = cells.with_roots(answer=answer)
    verify = must(inside.formula(node, "verify", "truth"))
    return Acknowledge(send, verify, _names(node, "reads"))


def _on_stop(cells: FlowCells, node: MapNode) -> OnStop:
    return OnStop(cells.condition(node, "when"), _acknowledge(cells, node))

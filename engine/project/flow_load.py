"""Read a flow from YAML into ``flow_spec``; every problem at once.

The grammar schema has accepted the file's shape; here its cells are compiled, its
endpoints looked up, and the mapping and match files it names are put in their places.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping as Dictionary
from datetime import timedelta

from engine.language.paths import Path, compile_path
from engine.language.symbols import SymbolTable
from engine.problems import Problems
from engine.project.flow_calls import (
    endpoint_of,
    load_call,
    load_finds,
    load_send,
    record_of,
)
from engine.project.flow_cells import FlowCells
from engine.project.flow_spec import (
    Acknowledge,
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
from engine.rulefiles.nodes import MapNode, Scalar, map_at, maps_at, number_at, text_at

_SLOTS = (
    *("setup", "enrich", "require", "prepare", "follow", "release", "vanished"),
    "doctor",
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_SAME_STOP = "SAME_NUMBER_OTHER_CONTENT"  # the code of a comparison that names none


def load_flow(
    node: MapNode, around: FlowTypes, texts: Dictionary[str, bytes], problems: Problems
) -> Flow | None:
    """Read a flow; None when a fault leaves nothing to run.

    ``texts`` are the bytes of every file of the folder, by name, for the digest.
    """
    cells = FlowCells(
        around,
        SymbolTable(
            item=around.document,
            document=around.document,
            variables=frozenset(),
            roots=flow_roots(around.company, around.registers(node)),
        ),
        problems,
    )
    variables, cells = cells.variables_scope(node)
    _check_ends(node, problems)
    fetch = _fetch(cells, map_at(node, "fetch"))
    steps = {slot: load_steps(cells, node, slot) for slot in _SLOTS}
    deliver = _deliver(cells, map_at(node, "deliver"))
    acknowledge = _acknowledge(cells, map_at(node, "acknowledge"))
    on_stop = _on_stop(cells, map_at(node, "on_stop"))
    expand = _expand(cells, map_at(node, "expand"))
    result, switch = cells.path(node, "result"), cells.path(node, "switch")
    if fetch is None:
        return None
    return Flow(
        name=text_at(node, "flow"),
        note=text_at(node, "note"),
        file=node.position.file,
        switch=switch,
        variables=tuple(variables.items()),
        fetch=fetch,
        deliver=deliver,
        acknowledge=acknowledge,
        expand=expand,
        result=result,
        digest=_digest(texts),
        on_stop=on_stop,
        read_names=_read_names(texts, fetch),
        **steps,
    )


def _digest(texts: Dictionary[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{len(texts[name])}\0".encode())
        digest.update(texts[name])
    return digest.hexdigest()


def _read_names(texts: Dictionary[str, bytes], fetch: Fetch) -> frozenset[str]:
    """Give every name in the flow's files but its status and the stamps of changes."""
    words = {word for text in texts.values() for word in _WORD.findall(text.decode())}
    again = fetch.again
    paths = () if again is None else (again.status, *again.same)
    return frozenset(words - {path.text.partition(".")[0] for path in paths if path})


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


def _fetch(cells: FlowCells, node: MapNode | None) -> Fetch | None:
    if node is None:
        return None
    call = load_call(cells, node, "from")
    name = text_at(node, "as")
    cells.check_save_name(node, "as", cells.types.item)
    # The key, the label and the reference are read off the listed record itself.
    listed = cells.record_scope(record_of(cells, call, name), name)
    keys = _keys(listed, node)
    belongs = _belongs(cells, map_at(node, "belongs"))
    reread = _reread(cells, listed, map_at(node, "again"))
    if call is None or keys is None:
        return None
    key, label, reference = keys
    return Fetch(
        request=call,
        save=name,
        key=key,
        label=label,
        reference=reference,
        reference_limit=number_at(node, "reference_limit", 40),
        again=reread,
        window=_window(map_at(node, "changed_since")),
        belongs=belongs,
    )


def _keys(cells: FlowCells, node: MapNode) -> tuple[Path, Path, Path] | None:
    """Read by what a document is known: its key, its label and its reference."""
    key, label = cells.path(node, "key"), cells.path(node, "label")
    reference = cells.path(node, "reference")
    return (key, label, reference) if key and label and reference else None


def _reread(cells: FlowCells, listed: FlowCells, node: MapNode | None) -> Reread | None:
    if node is None:
        return None
    call = load_call(cells, node, "from")
    status, same = listed.path(node, "status"), listed.paths(node, "same")
    statuses = (cells.path(node, key) for key in ("before", "after", "stopped"))
    return None if call is None else Reread(call, status, same, *statuses)


def _window(node: MapNode | None) -> Window | None:
    if node is None:
        return None
    first, full = text_at(node, "first_days"), text_at(node, "full_every_hours")
    return Window(
        timedelta(hours=number_at(node, "overlap_hours")),
        timedelta(days=int(first)) if first.isdecimal() else None,
        timedelta(hours=int(full)) if full.isdecimal() else None,
    )


def _belongs(cells: FlowCells, node: MapNode | None) -> Belongs | None:
    if node is None:
        return None
    steps = load_steps(cells, node, "read")
    to, unit, units = (cells.path(node, key) for key in ("to", "unit", "units"))
    inside = cells.record_scope(units.shape.item().field if units else None, "unit")
    key, parent = inside.path(node, "key"), inside.path(node, "parent")
    names = inside.paths(node, "names")
    cells.check_code(node, "stop")
    if to is None or unit is None or units is None or key is None or parent is None:
        return None
    reads = tuple(step for step in steps if isinstance(step, ReadStep))
    return Belongs(to, reads, unit, units, key, parent, names, text_at(node, "stop"))


def _expand(cells: FlowCells, node: MapNode | None) -> Expand | None:
    if node is None:
        return None
    each, inside = cells.row_scope(node)
    keys = _keys(inside, node)
    cells.check_save_name(node, "as", cells.types.item)
    return Expand(each, text_at(node, "as"), *keys) if each and keys else None


def _deliver(cells: FlowCells, node: MapNode | None) -> Deliver | None:
    if node is None:
        return None
    finds, candidate = load_finds(cells, node)
    send = load_send(cells, node)
    mapping = None if send is None else send.mapping
    payload = cells.around.place(mapping.target) if mapping else None
    inside = cells.with_roots(candidate=candidate, payload=payload)
    where = inside.condition(node, "where")
    same = [_same(inside, entry) for entry in maps_at(node, "same")]
    read_node = map_at(node, "read")
    read = None if read_node is None else load_call(cells, read_node, "from")
    cells.check_save_name(node, "save", cells.types.item)
    created = cells.around.answer(endpoint_of(cells, send.request if send else None))
    on_answer = cells.record_scope(created, "answer")
    answer = on_answer.path(node, "answer")
    if answer is not None:
        on_answer = cells.record_scope(answer.shape.field, "answer")
    target_id = on_answer.compile(
        compile_path, node.get("id") or Scalar("id", node.position, "plain")
    )
    number = on_answer.path(node, "number")
    if where is None or read is None or send is None or target_id is None:
        return None
    return Deliver(
        name=text_at(node, "write"),
        finds=finds,
        where=where,
        same=tuple(entry for entry in same if entry is not None),
        send=send,
        answer=answer,
        target_id=target_id,
        target_number=number,
        read=read,
        save=text_at(node, "save") or "target",
    )


def _same(cells: FlowCells, node: MapNode) -> SameCheck | None:
    theirs, ours = cells.formula(node, "theirs"), cells.formula(node, "ours")
    cells.check_code(node, "stop")
    cells.check_code(node, "warn")
    if theirs is None or ours is None:
        return None
    name = text_at(node, "name") or text_at(node, "ours").rpartition(".")[2]
    code, within = text_at(node, "stop") or _SAME_STOP, cells.formula(node, "within")
    return SameCheck(name, theirs, ours, code, within, text_at(node, "warn"))


def _acknowledge(cells: FlowCells, node: MapNode | None) -> Acknowledge | None:
    if node is None:
        return None
    send = load_send(cells, node)
    endpoint = endpoint_of(cells, send.request if send else None)
    answer = cells.around.answer(endpoint)
    verify = cells.with_roots(answer=answer).formula(node, "verify")
    return None if send is None or verify is None else Acknowledge(send, verify)


def _on_stop(cells: FlowCells, node: MapNode | None) -> OnStop | None:
    move = _acknowledge(cells, node)
    if node is None or move is None:
        return None
    return OnStop(cells.condition(node, "when"), move)

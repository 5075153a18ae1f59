"""Where a value began: through variables and derived fields, down to what was read.

A field's trace ends at what its rule names. Here each variable that it names follows,
and each field that a ``derive`` of the flow has made, with what they name in turn; what
the document, the settings or a register hold is told with its value as it is there.
Only what was evaluated on the value's way is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import ViolationError
from engine.flow.steps import iter_items
from engine.language.leaves import without_indexes
from engine.language.scope import Scope
from engine.language.values import get_path
from engine.mapping.apply import LazyVars, Mapping, Recorder, Trace, apply_mapping
from engine.mapping.rules import Rows, Rule, iter_rules, iter_variables
from engine.mapping.stages import rule_reads
from engine.project.flow_spec import DeriveStep, Flow

_NAMES = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_INDEX = re.compile(r"\[(\d+)\]")
_VARIABLE = re.compile(r"(?:^|\]\.)(vars\.[^.\[]+)")
_COMPUTED = ("value", "this", "parent", "row_number", "since", "today")


@dataclass(frozen=True, slots=True)
class Origin:
    """A trace, and what its rule read: each path with its value as it is there."""

    trace: Trace
    reads: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """A mapping that was applied, what was recorded of it, and what it saw."""

    mapping: Mapping
    recorder: Recorder
    scope: Scope


def find_origins(flow: Flow, ground: Ground, traces: Iterable[Trace]) -> list[Origin]:
    """Give the traces of fields or variables, each followed by what it came from."""
    found: dict[tuple[str, str], Origin] = {}
    for trace in traces:
        _follow(flow, ground, trace, found)
    return list(found.values())


def explain_variable(flow: Flow, ground: Ground, name: str) -> list[Trace]:
    """Give the trace of a variable that no field has asked for; the flow's ones too."""
    for rules in (ground.mapping.variables, dict(flow.variables)):
        if name in rules:
            recorder = Recorder()
            with suppress(ViolationError):  # its trace tells how far it came
                _ = LazyVars(rules, ground.scope, recorder)[name]
            made = [t for t in recorder.traces if t.path == f"vars.{name}"]
            return made or list(recorder.traces)
    return []


def _follow(
    flow: Flow, ground: Ground, trace: Trace, found: dict[tuple[str, str], Origin]
) -> None:
    place = (ground.mapping.position.file, trace.path)
    if place in found:
        return
    found[place] = Origin(trace)  # its place among the others; the reads follow
    rule = _rule_of(ground.mapping, trace.path)
    if rule is None:
        return
    scope, reads = _scope_of(ground, trace.path), []
    shown = {stage.origin for stage in trace.stages}
    for path in dict.fromkeys(rule_reads(rule)):
        names = _NAMES.match(path)
        root = names[0].partition(".")[0] if names else ""
        if names is None or root in _COMPUTED:
            continue
        if root == "vars":
            for inner in _of_variable(ground, names[0], trace.path):
                _follow(flow, ground, inner, found)
            continue
        derived = _derive_again(flow, names[0].removeprefix("doc."), scope)
        for made, inner in derived:
            _follow(flow, made, inner, found)
        is_known = scope.item is not None or root in scope.roots
        if not derived and path not in shown and is_known:
            reads.append((names[0], _read(scope, names[0])))
    found[place] = Origin(trace, tuple(reads))


def _read(scope: Scope, path: str) -> Any:
    """Give what stands at a path; of a list only how long it is."""
    root, _, rest = path.partition(".")
    value = scope.lookup(root)
    value = get_path(value, rest) if rest else value
    return f"{len(value)} entries" if isinstance(value, list) else value


def _of_variable(ground: Ground, path: str, asks: str) -> list[Trace]:
    """Find the trace of a variable, or of the part of it that a path names.

    ``asks`` is the path of what asks for it: its own row's variables come first.
    """
    traces = ground.recorder.variables.traces
    for row in reversed(list(_INDEX.finditer(asks))):
        own = f"{asks[: row.end()]}.{'.'.join(path.split('.')[:2])}"
        if any(trace.path == own for trace in traces):
            return [trace for trace in traces if trace.path == own]
    exact = [trace for trace in traces if trace.path == path]
    name = ".".join(path.split(".")[:2])
    parts = [t for t in traces if t.path.startswith((f"{name}.", f"{name}["))]
    if exact or not parts:
        return exact or [trace for trace in traces if trace.path == name]
    first = parts[0]  # of a group each leaf has a trace; the group's own is before
    stages = first.stages[:-1]
    value = stages[-1].value if stages else first.value
    return [replace(first, path=name, value=value, stages=stages)]


def _rule_of(mapping: Mapping, path: str) -> Rule | None:
    variable = _VARIABLE.search(path)
    if variable:
        own = (r for r in iter_variables(mapping) if r.path == variable[1])
        return next(own, None)
    plain = without_indexes(path)
    rules = (node for node in iter_rules(mapping.fields) if isinstance(node, Rule))
    return next((rule for rule in rules if rule.path == plain), None)


def _scope_of(ground: Ground, path: str) -> Scope:
    """Give what a field's rule saw: in a list the item of its row, none if unsure."""
    scope, index = ground.scope, _INDEX.search(path)
    if index is None:
        return scope
    rows = [n for n in iter_rules(ground.mapping.fields) if isinstance(n, Rows)]
    part = next((n for n in rows if n.path == path[: index.start()]), None)
    if part is None or len(part.parts) != 1:
        return Scope(None, scope.roots, scope.is_exact)
    items = list(iter_items(part.parts[0].path, scope))
    is_sure = part.parts[0].where is None and int(index[1]) < len(items)
    return items[int(index[1])] if is_sure else Scope(None, scope.roots)


def _derive_again(flow: Flow, path: str, scope: Scope) -> list[tuple[Ground, Trace]]:
    """Derive a field once more, heard; nothing when no step of the flow makes it."""
    steps = (*flow.enrich, *flow.require, *flow.prepare)
    for step in steps:
        if not isinstance(step, DeriveStep) or _rule_of(step.mapping, path) is None:
            continue
        whole = Scope(scope.roots.get("doc"), scope.roots, scope.is_exact)
        for seen in iter_items(step.each, whole):
            if seen.item is scope.item or step.each is None:
                recorder = Recorder()
                apply_mapping(step.mapping, seen, recorder)
                ground = Ground(step.mapping, recorder, seen)
                return [(ground, t) for t in recorder.traces if t.path == path]
    return []

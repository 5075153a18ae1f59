"""What becomes of a case, to the last digit: of the flow, its mappings and its matches.

``Parts`` is all of an engine that is asked, so that any version of one can be held.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.equality.damage import Case, Maker

MOST_ITEMS = 3  # of a list that a mapping is tried on


@dataclass(frozen=True, slots=True)
class Parts:
    """What is asked of an engine."""

    derive: Callable[..., Any]  # flow, document, settings -> scope, stops
    apply: Callable[..., Any]  # mapping, scope -> result
    decide: Callable[..., Any]  # rules, scope, candidates -> decision
    find_link: Callable[..., Any]
    iter_items: Callable[..., Any]
    faults: tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: in a word, what is wrong or cut, and all of it."""

    kind: str
    faults: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What two engines must agree in, to the last digit."""
        text = "\n".join(self.lines).encode("utf-8", "backslashreplace")
        return hashlib.sha256(text).hexdigest()[:16]


def judge(parts: Parts, project: Any, maker: Maker, case: Case) -> Outcome:
    """Give what becomes of a case; what else it raises is an outcome, too."""
    flow = project.flows[case.flow]
    document = copy.deepcopy(case.document)
    try:
        scope, stops = parts.derive(flow, document, case.settings)
    except Exception as error:  # noqa: BLE001 - which one is what is compared
        name = type(error).__name__
        return Outcome(f"raised {name}", (), (name,))
    lines = [f"stop {_violation(stop)}" for stop in stops]
    kind, faults = "nothing to map", [f"{stop.code} {stop.field}" for stop in stops]
    for name, mapping in project.mappings[flow.file.rpartition("/")[0]].items():
        for item in _scopes(mapping.source, scope):
            result = _apply(parts, mapping, item)
            lines.append(f"{name} {_said(result)}")
            if _is_main(flow, mapping):
                kind, found = _kind(result)
                faults += found
    dice = Random(case.seed)
    for step in (*flow.prepare, *flow.follow, *flow.release):
        if getattr(step, "match", None) is not None:
            lines += _matches(parts, maker, step, scope, dice)
    if stops and kind == "mapped":
        kind = f"stopped by {stops[0].code}"
    return Outcome(kind, tuple(dict.fromkeys(faults)), tuple(lines))


def _is_main(flow: Any, mapping: Any) -> bool:
    send = flow.deliver.send if flow.deliver else None
    if send is None:
        writes = (getattr(step, "create", None) for step in flow.prepare)
        send = next((create for create in writes if create), None)
    return send is not None and send.mapping is mapping


def _scopes(source: str, scope: Any) -> Iterator[Any]:
    """Give the scopes of the items that a mapping is made for."""
    address = source.partition("#")[2]
    if not address:
        yield scope
        return
    items = [scope.item]
    for part in address.split("."):
        name = part.removesuffix("[]")
        found = [i.get(name) for i in items if isinstance(i, dict)]
        items = [i for f in found for i in (f if isinstance(f, list) else [f])]
    for number, item in enumerate(items[:MOST_ITEMS], start=1):
        yield scope.with_item(item, row_number=number)


def _apply(parts: Parts, mapping: Any, scope: Any) -> Any:
    try:
        return parts.apply(mapping, scope)
    except Exception as error:  # noqa: BLE001 - which one is what is compared
        return error


def _kind(result: Any) -> tuple[str, list[str]]:
    if isinstance(result, Exception):
        return f"raised {type(result).__name__}", []
    found = result.violations
    if result.is_left_out:
        return "left out", []
    kind = f"refused: {min(v.code for v in found)}" if found else "mapped"
    faults = [f"{v.code} {v.field}" for v in found]
    return kind, faults + [f"cut {cut.path}" for cut in result.truncations]


def _said(result: Any) -> str:
    if isinstance(result, Exception):
        return f"raised {type(result).__name__}"
    said = [_shown(result.payload), str(result.is_left_out)]
    said += [_violation(violation) for violation in result.violations]
    for cut in (*result.truncations, *result.silent_cuts):
        lost = (cut.path, cut.limit, cut.original, cut.kept, cut.moved_to)
        said.append(f"cut {lost!r} {_place(cut.position)}")
    said += [
        f"fallback {(f.path, f.table, f.value)!r} {_shown(f.sent)}"
        for f in result.fallbacks
    ]
    return " | ".join(said)


def _matches(
    parts: Parts, maker: Maker, step: Any, scope: Any, dice: Random
) -> Iterator[str]:
    paths = sorted(
        {
            path.removeprefix("candidate.")
            for rule in step.match.rules
            for condition in (rule.condition, rule.when)
            if condition is not None
            for path in condition.formula.paths
            if path.startswith("candidate.")
        }
    )
    try:
        scopes = list(parts.iter_items(step.each, scope))[:MOST_ITEMS]
    except parts.faults as error:
        yield f"{step.name} each {type(error).__name__} {error}"
        return
    for item in scopes:
        candidates = maker.candidates(paths, item.item, dice)
        for ask in (parts.decide, parts.find_link):
            try:
                found = ask(step.match, item, candidates)
            except parts.faults as error:
                yield f"{step.name} {type(error).__name__} {error}"
                continue
            if found is None:
                yield f"{step.name} none"
            else:
                place = _place(found.rule.position)
                yield f"{step.name} {found.action} {place} {_shown(found.candidate)}"


def _violation(violation: Any) -> str:
    place = _place(violation.position)
    parts = (violation.code, violation.message, violation.field, violation.value)
    return f"{parts!r} {place}"


def _place(position: Any) -> str:
    if position is None:
        return "nowhere"
    return f"{position.file}:{position.line}:{position.column}"


def _shown(value: Any) -> str:
    """Write a value with the kind of every part: 1, Decimal('1') and True differ."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}[" + ", ".join(_shown(v) for v in value) + "]"
    return repr(value)

"""The stages of one rule, in their order; each is a small function over one value.

``when`` → value key → *(empty? go to default)* → ``lookup`` → ``transform`` → type →
``limit`` → ``default`` → ``required``. Running, explaining and testing all use these
functions: a trace is the same evaluation with somebody writing it down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.errors import ViolationError
from engine.language.conversion import convert_value, read_date
from engine.language.values import (
    ValueFault,
    cut_text,
    find_number,
    is_empty,
    name_kind,
    normalise_text,
    sent_text,
    show_value,
    text_of,
)
from engine.mapping import branches
from engine.mapping.result import MappingLog, Overflow
from engine.mapping.rules import (
    MISSING,
    Calculation,
    Choose,
    Fallback,
    FirstOf,
    Fixed,
    Join,
    Lookup,
    PathSource,
    Rule,
    Text,
    Trace,
    TraceStep,
    Truncation,
)

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.language import Formula, Scope

Note = Callable[[str, str, Any], None]
_ROUNDINGS: Final[Mapping[str, str]] = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "down": ROUND_DOWN,
    "up": ROUND_UP,
}
_VALUE_KEYS: Final = ("source", "transform", "first_of", "join", "text")
_SHOWN = 8  # alternatives that a message lists


@dataclass(slots=True)
class _Run:
    """One rule on one scope: the value on its way, and where it came from."""

    rule: Rule
    scope: Scope
    path: str
    findings: MappingLog
    stages: list[TraceStep] = field(default_factory=list)
    value: Any = None
    place: Position | tuple[str, ...] | None = None  # of the key being looked at
    is_literal: bool = False

    def note(self, name: str, origin: str, value: Any) -> None:
        self.value = value
        if self.findings.recorder is not None:
            place = self.rule.keys.get(name)
            self.stages.append(TraceStep(name, origin, value, place))

    def meet(self, place: Position, branch: str) -> None:
        """Note that a branch of the rule was gone through, for ``coverage``."""
        if self.findings.recorder is not None:
            self.findings.recorder.meet(place, branch)


def evaluate_rule(rule: Rule, scope: Scope, path: str, findings: MappingLog) -> Any:
    """Give a field's value, or MISSING when it is left out or at fault.

    Faults are collected in ``findings``; nothing is raised for a document's data.
    """
    run = _Run(rule, scope, path, findings)
    try:
        value = _evaluate(run)
    except ValueFault as fault:
        place = run.place or rule.position
        if isinstance(place, tuple):
            place = rule.place(*place)
        findings.report(fault.code, fault.message, path, run.value, place)
        value = MISSING
    except ViolationError as error:
        # A variable is at fault; it is reported once, however many fields use it.
        for violation in error.violations:
            if violation not in findings.violations:
                findings.violations.append(violation)
        findings.broken.add(path)
        value = MISSING
    if findings.recorder is not None and path:
        is_sent = value is not MISSING
        shown = value if is_sent else None
        stages = tuple(run.stages)
        trace = Trace(path, shown, stages, rule.position, is_sent, rule.target)
        findings.recorder.keep(trace)
        if shown is not None:
            run.meet(rule.position, branches.VALUE)
    return value


def _evaluate(run: _Run) -> Any:
    rule = run.rule
    if rule.when is not None:
        run.place = ("when",)
        holds = rule.when.evaluate(run.scope)
        run.note("when", rule.when.text, holds)
        run.meet(rule.when.position, branches.HOLDS if holds else branches.HOLDS_NOT)
        if not holds:
            return MISSING
        run.value = None
    run.place = rule.position
    value = _TAKE[type(rule.value)](run, rule.value)
    if value is MISSING or run.is_literal:
        return value
    if is_empty(value):
        return _require(run, _default(run))
    if rule.lookup is not None:
        value = _look_up(run, rule.lookup, value)
    if rule.transform is not None and not is_empty(value):
        value = _transform(run, rule.transform, value)
    if not is_empty(value):
        value = _limit(run, _set_type(run, value))
    if is_empty(value):
        return _require(run, _default(run))
    return value


def _take_source(run: _Run, source: PathSource) -> Any:
    path = source.path
    run.place = path.position
    value = path.evaluate(run.scope)
    run.note("source", path.text, value)
    return value


def _take_first(run: _Run, source: FirstOf) -> Any:
    for path in source.paths:
        run.place = path.position
        value = path.evaluate(run.scope)
        run.note("first_of", path.text, value)
        if not is_empty(value):
            run.meet(path.position, branches.TAKEN)
            return value
    return None


def _take_fixed(run: _Run, source: Fixed) -> Any:
    run.note("fixed", "", source.value)
    run.is_literal = run.rule.lookup is None and run.rule.transform is None
    return source.value


def _take_chosen(run: _Run, source: Choose) -> Any:
    for option in source.options:
        condition = option.condition
        run.place = option.position
        if condition is None or condition.evaluate(run.scope):
            said = "otherwise" if condition is None else condition.text
            run.meet(option.position, branches.TAKEN)
            return _then(run, option.then, said)
    run.note("choose", branches.NO_ROW, None)
    run.meet(run.rule.position, branches.NO_ROW)
    return None


def _take_text(run: _Run, source: Text) -> Any:
    template = source.template
    run.place = template.position
    value = template.evaluate(run.scope)
    run.note("text", template.text, value)
    return value


def _take_calculated(run: _Run, source: Calculation) -> Any:
    formula = source.formula
    run.place = formula.position
    value = formula.evaluate(run.scope)
    run.note("transform", formula.text, value)
    return value


def _take_joined(run: _Run, source: Join) -> str | None:
    parts = []
    for path in source.paths:
        run.place = path.position
        value = path.evaluate(run.scope)
        run.note("join", path.text, value)
        values = value if isinstance(value, list) else [value]
        parts += [text_of(v).strip() for v in values if not is_empty(v)]
    if not parts:
        return None
    joined = source.separator.join(parts)
    run.note("with", source.separator, joined)
    return joined


# By type, for this is asked of every rule: a chain of cases takes longer.
_TAKE: Final[Mapping[type, Callable[[_Run, Any], Any]]] = {
    PathSource: _take_source,
    FirstOf: _take_first,
    Join: _take_joined,
    Fixed: _take_fixed,
    Choose: _take_chosen,
    Text: _take_text,
    Calculation: _take_calculated,
}


def _then(run: _Run, then: Any, said: str) -> Any:
    if not isinstance(then, Rule):
        run.note("choose", said, then)
        return then
    inner = _Run(then, run.scope, run.path, run.findings, run.stages)
    run.note("choose", said, None)
    try:
        value = _evaluate(inner)
    finally:
        place = inner.place
        run.place = then.place(*place) if isinstance(place, tuple) else place
        run.value = inner.value
    return None if value is MISSING and not run.path else value


def _look_up(run: _Run, lookup: Lookup, value: Any) -> Any:
    run.place = ("lookup",)
    key = sent_text(value)
    if key in lookup.entries:
        found = lookup.entries[key]
        run.note("lookup", lookup.table, found)
        run.meet(run.rule.position, branches.entry(key))
        return found
    if lookup.otherwise is not MISSING:
        run.note("else", lookup.table, lookup.otherwise)
        run.meet(run.rule.position, branches.ELSE)
        unknown = Fallback(run.path, lookup.table, key, lookup.otherwise)
        run.findings.fallbacks.append(unknown)
        return lookup.otherwise
    run.meet(run.rule.position, branches.NOT_IN_TABLE)
    raise ValueFault("NOT_IN_TABLE", _unknown_entry(run.rule, lookup, key))


def _unknown_entry(rule: Rule, lookup: Lookup, key: str) -> str:
    keys = list(lookup.entries)
    more = ", …" if len(keys) > _SHOWN else ""
    origin = source_label(rule)
    came = f" (from {origin})" if origin else ""
    table = f"table {lookup.table}" if lookup.table else "the table"
    listed = ", ".join(keys[:_SHOWN])
    return f"'{show_value(key)}'{came} is not in {table}: {listed}{more}"


def _transform(run: _Run, formula: Formula, value: Any) -> Any:
    run.place = formula.position
    result = formula.evaluate(run.scope.with_roots(value=value))
    run.note("transform", formula.text, result)
    return result


def _set_type(run: _Run, value: Any) -> Any:
    rule = run.rule
    if rule.date:
        run.place = ("date",)
        value = read_date(text_of(value), rule.date)
        run.note("date", rule.date, value)
    if rule.decimals is not None:
        run.place = ("decimals",)
        value = _round(value, rule.decimals, rule.rounding)
        run.note("decimals", f"{rule.decimals}, {rule.rounding}", value)
    if rule.target is None:
        return value
    as_text = rule.decimals is not None
    run.place = _VALUE_KEYS
    converted = convert_value(value, rule.target, number_as_text=as_text)
    if converted is not value and _differ(converted, value):
        run.note("type", " or ".join(sorted(rule.target.types)), converted)
    return converted


def _differ(one: Any, other: Any) -> bool:
    return type(one) is not type(other) or bool(one != other)


def _round(value: Any, places: int, rounding: str) -> Decimal:
    number = find_number(value)
    if number is None:
        said = f"{name_kind(value)} is not a number"
        hint = "; add transform: value | number" if isinstance(value, str) else ""
        raise ValueFault("NOT_A_NUMBER", said + hint)
    return number.quantize(Decimal(1).scaleb(-places), _ROUNDINGS[rounding])


def _limit(run: _Run, value: Any) -> Any:
    limit = run.rule.limit
    if limit is None or not isinstance(value, str):
        return value
    text = normalise_text(value)
    if len(text) <= limit.characters:
        if text != value:
            run.note("limit", f"{limit.characters}, fits", text)
        return text
    place = run.place = run.rule.place("limit")
    run.meet(place, branches.CUT)
    if limit.too_long == "error":
        said = f"{len(text)} characters, at most {limit.characters} are allowed"
        raise ValueFault("TOO_LONG", said)
    kept = cut_text(text, limit.characters, at_word=limit.cut_at == "word")
    if isinstance(run.rule.value, Join) and (mark := run.rule.value.separator.strip()):
        kept = kept.removesuffix(mark).rstrip()  # what it joined to is gone
    run.note("limit", f"cut from {len(text)} to {limit.characters}", kept)
    cut = Truncation(run.path, limit.characters, text, kept, place)
    if limit.overflow_to:
        run.findings.overflows.append(Overflow(run.rule, run.path, text, kept))
    elif limit.too_long == "cut":
        run.findings.silent_cuts.append(cut)
    else:
        run.findings.truncations.append(cut)
    return kept


def _default(run: _Run) -> Any:
    rule = run.rule
    if rule.default_from is not None:
        run.place = rule.default_from.position
        value = rule.default_from.evaluate(run.scope)
        run.note("default_from", rule.default_from.text, value)
        if not is_empty(value):
            run.meet(rule.default_from.position, branches.TAKEN)
            value = _set_type(run, value)
            return _limit(run, value)
    if rule.default is not MISSING:
        run.note("default", "", rule.default)
        run.meet(rule.position, branches.DEFAULT)
        run.is_literal = True
        return rule.default
    return None


def _require(run: _Run, value: Any) -> Any:
    rule = run.rule
    if not is_empty(value) or run.is_literal:
        return value
    run.place = ("required", "required_when")
    reason = "required"
    is_required = rule.required
    if not is_required and rule.required_when is not None:
        is_required = rule.required_when.evaluate(run.scope)
        reason = f"required when {rule.required_when.text}"
    if is_required:
        run.meet(rule.position, branches.REQUIRED)
        origin = source_label(rule)
        said = f", but {origin} is empty" if origin else ", but there is no value"
        run.value = None
        raise ValueFault("REQUIRED", reason + said)
    if rule.required_when is not None:
        run.meet(rule.position, branches.NOT_REQUIRED)
    if rule.send_null:
        run.note("send_null", "", None)
        return None
    return MISSING


def source_label(rule: Rule) -> str:
    """Name where a rule's value comes from, for a message; "" for a literal."""
    match rule.value:
        case PathSource(path):
            return path.text
        case FirstOf(paths) | Join(paths, _):
            return " / ".join(path.text for path in paths)
        case Calculation(formula):
            return formula.text
        case Text(template):
            return template.text
        case _:
            return ""

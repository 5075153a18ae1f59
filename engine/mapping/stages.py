"""A rule as one function: what its keys compile into, in their order.

``when`` → value key → *(empty? go to default)* → ``lookup`` → ``transform`` → type →
``limit`` → ``default`` → ``required``. Running, explaining and testing all call this
function: a trace is the same evaluation with somebody writing it down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import ViolationError
from engine.language.values import ValueFault, is_empty
from engine.mapping.keys.default import Default
from engine.mapping.keys.page import ChangingStage, FittingStage, Step
from engine.mapping.keys.required import Required
from engine.mapping.keys.when import When
from engine.mapping.result import Trace
from engine.mapping.rules import MISSING, Rule
from engine.mapping.words import join_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.scope import Scope
    from engine.language.types import Type
    from engine.mapping.keys.page import Branch, Change, Page, Take
    from engine.mapping.result import MappingLog

VALUE = "a value"


def evaluate_rule(rule: Rule, scope: Scope, path: str, log: MappingLog) -> Any:
    """Give a field's value, or MISSING when it is left out or at fault.

    Faults are collected in the log; nothing is raised for a document's data.
    """
    if not rule.compiled:
        rule.compiled.append(compile_rule(rule))
    step = Step(rule, scope, path, log)
    try:
        value = rule.compiled[0](step)
    except ValueFault as fault:
        place = step.place or rule.position
        log.report(fault.code, fault.message, path, step.value, place)
        value = MISSING
    except ViolationError as error:
        log.report_again(path, error)
        value = MISSING
    if log.recorder is not None and path:
        is_sent = value is not MISSING
        shown, stages = value if is_sent else None, tuple(step.trace)
        trace = Trace(path, shown, stages, rule.position, is_sent, rule.target)
        log.recorder.keep(trace)
        if shown is not None:
            step.meet(rule.position, VALUE)
    return value


def compile_rule(rule: Rule) -> Take:
    """Give the function that makes the rule's value, or MISSING.

    It raises ValueFault for a value that does not fit, ViolationError for a variable
    at fault; the step then knows the place.
    """
    when = rule.find(When)
    holds = _always if when is None else when.compile(rule)
    take = rule.value.compile(rule)
    changing = [s for s in rule.stages if isinstance(s, ChangingStage)]
    fitting = [s for s in changing if isinstance(s, FittingStage)]
    changes = tuple(s.compile(rule) for s in changing if s not in fitting)
    fit = _chain(tuple(s.compile(rule) for s in fitting))
    fill = (rule.find(Default) or Default()).compile(rule, fit)
    judge = (rule.find(Required) or Required()).compile(rule)
    is_meant = rule.value.is_literal and not changes
    start = rule.position

    def run(step: Step) -> Any:
        if not holds(step):
            return MISSING
        step.place = start
        value = take(step)
        if value is MISSING or is_meant:
            return value
        for change in changes:
            if not is_empty(value):
                value = change(step, value)
        if not is_empty(value):
            value = fit(step, value)
            if not is_empty(value):
                return value
        value = fill(step)
        return judge(step) if value is MISSING else value

    return run


def _always(step: Step) -> bool:
    del step
    return True


def _chain(changes: tuple[Change, ...]) -> Change:
    def change_all(step: Step, value: Any) -> Any:
        for change in changes:
            value = change(step, value)
        return value

    return changes[0] if len(changes) == 1 else change_all


def rule_type(rule: Rule) -> Type | None:
    """Say what is known of a rule's value before any document is read."""
    found = rule.value.type()
    for stage in rule.stages:
        found = stage.type(found)
    return found


def rule_reads(rule: Rule) -> Iterator[str]:
    """Give the paths that a rule reads, as typed."""
    for page in (rule.value, *rule.stages):
        yield from page.reads()


def rule_words(rule: Rule) -> str:
    """Say where a field's value comes from and what is done with it."""
    when = [stage for stage in rule.stages if isinstance(stage, When)]
    others = [stage for stage in rule.stages if stage not in when]
    pages: list[Page] = [rule.value, *others, *when]
    return join_words((page.words() for page in pages), ", ")


def rule_branches(rule: Rule, field: str = "") -> Iterator[Branch]:
    """Give the branches of a rule's keys."""
    for page in (rule.value, *rule.stages):
        yield from page.branches(rule, field or rule.path)

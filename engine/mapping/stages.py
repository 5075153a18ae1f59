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
from engine.mapping.keys.page import ChangingStage, FittingStage, OneCell, Step
from engine.mapping.keys.required import Required
from engine.mapping.keys.when import When
from engine.mapping.result import MappingLog, Trace
from engine.mapping.rules import MISSING, Rule
from engine.mapping.words import join_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.scope import Evaluate
    from engine.language.types import Type
    from engine.mapping.keys.page import Branch, Change, Page, Take

VALUE = "a value"


def find_fault(rule: Rule | None, step: Step) -> Any:
    """Run a rule that failed once more, heard, to say where and at what value.

    Its cuts are in the step's log already; the fault joins them.
    """
    assert rule is not None, "groups and rows collect their faults"
    return listen(rule, step, MappingLog())


def listen(rule: Rule, step: Step, kept: MappingLog) -> Any:
    """Run a rule that is heard; give its value, or MISSING.

    What it says of itself goes to ``kept``, its fault to the step's log: nothing is
    raised for a document's data.
    """
    heard = step.hear(rule, kept)
    path, log = step.path_of(rule), step.log
    value = MISSING
    try:
        value = compiled_rule(rule, is_heard=True)(heard)
    except ValueFault as fault:
        if log is not None:
            place = heard.place or rule.position
            log.report(fault.code, fault.message, path, heard.value, place)
    except ViolationError as error:
        if log is not None:
            log.report_again(path, error)
    if kept.recorder is not None and path:
        is_sent = value is not MISSING
        shown, stages = value if is_sent else None, tuple(heard.trace)
        trace = Trace(path, shown, stages, rule.position, is_sent, rule.target)
        kept.recorder.keep(trace)
        if shown is not None:
            heard.meet(rule.position, VALUE)
    return value


def compiled_rule(rule: Rule, *, is_heard: bool) -> Take:
    """Give the function that makes the rule's value; made when first asked for."""
    if is_heard not in rule.compiled:
        rule.compiled[is_heard] = _compile_rule(rule, is_heard)
    return rule.compiled[is_heard]


def _compile_rule(rule: Rule, is_heard: bool) -> Take:
    """Give the function that makes the rule's value, or MISSING.

    It raises ValueFault for a value that does not fit, ViolationError for a variable
    at fault; a heard step then knows the place.
    """
    when, take = rule.find(When), rule.value.compile(rule)
    changes, fit = _compile_stages(rule, is_heard)
    end, start = _compile_end(rule, fit), rule.position

    def run(step: Step) -> Any:
        if step.heard:
            step.place = start
        value = take(step)
        if value is MISSING:
            return value
        for change in changes:
            if not is_empty(value):
                value = change(step, value)
        if value is not None and not is_empty(value):
            fitted = fit(step, value)
            if fitted is value or not is_empty(fitted):
                return fitted
        return end(step)

    # A literal is meant, even when it is empty.
    make: Take = take if rule.value.is_literal and not changes else run
    if isinstance(rule.value, OneCell) and not changes and not is_heard:
        make = _compile_cell(rule.value.cell.evaluate, fit, end)
    if when is None:
        return make
    holds = when.compile(rule)
    return lambda step: make(step) if holds(step) else MISSING


def _compile_cell(pick: Evaluate, fit: Change, end: Take) -> Take:
    """Give the same for one cell whose value is only fitted: most rules are so."""

    def run_cell(step: Step) -> Any:
        value = pick(step.scope)
        if value is not None and not is_empty(value):
            fitted = fit(step, value)
            if fitted is value or not is_empty(fitted):
                return fitted
        return end(step)

    return run_cell


def compile_inner(then: Rule, name: str, said: str) -> Take:
    """Give the function for a rule inside of a rule; an empty value of it is None.

    ``name`` and ``said`` are what a trace says before it.
    """
    run, is_cell = compiled_rule(then, is_heard=False), not then.path

    def follow(step: Step) -> Any:
        if not step.heard:
            value = run(step)
        else:
            inner = step.hear(then, step.log, step.trace)
            step.note(name, said, None)
            try:
                value = compiled_rule(then, is_heard=True)(inner)
            finally:
                step.place, step.value = inner.place, inner.value
        return None if value is MISSING and is_cell else value

    return follow


def _compile_end(rule: Rule, fit: Change) -> Take:
    """Give the function for an empty value: what stands in, or what is missing."""
    default, required = rule.find(Default), rule.find(Required)
    fill = None if default is None else default.compile(rule, fit)
    judge = None if required is None else required.compile(rule)

    def end(step: Step) -> Any:
        value = MISSING if fill is None else fill(step)
        return judge(step) if judge is not None and value is MISSING else value

    return end


def _compile_stages(rule: Rule, is_heard: bool) -> tuple[list[Change], Change]:
    """Give what changes a filled value, and what fits it to its field."""
    changes: list[Change] = []
    fits: list[Change] = []
    for stage in rule.stages:
        if isinstance(stage, ChangingStage):
            change = _audible(stage, rule) if is_heard else stage.compile(rule)
            (fits if isinstance(stage, FittingStage) else changes).append(change)
    return changes, _chain(tuple(fits))


def _audible(stage: ChangingStage, rule: Rule) -> Change:
    """Give a stage's function with what a heard step tells of it."""
    change, place = stage.compile(rule), stage.place(rule)
    origin, name = stage.origin, stage.keys[0] if stage.keys else ""

    def change_heard(step: Step, value: Any) -> Any:
        step.place = place
        result = change(step, value)
        if origin is not None:
            step.note(name, origin, result)
        return result

    return change_heard


def _chain(changes: tuple[Change, ...]) -> Change:
    def change_all(step: Step, value: Any) -> Any:
        for change in changes:
            value = change(step, value)
        return value

    if len(changes) == 2:
        first, second = changes
        return lambda step, value: second(step, first(step, value))
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

"""A rule as one function: what its keys compile into, in their order.

``when`` → value key → *(empty? go to default)* → ``lookup`` → ``transform`` → type →
``limit`` → ``default`` → ``required``. Running, explaining and testing call what the
same pages write: a heard rule's function has lines beside that tell what it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import ViolationError
from engine.language.function_text import FunctionText
from engine.language.values import ValueFault
from engine.mapping.keys.default import Default
from engine.mapping.keys.page import ChangingStage, FittingStage, Step, look, note
from engine.mapping.keys.required import Required
from engine.mapping.keys.when import When
from engine.mapping.result import MappingLog, Trace
from engine.mapping.rules import MISSING, Rule
from engine.mapping.words import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.language.types import Type
    from engine.mapping.keys.page import Branch, Page

VALUE = "a value"


def find_fault(rule: Rule, step: Step) -> None:
    """Run a rule that failed once more, heard, to say where and at what value.

    Its cuts are in the step's log already; the fault joins them.
    """
    listen(rule, step, MappingLog())


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


def compiled_rule(rule: Rule, *, is_heard: bool) -> Callable[[Any], Any]:
    """Give the function that makes the rule's value, or MISSING; made when asked for.

    It takes a scope; that of a heard rule a step, which then knows the place. It raises
    ValueFault for a value that does not fit, ViolationError for a variable at fault.
    """
    if is_heard not in rule.compiled:
        head = "step" if is_heard else "scope"
        rule.compiled[is_heard] = rule_text(rule, is_heard=is_heard).make(head)
    return rule.compiled[is_heard]


def rule_text(rule: Rule, *, is_heard: bool = False) -> FunctionText:
    """Write the function of a rule."""
    out = FunctionText(is_heard=is_heard, step="step" if is_heard else "")
    out.add(f"return {write_rule(out, rule)}")
    return out


def write_rule(out: FunctionText, rule: Rule) -> str:
    """Write what makes a rule's value, or MISSING; give the name that it has."""
    out.hold(MISSING, "MISSING")
    when = rule.find(When)
    if when is None:
        return _write_value(out, rule)
    value = out.new("MISSING")
    with out.block(f"if {when.write(out, rule)}:"):
        out.add(f"{value} = {_write_value(out, rule)}")
    return value


def write_inner(out: FunctionText, rule: Rule, then: Rule, name: str, said: str) -> str:
    """Write a rule inside of a rule; an empty value of a cell's is None.

    ``name`` and ``said`` are what a trace says before it.
    """
    note(out, name, said, "None")
    if out.is_heard:
        out.add(f"step.rule = {out.hold(then, 'rule')}")
    value = write_rule(out, then)
    if out.is_heard:
        out.add(f"step.rule = {out.hold(rule, 'rule')}")
    return value if then.path else f"None if {value} is MISSING else {value}"


def _write_value(out: FunctionText, rule: Rule) -> str:
    look(out, rule.position)
    value = rule.value.write(out, rule)
    if is_meant(rule):
        return value
    if not rule.value.may_miss:
        _write_stages(out, rule, value)
        return value
    with out.block(f"if {value} is not MISSING:"):
        _write_stages(out, rule, value)
    return value


def is_meant(rule: Rule) -> bool:
    """Tell whether a rule is a literal alone, which is meant even when it is empty."""
    return rule.value.is_literal and not any(_changes(rule))


def _changes(rule: Rule) -> Iterator[ChangingStage]:
    for stage in rule.stages:
        if isinstance(stage, ChangingStage) and not isinstance(stage, FittingStage):
            yield stage


def _write_stages(out: FunctionText, rule: Rule, value: str) -> None:
    """Write what is done with the value; between the stages an empty one is None."""
    changes = list(_changes(rule))
    fits = [stage for stage in rule.stages if isinstance(stage, FittingStage)]
    if not changes and not any(stage.may_empty for stage in fits):
        is_empty = f"{value} is None" if rule.value.is_tidy else out.empty(value)
        with out.block(f"if {is_empty}:"):
            _write_end(out, rule, value)
        if fits:
            with out.block("else:"):
                _write_fits(out, rule, value)
        return
    if not rule.value.is_tidy:
        _tidy(out, value)
    for change in changes:
        with out.block(f"if {value} is not None:"):
            _write_stage(out, rule, change, value)
            if change.may_empty:
                _tidy(out, value)
    if fits:
        with out.block(f"if {value} is not None:"):
            _write_fits(out, rule, value)
    with out.block(f"if {value} is None:"):
        _write_end(out, rule, value)


def _tidy(out: FunctionText, value: str) -> None:
    with out.block(f"if {out.empty(value)}:"):
        out.add(f"{value} = None")


def _write_fits(out: FunctionText, rule: Rule, value: str) -> None:
    """Write what fits a filled value to its field."""
    for stage in rule.stages:
        if isinstance(stage, FittingStage):
            _write_stage(out, rule, stage, value)
    out.texts.discard(value)
    out.tidy.discard(value)


def _write_stage(
    out: FunctionText, rule: Rule, stage: ChangingStage, value: str
) -> None:
    look(out, stage.place(rule))
    out.filled.add(value)
    stage.write(out, rule, value)
    out.filled.discard(value)
    if stage.origin is not None:
        note(out, stage.keys[0] if stage.keys else "", stage.origin, value)


def _write_end(out: FunctionText, rule: Rule, value: str) -> None:
    """Write what stands in for an empty value, or what is missing."""
    default, required = rule.find(Default), rule.find(Required)
    if default is not None:
        default.write(out, rule, value, _write_fits)
        if required is not None and default.paths:
            with out.block(f"if {value} is MISSING:"):
                required.write(out, rule, value)
    elif required is not None:
        required.write(out, rule, value)
    else:
        out.add(f"{value} = MISSING")


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

"""Mappings: load a file's rules, and apply them to a document.

Everything that is wrong with a file is raised at once, when it is loaded. Everything
that is wrong with a document is collected in the result; nothing is raised for it.
"""

from __future__ import annotations

from collections import abc
from typing import TYPE_CHECKING, Any

from engine.errors import ViolationError
from engine.language.symbols import SymbolTable
from engine.language.values import ValueFault
from engine.mapping.keys.page import Step
from engine.mapping.mapping_load import MappingLoader
from engine.mapping.payload import check_payload, fields_text, lets_in
from engine.mapping.result import (
    MappingLog,
    MappingResult,
    Recorder,
    Trace,
    TraceStep,
    Truncation,
)
from engine.mapping.rules import MISSING, Mapping, Rule
from engine.mapping.stages import compiled_rule, listen

if TYPE_CHECKING:
    from engine.language.schema import SchemaStore
    from engine.language.scope import Scope
    from engine.mapping.rule_load import Tables
    from engine.rulefiles.nodes import MapNode

__all__ = [
    "LazyVars",
    "Mapping",
    "MappingResult",
    "Recorder",
    "Rule",
    "Trace",
    "TraceStep",
    "Truncation",
    "apply_mapping",
    "apply_rule",
    "load_mapping",
]


def load_mapping(
    node: MapNode,
    *,
    store: SchemaStore,
    tables: Tables | None = None,
    name: str,
    types: SymbolTable | None = None,
    before: Mapping | None = None,
) -> Mapping:
    """Load a mapping file.

    Args:
        node: The file as read by ``load_yaml``.
        tables: The project's code tables: table → key → text.
        name: How the mapping is named in logs, such as its path.
        types: What is known of the scope around the document: the company's settings,
            the run's registers, further roots.
        before: The mapping that ``node`` is an overlaid form of.

    Raises:
        RuleError: With every finding in the file.
    """
    loader = MappingLoader(node, store, tables or {}, types or SymbolTable())
    if before is not None:
        loader.rules.before = before.variables
    return loader.load(name)


class LazyVars(abc.Mapping[str, Any]):
    """The variables of a mapping, row or flow, each computed when first asked for."""

    def __init__(
        self,
        rules: abc.Mapping[str, Rule],
        scope: Scope,
        recorder: Recorder | None = None,
        known: abc.Mapping[str, Any] | None = None,
        outer: abc.Mapping[str, Any] | None = None,
        prefix: str = "",
    ) -> None:
        self._rules = rules
        self._outer = {} if outer is None else outer
        self._recorder = recorder
        self._prefix = prefix  # the row's payload path
        self.scope = scope.with_roots(vars=self)
        self.known = dict(known or {})  # what was asked for already
        self._faults: dict[str, ViolationError] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        if name in self._faults:
            raise self._faults[name]
        if name not in self._rules:
            return self._outer[name]
        rule = self._rules[name]
        try:
            value = apply_rule(rule, self.scope, self._recorder, self._prefix)
        except ViolationError as error:
            self._faults[name] = error
            raise
        self.known[name] = value
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """Give a variable's value; the default when there is none of that name."""
        if name in self._rules:
            return self[name]
        return self._outer.get(name, default)

    def __iter__(self) -> abc.Iterator[str]:
        return iter({**self._outer, **self._rules})

    def __len__(self) -> int:
        return len({**self._outer, **self._rules})

    def inside(self, rules: abc.Mapping[str, Rule], scope: Scope, row: str) -> Scope:
        """Give a row's scope with variables of its own; it sees these as well."""
        own = LazyVars(rules, scope, self._recorder, outer=self, prefix=row)
        return own.scope


def apply_rule(
    rule: Rule, scope: Scope, recorder: Recorder | None = None, prefix: str = ""
) -> Any:
    """Give one cell's value; None when it is left out.

    ``prefix`` is said before its name, such as the row that it belongs to.

    Raises:
        ViolationError: The value does not fit, or is required and empty.
    """
    if recorder is None:
        run = rule.compiled.get(False) or compiled_rule(rule, is_heard=False)
        try:
            value = run(scope)
        except (ValueFault, ViolationError):
            pass
        else:
            return None if value is MISSING else value
    log = MappingLog(recorder)
    value = listen(rule, Step(scope, log, prefix), log)
    if log.violations:
        raise ViolationError(log.violations)
    return None if value is MISSING else value


def apply_mapping(
    mapping: Mapping,
    scope: Scope,
    recorder: Recorder | None = None,
    shared: dict[str, Any] | None = None,
) -> MappingResult:
    """Map one document: build the payload, then hold it against the target schema.

    Never raises for a document's data: see ``violations`` of the result. ``recorder``
    collects how each value came to be; the evaluation is the same. ``shared`` keeps,
    from one item of a step to the next, the variables that no item changes.
    """
    kept = None if recorder is None else recorder.variables
    variables = LazyVars(mapping.variables, scope, kept, shared)
    scope = variables.scope
    log = MappingLog(recorder)
    if not lets_in(mapping, scope, log):
        faults = tuple(log.violations)
        return MappingResult({}, faults, is_left_out=not faults)
    payload: dict[str, Any] = {}
    is_heard = recorder is not None
    if is_heard not in mapping.compiled:
        text = fields_text(mapping, is_heard=is_heard)
        mapping.compiled[is_heard] = text.make("payload, scope, log")
    mapping.compiled[is_heard](payload, scope, log)
    if shared is not None:
        for name in mapping.constants:
            if name in variables.known and name not in shared:
                shared[name] = variables.known[name]
    if mapping.target:
        check_payload(mapping, payload, log)
    return MappingResult(
        payload,
        tuple(log.violations),
        tuple(log.truncations),
        tuple(log.silent_cuts),
        recorder.traces if recorder is not None else (),
        fallbacks=tuple(log.fallbacks),
    )

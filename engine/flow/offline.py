"""Map a document that somebody has in a file: no system, no ledger, no secret.

The file holds what a flow gathers (``invoice``, ``rows``, ``customer`` …) and, under
``run``, the registers of the run. The flow's own derivations are made here as in a run,
and what is looked up in the document or in a register is found there too; reads and
writes are left out, so the ids that they give stay empty.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.errors import (
    Problem,
    SettingsError,
    StoppedError,
    Violation,
    ViolationError,
)
from engine.flow.context import Gathered, GoneError, Note
from engine.flow.steps import as_list, holds, iter_items, note_fallback, run_step
from engine.language.scope import Scope
from engine.language.values import ValueFault, has_float, is_empty
from engine.mapping.apply import LazyVars, Recorder, apply_mapping
from engine.mapping.match import decide_match
from engine.project.flow_spec import Expand, ReadStep, RequireStep, WriteStep
from engine.rulefiles.encoding import decode_utf8

if TYPE_CHECKING:
    from collections.abc import Mapping as Dictionary

    from engine.language.paths import Path
    from engine.mapping.apply import Mapping, MappingResult
    from engine.mapping.match import MatchRules
    from engine.project.flow_spec import Flow, Send
    from engine.project.project import Project


@dataclass(frozen=True, slots=True)
class Offline:
    """What became of a document, offline."""

    result: MappingResult
    stops: tuple[Violation, ...]  # requirements and derivations that do not hold
    notes: tuple[Note, ...]  # of the flow's steps
    scope: Scope  # what the mapping saw

    @property
    def warnings(self) -> tuple[Note, ...]:
        """What a run would note in the log beside the cuts of the mapping."""
        replaced = (note_fallback(found) for found in self.result.fallbacks)
        return (*self.notes, *replaced)


def read_document(content: bytes, name: str) -> dict[str, Any]:
    """Read a document file; numbers with a point are Decimal.

    Raises:
        SettingsError: It is not one JSON object.
        RuleError: It is not saved as UTF-8.
    """
    text = decode_utf8(content, name).removeprefix("\ufeff")
    try:
        document = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        problem = Problem("M601", f"{name} is not JSON: {error}")
        raise SettingsError([problem]) from error
    if not isinstance(document, dict):
        said, hint = f"{name} holds no document in {{ }}", None
        if isinstance(document, list):
            hint = f"it is a list of {len(document)}: give each a file of its own"
        raise SettingsError([Problem("M601", said, hint=hint)])
    return document


def check_is_gathered(flow: Flow, document: dict[str, Any], name: str) -> None:
    """See that a document is not the bare record that the source lists.

    Raises:
        SettingsError: It is.
    """
    root, key = flow.fetch.save, flow.fetch.key
    if root not in document and not is_empty(key.evaluate(Scope(document, {}))):
        said = f"{name} has no `{root}`; it looks like the {root} itself"
        hint = f'write {{"{root}": … }} around it'
        raise SettingsError([Problem("M601", said, hint=hint)])


def pick_mapping(
    project: Project, flow: Flow, name: str | None, company: str = ""
) -> Mapping:
    """Find a mapping of a flow by its file name; its main one by default.

    The main one makes the document, or the first register entry of a flow that makes
    none.

    With a company's name it is the mapping with the company's changes.

    Raises:
        SettingsError: The flow has no mapping of that name.
    """
    folder = project.mappings_for(company, flow.file.rpartition("/")[0])
    if name is None:
        send = flow.deliver.send if flow.deliver else _first_create(flow)
        if send is None or send.mapping is None:
            hint = "name one with --mapping: " + ", ".join(sorted(folder))
            said = f"{flow.name} has no mapping that delivers"
            raise SettingsError([Problem("M602", said, hint=hint)])
        return send.mapping
    found = folder.get(name) or folder.get(f"{name}.yaml")
    if found is None:
        hint = "known are: " + ", ".join(sorted(folder))
        raise SettingsError([Problem("M602", f"there is no mapping {name}", hint=hint)])
    return found


def _first_create(flow: Flow) -> Send | None:
    """Find what a flow without ``deliver`` keeps in step."""
    writes = (step for step in flow.prepare if isinstance(step, WriteStep))
    return next((step.create for step in writes if step.create), None)


def map_document(
    flow: Flow,
    mapping: Mapping,
    document: dict[str, Any],
    settings: Dictionary[str, Any],
    *,
    recorder: Recorder | None = None,
) -> Offline:
    """Derive what the flow derives, then apply a mapping; data raises nothing.

    What is derived stays in ``document``, for whoever wants to map one of its items.
    """
    notes: list[Note] = []
    scope, stops = derive_document(flow, document, settings, notes)
    result = apply_mapping(mapping, scope, recorder)
    return Offline(result, stops, tuple(notes), scope)


def derive_document(
    flow: Flow,
    document: dict[str, Any],
    settings: Dictionary[str, Any],
    notes: list[Note] | None = None,
) -> tuple[Scope, tuple[Violation, ...]]:
    """Derive what the flow derives; give the scope of its mappings, and what stops it.

    What is derived stays in ``document``, too; ``notes`` takes what steps note.
    """
    data = dict(document)
    is_exact = not has_float(document) and not has_float(settings)
    access = AtHand(flow, settings, data.pop("run", {}), is_exact)
    gathered = Gathered("", "", "", data, [] if notes is None else notes)
    stops: list[Violation] = []
    # A requirement on items after the writes speaks of the ids that they have given.
    prepare = [s for s in flow.prepare if not (isinstance(s, RequireStep) and s.each)]
    for step in (*flow.enrich, flow.expand, *flow.require, *prepare):
        try:
            if isinstance(step, Expand):
                _take_first(step, data, access.scope(gathered))
            elif step is not None:
                run_step(step, access, gathered)
        except ViolationError as error:
            stops.extend(error.violations)
        except StoppedError as error:
            stops.append(Violation(error.code, error.message, position=error.position))
        except (GoneError, ValueFault) as error:  # a run would pass over what is gone
            stops.append(Violation(error.code, error.message))
        if not isinstance(step, RequireStep | ReadStep):
            access.forget()  # the document has changed
    document |= data
    scope = access.scope(gathered)
    return scope, (*access.faults, *stops)


def _take_first(expand: Expand, data: dict[str, Any], scope: Scope) -> None:
    """Look at the first document that a record becomes, unless it is at hand."""
    if expand.save not in data:
        first = next(iter_items(expand.each, scope), None)
        data[expand.save] = None if first is None else first.item


class AtHand:
    """What a file holds is all there is: no system is asked, nothing is written."""

    is_offline = True

    def __init__(
        self,
        flow: Flow,
        settings: Dictionary[str, Any],
        registers: Any,
        is_exact: bool,  # nowhere is a float
    ) -> None:
        self._flow = flow
        self._settings = settings
        self._registers = registers
        self._is_exact = is_exact
        self._scope: Scope | None = None
        self.faults: list[Violation] = []  # of the document's reference

    def forget(self) -> None:
        """Forget the variables: the document is another than they were computed of."""
        self._scope = None

    def scope(self, document: Gathered) -> Scope:
        """Give what the rules of a step see; steps that change nothing share it."""
        if self._scope is None:
            self._scope = self._make_scope(document)
        return self._scope

    def _make_scope(self, document: Gathered) -> Scope:
        data = document.data
        roots = {"doc": data, "company": self._settings, "run": self._registers}
        scope = Scope(data, roots, self._is_exact)
        known = self._flow.expand or self._flow.fetch
        value = None
        try:
            item = data.get(known.save) or {}
            value = known.reference.evaluate(scope.with_item(item))
        except ValueFault as fault:
            path = known.reference
            where = f"{known.save}.{path.text}"
            self.faults = [
                Violation(fault.code, fault.message, where, position=path.position)
            ]
        reference = "" if value is None else str(value)
        return LazyVars(dict(self._flow.variables), scope).scope.with_roots(
            reference=reference
        )

    def read(self, step: ReadStep, document: Gathered) -> None:
        """Leave what is in the file, under the step's name, as it is."""

    def write(
        self,
        step: WriteStep,
        document: Gathered,
        *,
        is_register: bool,  # noqa: ARG002  # as an Access has it
    ) -> None:
        """Leave what a write would have saved: what is at hand, else nothing."""
        scopes = iter_items(step.each, self.scope(document))
        items = [scope for scope in scopes if isinstance(scope.item, dict)]
        missing = [s for s in items if step.save and step.save not in s.item]
        for item in missing:
            item.item[step.save] = None
        paths = [find.path for find in step.finds if find.path is not None]
        if step.match is not None and 0 < len(paths) == len(step.finds):
            for item in missing:
                item.item[step.save] = _find_at_hand(step, step.match, paths, item)


def _find_at_hand(
    step: WriteStep, match: MatchRules, paths: list[Path], scope: Scope
) -> Any:
    """Give what a step links to when all that it searches is at hand.

    Raises:
        StoppedError: The match rules reject.
    """
    if not holds(step.when, scope):
        return None
    candidates = [found for path in paths for found in as_list(path.evaluate(scope))]
    decision = decide_match(match, scope, candidates)
    if decision.action == "reject":
        key = str(step.key.evaluate(scope))
        raise StoppedError(decision.rule.code, key, position=decision.rule.position)
    return decision.candidate

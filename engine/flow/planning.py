"""What a run would do for companies, without doing it: reads only.

The very steps of a run are taken, on a copy of the ledger, with systems that let only
reads pass. Where a run would write, a plan notes it and goes on as if it were done; at
the create of the document itself it ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import RequestFacts, TransientError
from engine.flow.access import Online
from engine.flow.context import PlanEndError
from engine.flow.looks import compare, search_one
from engine.flow.run import run_flow
from engine.flow.steps import make_payload
from engine.language.leaves import ABSENT, pair_leaves
from engine.ledger.open import copy_ledger, open_ledger
from engine.mapping.stages import rule_reads
from engine.masking import find_codes, mask_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.flow.context import Document, Gathered, RunContext
    from engine.flow.services import Services
    from engine.flow.writes import PendingWrite
    from engine.language.scope import Scope
    from engine.ledger.ledger import Ledger
    from engine.project.company import Company
    from engine.project.flow_spec import Flow, ReadStep

MAX_CALLS = 1_000  # requests of one plan, unless said
# Takes a flow, a document's label and what was gathered of it.
Keep = Callable[[str, str, dict[str, Any]], None]
Action = Literal["create", "update", "link", "adopt", "send", "leave"]


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field that a write would set: what is there, and what would be."""

    field: str  # dotted, rows counted from 0
    before: Any  # None where nothing is there
    after: Any


@dataclass(frozen=True, slots=True)
class Planned:
    """One write that a run would make, or one entry that it would use as it is."""

    step: str
    action: Action
    key: str
    changes: tuple[PlannedField, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """What a run would do with one document."""

    flow: str
    label: str
    outcome: str  # planned, stopped, waiting, skipped
    code: str
    entries: tuple[Planned, ...]
    advice: str = ""
    message: str = ""
    places: str = ""  # of the rules, where the advice has said all else


@dataclass(slots=True)
class CompanyPlan:
    """What a run would do for one company."""

    company: str
    documents: list[PlannedDocument] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)  # requests, by system
    ended_early: str = ""
    is_degraded: bool = False  # for another reason than the most requests


def plan_company(
    services: Services,
    company: Company,
    flows: Iterable[Flow],
    *,
    ledger_url: str,
    max_calls: int = MAX_CALLS,
    keep: Keep | None = None,
) -> CompanyPlan:
    """Tell what a run would do now; nothing is written, here or there.

    Args:
        services: Read only; companies share them, and with them the rate limit.
        keep: Is given what was gathered of each document that would go or stop.

    Raises:
        SettingsError: As for a run.
    """
    plan = CompanyPlan(company.name)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="siirto-plan-")))
        copy = folder / "ledger.sqlite"
        copy_ledger(ledger_url, copy)
        ledger = open_ledger(f"sqlite:///{copy}", services.clock)
        stack.callback(ledger.close)
        session = stack.enter_context(services.session(company, ledger, "plan"))
        for flow in flows:
            # A plan moves no status of what is stopped.
            context = session.make_context(replace(flow, on_stop=None))
            planner = context.access = Planner(context, plan, max_calls, keep)
            report = run_flow(context, services.project.advice, planner.end_document)
            if report.degraded:
                plan.ended_early = report.degraded
                plan.is_degraded |= not planner.is_spent
            _add_reasons(plan, flow, company, ledger)
            _add_resting(plan, flow, company, ledger)
        for name, system in session.systems.items():
            plan.calls[name] = sum(system.calls.values())
    return plan


def _add_reasons(
    plan: CompanyPlan, flow: Flow, company: Company, ledger: Ledger
) -> None:
    """Say of stopped documents what the log of a run would say."""
    words = {row.label: row for row in ledger.log(company.name, flow=flow.name)}
    for number, document in enumerate(plan.documents):
        row = words.get(document.label)
        if document.flow == flow.name and document.outcome == "stopped" and row:
            said = replace(
                document,
                advice=row.advice,
                message=row.message,
                places=str(row.details.get("places", "")),
            )
            plan.documents[number] = said


class NotYet(dict[str, Any]):
    """An entry that a run would create: it has no id, so nothing is read by one."""


def _add_resting(
    plan: CompanyPlan, flow: Flow, company: Company, ledger: Ledger
) -> None:
    """Say of stopped documents that nothing has changed, and until when they rest."""
    shown = {d.label for d in plan.documents if d.flow == flow.name}
    zone = company.schedule.zone
    for transfer in ledger.unfinished(company.name, flow.name):
        if transfer.aside != "held" or transfer.label in shown or not transfer.held_at:
            continue
        said = f"stopped since {transfer.held_at.astimezone(zone):%Y-%m-%d %H:%M}"
        if transfer.retry_at is not None:
            until = f"{transfer.retry_at.astimezone(zone):%Y-%m-%d %H:%M}"
            said += f"; unchanged it is tried again from {until} on, or after `retry`"
        plan.documents.append(
            PlannedDocument(
                flow.name,
                transfer.label,
                "still stopped",
                transfer.code,
                (),
                transfer.advice,
                said,
            )
        )


class Planner(Online):
    """Notes each change that a run would make, and goes on as if it were made."""

    def __init__(
        self, run: RunContext, plan: CompanyPlan, max_calls: int, keep: Keep | None
    ) -> None:
        super().__init__(run)
        self._plan = plan
        self._keep = keep
        self._gathered: Gathered | None = None  # what a step has looked at last
        self._max_calls = max_calls
        self.is_spent = False  # all the requests that it may make are made
        self._entries: list[Planned] = []  # of the document at hand
        self._codes: set[str] = set()  # of people and accounts, in its texts

    def scope(self, document: Gathered) -> Scope:
        self._gathered = document
        return super().scope(document)

    def make(self, pending: PendingWrite) -> Any:
        """Note a write; give what it would have saved, as far as that is known."""
        self._learn(pending.document)
        name, key, decision = pending.step.name, pending.key, pending.decision
        candidate = None
        action: Action = "update" if pending.step.update else "create"
        if decision is not None:
            candidate = decision.candidate
            if decision.action in ("link", "leave"):
                self._add(name, "link" if candidate else "leave", key)
                return candidate
            action = "create" if decision.action == "create" else "update"
        send, scope = pending.choose()
        body: Any = {}
        if send.mapping is not None:
            body = make_payload(send.mapping, scope, pending.document)
        self._add(name, action, key, body=body, present=candidate)
        known = dict(candidate) if isinstance(candidate, dict) else NotYet()
        known.update(body if isinstance(body, dict) else {})
        return known

    def read(self, step: ReadStep, document: Gathered) -> None:
        """Ask the system; of an entry that is only planned give what would be there."""
        rules = (rule for _, rule in step.request.arguments)
        roots = {path.split(".")[0] for rule in rules for path in rule_reads(rule)}
        asked = [document.data.get(root) for root in sorted(roots)]
        planned = next((one for one in asked if isinstance(one, NotYet)), None)
        if planned is None:
            super().read(step, document)
        else:
            document.data[step.name] = planned

    def deliver(self, document: Document, payload: dict[str, Any]) -> None:
        """Note what would become of the document itself.

        Raises:
            PlanEndError: Always.
        """
        self._learn(document)
        name, transfer = self._run.flow.delivery.name, document.transfer
        if transfer.target_id:
            self._add(name, "link", transfer.target_number or transfer.target_id)
            raise PlanEndError
        candidate = search_one(self._run, document, payload)
        if candidate is None:
            self._add(name, "create", document.label, body=payload)
            raise PlanEndError
        compare(self._run, document, payload, candidate)
        self._add(name, "adopt", document.label)
        raise PlanEndError

    def keep_in_step(self, document: Document, *, is_same: bool) -> None:  # noqa: ARG002
        """End the plan of a document that its register writes alone make.

        Raises:
            PlanEndError: Always.
        """
        raise PlanEndError

    def _add(
        self,
        step: str,
        action: Action,
        key: str,
        *,
        body: Any = None,
        present: Any = None,
    ) -> None:
        """Note a write: its body, against what the target has now."""
        found = iter_changes(body, present) if body is not None else ()
        changes = tuple(self._mask(change) for change in found)
        entry = Planned(step, action, key, changes)
        if entry not in self._entries:
            self._entries.append(entry)

    def _learn(self, document: Document) -> None:
        if not self._entries:
            self._codes = find_codes(document.data)

    def _mask(self, change: PlannedField) -> PlannedField:
        """Hide codes of people and accounts, also one that a limit has cut."""
        texts = (change.before, change.after)
        shown = (
            mask_pieces(t, self._codes) if isinstance(t, str) else t for t in texts
        )
        return PlannedField(change.field, *shown)

    def end_document(self, flow: str, label: str, outcome: str, code: str) -> None:
        """Put what was noted of a document into the plan.

        Raises:
            TransientError: The plan has made all the requests that it may.
        """
        entries, self._entries = tuple(self._entries), []
        gathered, self._gathered = self._gathered, None
        is_seen = gathered is not None and gathered.label == label
        if self._keep and gathered and is_seen and outcome in ("planned", "stopped"):
            self._keep(flow, label, {**gathered.data, "run": self._run.registers.known})
        document = PlannedDocument(flow, label, outcome, code, entries)
        self._plan.documents.append(document)
        systems = self._run.systems.values()
        used = sum(sum(system.calls.values()) for system in systems)
        if used >= self._max_calls:
            self.is_spent = True
            detail = f"{used} requests, the most that this plan may make"
            raise TransientError(RequestFacts("plan", flow, detail=detail))


def iter_changes(body: Any, present: Any) -> Iterator[PlannedField]:
    """Give the fields of a body that differ from what is there."""
    for path, before, after in pair_leaves(present, body):
        there, wanted = (None if _is_nothing(v) else v for v in (before, after))
        if wanted is not None and not _is_equal(there, wanted):
            yield PlannedField(path, there, wanted)


def _is_nothing(leaf: Any) -> bool:
    return leaf is ABSENT or leaf in (None, {}, [])


def _is_equal(one: Any, other: Any) -> bool:
    numbers = int | Decimal
    if isinstance(one, numbers) and isinstance(other, numbers):
        return Decimal(one) == Decimal(other)
    return bool(one == other)

"""Plan a run for companies: the steps of a run, on a copy of the ledger, reads only."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from engine.errors import RequestFacts, TransientError
from engine.flow.companies import make_context
from engine.flow.plan_notes import Planned, Planner
from engine.flow.run import run_flow
from engine.ledger.open import copy_ledger, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.clock import Clock
    from engine.flow.companies import Opener
    from engine.flow.context import RunContext
    from engine.ledger.ledger import Ledger
    from engine.project.advice import AdviceBook
    from engine.project.company import Company
    from engine.project.credentials import SecretPlaces
    from engine.project.flow_spec import Flow
    from engine.project.project import Project
    from engine.systems.system import System

MAX_CALLS = 1_000  # requests of one plan, unless said


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


@dataclass(slots=True)
class CompanyPlan:
    """What a run would do for one company."""

    company: str
    documents: list[PlannedDocument] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)  # requests, by system
    ended_early: str = ""


def plan_company(
    project: Project,
    company: Company,
    flows: Iterable[Flow],
    *,
    ledger_url: str,
    clock: Clock,
    opener: Opener,
    places: SecretPlaces,
    max_calls: int = MAX_CALLS,
) -> CompanyPlan:
    """Tell what a run would do now; nothing is written, here or there.

    Args:
        opener: One that only reads; companies share it, and with it the rate limit.

    Raises:
        SettingsError: As for a run.
    """
    plan = CompanyPlan(company.name)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="siirto-plan-")))
        copy = folder / "ledger.sqlite"
        copy_ledger(ledger_url, copy)
        ledger = open_ledger(f"sqlite:///{copy}", clock)
        stack.callback(ledger.close)
        systems: dict[str, System] = {}
        cached: dict[Any, Any] = {}
        for flow in flows:
            opener.open_all(company, flow, places, systems, stack)
            planner = Planner()
            context = make_context(
                project,
                company,
                flow,
                systems,
                ledger=ledger,
                clock=clock,
                owner="plan",
                cached=cached,
                planner=planner,
            )
            _plan_flow(plan, context, planner, project.advice, max_calls)
            _add_reasons(plan, flow, company, ledger)
        for name, system in systems.items():
            plan.calls[name] = sum(system.calls.values())
    return plan


def _plan_flow(
    plan: CompanyPlan,
    context: RunContext,
    planner: Planner,
    advice: AdviceBook,
    max_calls: int,
) -> None:
    def note(flow: str, label: str, outcome: str, code: str) -> None:
        entries = tuple(planner.take())
        document = PlannedDocument(flow, label, outcome, code, entries)
        plan.documents.append(document)
        used = sum(sum(system.calls.values()) for system in context.systems.values())
        if used >= max_calls:
            detail = f"{used} requests, the most that this plan may make"
            raise TransientError(RequestFacts("plan", flow, detail=detail))

    report = run_flow(context, advice, note)
    if report.degraded:
        plan.ended_early = report.degraded


def _add_reasons(
    plan: CompanyPlan, flow: Flow, company: Company, ledger: Ledger
) -> None:
    """Say of stopped documents what the log of a run would say."""
    words = {row.label: row for row in ledger.log.rows(company.name, flow=flow.name)}
    for number, document in enumerate(plan.documents):
        row = words.get(document.label)
        if document.flow == flow.name and document.outcome == "stopped" and row:
            plan.documents[number] = PlannedDocument(
                document.flow,
                document.label,
                document.outcome,
                document.code,
                document.entries,
                row.advice,
                row.message,
            )

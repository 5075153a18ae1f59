"""Run a company's flows: secrets, systems, lock, flows, and the record of the run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import Problem, SettingsError
from engine.flow.context import RunContext
from engine.flow.ownership import is_wanted
from engine.flow.run import FlowReport, Progress, run_flow
from engine.ledger.model import Event
from engine.project.company import Switch
from engine.project.credentials import SecretName, find_secrets
from engine.project.schedule import is_due
from engine.systems.limiter import RateLimiter
from engine.systems.system import open_system

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.clock import Clock
    from engine.ledger.ledger import Ledger
    from engine.project.company import Company
    from engine.project.credentials import SecretPlaces
    from engine.project.flow_spec import Flow
    from engine.project.project import Project
    from engine.project.system_spec import SystemSpec
    from engine.secrets import Secret
    from engine.systems.system import System

AfterCompany = Callable[["Ledger", "Company", "CompanyReport", list[Problem]], None]
UNFINISHED = ("stopped", "still stopped", "waiting")
SETTLE_SECONDS = 600.0  # as long as a late request may take effect; reliability figure


@dataclass(slots=True)
class CompanyReport:
    """What a run did for one company."""

    company: str
    flows: list[FlowReport] = field(default_factory=list)
    is_locked: bool = False  # another run holds the lock
    held_by: str = ""
    problems: list[Problem] = field(default_factory=list)  # settings, by register

    @property
    def outcomes(self) -> Counter[str]:
        """Count documents by outcome, over all flows."""
        return sum((flow.outcomes for flow in self.flows), Counter())

    @property
    def has_unfinished(self) -> bool:
        """Tell whether a person or the next run has something left to do."""
        return bool(self.degraded) or any(self.outcomes[o] for o in UNFINISHED)

    @property
    def degraded(self) -> str:
        """Tell why a flow ended early; "" when none did."""
        return "; ".join(flow.degraded for flow in self.flows if flow.degraded)


class WrongRunError(SettingsError):
    """Settings were wrong in some flows; what the others did is reported too."""

    def __init__(self, problems: list[Problem], reports: list[CompanyReport]) -> None:
        super().__init__(problems)
        self.reports = reports


class Opener:
    """Opens systems; one rate limiter per system is shared by all companies."""

    def __init__(
        self,
        project: Project,
        clock: Clock,
        transport: Any | None = None,
        *,
        is_read_only: bool = False,
    ) -> None:
        self.project = project
        self.clock = clock
        self.transport = transport
        self.is_read_only = is_read_only  # for a plan: nothing but reads may leave
        self._limiters: dict[str, RateLimiter] = {}

    def open(self, company: Company, name: str, places: SecretPlaces) -> System:
        """Open a system for a company.

        Raises:
            SettingsError: A secret is missing; every place that was tried is named.
        """
        spec = self.project.systems[name]
        if name not in self._limiters:
            self._limiters[name] = RateLimiter(
                spec.limits.requests, spec.limits.per_seconds, self.clock
            )
        return open_system(
            spec,
            base_url=company.base_urls.get(name),
            secrets=find_system_secrets(company.name, name, spec, places),
            transport=self.transport,
            is_read_only=self.is_read_only,
            limiter=self._limiters[name],
            clock=self.clock,
        )

    def open_all(
        self,
        company: Company,
        flow: Flow,
        places: SecretPlaces,
        systems: dict[str, System],
        stack: ExitStack,
    ) -> None:
        """Open what a flow needs beside ``systems``; the stack closes it again.

        Raises:
            SettingsError: See ``open``.
        """
        for name in flow.systems:
            if name not in systems:
                systems[name] = self.open(company, name, places)
                stack.callback(systems[name].close)


def make_context(
    project: Project,
    company: Company,
    flow: Flow,
    systems: dict[str, System],
    *,
    ledger: Ledger,
    clock: Clock,
    owner: str,
    cached: dict[Any, Any],
    settle_seconds: float = SETTLE_SECONDS,
    **more: Any,
) -> RunContext:
    """Give what a run carries; a plan and the doctor see what a run would see.

    Args:
        cached: What one flow has asked, the next one knows.
        more: Further fields of ``RunContext``.
    """
    return RunContext(
        company=company.name,
        settings=company.settings,
        flow=flow,
        systems=systems,
        ledger=ledger,
        clock=clock,
        owner=owner,
        settle_seconds=settle_seconds,
        cached=cached,
        companies={n: c.settings for n, c in project.companies.items()},
        **more,
    )


def find_system_secrets(
    company: str, system: str, spec: SystemSpec, places: SecretPlaces
) -> dict[str, Secret]:
    """Find a system's secrets for a company; all that are missing are told at once.

    Raises:
        SettingsError: A required secret is nowhere, or one is not kept safely.
    """
    # The operator sets them as <SYSTEM>_<SECRET>.
    wanted = {
        name: SecretName(f"{system}_{name}", is_required=secret.is_required)
        for name, secret in spec.secrets.items()
    }
    found = find_secrets(company, wanted.values(), places)
    return {n: found[w.name] for n, w in wanted.items() if w.name in found}


def check_secrets(
    project: Project, company: Company, flows: Iterable[Flow], places: SecretPlaces
) -> list[Problem]:
    """List the secrets that a company's flows would miss."""
    problems: list[Problem] = []
    for name in dict.fromkeys(name for flow in flows for name in flow.systems):
        try:
            find_system_secrets(company.name, name, project.systems[name], places)
        except SettingsError as error:
            problems.extend(error.problems)
    return problems


def choose_work(
    project: Project, *, company: str | None = None, flow: str | None = None
) -> list[tuple[Company, list[Flow]]]:
    """Choose which flows of which companies run; what is switched off does not.

    Raises:
        SettingsError: There is no company or flow of that name.
    """
    for name, known, kind in (
        (company, project.companies, "company"),
        (flow, project.flows, "flow"),
    ):
        if name is not None and name not in known:
            raise SettingsError(
                [
                    Problem(
                        "C403",
                        f"there is no {kind} {name}",
                        hint="known are: " + ", ".join(sorted(known)),
                    )
                ]
            )
    work = []
    for found in project.companies.values():
        if company not in (None, found.name) or not found.is_enabled:
            continue
        own = (project.flow_for(found.name, name) for name in project.flows)
        flows = [
            candidate
            for candidate in own
            if flow in (None, candidate.name) and is_wanted(candidate, found.settings)
        ]
        # Registers first: an entry is there before the document that uses it.
        flows.sort(key=lambda candidate: candidate.deliver is not None)
        work.append((found, flows))
    return work


def is_company_due(company: Company, ledger: Ledger, clock: Clock) -> bool:
    """Tell whether a company's schedule asks for a run now."""
    last = ledger.runs.find_last(company.name)
    return is_due(company.schedule, clock.now(), last.started_at if last else None)


def sync_company(
    project: Project,
    company: Company,
    flows: Iterable[Flow],
    *,
    ledger: Ledger,
    clock: Clock,
    opener: Opener,
    places: SecretPlaces,
    progress: Progress,
    settle_seconds: float = SETTLE_SECONDS,
    is_on: Callable[[], bool] | None = None,
) -> CompanyReport:
    """Run the company's flows under its lock.

    Args:
        is_on: Asked between documents; False ends the run after the current one. Left
            out, the company's file is looked at.

    A flow whose settings name what its registers do not have is told in ``problems``;
    the other flows run.

    Raises:
        SettingsError: A system cannot be opened: secrets are missing.
    """
    report = CompanyReport(company.name)
    lock = ledger.try_lock(company.name)
    if lock is None:
        holder = ledger.find_holder(company.name)
        report.is_locked = True
        report.held_by = str(holder) if holder else "another process"
        return report
    owner = f"pid {os.getpid()}"
    if is_on is None:
        is_on = Switch(project.root, company.position.file).is_on
    with ExitStack() as stack:
        stack.enter_context(lock)
        run = ledger.runs.start(company.name, owner)
        systems: dict[str, System] = {}
        cached: dict[Any, Any] = {}
        outcome: Any = "failed"
        try:
            for flow in flows:
                opener.open_all(company, flow, places, systems, stack)
                context = make_context(
                    project,
                    company,
                    flow,
                    systems,
                    ledger=ledger,
                    clock=clock,
                    owner=owner,
                    cached=cached,
                    settle_seconds=settle_seconds,
                    is_on=is_on,
                )
                try:
                    done = run_flow(context, project.advice, progress)
                except SettingsError as error:
                    report.problems.extend(error.problems)
                    continue
                report.flows.append(done)
                for key in [key for key in cached if key[0] in context.written]:
                    del cached[key]  # it may say now what was written
                if done.degraded:
                    ledger.log.note_flow(
                        company.name, flow.name, Event("DEGRADED", done.degraded)
                    )
                if done.is_switched_off:
                    ledger.log.note_flow(company.name, flow.name, Event("SWITCHED_OFF"))
                    break
            is_well = not report.degraded and not report.problems
            outcome = "ok" if is_well else "degraded"
        finally:
            ledger.runs.end(run, outcome, dict(report.outcomes))
    return report


def sync_companies(
    project: Project,
    *,
    company: str | None,
    flow: str | None,
    open_ledger: Callable[[], Ledger],
    clock: Clock,
    places: SecretPlaces,
    progress: Progress,
    transport: Any | None = None,
    settle_seconds: float = SETTLE_SECONDS,
    only_due: bool = False,
    is_on: Callable[[], bool] | None = None,
    after_company: AfterCompany | None = None,
) -> list[CompanyReport]:
    """Run all companies, or one; nothing runs while settings or secrets are wrong.

    ``after_company`` is told of each run, with what was wrong in the settings.

    Args:
        only_due: Leave out companies whose schedule does not ask for a run now.
        is_on: See ``sync_company``.

    Raises:
        SettingsError: All problems of all companies. Those that only a register can
            tell come after all others have run (``WrongRunError``).
    """
    work = choose_work(project, company=company, flow=flow)
    if only_due:
        with closing(open_ledger()) as ledger:
            work = [(c, flows) for c, flows in work if is_company_due(c, ledger, clock)]
    problems = [
        problem
        for found, flows in work
        for problem in check_secrets(project, found, flows, places)
    ]
    if problems:
        raise SettingsError(problems)
    opener = Opener(project, clock, transport)
    reports: list[CompanyReport] = []
    with closing(open_ledger()) as ledger:
        for found, flows in work:
            report = CompanyReport(found.name)
            try:
                report = sync_company(
                    project,
                    found,
                    flows,
                    ledger=ledger,
                    clock=clock,
                    opener=opener,
                    places=places,
                    progress=progress,
                    settle_seconds=settle_seconds,
                    is_on=is_on,
                )
            except SettingsError as error:
                report.problems.extend(error.problems)
            reports.append(report)
            problems += report.problems
            if after_company is not None:
                after_company(ledger, found, report, report.problems)
    if problems:
        raise WrongRunError(problems, reports)
    return reports

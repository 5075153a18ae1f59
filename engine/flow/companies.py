"""Run a company's flows: secrets, systems, lock, flows, and the record of the run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import Problem, SettingsError
from engine.flow.ownership import is_wanted
from engine.flow.run import FlowReport, run_flow
from engine.ledger.model import Event
from engine.project.company import Switch
from engine.project.schedule import is_due

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.clock import Clock
    from engine.flow.services import Services, Session
    from engine.ledger.ledger import Ledger
    from engine.project.company import Company
    from engine.project.flow_spec import Flow
    from engine.project.project import Project

AfterCompany = Callable[["Ledger", "Company", "CompanyReport", list[Problem]], None]
STOPPED = ("stopped", "still stopped")
UNFINISHED = (*STOPPED, "waiting")
LONGEST_RUN_SECONDS = 1800.0  # of a company; the lock is not held for hours


@dataclass(slots=True)
class CompanyReport:
    """What a run did for one company."""

    company: str
    flows: list[FlowReport] = field(default_factory=list)
    is_locked: bool = False  # another run holds the lock
    held_by: str = ""
    is_done: bool = False  # another run came first: it is no longer due
    problems: list[Problem] = field(default_factory=list)  # settings and secrets
    fault: Exception | None = None  # of the program; the other companies have run

    @property
    def outcomes(self) -> Counter[str]:
        """Count documents by outcome, over all flows."""
        return sum((flow.outcomes for flow in self.flows), Counter())

    @property
    def has_unfinished(self) -> bool:
        """Tell whether a person or the next run has something left to do."""
        return bool(self.degraded) or any(self.outcomes[o] for o in UNFINISHED)

    @property
    def is_left_out(self) -> bool:
        """Tell whether nothing ran, because of its settings or secrets."""
        return bool(self.problems) and not self.flows

    @property
    def has_stopped(self) -> bool:
        """Tell whether documents wait for a person."""
        return any(self.outcomes[o] for o in STOPPED)

    @property
    def is_key_refused(self) -> bool:
        """Tell whether a system refuses the key: somebody must act."""
        return any(flow.is_key_refused for flow in self.flows)

    @property
    def calls(self) -> dict[str, int]:
        """Count the requests of the run, by system; its flows share the systems."""
        last = self.flows[-1].calls if self.flows else {}
        return {name: sum(endpoints.values()) for name, endpoints in last.items()}

    @property
    def why(self) -> Event:
        """Say what was not good, for the log: the key before all else."""
        if self.problems:
            said = "; ".join(problem.message for problem in self.problems[:3])
            return Event("SETTINGS_WRONG", said, details={"value": said})
        ended = [flow for flow in self.flows if flow.degraded]
        ended.sort(key=lambda flow: not flow.is_key_refused)
        return ended[0].ended if ended else Event()

    @property
    def degraded(self) -> str:
        """Tell why a flow ended early; "" when none did."""
        return "; ".join(flow.degraded for flow in self.flows if flow.degraded)


class WrongRunError(SettingsError):
    """Settings were wrong in some flows; what the others did is reported too."""

    def __init__(self, problems: list[Problem], reports: list[CompanyReport]) -> None:
        super().__init__(problems)
        self.reports = reports


def choose_work(
    project: Project, *, company: str | None = None, flow: str | None = None
) -> list[tuple[Company, list[Flow]]]:
    """Choose which flows of which companies run; what is switched off does not.

    Raises:
        SettingsError: There is no company or flow of that name.
    """
    for name, known, kind in (
        (company, {**project.companies, **project.left_out}, "company"),
        (flow, project.flows, "flow"),
    ):
        if name is not None and name not in known:
            hint = "known are: " + ", ".join(sorted(known))
            said = f"there is no {kind} {name}"
            raise SettingsError([Problem("C403", said, hint=hint)])
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
    services: Services,
    company: Company,
    flows: Iterable[Flow],
    ledger: Ledger,
    *,
    only_due: bool = False,
) -> CompanyReport:
    """Run the company's flows under its lock.

    Whether it is due is asked under the lock: another run may have come first.
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
    with lock:
        if only_due and not is_company_due(company, ledger, services.clock):
            report.is_done = True
            return report
        run = ledger.runs.start(company.name, owner)
        outcome: Any = "failed"
        try:
            with services.session(company, ledger, owner) as session:
                _run_flows(session, flows, report)
                is_well = not report.degraded and not report.problems
                if is_well and report.outcomes["transferred"]:
                    session.guard.learn()
            outcome = "ok" if is_well else "degraded"
        finally:
            counts, calls = dict(report.outcomes), report.calls
            ledger.runs.end(run, outcome, counts, report.why, calls)
    return report


def _run_flows(session: Session, flows: Iterable[Flow], report: CompanyReport) -> None:
    services, company, log = session.services, session.company, session.ledger.events
    ends_at = services.clock.monotonic() + LONGEST_RUN_SECONDS
    is_on = services.is_on
    if is_on is None:
        is_on = Switch(services.project.root, company.position.file).is_on
    for flow in flows:
        context = session.make_context(flow)
        context.is_on, context.ends_at = is_on, ends_at
        try:
            done = run_flow(context, services.project.advice, services.progress)
        except SettingsError as error:
            report.problems.extend(error.problems)
            continue
        report.flows.append(done)
        session.forget(context.written)
        if done.degraded:
            log.note_flow(company.name, flow.name, done.ended)
        if done.is_switched_off:
            log.note_flow(company.name, flow.name, Event("SWITCHED_OFF"))
        if done.is_switched_off or done.is_taken_over:
            break


def sync_companies(
    services: Services,
    open_ledger: Callable[[], Ledger],
    *,
    company: str | None = None,
    flow: str | None = None,
    only_due: bool = False,
    after_company: AfterCompany | None = None,
) -> list[CompanyReport]:
    """Run all companies, or one; what is wrong with one stops no other.

    Args:
        only_due: Leave out companies whose schedule does not ask for a run now.
            Several processes share the work: what another has or had is no news.
        after_company: Told of each run, with what was wrong in the settings.

    Raises:
        SettingsError: There is no company or flow of that name.
        WrongRunError: When all have run: settings or secrets of some are wrong.
    """
    project = services.project
    work = choose_work(project, company=company, flow=flow)
    reports = [
        CompanyReport(name, problems=list(found.problems))
        for name, found in project.left_out.items()
        if company in (None, name)
    ]
    if only_due:
        with closing(open_ledger()) as ledger:
            work = [
                (found, flows)
                for found, flows in work
                if is_company_due(found, ledger, services.clock)
            ]
    with closing(open_ledger()) as ledger:
        for found, flows in work:
            report = _run_alone(services, found, flows, ledger, only_due=only_due)
            if report.is_done or (only_due and report.is_locked):
                continue
            reports.append(report)
            if after_company is not None:
                after_company(ledger, found, report, report.problems)
    problems = [problem for report in reports for problem in report.problems]
    if problems:
        raise WrongRunError(problems, reports)
    return reports


def _run_alone(
    services: Services,
    company: Company,
    flows: list[Flow],
    ledger: Ledger,
    *,
    only_due: bool,
) -> CompanyReport:
    """Run a company so that whatever is wrong with it stays its own."""
    missing = services.check_secrets(company, flows)
    if missing:
        return CompanyReport(company.name, problems=missing)
    try:
        return sync_company(services, company, flows, ledger, only_due=only_due)
    except SettingsError as error:
        return CompanyReport(company.name, problems=list(error.problems))
    except Exception as error:  # noqa: BLE001  # one company never stops another
        return CompanyReport(company.name, fault=error)

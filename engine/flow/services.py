"""What runs use of the world: clock, secrets, systems; shared by all companies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import Problem, SettingsError
from engine.flow.access import Online
from engine.flow.context import RunContext
from engine.project.credentials import SecretName, find_secrets
from engine.systems.limiter import RateLimiter
from engine.systems.system import open_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack

    from engine.clock import Clock
    from engine.ledger.ledger import Ledger
    from engine.project.company import Company
    from engine.project.credentials import SecretPlaces
    from engine.project.flow_spec import Flow
    from engine.project.project import Project
    from engine.project.system_spec import SystemSpec
    from engine.secrets import Secret
    from engine.systems.system import System

SETTLE_SECONDS = 600.0  # as long as a late request may take effect; reliability figure


class Progress(Protocol):
    """Told after every document; a terminal shows it, a scheduler does not."""

    def __call__(self, flow: str, label: str, outcome: str, code: str) -> None:
        """Show one document's outcome."""


@dataclass(slots=True)
class Services:
    """Passed in as one; tests pass simulators, and a clock that stands still."""

    project: Project
    clock: Clock
    places: SecretPlaces
    transport: Any | None = None  # another way to the systems than the network
    is_read_only: bool = False  # for a plan and the doctor: only reads may leave
    progress: Progress = lambda *_, **__: None
    settle_seconds: float = SETTLE_SECONDS
    # Asked between documents; False ends the run after the current one. Left out, the
    # company's file is looked at.
    is_on: Callable[[], bool] | None = None
    _limiters: dict[str, RateLimiter] = field(default_factory=dict)  # one per system

    def open(self, company: Company, name: str) -> System:
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
            secrets=find_system_secrets(company.name, name, spec, self.places),
            transport=self.transport,
            is_read_only=self.is_read_only,
            limiter=self._limiters[name],
            clock=self.clock,
        )

    def open_all(
        self, company: Company, flow: Flow, systems: dict[str, System], stack: ExitStack
    ) -> None:
        """Open what a flow needs beside ``systems``; the stack closes it again.

        Raises:
            SettingsError: See ``open``.
        """
        for name in flow.systems:
            if name not in systems:
                systems[name] = self.open(company, name)
                stack.callback(systems[name].close)

    def make_context(
        self,
        company: Company,
        flow: Flow,
        systems: dict[str, System],
        *,
        ledger: Ledger,
        owner: str,
        cached: dict[Any, Any],
    ) -> RunContext:
        """Give what a run carries; a plan and the doctor see what a run would see.

        Args:
            cached: What one flow has asked, the next one knows.
        """
        run = RunContext(
            company=company.name,
            settings=company.settings,
            flow=flow,
            systems=systems,
            ledger=ledger,
            clock=self.clock,
            owner=owner,
            settle_seconds=self.settle_seconds,
            cached=cached,
            companies={n: c.settings for n, c in self.project.companies.items()},
        )
        run.access = Online(run)
        return run

    def check_secrets(self, company: Company, flows: Iterable[Flow]) -> list[Problem]:
        """List the secrets that a company's flows would miss."""
        problems: list[Problem] = []
        for name in dict.fromkeys(name for flow in flows for name in flow.systems):
            spec = self.project.systems[name]
            try:
                find_system_secrets(company.name, name, spec, self.places)
            except SettingsError as error:
                problems.extend(error.problems)
        return problems


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

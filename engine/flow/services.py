"""What runs use of the world: clock, secrets, systems; shared by all companies."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import Problem, SettingsError
from engine.flow.access import Online
from engine.flow.context import RunContext
from engine.flow.identity import IdentityGuard
from engine.project.credentials import (
    SecretName,
    find_secret,
    find_secrets,
    secret_key,
)
from engine.systems.limiter import RateLimiter
from engine.systems.system import open_system

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from engine.clock import Clock
    from engine.ledger.ledger import Ledger
    from engine.project.company import Company
    from engine.project.credentials import SecretPlaces
    from engine.project.flow_spec import Flow
    from engine.project.project import Project
    from engine.project.system_spec import SystemSpec
    from engine.secrets import Secret
    from engine.systems.system import System


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
    # Asked between documents; False ends the run after the current one. Left out, the
    # company's file is looked at.
    is_on: Callable[[], bool] | None = None
    _limiters: dict[str, RateLimiter] = field(default_factory=dict)  # one per system
    _owners: dict[str, dict[Secret, list[str]]] = field(
        default_factory=dict
    )  # of secrets

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

    @contextmanager
    def session(
        self, company: Company, ledger: Ledger, owner: str
    ) -> Iterator[Session]:
        """Open a company's systems as its flows need them; close them in the end.

        Args:
            owner: Names the process in the ledger.
        """
        session = Session(self, company, ledger, owner)
        try:
            yield session
        finally:
            for system in session.systems.values():
                system.close()

    def check_secrets(self, company: Company, flows: Iterable[Flow]) -> list[Problem]:
        """List the secrets that a company's flows would miss, or have of another's."""
        problems: list[Problem] = []
        for name in dict.fromkeys(name for flow in flows for name in flow.systems):
            spec = self.project.systems[name]
            try:
                found = find_system_secrets(company.name, name, spec, self.places)
            except SettingsError as error:
                problems.extend(error.problems)
                continue
            for secret, value in found.items():
                if not spec.secrets[secret].is_alone:
                    continue
                owners = self._owners_of(name, secret).get(value, ())
                others = [owner for owner in owners if owner != company.name]
                if others:
                    key = secret_key(company.name, f"{name}_{secret}")
                    said = f"the secret {key} is also the one of {', '.join(others)}"
                    hint = "make one in each company's own books; none of them runs"
                    problems.append(Problem("C204", said, hint=hint))
        return problems

    def _owners_of(self, system: str, name: str) -> dict[Secret, list[str]]:
        """Name the companies that run with each secret of a kind."""
        kind = f"{system}_{name}"
        if kind not in self._owners:
            owners = self._owners.setdefault(kind, {})
            for company in self.project.companies.values():
                with suppress(SettingsError):  # missing: told where it is needed
                    secret = find_secret(company.name, kind, self.places)
                    if company.is_enabled:
                        owners.setdefault(secret, []).append(company.name)
        return self._owners[kind]


@dataclass(slots=True)
class Session:
    """A company's open systems, and what its flows have read of them."""

    services: Services
    company: Company
    ledger: Ledger
    owner: str
    systems: dict[str, System] = field(default_factory=dict)
    cached: dict[Any, Any] = field(default_factory=dict)
    guard: IdentityGuard = field(init=False)

    def __post_init__(self) -> None:
        known = self.ledger.identities
        self.guard = IdentityGuard(self.company, self.systems, known)

    def open(self, name: str) -> System:
        """Open a system, unless it is open.

        Raises:
            SettingsError: See ``Services.open``.
        """
        if name not in self.systems:
            self.systems[name] = self.services.open(self.company, name)
            self.systems[name].before_write = self.guard.check
        return self.systems[name]

    def make_context(self, flow: Flow) -> RunContext:
        """Give what a run carries; a plan and the doctor see what a run would see.

        Raises:
            SettingsError: A system of the flow cannot be opened.
        """
        for name in flow.systems:
            self.open(name)
        services, project = self.services, self.services.project
        companies = {name: c.settings for name, c in project.companies.items()}
        left_out = project.left_out
        run = RunContext(
            company=self.company.name,
            settings=self.company.settings,
            flow=flow,
            systems=self.systems,
            ledger=self.ledger,
            clock=services.clock,
            owner=self.owner,
            settle_seconds=float(self.company.settings["settle_seconds"]),
            cached=self.cached,
            check_key=self.guard.check,
            companies={**{n: o.settings for n, o in left_out.items()}, **companies},
            half_read=frozenset(n for n, o in left_out.items() if not o.is_whole),
        )
        run.access = Online(run)
        return run

    def forget(self, written: Collection[str]) -> None:
        """Forget what was read of systems that have been written to since."""
        for key in [key for key in self.cached if key[0] in written]:
            del self.cached[key]


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

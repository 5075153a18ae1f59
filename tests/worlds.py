"""Two simulated systems and one company, moved by the real engine, in one process."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from engine.credentials import SecretPlaces
from engine.flow.sync import CompanyReport, sync_companies
from engine.ledger import Ledger, open_ledger
from engine.project import Project, load_project
from tests.simulators import (
    DEMO_NOW,
    DEMO_SECRETS,
    Exchange,
    Fault,
    InProcessTransport,
    Procountor,
    Severa,
    StillClock,
    demo_data,
    invoice_number_of,
)

ROOT = Path(__file__).resolve().parent.parent
HOSTS = {
    "severa": "api.severa.visma.com",
    "procountor": "api.procountor.com",
}


class Crash(BaseException):
    """The process ends here, as if it were killed."""


@cache
def project() -> Project:
    """Load the shipped project once."""
    return load_project(ROOT)


def secret_places() -> SecretPlaces:
    """Give the demo company's secrets as an environment would."""
    return SecretPlaces(
        {f"SIIRTO_DEMO_{name}": text for name, text in DEMO_SECRETS.items()}
    )


class World:
    """A company between two systems; ``run`` is one scheduled run.

    Args:
        folder: Where the ledger is kept.
        settings: Changes to the demo company's settings.
        keep: Cases or numbers of the invoices that wait; None keeps all.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any] | None = None,
        keep: Iterable[str | int] | None = None,
    ) -> None:
        self.clock = StillClock(DEMO_NOW)
        severa_data, procountor_data = demo_data()
        if keep is not None:
            numbers = {
                case if isinstance(case, int) else invoice_number_of(case)
                for case in keep
            }
            severa_data.invoices = [
                invoice
                for invoice in severa_data.invoices
                if invoice["number"] in numbers
            ]
        self.severa = Severa(severa_data, self.clock)
        self.procountor = Procountor(procountor_data, self.clock)
        self.simulators = {"severa": self.severa, "procountor": self.procountor}
        self.crashes: list[str] = []
        self.journal: list[tuple[str, Exchange]] = []
        self.ledger_url = f"sqlite:///{folder / 'ledger.sqlite'}"
        shipped = project()
        company = shipped.companies["demo"]
        merged = merge(copy.deepcopy(dict(company.settings)), settings or {})
        company = replace(company, settings=merged, base_urls={})
        self.project = replace(shipped, companies={"demo": company})

    def run(self, **options: Any) -> CompanyReport:
        """Run every flow of the company once."""
        reports = sync_companies(
            self.project,
            company=None,
            flow=None,
            open_ledger=self.open_ledger,
            clock=self.clock,
            places=secret_places(),
            progress=lambda *_: None,
            transport=self.transport(),
            **options,
        )
        return reports[0]

    def transport(self) -> httpx.BaseTransport:
        """Give the way to both systems, without a socket."""
        return _CrashingTransport(self)

    def open_ledger(self) -> Ledger:
        """Open the world's ledger."""
        return open_ledger(self.ledger_url, self.clock)

    def fault(self, system: str, match: str, kind: Any, **details: Any) -> None:
        """Let something go wrong at an endpoint of a system."""
        self.simulators[system].faults.append(Fault(match, kind, **details))

    def requests(self) -> list[tuple[str, Exchange]]:
        """Give all requests so far, of both systems, in the order they came."""
        return list(self.journal)


class _CrashingTransport(httpx.BaseTransport):
    """Passes requests on; ends the process after one that the world names."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inner = InProcessTransport(
            {HOSTS[name]: app for name, app in world.simulators.items()}
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        seen = {name: len(app.journal) for name, app in self._world.simulators.items()}
        try:
            response = self._inner.handle_request(request)
        finally:
            for name, app in self._world.simulators.items():
                self._world.journal += [(name, e) for e in app.journal[seen[name] :]]
        said = f"{request.method} {request.url.path}"
        for pattern in self._world.crashes:
            if fnmatchcase(said, pattern):
                self._world.crashes.remove(pattern)
                raise Crash(said)
        return response


def merge(into: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change nested settings key by key."""
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value
    return into

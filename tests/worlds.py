"""Two simulated systems and one company, moved by the real engine, in one process."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from engine.flow.companies import AfterCompany, CompanyReport, sync_companies
from engine.flow.services import Services
from engine.ledger.ledger import Ledger
from engine.ledger.open import open_ledger
from engine.project.credentials import SecretPlaces
from engine.project.project import Project
from tests.loading import load_once
from tests.places import ROOT
from tests.simulators import (
    DEMO_NOW,
    DEMO_SE_SECRETS,
    DEMO_SECRETS,
    Exchange,
    Fault,
    InProcessTransport,
    OtherClock,
    Procountor,
    Severa,
    StillClock,
    WorldData,
    demo_data,
    flows_data,
    group_data,
    number_of,
)

HOSTS = {
    "severa": "api.severa.visma.com",
    "procountor": "api.procountor.com",
}

# What a flow lists in the source, and the switch that is off in the demo's file.
LISTED = {"sales_invoice": "invoices", "travel_invoice": "travelreimbursements"}
WORLD_OF = {"sales_invoice": "demo"}  # every other flow needs the larger world
SWITCHED_ON: dict[str, dict[str, Any]] = {
    "travel_invoice": {"travel": {"transfer": True}},
    "purchase_invoice": {"purchases": {"transfer": True}},
    "project_items": {"dimensions": {"transfer": True}},
    "cost_centre_items": {"dimensions": {"transfer": True}},
    "unit_items": {"dimensions": {"transfer": True}},
}


class Crash(BaseException):
    """The process ends here, as if it were killed."""


@cache
def project() -> Project:
    """Load the shipped project once."""
    return load_once(ROOT)


def secret_places(**changed: str | None) -> SecretPlaces:
    """Give the secrets as an environment would; None takes one of the demo's away."""
    secrets = {**DEMO_SECRETS, **changed}
    found = {f"SIIRTO_DEMO_SE_{name}": text for name, text in DEMO_SE_SECRETS.items()}
    found |= {f"SIIRTO_DEMO_{name}": text for name, text in secrets.items() if text}
    return SecretPlaces(found)


class World:
    """Companies between two systems; ``run`` is one scheduled run.

    ``procountor`` serves every company; ``data.procountor`` has their data by company.

    Args:
        folder: Where the ledger is kept.
        settings: Changes to the demo company's settings.
        keep: Cases or numbers of the documents that wait; None keeps all.
        flow: The flow that runs; None runs all of them.
        data: What both systems hold: "demo" is the small world of the sales flow,
            "flows" one company with all flows, "group" the same with a Swedish company
            beside it. When not given, the small one that has the flow.
        others: Changes to the settings of further companies, by company.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any] | None = None,
        keep: Iterable[str | int] | None = None,
        flow: str | None = "sales_invoice",
        data: str | None = None,
        others: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.clock = StillClock(DEMO_NOW)
        self.target_clock = OtherClock(self.clock)
        self.flow = flow
        self.data = build_data(data or WORLD_OF.get(flow or "", "flows"))
        if keep is not None:
            keep_only(self.data, flow, keep)
        first, *more = self.data.procountor.values()
        self.severa = Severa(self.data.severa, self.clock)
        self.procountor = Procountor(first, self.target_clock, others=more)
        self.simulators = {"severa": self.severa, "procountor": self.procountor}
        self.crashes: list[str] = []
        # What happens right before a request; each once.
        self.meanwhile: list[tuple[str, Callable[[], None]]] = []
        self.journal: list[tuple[str, Exchange]] = []
        self.ledger_url = f"sqlite:///{folder / 'ledger.sqlite'}"
        shipped = project()
        changes = {"demo": settings or {}, **(others or {})}
        companies = {}
        for name in self.data.procountor:
            # A company of the data that ships without a file is not run.
            if name in shipped.companies:
                company = shipped.companies[name]
                merged = copy.deepcopy(dict(company.settings))
                merge(merged, SWITCHED_ON.get(flow or "", {}))
                merge(merged, changes.get(name, {}))
                companies[name] = replace(company, settings=merged, base_urls={})
        self.project = replace(shipped, companies=companies)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change the demo company's settings, as a consultant would."""
        company = self.project.companies["demo"]
        settings = merge(copy.deepcopy(dict(company.settings)), changes)
        companies = {
            **self.project.companies,
            "demo": replace(company, settings=settings),
        }
        self.project = replace(self.project, companies=companies)

    def run(self, **options: Any) -> CompanyReport:
        """Run the flow of every company once; give the first company's report."""
        return self.run_all(**options)[0]

    def run_all(
        self,
        *,
        only_due: bool = False,
        after_company: AfterCompany | None = None,
        **changed: Any,
    ) -> list[CompanyReport]:
        """Run the flow of every company once.

        Args:
            changed: Fields of ``Services``.
        """
        return sync_companies(
            self.services(**changed),
            self.open_ledger,
            flow=self.flow,
            only_due=only_due,
            after_company=after_company,
        )

    def services(self, **changed: Any) -> Services:
        """Give what runs use; both systems are in this process."""
        known = {"places": secret_places(), "transport": self.transport(), **changed}
        return Services(self.project, self.clock, **known)

    def transport(self) -> httpx.BaseTransport:
        """Give the way to both systems, without a socket."""
        return _CrashingTransport(self)

    def reader(self, **changed: Any) -> Services:
        """Give what a plan and the doctor use: nothing is written."""
        return self.services(is_read_only=True, **changed)

    def open_ledger(self) -> Ledger:
        """Open the world's ledger."""
        return open_ledger(self.ledger_url, self.clock)

    def fault(self, system: str, match: str, kind: Any, **details: Any) -> None:
        """Let something go wrong at an endpoint of a system."""
        self.simulators[system].faults.append(Fault(match, kind, **details))

    def requests(self) -> list[tuple[str, Exchange]]:
        """Give all requests so far, of both systems, in the order they came."""
        return list(self.journal)


def build_data(name: str) -> WorldData:
    """Give what both systems hold, fresh; names as ``World`` has them."""
    if name == "demo":
        severa_data, procountor_data = demo_data()
        return WorldData(severa_data, {"demo": procountor_data})
    return {"flows": flows_data, "group": group_data}[name]()


def keep_only(data: WorldData, flow: str | None, keep: Iterable[str | int]) -> None:
    """Leave only these documents of what a flow lists; None is of all flows."""
    numbers = {item if isinstance(item, int) else number_of(item) for item in keep}
    for name in [LISTED.get(flow, "")] if flow else LISTED.values():
        listed = getattr(data.severa, name, [])
        listed[:] = [item for item in listed if item["number"] in numbers]
    if flow in (None, "purchase_invoice"):
        for company in data.procountor.values():
            for key, invoice in list(company.invoices.items()):
                if invoice["invoiceNumber"] not in numbers:
                    del company.invoices[key]


class _CrashingTransport(httpx.BaseTransport):
    """Passes requests on; ends the process after one that the world names."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inner = InProcessTransport(
            {HOSTS[name]: app for name, app in world.simulators.items()}
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        said = f"{request.method} {request.url.path}"
        for entry in list(self._world.meanwhile):
            pattern, happen = entry
            if fnmatchcase(said, pattern):
                self._world.meanwhile.remove(entry)
                happen()
        seen = {name: len(app.journal) for name, app in self._world.simulators.items()}
        try:
            response = self._inner.handle_request(request)
        finally:
            for name, app in self._world.simulators.items():
                self._world.journal += [(name, e) for e in app.journal[seen[name] :]]
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

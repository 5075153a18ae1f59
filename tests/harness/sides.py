"""One company of a schedule: both its systems, its documents, and its own addresses."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from engine.project.credentials import SecretPlaces
from tests.harness.cost_papers import CostPapers
from tests.harness.papers import SalesPapers, TravelPapers
from tests.harness.plan import COMPANIES, COSTS, PROJECTS, SALES, TRAVEL, Plan
from tests.harness.registers import Registers
from tests.harness.timeline import JumpingClock
from tests.simulators import (
    DEMO_SECRETS,
    Procountor,
    Severa,
    WorldData,
    flows_data,
)
from tests.simulators.base import Simulator
from tests.simulators.procountor_data import ProcountorData
from tests.worlds import HOSTS, merge, project

Papers = SalesPapers | TravelPapers | CostPapers
PAPERS: tuple[type[Papers], ...] = (SalesPapers, TravelPapers, CostPapers)


@dataclass(frozen=True, slots=True)
class Side:
    """One company between its two systems.

    Attributes:
        apps: Its systems by the host that they are asked at.
        guids: Numbers of its documents, by the text that stands in their addresses.
    """

    company: str
    severa: Severa
    procountor: Procountor
    papers: tuple[Papers, ...]
    registers: Registers
    apps: Mapping[str, Simulator]
    guids: Mapping[str, int]


def make_side(
    company: str, numbers: Iterable[int], plan: Plan, clocks: Mapping[str, JumpingClock]
) -> Side:
    """Give a company with these documents, and nothing transferred."""
    data = fresh_data(company)
    choose_documents(data, set(numbers), plan)
    there = data.procountor["demo"]
    severa = Severa(data.severa, clocks["severa"], rate_per_second=None)
    procountor = Procountor(
        there,
        clocks["procountor"],
        rate_per_second=None,
        search_lag_seconds=plan.search_lag,
    )
    papers = tuple(
        made for kind in PAPERS if (made := kind(severa, procountor)).numbers
    )
    guids = {p.place(n): n for p in papers for n in p.numbers}
    hosts = hosts_of(company)
    apps: dict[str, Simulator] = {
        hosts["severa"]: severa,
        hosts["procountor"]: procountor,
    }
    return Side(company, severa, procountor, papers, Registers(there), apps, guids)


def hosts_of(company: str) -> dict[str, str]:
    """Give the hosts of a company's systems; the first has the systems' own."""
    if company == COMPANIES[0]:
        return HOSTS
    return {name: f"{name}.{company}.test" for name in HOSTS}


@cache
def all_secrets() -> SecretPlaces:
    """Give every company's secrets."""
    return SecretPlaces(
        {
            f"SIIRTO_{company.upper()}_{name}": text
            for company in COMPANIES
            for name, text in secrets_of(company).items()
        }
    )


def secrets_of(company: str) -> dict[str, str]:
    """Give a company's secrets; no two have one of them in common."""
    own = company if company != COMPANIES[0] else ""
    return {name: own + text for name, text in DEMO_SECRETS.items()}


# What nobody changes in a schedule: shared by all of them.
OTHER_ROOT = "22222222-2222-4222-8222-222222222222"
STILL = ("countries", "languages", "products", "worktypes", "travelexpensetypes")
STILL += ("salesaccounts", "costaccounts", "vatrates", "currencies", "files")
STILL_THERE = ("accounts", "fiscal_years", "vat_percentages", "vat_statuses")


def fresh_data(company: str) -> WorldData:
    """Give both systems' data, of which only what may change is a schedule's own."""
    known, names = small_data(company), [*STILL, *STILL_THERE]
    memo = {
        id(part): part
        for data in (known.severa, known.procountor["demo"])
        for part in (getattr(data, name, None) for name in names)
        if part is not None
    }
    return copy.deepcopy(known, memo)


@cache
def small_data(company: str) -> WorldData:
    """Give both systems' data with only what schedules use."""
    data = flows_data()
    severa, target = data.severa, data.procountor["demo"]
    severa.invoices[:] = [i for i in severa.invoices if i["number"] in SALES]
    severa.invoices.sort(key=lambda i: SALES.index(i["number"]))
    guids = {i["guid"] for i in severa.invoices}
    severa.rows[:] = [r for r in severa.rows if r["invoiceGuid"] in guids]
    for name in ("workhours", "projectfees", "flatrates", "invoicefiles"):
        getattr(severa, name).clear()
    travels = severa.travelreimbursements
    travels[:] = [t for t in travels if t["number"] in TRAVEL]
    own = {t["guid"] for t in travels}
    severa.projecttravelexpenses[:] = [
        r
        for r in severa.projecttravelexpenses
        if (r.get("travelReimbursement") or {}).get("guid") in own
    ]
    severa.invoicesettings = {guid: severa.invoicesettings[guid] for guid in guids}
    kept = {r["guid"] for r in severa.projecttravelexpenses}
    severa.travelfiles[:] = [
        f for f in severa.travelfiles if f["travelExpenseGuid"] in kept
    ]
    severa.projects[:] = [p for p in severa.projects if p["number"] in PROJECTS]
    keep_invoices(target, COSTS)
    separate_cards(data)
    if company != COMPANIES[0]:
        name_otherwise(data)
    return data


def name_otherwise(data: WorldData) -> None:
    """Make it the data of another owner, whose keys open another company."""
    target, severa = data.procountor["demo"], data.severa
    target.company_id, target.name = 31043, "Toinen Oy"
    secrets = secrets_of(COMPANIES[1])
    for name in ("client_id", "client_secret", "api_key"):
        setattr(target, name, secrets[f"PROCOUNTOR_{name.upper()}"])
    for name in ("client_id", "client_secret"):
        setattr(severa, name, secrets[f"SEVERA_{name.upper()}"])
    units = severa.businessunits
    root = next(unit["guid"] for unit in units if unit["parentGuid"] is None)
    for name in severa.__slots__:
        if name not in STILL:
            setattr(severa, name, renamed(getattr(severa, name), root))


def renamed(value: Any, root: str) -> Any:
    """Give a value with another guid of the root unit."""
    if isinstance(value, dict):
        return {key: renamed(part, root) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed(part, root) for part in value]
    return OTHER_ROOT if value == root else value


def keep_invoices(target: ProcountorData, numbers: Iterable[int]) -> None:
    """Leave only these invoices in the target, and their receipts."""
    wanted = set(numbers)
    for key, invoice in list(target.invoices.items()):
        if invoice["invoiceNumber"] not in wanted:
            del target.invoices[key]
            target.receipts.pop(invoice["ledgerReceiptId"], None)


def separate_cards(data: WorldData) -> None:
    """Give each sales invoice a customer's card of its own, with an e-invoice address."""
    severa = data.severa
    third = next(i for i in severa.invoices if i["number"] == SALES[2])
    first = next(i for i in severa.invoices if i["number"] == SALES[0])
    card = next(c for c in severa.customers if c["guid"] == first["customer"]["guid"])
    other = copy.deepcopy(card) | {
        "guid": "11111111-1111-4111-8111-111111111111",
        "number": 1901,
        "name": "Toinen Kirjapaino Oy",
        "vatNumber": "FI30123407",
    }
    severa.customers.append(other)
    names = {key: other[key] for key in ("guid", "name", "number")}
    third |= {"customer": names, "billingCustomer": names}
    third |= {"receiverCustomerName": other["name"], "receiverVatNumber": "FI30123407"}


def choose_documents(data: WorldData, numbers: set[int], plan: Plan) -> None:
    """Leave these documents, and the dimension items that are there."""
    severa, target = data.severa, data.procountor["demo"]
    for name in ("invoices", "travelreimbursements"):
        listed = getattr(severa, name)
        listed[:] = [item for item in listed if item["number"] in numbers]
    keep_invoices(target, numbers)
    dimension = next(d for d in target.dimensions.values() if d["name"] == "Projektit")
    # A cost lies on an item: where there is one, no item is missing.
    is_missing = plan.items_missing and not numbers & set(COSTS)
    gone = {str(number) for number in PROJECTS} if is_missing else set()
    dimension["items"][:] = [i for i in dimension["items"] if i["codeName"] not in gone]


@cache
def configured(key: str) -> Any:
    """Give the shipped project with small companies, as a plan's key has them."""
    shipped = project()
    company = shipped.companies["demo"]
    companies = {}
    for name, flows in zip(COMPANIES, key.split("|"), strict=False):
        settings = copy.deepcopy(dict(company.settings))
        merge(settings, settings_of(flows.split("+")))
        urls = {
            system: shipped.systems[system].base_url.replace(HOSTS[system], host)
            for system, host in hosts_of(name).items()
        }
        own = urls if name != COMPANIES[0] else {}
        companies[name] = replace(company, name=name, settings=settings, base_urls=own)
    return replace(shipped, companies=companies)


def settings_of(flows: list[str]) -> dict[str, Any]:
    """Give the settings that are not the demo's."""
    no_dimensions = {"cost_centre": False, "unit": False}
    on_change = {"on_change": "update"} if "update" in flows else {}
    return {
        "dimensions": {"transfer": "items" in flows},
        "purchases": {"transfer": "costs" in flows},
        "sales": {
            "transfer": "sales" in flows,
            "status_in_target": "SENT",
            "row_dimensions": no_dimensions,
            "separate_files": False,
        },
        "travel": {
            "transfer": "travel" in flows,
            "addon": True,
            "status_in_target": "VERIFIED",
            "row_dimensions": no_dimensions,
            "update_users": "users" in flows,
        },
        **on_change,
    }

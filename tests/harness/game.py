"""One schedule's world: documents, systems, clocks, ledger, and the runs of the product."""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from engine.errors import SettingsError
from engine.flow.companies import sync_companies
from engine.flow.services import Services
from engine.ledger.failures import LedgerError
from engine.ledger.ledger import Ledger
from tests.harness.chronicle import Chronicle, Entry
from tests.harness.network import Network
from tests.harness.papers import Papers, SalesPapers, TravelPapers
from tests.harness.plan import Plan
from tests.harness.registers import Registers
from tests.harness.shared_store import ProcessStore, SharedLedger
from tests.harness.timeline import JumpingClock, Timeline
from tests.simulators import Procountor, Severa, WorldData, flows_data
from tests.worlds import merge, project, secret_places

if TYPE_CHECKING:
    from tests.simulators.base import Request

SALES = (20261040, 20261002, 20261001)
TRAVEL = (501, 502)
PROJECTS = (1101, 1103)
ENDLESS = 10**9


class Crash(BaseException):
    """The process ends here, as if it were killed."""


class Process:
    """One process of the product: it steps, and may be killed at each step."""

    def __init__(self, game: Game, depth: int) -> None:
        self.game = game
        self.depth = depth
        self.is_dead = False

    def check_alive(self) -> None:
        if self.is_dead:
            raise Crash

    def step(self, name: str, *, may_freeze: bool = True) -> None:
        """Come to a step; what the plan has for it happens now."""
        self.check_alive()
        self.game.come_to(self, name, may_freeze=may_freeze)

    def die(self) -> None:
        """End as if killed: nothing of it reaches ledger or systems any more."""
        self.game.note("world", "crash")
        self.is_dead = True
        if self.game.without == "intent":
            self.game.ledger.forget_intents()
        raise Crash


class Game:
    """The world of one schedule.

    Args:
        plan: What happens when; drawn from the seed.
        say: Told of everything, for a replay.
        without: A seeded bug's name; "" for none.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        say: Callable[[str], None] | None = None,
        without: str = "",
    ) -> None:
        self.plan = plan
        self.without = without
        self.random = random.Random(plan.seed)  # a schedule, no secret
        self.timeline = Timeline()
        self.own_clock = JumpingClock(self.timeline)
        self.clocks = {n: JumpingClock(self.timeline) for n in ("severa", "procountor")}
        data = fresh_data()
        choose_documents(data, plan)
        self.severa = Severa(data.severa, self.clocks["severa"], rate_per_second=None)
        self.procountor = Procountor(
            data.procountor["demo"],
            self.clocks["procountor"],
            rate_per_second=None,
            search_lag_seconds=plan.search_lag,
        )
        self.simulators = {"severa": self.severa, "procountor": self.procountor}
        self.papers: list[Papers] = [
            kind(self.severa, self.procountor)
            for kind in (SalesPapers, TravelPapers)
            if kind.flow in plan.flows
        ]
        self.guids = {p.record(n)["guid"]: n for p in self.papers for n in p.numbers}
        self.chronicle = Chronicle(say)
        self.ledger = SharedLedger()
        self.run_number = 0
        self.disk_calls = 0
        self.disk_calls_of_first = 0
        self.is_calm = False
        self.blind_until = -1.0
        self.steps_of_run = 0
        self.registers = Registers(self.procountor.data)
        self._folder = folder
        self._project = configured(plan.settings_key)
        self.on_event: Callable[[Process, str, int], None] = lambda *_: None

    # What the network asks ------------------------------------------------------

    def endpoint_of(self, system: str, request: Request) -> str:
        """Give the endpoint as the journal spells it."""
        app = self.simulators[system]
        found = app.find_route(request.method, request.path)
        return found[0].endpoint if found else f"{request.method} ?"

    def number_of_request(
        self, system: str, endpoint: str, request: Request
    ) -> int | None:
        """Tell which document a request is about; None for a register's."""
        from tests.harness.tracing import number_of  # a cycle

        return number_of(self, system, endpoint, request)

    def prepare_for(self, system: str) -> dict[int, float] | None:
        """Blind the target's search for what was made lately, while it is blind."""
        if system != "procountor":
            return None
        now = self.timeline.seconds
        is_blind = now < self.blind_until
        if is_blind or self.plan.register_lag:
            self.registers.hide(0.0 if is_blind else self.plan.register_lag, now)
        if not is_blind:
            return None
        data = self.procountor.data
        before = dict(data.visible_from)
        hidden = self.timeline.seconds - 3600.0
        for key, since in before.items():
            if since > hidden:
                data.visible_from[key] = self.timeline.seconds + 1.0
        return before

    def restore_after(self, before: dict[int, float] | None) -> None:
        """Take the blindness back, but for what was made meanwhile."""
        self.registers.show(self.timeline.seconds)
        if before is not None:
            self.procountor.data.visible_from.update(before)

    def date_of(self, system: str) -> str:
        """Give the Date header of an answer that the system did not make itself."""
        return format_datetime(self.clocks[system].now(), usegmt=True)

    def choose_outcome(
        self, process: Process, endpoint: str, *, is_write: bool
    ) -> str | None:
        """Draw what happens to a request; None when all is well."""
        forced = self.plan.take_fault(self.run_number, endpoint)
        if forced is not None:
            return forced
        if self.is_calm or process.depth:
            return None
        chance = self.plan.write_faults if is_write else self.plan.read_faults
        if self.random.random() >= chance:
            return None
        kinds = self.plan.write_kinds if is_write else ("503", "lost")
        return self.random.choice(kinds)

    # Steps ------------------------------------------------------------------------

    def come_to(self, process: Process, name: str, *, may_freeze: bool) -> None:
        """Let happen what the plan has for this step."""
        if process.depth == 0:
            self.steps_of_run += 1
        for event, number in self.plan.take_events(
            self.run_number, self.steps_of_run, name, process.depth
        ):
            self.on_event(process, event, number if may_freeze else -number)
        chance = 0.0 if self.is_calm or process.depth else self.plan.crashes
        if chance and self.random.random() < chance:
            process.die()

    def record(self, entry: Entry) -> None:
        self.chronicle.add(entry)

    def note(
        self, who: str, what: str, number: int | None = None, **details: Any
    ) -> None:
        """Write down what somebody did, or what befell us."""
        at, run = self.timeline.seconds, self.run_number
        self.record(Entry(at, run, who, what, number, None, details))

    def paper_of(self, number: int) -> Papers:
        return next(p for p in self.papers if number in p.numbers)

    @property
    def numbers(self) -> list[int]:
        return [number for papers in self.papers for number in papers.numbers]

    # Runs --------------------------------------------------------------------------

    def open_ledger(self, process: Process) -> Ledger:
        store = ProcessStore(
            self.ledger,
            process.step,
            process.check_alive,
            self.touch_disk,
            takes_lock=self.without != "lock",
        )
        return Ledger(store, self.own_clock, self._folder / "ledger")

    def run(self, *, only_due: bool = False, depth: int = 0) -> bool:
        """Run the product once; tell whether it lived to its end."""
        process = Process(self, depth)
        services = Services(
            self._project,
            self.own_clock,
            secret_places(),
            transport=Network(self, process),
            is_on=lambda: True,
        )
        self.note("world", "run", depth=depth)
        try:
            with bad_disk(self.touch_disk) if self.plan.disk_fault else nullcontext():
                sync_companies(
                    services, lambda: self.open_ledger(process), only_due=only_due
                )
        except Crash:
            if depth == 0:
                self.ledger.locked.clear()
            return False
        except SettingsError:
            return True  # told to the operator
        except Exception as error:  # noqa: BLE001  # judged: no run may end so
            if type(error) is LedgerError:  # the disk; told to the operator
                return True
            self.note("world", "run failed", error=repr(error)[:200])
            self.ledger.locked.clear()
        return True

    def touch_disk(self) -> None:
        """Count a write, sync or rename; fail where the plan says so."""
        self.disk_calls += 1
        if self.run_number == 0:
            self.disk_calls_of_first = self.disk_calls
        planned = self.plan.disk_fault
        if planned is None or self.run_number != 0:
            return
        nth, code, lasts = planned
        if self.disk_calls == nth or (lasts and self.disk_calls > nth):
            self.note("world", "disk fault", errno=code)
            raise OSError(code, os.strerror(code))

    def log(self) -> list[dict[str, str | None]]:
        """Give the transfer log as `runner.py log` prints it."""
        ledger = self.open_ledger(Process(self, 1))
        return [row.to_json() for row in ledger.log(latest_per_document=False)]


@contextmanager
def bad_disk(touch: Callable[[], None]) -> Iterator[None]:
    """Have every sync and rename of a file ask first."""
    real_sync, real_replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        touch()
        real_sync(descriptor)

    def replace_file(*given: Any, **named: Any) -> None:
        touch()
        real_replace(*given, **named)

    with (
        mock.patch.object(os, "fsync", fsync),
        mock.patch.object(os, "replace", replace_file),
    ):
        yield


# What nobody changes in a schedule: shared by all of them.
STILL = ("countries", "languages", "products", "worktypes", "travelexpensetypes")
STILL += ("salesaccounts", "costaccounts", "vatrates", "currencies", "files")
STILL_THERE = ("accounts", "fiscal_years", "vat_percentages", "vat_statuses")


def fresh_data() -> WorldData:
    """Give both systems' data, of which only what may change is a schedule's own."""
    known, names = small_data(), [*STILL, *STILL_THERE]
    memo = {
        id(part): part
        for data in (known.severa, known.procountor["demo"])
        for part in (getattr(data, name, None) for name in names)
        if part is not None
    }
    return copy.deepcopy(known, memo)


@cache
def small_data() -> WorldData:
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
    target.invoices.clear()
    target.receipts.clear()
    separate_cards(data)
    return data


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


def choose_documents(data: WorldData, plan: Plan) -> None:
    """Leave the documents of the plan, and the dimension items that are there."""
    severa, target = data.severa, data.procountor["demo"]
    for name in ("invoices", "travelreimbursements"):
        listed = getattr(severa, name)
        listed[:] = [item for item in listed if item["number"] in plan.numbers]
    dimension = next(d for d in target.dimensions.values() if d["name"] == "Projektit")
    gone = {str(number) for number in PROJECTS} if plan.items_missing else set()
    dimension["items"][:] = [i for i in dimension["items"] if i["codeName"] not in gone]


@cache
def configured(key: str) -> Any:
    """Give the shipped project with one small company, as the plan has it."""
    shipped = project()
    company = shipped.companies["demo"]
    flows = key.split("+")
    settings = copy.deepcopy(dict(company.settings))
    merge(
        settings,
        {
            "dimensions": {"transfer": "items" in flows},
            "sales": {
                "transfer": "sales" in flows,
                "status_in_target": "SENT",
                "row_dimensions": {"cost_centre": False, "unit": False},
                "separate_files": False,
            },
            "travel": {
                "transfer": "travel" in flows,
                "addon": True,
                "status_in_target": "VERIFIED",
                "row_dimensions": {"cost_centre": False, "unit": False},
                "update_users": "users" in flows,
            },
        },
    )
    if "update" in flows:
        merge(settings, {"on_change": "update"})
    named = replace(company, settings=settings, base_urls={})
    return replace(shipped, companies={"demo": named})

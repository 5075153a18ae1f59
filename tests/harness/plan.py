"""What happens in one schedule, drawn from its seed before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.harness.network import OUTCOMES

SALES = (20261040, 20261002, 20261001)
TRAVEL = (501, 502)
COSTS = (9001, 9002, 9005)
PROJECTS = (1101, 1103)
COMPANIES = ("demo", "other")
RUNS = 5  # with trouble; then people do as they are told until all is well
TICK = 600.0
LAGS = (0.0, 5.0, 60.0, 200.0)

EVENTS = [
    "edit_total",
    "edit_text",
    "edit_text",
    "edit_card",
    "pull",
    "pull",
    "pull_edit",
    "pull_back",
    "setback",
    "setback_edit",
    "foreign_same",
    "foreign_other",
    "foreign_same",
    "register_person",
    "remove",
    "approve_person",
    "date_jump",
    "date_jump",
    "own_jump",
    "freeze",
    "crash",
    "crash",
    "crash",
    "blind",
    "blind",
    "card_fix",
    "card_fix",
    "edit_target",
    "edit_target",
    "freeze_foreign",
    "freeze_pull",
    "freeze_edit",
    "ledger_old",
    "ledger_wiped",
    "runner2",
    "runner2",
    "total_fix",
]
# The steps that rules guard: half of the events of a run come just before or after one.
AIMS = (
    "* POST /invoices",
    "* GET /invoices",
    "* PUT /invoices/{invoiceId}/*",
    "* PATCH /v1/*",
    "* POST /attachments",
    "* POST /dimensions/{dimensionId}/items",
    "after commit",
    "before commit",
    "* GET /v1/invoices/{guid}",
)
# Some can only come where something of ours is there and not yet released.
OWN_AIMS = dict.fromkeys(
    ("approve_person", "edit_target", "remove"),
    ("after POST /invoices", "after POST /attachments", "after POST /v1/projectfees"),
)
OWN_AIMS["register_person"] = ("* GET /dimensions", "before POST /dimensions/*")


# What waits: documents of the first company, of the second, and settings of both.
Shape = tuple[tuple[int, ...], tuple[int, ...], str]
SHAPES: dict[str, Shape] = {
    "sales": (SALES, (), "sales"),
    "travel": (TRAVEL, (), "travel"),
    "both": ((20261040, 501), (), "sales+travel"),
    "costs": (COSTS, (), "costs"),
    "all": ((20261040, 501, 9001), (), "sales+travel+costs"),
    "companies": ((20261040, 501), (20261001, 9002), "sales+travel|sales+costs"),
}
# How often each is drawn, of a hundred.
WEIGHTS = {"sales": 60, "travel": 14, "both": 8, "costs": 8, "all": 4, "companies": 6}


@dataclass(slots=True)
class Planned:
    """One event at one step: the nth of a run, or the nth that has this name."""

    run: int
    event: str
    number: int
    step: int = 0
    aim: str = ""

    def is_at(self, run: int, step: int, name: str) -> bool:
        """Tell whether this step is meant; a named one is counted down."""
        if run != self.run:
            return False
        if not self.aim:
            return step == self.step
        if not fnmatchcase(name, self.aim):
            return False
        self.step -= 1
        return self.step <= 0


@dataclass(slots=True)
class Plan:
    """What happens, and how often requests fail.

    Attributes:
        numbers: Of the documents that wait; ``others`` those of the second company.
        write_faults: Chance that a write fails; ``read_faults`` that a read does.
        crashes: Chance that the process ends at a step.
        forced: A fault at the nth request of an endpoint: (run, pattern, nth, outcome).
        runners: 2 lets a second process start in the middle of many runs.
    """

    seed: int
    numbers: tuple[int, ...] = (20261040,)
    others: tuple[int, ...] = ()
    settings_key: str = "sales"
    items_missing: bool = False
    search_lag: float = 0.0
    write_faults: float = 0.0
    read_faults: float = 0.0
    crashes: float = 0.0
    write_kinds: tuple[str, ...] = tuple(OUTCOMES)
    planned: list[Planned] = field(default_factory=list)
    timed: list[tuple[float, str, int]] = field(default_factory=list)
    forced: list[list[object]] = field(default_factory=list)
    broken_cards: tuple[int, ...] = ()
    broken_totals: tuple[int, ...] = ()
    asks_due: bool = False  # runs ask first whether the company is due
    runs: int = RUNS
    tick: float = TICK  # seconds between two runs
    # In the first run: at the nth write, an errno, and whether it lasts to its end.
    disk_fault: tuple[int, int, bool] | None = None
    register_lag: float = 0.0  # seconds until a register's list shows an entry

    def take_events(
        self, run: int, step: int, name: str, depth: int
    ) -> Iterator[tuple[str, int]]:
        """Take what is planned for a step."""
        if depth or not self.planned:
            return
        for planned in list(self.planned):
            if planned.is_at(run, step, name):
                self.planned.remove(planned)
                yield planned.event, planned.number

    def take_fault(self, run: int, endpoint: str) -> str | None:
        """Take the outcome that is forced on this request."""
        for forced in self.forced:
            wanted_run, pattern, nth, outcome = forced
            if wanted_run != run or not fnmatchcase(endpoint, str(pattern)):
                continue
            assert isinstance(nth, int)
            forced[2] = nth - 1
            if nth == 1:
                self.forced.remove(forced)
                return str(outcome)
        return None

    def take_missed(self, run: int) -> list[Planned]:
        """Take what was planned for steps that a run, now over, did not come to."""
        missed = [planned for planned in self.planned if planned.run == run]
        self.planned = [planned for planned in self.planned if planned.run != run]
        return missed


def make_plan(seed: int, runners: int = 1) -> Plan:
    """Draw a schedule."""
    draw = random.Random(f"plan {seed}")  # a schedule, no secret
    [name] = draw.choices([*WEIGHTS], [*WEIGHTS.values()])
    numbers, others, key = SHAPES[name]
    if not others:
        numbers = numbers[: 1 + int(draw.random() * len(numbers))]
    if "sales" in name and draw.random() < 0.15:
        key += "+items"
    if draw.random() < 0.3:
        key += "+users"
    if draw.random() < 0.3:
        key += "+update"
    some = [name for name in OUTCOMES if draw.random() < 0.6] or ["answer lost"]
    plan = Plan(
        seed,
        numbers,
        others,
        key,
        items_missing=draw.random() < 0.5,
        search_lag=draw.choice(LAGS),
        register_lag=draw.choice(LAGS[1:]) if draw.random() < 0.06 else 0.0,
        write_faults=draw.choice((0.0, 0.05, 0.2, 0.4)),
        read_faults=draw.choice((0.0, 0.0, 0.03)),
        crashes=draw.choice((0.0, 0.0, 0.003, 0.01)),
        write_kinds=tuple(some),
        broken_cards=tuple(n for n in numbers if draw.random() < 0.06),
        broken_totals=tuple(n for n in numbers if draw.random() < 0.05),
    )
    for _ in range(int(draw.random() * 6)):
        event, number = draw.choice(EVENTS), draw.choice((*numbers, *others))
        where = draw.random()
        if where < 0.3:
            plan.timed.append((draw.random() * RUNS * TICK, event, number))
        else:
            run, step = int(draw.random() ** 2 * 4), 1 + int(draw.random() ** 2 * 90)
            aim = draw.choice(OWN_AIMS.get(event, AIMS)) if where < 0.7 else ""
            if aim:
                step = 1 + int(draw.random() ** 2 * 4)
            plan.planned.append(Planned(run, event, number, step, aim))
    if runners == 2:
        for run in range(RUNS):
            if draw.random() < 0.6:
                step = 1 + int(draw.random() * 110)
                plan.planned.append(Planned(run, "runner2", numbers[0], step))
    return plan

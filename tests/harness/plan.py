"""What happens in one schedule, drawn from its seed before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.harness.network import OUTCOMES

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


SHAPES: tuple[tuple[tuple[str, ...], tuple[int, ...], str], ...] = (
    (("sales_invoice",), (20261040, 20261002, 20261001), "sales"),
    (("travel_invoice",), (501, 502), "travel"),
    (("sales_invoice", "travel_invoice"), (20261040, 501), "sales+travel"),
)


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
        flows: Names of the flows whose documents there are.
        write_faults: Chance that a write fails; ``read_faults`` that a read does.
        crashes: Chance that the process ends at a step.
        forced: A fault at the nth request of an endpoint: (run, pattern, nth, outcome).
        runners: 2 lets a second process start in the middle of many runs.
    """

    seed: int
    flows: tuple[str, ...] = ("sales_invoice",)
    numbers: tuple[int, ...] = (20261040,)
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


def make_plan(seed: int, runners: int = 1) -> Plan:
    """Draw a schedule."""
    draw = random.Random(f"plan {seed}")  # a schedule, no secret
    kind = draw.random()
    if kind < 0.7:
        flows, numbers, key = (
            ("sales_invoice",),
            (20261040, 20261002, 20261001),
            "sales",
        )
    elif kind < 0.85:
        flows, numbers, key = ("travel_invoice",), (501, 502), "travel"
    else:
        flows = ("sales_invoice", "travel_invoice")
        numbers, key = (20261040, 501), "sales+travel"
    numbers = numbers[: 1 + int(draw.random() * len(numbers))]
    if flows[0] == "sales_invoice" and draw.random() < 0.15:
        key += "+items"
    if draw.random() < 0.3:
        key += "+users"
    if draw.random() < 0.3:
        key += "+update"
    some = [name for name in OUTCOMES if draw.random() < 0.6] or ["answer lost"]
    plan = Plan(
        seed,
        flows,
        numbers,
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
        event, number = draw.choice(EVENTS), draw.choice(numbers)
        where = draw.random()
        if where < 0.3:
            plan.timed.append((draw.random() * RUNS * TICK, event, number))
        else:
            run, step = int(draw.random() ** 2 * 4), 1 + int(draw.random() ** 2 * 90)
            aim = draw.choice(AIMS) if where < 0.7 else ""
            if aim:
                step = 1 + int(draw.random() ** 2 * 4)
            plan.planned.append(Planned(run, event, number, step, aim))
    if runners == 2:
        for run in range(RUNS):
            if draw.random() < 0.6:
                step = 1 + int(draw.random() * 110)
                plan.planned.append(Planned(run, "runner2", numbers[0], step))
    return plan

"""Any order of runs, faults and people: Hypothesis draws it and makes a failure small."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.harness.checker import judge
from tests.harness.deeds import Deeds, model_bodies
from tests.harness.game import Game
from tests.harness.network import OUTCOMES
from tests.harness.pace import quickly
from tests.harness.plan import EVENTS, LAGS, SHAPES, Plan, Planned
from tests.harness.schedule import PLACE, calm_runs, one_run, start

RUN_ONLY = ("crash", "freeze", "runner", "ledger")  # these come at a step of a run
DEEDS = sorted({event for event in EVENTS if not event.startswith(RUN_ONLY)})
CALLS = (
    "POST /invoices",
    "POST /attachments",
    "POST /dimensions/*",
    "POST /businesspartners",
    "PUT /*",
    "PATCH /v1/*",
    "POST /v1/projectfees",
    "GET /invoices",
)
STEPS = ("after commit", "before commit", "* POST /*", "* PUT /*", "* PATCH /*")


class ScheduleMachine(RuleBasedStateMachine):
    """One schedule, whose events come as they are drawn."""

    def __init__(self) -> None:
        super().__init__()
        model_bodies()
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=PLACE))
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.stack.enter_context(quickly(by_the_library=False))

    @initialize(
        shape=st.sampled_from(sorted(SHAPES)),
        lag=st.sampled_from(LAGS),
        missing=st.booleans(),
        update=st.booleans(),
    )
    def begin(self, shape: str, lag: float, *, missing: bool, update: bool) -> None:
        numbers, others, key = SHAPES[shape]
        key += "+update" if update else ""
        plan = Plan(1, numbers[:2], others, key, items_missing=missing, search_lag=lag)
        self.game = Game(plan, self.folder)
        self.deeds = Deeds(self.game)
        start(self.game, self.deeds)
        self.began = -plan.tick
        self.game.run_number = -1

    @rule(
        faults=st.lists(
            st.tuples(
                st.sampled_from(CALLS),
                st.integers(1, 3),
                st.sampled_from(sorted(OUTCOMES)),
            ),
            max_size=2,
        ),
        crash=st.none() | st.tuples(st.sampled_from(STEPS), st.integers(1, 12)),
    )
    def a_run(self, faults, crash) -> None:
        self.game.run_number += 1
        plan, run = self.game.plan, self.game.run_number
        is_write = lambda call: not call.startswith("GET")  # noqa: E731
        plan.forced = [
            [run, call, nth, outcome if is_write(call) else "503"]
            for call, nth, outcome in faults
        ]
        if crash is not None:
            step, nth = crash
            plan.planned.append(Planned(run, "crash", plan.numbers[0], nth, step))
        self.began = one_run(self.game, self.deeds, self.began)

    @rule(event=st.sampled_from(DEEDS), place=st.integers(0, 3))
    def somebody_acts(self, event: str, place: int) -> None:
        numbers = self.game.numbers
        self.deeds.do(event, numbers[place % len(numbers)])

    @rule(event=st.sampled_from(["ledger_old", "ledger_wiped"]))
    def the_ledger_is_lost(self, event: str) -> None:
        self.deeds.lose(event)

    def teardown(self) -> None:
        with self.stack:
            if hasattr(self, "game"):
                calm_runs(self.game, self.deeds)
                assert [] == judge(self.game, self.deeds)


TestScheduleMachine = ScheduleMachine.TestCase
TestScheduleMachine.settings = settings(
    max_examples=12, stateful_step_count=8, deadline=None, derandomize=True
)

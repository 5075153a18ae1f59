"""One schedule's world: documents, systems, clocks, ledger, and the runs of the product."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from engine.errors import SettingsError
from engine.flow.companies import sync_companies
from engine.flow.services import Services
from engine.ledger.failures import LedgerError
from engine.ledger.ledger import Ledger
from tests.harness.chronicle import Chronicle, Entry
from tests.harness.network import Network
from tests.harness.plan import COMPANIES, Plan
from tests.harness.shared_store import ProcessStore, SharedLedger
from tests.harness.sides import Papers, all_secrets, configured, make_side
from tests.harness.timeline import JumpingClock, Timeline

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
        shares = zip(COMPANIES, (plan.numbers, plan.others), strict=True)
        self.sides = [
            make_side(name, numbers, plan, self.clocks)
            for name, numbers in shares
            if numbers
        ]
        self.side_of = {host: side for side in self.sides for host in side.apps}
        self.papers = [papers for side in self.sides for papers in side.papers]
        self.chronicle = Chronicle(say)
        self.ledger = SharedLedger()
        self.run_number = 0
        self.disk_calls = 0
        self.disk_calls_of_first = 0
        self.is_calm = False
        self.blind_until = -1.0
        self.steps_of_run = 0
        self._folder = folder
        self._project = configured(plan.settings_key)
        self.on_event: Callable[[Process, str, int], None] = lambda *_: None

    # What the network asks ------------------------------------------------------

    def prepare_for(self, host: str) -> dict[int, float] | None:
        """Blind the target's search for what was made lately, while it is blind."""
        side = self.side_of[host]
        if side.apps[host] is not side.procountor:
            return None
        now = self.timeline.seconds
        is_blind = now < self.blind_until
        if is_blind or self.plan.register_lag:
            side.registers.hide(0.0 if is_blind else self.plan.register_lag, now)
        if not is_blind:
            return None
        data = side.procountor.data
        before = dict(data.visible_from)
        hidden = self.timeline.seconds - 3600.0
        for key, since in before.items():
            if since > hidden:
                data.visible_from[key] = self.timeline.seconds + 1.0
        return before

    def restore_after(self, host: str, before: dict[int, float] | None) -> None:
        """Take the blindness back, but for what was made meanwhile."""
        side = self.side_of[host]
        side.registers.show(self.timeline.seconds)
        if before is not None:
            side.procountor.data.visible_from.update(before)

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
            # Nobody sleeps between a last look, its intent's commit and the first byte.
            partial(process.step, may_freeze=False),
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
            all_secrets(),
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
        except SettingsError as error:
            self.note("world", "told to the operator", said=str(error)[:200])
            return True
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

"""Every outcome of a request at the nth call of every flow, and a kill at every step.

What a flow asks and commits is counted in an untroubled run of it; so the list follows
the product. Whether a pair went well, the same judge says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache

from tests.harness.network import OUTCOMES
from tests.harness.plan import Plan, Planned
from tests.harness.schedule import Played, play

READ_OUTCOMES = ("503", "lost", "not connected", "429", "408", "hangs")
ENDLESS = 10**9
# Names of worlds: what waits, and what of it is missing in the target.
DOCUMENTS = {
    "sales": ((20261001,), "sales"),
    "travel": ((501,), "travel"),
    "items": ((20261001,), "sales+items"),
    "users": ((501,), "travel+users"),
    "costs": ((9001,), "costs"),
}
WORLDS = tuple(DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Pair:
    """One outcome at one call."""

    world: str
    place: int  # counted from 1, over all requests of the run
    endpoint: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.world} {self.place} {self.endpoint} {self.outcome}"


def build_plan(world: str) -> Plan:
    """Give an untroubled schedule of one document; two runs, then people."""
    numbers, key = DOCUMENTS[world]
    plan = Plan(7, numbers, settings_key=key, items_missing=world != "costs")
    plan.runs = 2
    return plan


@cache
def untroubled(world: str) -> tuple[tuple[str, ...], int]:
    """Give the endpoints of the first run in their order, and how many steps it has."""
    calls: list[str] = []
    steps: list[int] = []
    plan = build_plan(world)

    class Listening(Plan):
        def take_fault(self, run: int, endpoint: str) -> str | None:
            if run == 0:
                calls.append(endpoint)
            return None

        def take_events(
            self, run: int, step: int, name: str, depth: int
        ) -> Iterator[tuple[str, int]]:
            if run == 0 and not depth:
                steps.append(step)
            return Plan.take_events(self, run, step, name, depth)

    listening = Listening(**{f.name: getattr(plan, f.name) for f in fields(Plan)})
    assert play(listening).verdicts == []
    return tuple(calls), max(steps)


def all_pairs() -> list[Pair]:
    """Give every outcome at every call of every world."""
    pairs = []
    for world in WORLDS:
        calls, _ = untroubled(world)
        for place, endpoint in enumerate(calls, start=1):
            is_write = not endpoint.startswith("GET") and "oken" not in endpoint
            kinds = tuple(OUTCOMES) if is_write else READ_OUTCOMES
            pairs += [Pair(world, place, endpoint, kind) for kind in kinds]
    return pairs


def play_pair(pair: Pair) -> Played:
    """Play a schedule in which one call goes this way."""
    plan = build_plan(pair.world)
    plan.forced = [[0, "*", pair.place, pair.outcome]]
    return play(plan)


def play_kill(world: str, step: int) -> Played:
    """Play a schedule whose first run ends at a step, as if killed."""
    plan = build_plan(world)
    plan.planned = [Planned(0, "crash", plan.numbers[0], step)]
    return play(plan)


@cache
def disk_calls(world: str) -> int:
    """Count the writes, syncs and renames of an untroubled first run."""
    plan = build_plan(world)
    plan.disk_fault = (ENDLESS, 0, False)
    return play(plan).game.disk_calls_of_first


def play_disk(world: str, nth: int, code: int, *, lasts: bool) -> Played:
    """Play a schedule in whose first run the disk fails."""
    plan = build_plan(world)
    plan.disk_fault = (nth, code, lasts)
    return play(plan)

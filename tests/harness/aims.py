"""Aimed schedules, as ``aims.yaml`` words them."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.harness.plan import SHAPES, TICK, Plan, Planned
from tests.places import read_yaml


@dataclass(frozen=True, slots=True)
class Aim:
    """One entry of the file, and its place among those of its rule."""

    place: int
    words: dict[str, Any]

    @property
    def rule(self) -> str:
        return str(self.words["rule"])

    @property
    def count(self) -> int:
        return int(self.words["count"])

    @property
    def waits_for(self) -> str:
        return str(self.words.get("waits_for", ""))

    def plan(self, number: int) -> Plan:
        """Give the nth schedule of this aim."""
        draw = random.Random(f"{self.rule} {self.place} {number}")
        words = self.words

        def pick(choice: Any) -> Any:
            return draw.choice(choice) if isinstance(choice, list) else choice

        shape = words.get("shape") or ("sales", "travel")[number % 2]
        numbers, others, key = SHAPES[shape.partition("+")[0]]
        key += shape.removeprefix(shape.partition("+")[0])
        numbers = numbers[: words.get("documents", 1 + number % 2)]
        plan = Plan(
            crc32(f"{self.rule} {self.place} {number}".encode()),
            numbers,
            others,
            key,
            items_missing=bool(words.get("items_missing", False)),
            search_lag=float(pick(words.get("lags", [0.0, 5.0, 60.0]))),
            tick=float(pick(words.get("tick", TICK))),
            asks_due=bool(words.get("asks_due", False)),
            register_lag=float(words.get("register_lag", 0.0)),
        )
        for run, pattern, nth, outcome in words.get("faults", ()):
            plan.forced.append([run, pattern, pick(nth), str(pick(outcome))])
        for run, event, step, nth in words.get("events", ()):
            planned = Planned(pick(run), pick(event), numbers[0], pick(nth), pick(step))
            plan.planned.append(planned)
        plan.timed = [(at, event, numbers[0]) for at, event in words.get("timed", ())]
        if words.get("breaks") == "total":
            plan.broken_totals = numbers[:1]
        if words.get("breaks") == "card":
            plan.broken_cards = numbers[:1]
        return plan


@cache
def all_aims() -> list[Aim]:
    """Give all entries, in their order."""
    words = read_yaml(Path(__file__).with_name("aims.yaml"))
    places: Counter[str] = Counter()
    aims = []
    for entry in words:
        places[entry["rule"]] += 1
        aims.append(Aim(places[entry["rule"]], entry))
    return aims

"""Many schedules: how often each verdict and each kind of event occurred."""

from __future__ import annotations

import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.harness.checker import VERDICTS
from tests.harness.network import OUTCOMES
from tests.harness.plan import EVENTS, make_plan
from tests.harness.schedule import play

CHUNK = 50
SHOWN = 40


@dataclass(slots=True)
class Tally:
    """What a number of schedules came to."""

    schedules: int = 0
    runs: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)  # schedules, by kind
    kinds: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.schedules += other.schedules
        self.runs += other.runs
        self.verdicts += other.verdicts
        self.kinds += other.kinds
        self.failed += other.failed
        self.errors += other.errors


def play_some(seeds: range, runners: int, without: str) -> Tally:
    """Play schedules, one after the other."""
    tally = Tally()
    for seed in seeds:
        tally.schedules += 1
        try:
            played = play(make_plan(seed, runners), without=without)
        except Exception as error:  # noqa: BLE001  # told with its seed
            tally.errors.append((seed, repr(error)[:300]))
            continue
        tally.runs += played.runs
        tally.kinds += played.game.chronicle.kinds
        kinds = tuple(sorted({verdict.kind for verdict in played.verdicts}))
        tally.verdicts.update(kinds)
        if kinds:
            tally.failed.append((seed, kinds))
    return tally


def run_campaign(
    schedules: int, seed: int, runners: int, jobs: int, without: str
) -> int:
    """Play a campaign and print its report; 0 when all holds."""
    started = time.monotonic()
    total = Tally()
    parts = [
        range(at, min(at + CHUNK, seed + schedules))
        for at in range(seed, seed + schedules, CHUNK)
    ]
    if jobs == 1:
        for part in parts:
            total.add(play_some(part, runners, without))
    else:
        with ProcessPoolExecutor(jobs) as pool:
            count = len(parts)
            for tally in pool.map(
                play_some, parts, [runners] * count, [without] * count
            ):
                total.add(tally)
    lines = report(total, time.monotonic() - started, runners)
    sys.stdout.write("\n".join(lines) + "\n")
    missing = [kind for kind in wanted_kinds(runners) if not total.kinds[kind]]
    return bool(total.failed or total.errors or missing)


def wanted_kinds(runners: int) -> list[str]:
    """Name every kind of event that a campaign must have seen."""
    del runners
    named = {e for e in EVENTS if not e.startswith("freeze_") and e != "runner2"}
    return sorted(named | {f"fault {name}" for name in OUTCOMES})


def report(total: Tally, seconds: float, runners: int) -> list[str]:
    """Word a campaign's outcome."""
    rate = total.schedules / seconds
    counted = f"{total.schedules} schedules, {total.runs} runs, {seconds:.0f} s"
    lines = [f"{counted}, {rate:.1f} a second"]
    lines.append("events:")
    lines += [f"  {total.kinds[kind]:7d}  {kind}" for kind in wanted_kinds(runners)]
    lines.append("verdicts (schedules):")
    lines += [
        f"  {total.verdicts[kind]:7d}  {kind}: {meaning}"
        for kind, meaning in VERDICTS.items()
    ]
    more = f" --runners {runners}" if runners > 1 else ""
    for seed, kinds in total.failed[:SHOWN]:
        said = ", ".join(kinds)
        lines.append(f"python -m tests.harness replay {seed}{more}   # {said}")
    for seed, error in total.errors[:SHOWN]:
        lines.append(f"python -m tests.harness replay {seed}{more}   # {error}")
    return lines

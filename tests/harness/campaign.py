"""Many schedules: how often each verdict and each kind of event occurred.

A campaign may be played in parts: with a record, each chunk of seeds is a line of a
file, and what stands there is not played again.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from tests.harness.checker import VERDICTS
from tests.harness.network import OUTCOMES
from tests.harness.pace import without_collector
from tests.harness.plan import EVENTS, make_plan
from tests.harness.schedule import play

CHUNK = 50
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """Which schedules a campaign plays."""

    schedules: int
    seed: int = 1
    runners: int = 1
    without: str = ""

    @property
    def parts(self) -> list[range]:
        end = self.seed + self.schedules
        starts = range(self.seed, end, CHUNK)
        return [range(at, min(at + CHUNK, end)) for at in starts]


@dataclass(slots=True)
class Tally:
    """What a number of schedules came to."""

    schedules: int = 0
    runs: int = 0
    seconds: float = 0.0  # of the processor
    verdicts: Counter[str] = field(default_factory=Counter)  # schedules, by kind
    kinds: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.schedules += other.schedules
        self.runs += other.runs
        self.seconds += other.seconds
        self.verdicts += Counter(other.verdicts)
        self.kinds += Counter(other.kinds)
        self.failed += other.failed


def play_some(seeds: range, runners: int, without: str) -> Tally:
    """Play schedules, one after the other."""
    tally, started = Tally(), time.process_time()
    with without_collector() as tidy:
        for seed in seeds:
            tally.schedules += 1
            tally.add(play_one(seed, runners, without))
            tidy()
    tally.seconds = time.process_time() - started
    return tally


def play_one(seed: int, runners: int, without: str) -> Tally:
    """Play one schedule; what fails in the harness itself is told with its seed."""
    try:
        played = play(make_plan(seed, runners), without=without)
    except Exception as error:  # noqa: BLE001
        return Tally(failed=[(seed, repr(error)[:300])])
    kinds = sorted({verdict.kind for verdict in played.verdicts})
    failed = [(seed, ", ".join(kinds))] if kinds else []
    happened = played.game.chronicle.kinds
    return Tally(0, played.runs, 0.0, Counter(kinds), happened, failed)


def run_campaign(asked: Asked, jobs: int, record: Path | None) -> int:
    """Play a campaign and print its report; 0 when all holds."""
    total = Tally()
    done = read_record(record, asked)
    for tally in done.values():
        total.add(tally)
    waiting = [part for part in asked.parts if part.start not in done]
    with record.open("ab") if record else nullcontext() as file:
        for part, tally in play_parts(waiting, asked, jobs):
            total.add(tally)
            if file is not None:
                line = {"asked": asked, "first": part.start, "tally": tally}
                file.write(msgspec.json.encode(line) + b"\n")
                file.flush()
    sys.stdout.write("\n".join(report(total, asked)) + "\n")
    missing = [kind for kind in wanted_kinds(asked.runners) if not total.kinds[kind]]
    return bool(total.failed or missing)


def play_parts(
    parts: list[range], asked: Asked, jobs: int
) -> Iterable[tuple[range, Tally]]:
    """Play parts in so many processes; each is given with its tally when it is over."""
    some = partial(play_some, runners=asked.runners, without=asked.without)
    if jobs == 1:
        yield from ((part, some(part)) for part in parts)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from zip(parts, pool.map(some, parts), strict=True)


def read_record(record: Path | None, asked: Asked) -> dict[int, Tally]:
    """Give what was played already, by the first seed of each part."""
    return dict(_iter_record(record, asked)) if record and record.exists() else {}


def _iter_record(record: Path, asked: Asked) -> Iterator[tuple[int, Tally]]:
    parts = {part.start: len(part) for part in asked.parts}
    for line in record.read_bytes().splitlines():
        told = msgspec.json.decode(line)
        known, tally = told["asked"], msgspec.convert(told["tally"], Tally)
        is_same = (known["runners"], known["without"]) == (asked.runners, asked.without)
        if is_same and parts.get(told["first"]) == tally.schedules:
            yield told["first"], tally


def wanted_kinds(runners: int) -> list[str]:
    """Name every kind of event that a campaign must have seen."""
    named = {e for e in EVENTS if not e.startswith("freeze_") and e != "runner2"}
    if runners > 1:
        named.add("second runner")
    return sorted(named | {f"fault {name}" for name in OUTCOMES})


def report(total: Tally, asked: Asked) -> list[str]:
    """Word a campaign's outcome."""
    rate = total.schedules / total.seconds
    counted = f"{total.schedules} schedules, {total.runs} runs"
    spent = f"{total.seconds:.0f} s of a processor, {rate:.1f} schedules a second"
    lines = [f"{counted}, {spent}", "events:"]
    kinds = wanted_kinds(asked.runners)
    lines += [f"  {total.kinds[kind]:7d}  {kind}" for kind in kinds]
    lines.append("verdicts (schedules):")
    lines += [
        f"  {total.verdicts[kind]:7d}  {kind}: {meaning}"
        for kind, meaning in VERDICTS.items()
    ]
    more = f" --runners {asked.runners}" if asked.runners > 1 else ""
    more += f" --without {asked.without}" if asked.without else ""
    for seed, said in total.failed[:SHOWN]:
        lines.append(f"python -m tests.harness replay {seed}{more}   # {said}")
    return lines

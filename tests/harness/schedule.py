"""Plays one schedule: runs with trouble, then people who do as the log tells them."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.harness.checker import Verdict, judge
from tests.harness.deeds import Deeds, model_bodies
from tests.harness.game import Game
from tests.harness.pace import quickly
from tests.harness.papers import MOVED
from tests.harness.people import act
from tests.harness.plan import TICK, Plan
from tests.harness.variants import left_out

BY_THE_LIBRARY = 16  # of so many schedules one goes through all of HTTP
CALM_RUNS = 12  # enough for a settle time, a search lag and what people do in between
PLACE = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


@dataclass(frozen=True, slots=True)
class Played:
    """A schedule that is over."""

    game: Game
    verdicts: list[Verdict]
    runs: int


def play(
    plan: Plan, say: Callable[[str], None] | None = None, without: str = ""
) -> Played:
    """Play a schedule to its end and judge it."""
    model_bodies()  # from a run of their own, once, with all rules
    folder = Path(tempfile.mkdtemp(prefix="harness-", dir=PLACE))
    try:
        game = Game(plan, folder, say, without)
        deeds = Deeds(game)
        start(game, deeds)
        random.seed(plan.seed)  # the waits between tries are drawn from it
        by_the_library = plan.seed % BY_THE_LIBRARY == 0
        with left_out(without), quickly(by_the_library=by_the_library):
            played = troubled_runs(game, deeds)
            played += calm_runs(game, deeds)
        return Played(game, judge(game, deeds), played)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(game: Game, deeds: Deeds) -> None:
    """Break what the plan wants broken, and have people act at their times."""
    for number in game.numbers:
        content = game.paper_of(number).content(number)
        status = game.paper_of(number).status(number)
        game.note("person", "start", number, status=status, content=content)
    for number in game.plan.broken_cards:
        deeds.do("break_card", number)
    for number in game.plan.broken_totals:
        deeds.do("break_total", number)
    for at, event, number in game.plan.timed:
        game.timeline.at(at, partial(at_time, game, deeds, event, number))


def at_time(game: Game, deeds: Deeds, event: str, number: int) -> None:
    """What is planned at a time and not at a step: some is only for a step."""
    if event in ("ledger_old", "ledger_wiped"):
        deeds.lose(event)
    elif event in ("setback", "setback_edit") and game.timeline.seconds < 8 * TICK:
        if game.paper_of(number).status(number) == MOVED:
            deeds.do(event, number)
        else:
            later = game.timeline.seconds + 1300
            game.timeline.at(later, partial(at_time, game, deeds, event, number))
    elif event not in ("crash", "runner2") and not event.startswith("freeze"):
        deeds.do(event, number)


def one_run(game: Game, deeds: Deeds, began: float) -> float:
    """Make the next run; give when it began."""
    tick = TICK if game.is_calm else game.plan.tick
    if game.timeline.seconds < began + tick:
        game.timeline.wait(began + tick - game.timeline.seconds)
    deeds.before_run()
    game.steps_of_run = 0
    began = game.timeline.seconds
    game.run(only_due=game.plan.asks_due)
    deeds.after_run()
    return began


def troubled_runs(game: Game, deeds: Deeds) -> int:
    """Make the runs in which things go wrong."""
    began = -TICK
    for number in range(game.plan.runs):
        game.run_number = number
        said = len(game.chronicle.entries)
        began = one_run(game, deeds, began)
        if is_over(game, deeds, said):
            return number + 1
    return game.plan.runs


def is_over(game: Game, deeds: Deeds, said: int) -> bool:
    """Tell whether each further run would be as quiet as the last one was.

    Args:
        said: How many entries there were before it.
    """
    plan, entries = game.plan, game.chronicle.entries[said:]
    is_quiet = not deeds.wanted and all(
        entry.number is None or entry.what.startswith("GET ") for entry in entries
    )
    is_planned = bool(plan.planned)
    is_forced = any(int(str(run)) > game.run_number for run, *_ in plan.forced)
    return (
        is_quiet
        and not is_planned
        and not is_forced
        and game.timeline.is_quiet
        and not plan.asks_due
        and all(game.paper_of(n).status(n) == MOVED for n in game.numbers)
    )


def calm_runs(game: Game, deeds: Deeds) -> int:
    """Make runs without trouble, people acting between them, until all is at an end."""
    game.is_calm = True
    game.plan.planned.clear()
    began = game.timeline.seconds - TICK
    count = 0
    while count < CALM_RUNS:
        count += 1
        game.run_number += 1
        began = one_run(game, deeds, began)
        if game.timeline.is_quiet and not act(game, deeds):
            break
    return count

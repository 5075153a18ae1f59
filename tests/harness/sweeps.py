"""The long loops: all pairs, all kills, and the table of seeded bugs."""

from __future__ import annotations

import errno
import sys
import time

from tests.harness.aims import all_aims
from tests.harness.pairs import (
    WORLDS,
    all_pairs,
    disk_calls,
    play_disk,
    play_kill,
    play_pair,
    untroubled,
)
from tests.harness.schedule import Played, play
from tests.harness.served import sweep_real_kills
from tests.harness.variants import VARIANTS


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def kinds_of(played: Played) -> str:
    return ", ".join(sorted({verdict.kind for verdict in played.verdicts}))


def sweep_pairs() -> int:
    """Play every outcome at every call; tell those that do not hold."""
    pairs, failed = all_pairs(), 0
    for pair in pairs:
        kinds = kinds_of(play_pair(pair))
        if kinds:
            failed += 1
            say(f"{pair}: {kinds}")
    say(f"{len(pairs)} pairs, {failed} failed")
    return bool(failed)


def sweep_kills() -> int:
    """End the first run at every step; tell the steps after which it does not hold."""
    count = failed = 0
    for world in WORLDS:
        for step in range(1, untroubled(world)[1] + 1):
            count += 1
            kinds = kinds_of(play_kill(world, step))
            if kinds:
                failed += 1
                say(f"{world}, step {step}: {kinds}")
    say(f"{count} kills, {failed} failed")
    return bool(failed)


def sweep_disk() -> int:
    """Fail every write, sync and rename of a first run, once and to its end."""
    count = failed = 0
    for world in WORLDS:
        for nth in range(1, disk_calls(world) + 1):
            for code in (errno.ENOSPC, errno.EIO):
                for lasts in (False, True):
                    count += 1
                    kinds = kinds_of(play_disk(world, nth, code, lasts=lasts))
                    if kinds:
                        failed += 1
                        named = errno.errorcode[code]
                        say(f"{world}, {nth}, {named}, lasts {lasts}: {kinds}")
    say(f"{count} disk faults, {failed} failed")
    return bool(failed)


def sweep_real() -> int:
    """End a real process at every request and every commit of a transfer."""
    return bool(sweep_real_kills(say))


def sweep_variants() -> int:
    """Leave out each rule alone; tell after how many aimed schedules it was caught."""
    missed = 0
    for rule in VARIANTS:
        started, count, kinds = time.monotonic(), 0, ""
        for aim in all_aims():
            for number in range(aim.count if aim.rule == rule and not kinds else 0):
                count += 1
                kinds = kinds_of(play(aim.plan(number), without=rule))
                if kinds:
                    break
        missed += not kinds
        seconds = time.monotonic() - started
        say(f"{rule:8} after {count:3}  {kinds or 'NOT CAUGHT'}  ({seconds:.1f} s)")
    return bool(missed)

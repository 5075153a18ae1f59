"""Every outcome at every call, and a kill at every step: here every nth of them.

All of them: `python -m tests.harness pairs` and `python -m tests.harness kills`.
"""

from __future__ import annotations

import errno

import pytest

from tests.harness.pairs import (
    WORLDS,
    all_pairs,
    disk_calls,
    play_disk,
    play_kill,
    play_pair,
    untroubled,
)

LEAST = 600
EVERY_PAIR = 11
EVERY_KILL = 13
EVERY_DISK = 13


@pytest.mark.parametrize("pair", all_pairs()[::EVERY_PAIR], ids=str)
def test_an_outcome_at_a_call(pair):
    assert [] == play_pair(pair).verdicts


@pytest.mark.parametrize(
    ("world", "step"),
    [(w, s) for w in WORLDS for s in range(1, untroubled(w)[1] - 12, EVERY_KILL)],
)
def test_a_kill_at_a_step(world, step):
    assert [] == play_kill(world, step).verdicts


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("world", ["sales", "travel"])
def test_a_disk_that_fails_to_the_end_of_a_run(world, code):
    steps = range(1, disk_calls(world) + 1, EVERY_DISK)
    assert [] == [s for s in steps if play_disk(world, s, code, lasts=True).verdicts]


@pytest.mark.parametrize("world", ["sales", "travel"])
def test_a_disk_that_fails_once(world):
    steps = range(1, disk_calls(world) + 1, EVERY_DISK)
    play_one = [play_disk(world, s, errno.EIO, lasts=False) for s in steps]
    assert [] == [v for played in play_one for v in played.verdicts]


def test_there_are_many_pairs():
    assert len(all_pairs()) >= LEAST

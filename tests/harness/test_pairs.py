"""Every outcome at every call, and a kill at every step: here every nth of them.

All of them: `python -m tests.harness pairs` and `python -m tests.harness kills`.
"""

from __future__ import annotations

import pytest

from tests.harness.pairs import (
    WORLDS,
    Pair,
    all_pairs,
    play_kill,
    play_pair,
    untroubled,
    waits_for,
)

LEAST = 600
EVERY_PAIR = 11
EVERY_KILL = 13


def mark(pair: Pair) -> object:
    """Give a pair, expected to fail while a rule is not there."""
    reason = waits_for(pair)
    marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
    return pytest.param(pair, id=str(pair), marks=marks)


@pytest.mark.parametrize("pair", [mark(pair) for pair in all_pairs()[::EVERY_PAIR]])
def test_an_outcome_at_a_call(pair):
    assert [] == play_pair(pair).verdicts


@pytest.mark.parametrize(
    ("world", "step"),
    [(w, s) for w in WORLDS for s in range(1, untroubled(w)[1] - 12, EVERY_KILL)],
)
def test_a_kill_at_a_step(world, step):
    assert [] == play_kill(world, step).verdicts


def test_there_are_many_pairs():
    assert len(all_pairs()) >= LEAST

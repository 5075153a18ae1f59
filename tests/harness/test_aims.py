"""Aimed schedules hold; with their rule left out they do not."""

from __future__ import annotations

import pytest

from tests.harness.aims import Aim, all_aims
from tests.harness.schedule import play
from tests.harness.variants import VARIANTS

LEAST = 300  # aimed schedules that every change is tried with


def mark(aim: Aim) -> object:
    """Give an entry of the file, expected to fail while its rule is not there."""
    name = f"{aim.rule}-{aim.place}"
    if not aim.waits_for:
        return pytest.param(aim, id=name)
    waits = pytest.mark.xfail(reason=aim.waits_for, strict=True)
    return pytest.param(aim, id=name, marks=waits)


@pytest.mark.parametrize("aim", [mark(aim) for aim in all_aims()])
def test_an_aimed_schedule_holds(aim):
    found = {}
    for number in range(aim.count):
        verdicts = play(aim.plan(number)).verdicts
        if verdicts:
            found[number] = sorted({v.kind for v in verdicts})
    assert {} == found


def test_there_are_many_aimed_schedules():
    assert LEAST <= sum(aim.count for aim in all_aims())


@pytest.mark.parametrize("rule", list(VARIANTS))
def test_a_seeded_bug_is_caught(rule):
    aims = [aim for aim in all_aims() if aim.rule == rule]
    caught = any(
        play(aim.plan(number), without=rule).verdicts
        for aim in aims
        for number in range(aim.count)
    )
    assert caught

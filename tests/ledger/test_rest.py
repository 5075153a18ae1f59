"""The settle time by two clocks: the cases are data."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from engine.ledger.rest import Rest, are_clocks_apart, rest_after
from tests.ledger.transfers import START
from tests.places import ROOT, read_yaml

CASES = read_yaml(ROOT / "tests" / "cases" / "ledger" / "rest.yaml")
SETTLE = 600


def look_at(case):
    rest, rests = None, []
    for own, target in case["looks"]:
        target_at = None if target == "-" else START + timedelta(seconds=float(target))
        own_at = START + timedelta(seconds=float(own))
        rest = rest_after(rest, own_at, target_at, SETTLE)
        rests.append(rest)
    return rests


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_doubt_rests_by_the_smaller_of_two_steps(case):
    rests = look_at(case)

    assert case["rested"] == [rest.rested_ms / 1000 for rest in rests]
    settled = [n for n, rest in enumerate(rests, 1) if rest.is_settled()]
    assert case["settled"] == (settled[0] if settled else "never")
    assert {START} == {rest.since_at for rest in rests}


def test_what_is_read_by_its_id_needs_one_look_after_the_settle_time():
    looks = {"looks": [[0, 0], [300, 300], [599, 599], [600, 600]]}

    assert [False, False, False, True] == [r.is_settled(1) for r in look_at(looks)]


def test_clocks_that_part_by_over_a_minute_in_one_step_are_known():
    rests = look_at({"looks": [[0, 0], [60, 60], [120, 181], [180, 301], [240, "-"]]})

    assert not are_clocks_apart(None, rests[0])
    assert [False, True, False, False] == [
        are_clocks_apart(before, after) for before, after in pairwise(rests)
    ]
    assert not are_clocks_apart(Rest(START, START, None), rests[0])

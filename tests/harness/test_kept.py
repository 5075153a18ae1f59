"""Schedules that once failed hold now."""

from __future__ import annotations

import pytest

from tests.harness.kept import kept_plan, kept_words
from tests.harness.schedule import play


@pytest.mark.parametrize("place", range(1, len(kept_words()) + 1))
def test_a_kept_schedule_holds(place, request):
    words = kept_words()[place - 1]
    if "waits_for" in words:
        waits = pytest.mark.xfail(reason=words["waits_for"], strict=True)
        request.applymarker(waits)
    assert [] == play(kept_plan(words)).verdicts

"""A ledger in a file of its own, and a clock that stands."""

from __future__ import annotations

import pytest

from engine.ledger.open import open_ledger
from tests.ledger.transfers import StillClock


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "ledger.sqlite"


@pytest.fixture
def ledger(path, clock):
    opened = open_ledger(f"sqlite:///{path}", clock)
    yield opened
    opened.close()

"""A ledger that was put back from an earlier day is known, and rests first."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest

from engine.ledger.failures import LedgerError
from engine.ledger.model import DocumentKey
from engine.ledger.open import open_ledger
from tests.ledger.transfers import SETTLE, bring, claim, raw, see, steps


def beat_file(path):
    return path.with_name("ledger.sqlite.acme.heartbeat")


def test_a_ledger_that_is_up_to_date_may_send(ledger, path):
    assert None is ledger.heartbeats.rest("acme", None, SETTLE)
    bring(ledger, "posted")
    ledger.writes.begin(see(ledger, "k2", reference="2"), DocumentKey("send"), "d")

    assert "2\n" == beat_file(path).read_text()
    assert None is ledger.heartbeats.rest("acme", None, SETTLE)
    with closing(open_ledger(f"sqlite:///{path}", ledger._database.clock)) as again:
        assert None is again.heartbeats.rest("acme", None, SETTLE)


@pytest.mark.parametrize("is_new", [True, False], ids=["wiped", "put back"])
def test_an_older_ledger_rests_once_and_says_so(ledger, path, clock, is_new):
    """N6; another company of the same ledger is not delayed."""
    bring(ledger, "posted")
    copy = path.with_name("kept")
    shutil.copy(path, copy)
    bring(ledger, "posted", "k2")
    ledger.close()
    path.unlink()
    if not is_new:
        shutil.copy(copy, path)
    with closing(open_ledger(f"sqlite:///{path}", clock)) as older:
        rested, firsts = [], []
        for _ in range(3):
            rest = older.heartbeats.rest("acme", clock.now(), SETTLE)
            rested.append(None if rest is None else rest.rested_ms)
            firsts.append(len(steps(older, outcome="note")))
            clock.sleep(300)
        said = [row.code for row in steps(older, outcome="note")]
        assert None is older.heartbeats.rest("beta", clock.now(), SETTLE)
        claim(older, see(older, "k3", reference="3"))

    assert [0, 300_000, None] == rested
    assert (["LEDGER_OLD"], [1, 1, 1]) == (said, firsts)
    assert "3\n" == beat_file(path).read_text()
    with closing(open_ledger(f"sqlite:///{path}", clock)) as again:
        assert None is again.heartbeats.rest("acme", None, SETTLE)


def test_one_intent_is_enough_to_know_a_wiped_ledger(ledger, path, clock):
    claim(ledger, see(ledger))
    ledger.close()
    path.unlink()

    with closing(open_ledger(f"sqlite:///{path}", clock)) as wiped:
        assert wiped.heartbeats.rest("acme", clock.now(), SETTLE)


def test_writes_that_need_no_rest_do_not_make_a_wiped_ledger_look_up_to_date(
    ledger, path, clock
):
    """N6: an adopted document goes on, while the next create still rests."""
    bring(ledger, "posted")
    bring(ledger, "posted", "k2")
    ledger.close()
    path.unlink()

    with closing(open_ledger(f"sqlite:///{path}", clock)) as wiped:
        adopted = see(wiped)
        for name in ("dimension", "attachment", "send"):
            wiped.writes.begin(adopted, DocumentKey(name), "d")
        assert "2\n" == beat_file(path).read_text()
        assert wiped.heartbeats.rest("acme", clock.now(), SETTLE)


def test_a_setting_names_another_place(path, clock, tmp_path):
    place = tmp_path / "shared"
    place.mkdir()
    url = f"sqlite:///{path}?heartbeat={place}"
    with closing(open_ledger(url, clock)) as ledger:
        bring(ledger, "intent")

    assert "1\n" == (place / "ledger.sqlite.acme.heartbeat").read_text()
    assert not beat_file(path).exists()


def test_nothing_is_sent_without_a_heartbeat(ledger, path):
    transfer = see(ledger)
    beat_file(path).with_name(f"{beat_file(path).name}.new").mkdir()
    with pytest.raises(LedgerError, match="cannot be written"):
        claim(ledger, transfer)
    beat_file(path).write_text("many")
    with pytest.raises(LedgerError, match="cannot be read"):
        ledger.heartbeats.rest("acme", None, SETTLE)


def test_an_intent_that_failed_does_not_count(ledger, path):
    claim(ledger, see(ledger))
    with pytest.raises(LedgerError):
        claim(ledger, see(ledger))  # an intent is not claimed again

    assert [(1,)] == raw(path, "SELECT number FROM heartbeats")

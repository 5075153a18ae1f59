"""Brings transfers to where a test wants them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from engine.ledger.model import Content, Event

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SERVER = datetime(2026, 3, 2, 8, 0, 7, tzinfo=UTC)  # the target's clock differs
SENT = Content("c1", {"date": "d1", "notes": "n1"})
SETTLE = 600.0
REASON = Event("ERROR_DATE", "the period is closed", "date", "open the period")


class StillClock:
    """Stands until it is moved."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


def see(ledger, key="k1", **changes):
    facts = {"label": "10482", "reference": "10482", "source_digest": "s1"} | changes
    return ledger.open_transfer("acme", "sales", key, **facts)


def claim(ledger, transfer, owner="pid 1"):
    return ledger.steps.claim(
        transfer, sent=SENT, payload_digest="p1", mapping_digest="m1", owner=owner
    )


def settle(clock, thing, look):
    """Look at a doubt, without a find, until it may end without one."""
    while thing.settled_at is None:
        clock.sleep(300)
        thing = look(thing, clock.now(), SETTLE)
    return thing


def bring(ledger, stage, key="k1"):
    """Bring a fresh transfer to a stage by the shortest way."""
    transfer = see(ledger, key, label=key, reference=key)
    if stage == "new":
        return transfer
    transfer = claim(ledger, transfer)
    if stage == "doubt":
        return ledger.doubts.in_doubt(transfer, SERVER)
    if stage in ("posted", "proved", "done"):
        transfer = ledger.steps.posted(transfer, target_id="4711")
    if stage in ("proved", "done"):
        transfer = ledger.steps.proved(transfer)
    return ledger.steps.done(transfer) if stage == "done" else transfer


def steps(ledger, **choice):
    return list(ledger.log(latest_per_document=False, **choice))


def raw(path, statement):
    """Run a statement behind the ledger's back, as a foreign tool would."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()

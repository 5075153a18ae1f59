"""Writes beside a create: begun, ended, in doubt, shared."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.ledger.failures import LedgerStateError
from tests.ledger.transfers import SERVER, START, see


def test_a_write_keeps_its_answer(ledger):
    transfer = see(ledger)
    write = ledger.writes.begin(transfer, "partner", "1001", "d1")
    assert ("intent", 1, {}, START) == (
        write.state,
        write.attempt,
        write.answer,
        write.begun_at,
    )
    answer = {"id": 77, "name": "Työ Oy", "total": Decimal("1.10")}
    ended = ledger.writes.end(write, "done", target_id="77", answer=answer)

    assert ended == ledger.writes.find(transfer, "partner", "1001")
    assert {"id": 77, "name": "Työ Oy", "total": "1.10"} == ended.answer
    assert None is ledger.writes.find(transfer, "partner", "1002")
    with pytest.raises(LedgerStateError):
        ledger.writes.begin(transfer, "partner", "1001", "d1")
    with pytest.raises(LedgerStateError):
        ledger.writes.end(ended, "refused")


def test_a_write_in_doubt_is_settled_or_tried_again(ledger):
    transfer = see(ledger)
    write = ledger.writes.begin(transfer, "attachment", "a.pdf", "d1")
    doubt = ledger.writes.end(write, "doubt", doubt_seen_at=SERVER)
    later = SERVER + timedelta(hours=1)
    doubt = ledger.writes.end(doubt, "doubt", doubt_seen_at=later)
    assert ("doubt", SERVER) == (doubt.state, doubt.doubt_seen_at)

    again = ledger.writes.begin(transfer, "attachment", "a.pdf", "d1")
    assert ("intent", 2, None) == (again.state, again.attempt, again.doubt_seen_at)
    with pytest.raises(LedgerStateError, match="outdated"):
        ledger.writes.end(doubt, "done")
    assert "refused" == ledger.writes.end(again, "refused").state
    assert 3 == ledger.writes.begin(transfer, "attachment", "a.pdf", "d1").attempt


def test_another_document_sees_a_register_write_in_doubt(ledger):
    write = ledger.writes.begin(see(ledger), "partner", "1001", "d1")
    assert write == ledger.writes.find_open("acme", "partner", "1001")
    assert None is ledger.writes.find_open("beta", "partner", "1001")
    doubt = ledger.writes.end(write, "doubt")
    assert doubt == ledger.writes.find_open("acme", "partner", "1001")
    ledger.writes.end(doubt, "done", target_id="77")

    assert None is ledger.writes.find_open("acme", "partner", "1001")

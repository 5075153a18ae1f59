"""The transfer log and the runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.ledger.failures import LedgerStateError
from engine.ledger.model import STAGES, Event
from tests.ledger.transfers import REASON, START, bring, claim, see, steps


def test_the_log_gives_the_last_word_on_each_document(ledger, clock):
    first = ledger.steps.hold(see(ledger, "k1", label="1", reference="1"), REASON)
    clock.sleep(60)
    ledger.steps.wait(see(ledger, "k2", label="2", reference="2"), Event("DOWN"))
    clock.sleep(60)
    posted = ledger.steps.posted(claim(ledger, first), target_id="4711")
    ledger.events.note(posted, Event("CUT", "cut at 70", "orderReference"))
    ledger.steps.done(ledger.steps.proved(posted), target_number="12")
    ledger.events.note(posted, Event("CUT", "cut at 80", "name"))
    ledger.events.note_flow(
        "acme", "sales", Event("SYSTEM_DOWN", "no answer"), "waiting"
    )

    rows = list(ledger.log())
    assert [("2", "waiting"), ("1", "transferred")] == [
        (row.label, row.outcome) for row in rows
    ]
    assert {
        "company": "acme",
        "flow": "sales",
        "key": "k1",
        "label": "1",
        "outcome": "transferred",
        "target_id": "4711",
        "target_number": "12",
        "code": "",
        "field": "",
        "message": "",
        "advice": "",
        "at": "2026-03-02T08:02:00.000Z",
    } == rows[1].to_json()
    assert [] == list(ledger.log(outcome="stopped"))
    assert [] == list(ledger.log(company="beta"))
    assert [] == list(ledger.log(flow="travel"))
    assert ["1"] == [r.label for r in ledger.log(since=START + timedelta(minutes=2))]
    assert [*("stopped", "waiting", "note", "transferred", "note", "waiting")] == [
        row.outcome for row in steps(ledger)
    ]
    assert ["CLAIM", "POSTED", "PROVED"] == [
        row.code for row in steps(ledger, outcome="step")
    ]


def test_a_doubt_is_a_document_that_waits(ledger):
    bring(ledger, "doubt")

    assert [("waiting", "IN_DOUBT")] == [(r.outcome, r.code) for r in ledger.log()]


def test_an_event_says_what_was_true_when_it_was_said(ledger):
    ledger.steps.hold(see(ledger), REASON)
    see(ledger, label="10482 B", source_digest="s2")

    assert ["10482"] == [row.label for row in ledger.log()]


def test_when_a_code_was_last_said_of_a_transfer(ledger, clock):
    first, other = bring(ledger, "posted", "k1"), bring(ledger, "posted", "k2")
    assert ledger.events.last_said(first, "CUT") is None
    for transfer, code in ((first, "CUT"), (other, "CUT"), (first, "CUT")):
        clock.sleep(60)
        ledger.events.note(transfer, Event(code))
    clock.sleep(60)
    ledger.events.note(first, Event("ADOPTED"))

    said = START + timedelta(seconds=180)
    assert said == ledger.events.last_said(first, "CUT")


def test_long_logs_come_page_by_page(ledger, monkeypatch):
    monkeypatch.setattr("engine.ledger.database.PAGE", 2)
    for number in range(5):
        ledger.steps.hold(see(ledger, f"k{number}", reference=f"{number}"), REASON)

    rows = []
    for row in ledger.log():
        ledger.events.note(see(ledger, row.key, reference=row.key[1:]), Event("SEEN"))
        rows.append(row.key)
    keys = [f"k{number}" for number in range(5)]
    assert keys == rows
    assert keys == [transfer.key for transfer in ledger.transfers(state="held")]
    assert {("acme", "sales", "held"): 5} == ledger.count_states("acme")
    assert [] == list(ledger.transfers("beta"))


def test_the_unfinished_are_those_neither_done_nor_gone(ledger, monkeypatch):
    monkeypatch.setattr("engine.ledger.database.PAGE", 2)
    for stage in STAGES:
        bring(ledger, stage, stage)
    for way, turn in {
        "held": lambda transfer: ledger.steps.hold(transfer, REASON),
        "waiting": lambda transfer: ledger.steps.wait(transfer, REASON),
        "gone": lambda transfer: ledger.steps.gone(transfer, REASON),
    }.items():
        for stage in ("new", "posted"):
            turn(bring(ledger, stage, f"{way} {stage}"))
    facts = {"label": "1", "reference": "1", "source_digest": "s1"}
    ledger.open_transfer("acme", "travel", "other flow", **facts)
    ledger.open_transfer("beta", "sales", "other company", **facts)

    for choice in ((), ("acme",), ("acme", "sales"), ("beta",), (None, "travel")):
        every = list(ledger.transfers(*choice))
        left = [t for t in every if t.state not in ("done", "gone", "new")]
        assert left == list(ledger.unfinished(*choice))
    assert [
        *("intent", "doubt", "posted", "proved"),
        *("held new", "held posted", "waiting new", "waiting posted"),
        "gone posted",  # it may stand in the target: it waits
    ] == [transfer.key for transfer in ledger.unfinished("acme", "sales")]


def test_a_failed_change_leaves_no_event_and_a_failed_event_no_change(
    ledger, monkeypatch
):
    transfer = see(ledger)
    with pytest.raises(LedgerStateError):
        ledger.steps.hold(transfer, Event(""))  # a hold needs a code
    with monkeypatch.context() as patch:
        patch.setattr(ledger.events, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            claim(ledger, transfer)

    assert [] == steps(ledger, outcome="step")
    assert transfer == ledger.find_transfer("acme", "sales", "k1")
    assert "intent" == claim(ledger, transfer).stage


def test_runs_are_remembered(ledger, clock):
    assert None is ledger.runs.find_last("acme")
    run = ledger.runs.start("acme", "pid 1")
    assert (None, None) == (run.ended_at, run.outcome)
    clock.sleep(5)
    ended = ledger.runs.end(run, "ok", {"transferred": 40, "stopped": 2})

    assert ended == ledger.runs.find_last("acme")
    assert ("ok", {"transferred": 40, "stopped": 2}, START + timedelta(seconds=5)) == (
        ended.outcome,
        ended.counts,
        ended.ended_at,
    )
    assert None is ledger.runs.find_last("beta")

"""``runner.py log``, ``status``, ``retry`` and ``accept``."""

from __future__ import annotations

import os
import re
from contextlib import closing

import pytest

import runner
from engine.cli import exit_codes
from engine.clock import SystemClock
from engine.ledger.model import Content, Event
from engine.ledger.open import open_ledger
from tests.cli.operators import BAD, FINE, Operator, keep_only
from tests.simulators import invoice_number_of

LOG_KEYS = {
    "company",
    "flow",
    "key",
    "label",
    "outcome",
    "target_id",
    "target_number",
    "code",
    "message",
    "advice",
    "at",
}


@pytest.mark.parametrize("command", ["log", "status"])
def test_reading_makes_no_ledger(operator: Operator, command: str):
    """A mistyped address is told; it must not look like an empty log."""
    assert exit_codes.WRONG == operator.run(command)
    assert [] == list(operator.root.glob("ledger*"))


@pytest.mark.usefixtures("secrets")
def test_each_line_of_the_log_has_the_agreed_keys(operator: Operator):
    """Programs read it; keys may be added, never taken away."""
    operator.run("sync")
    operator.run("log", "--json")
    rows = operator.lines()

    assert 2 == len(rows)
    for row in rows:
        assert set(row) >= LOG_KEYS
    moved, stopped = sorted(rows, key=lambda row: row["outcome"], reverse=True)
    assert moved["target_id"]
    assert moved["target_number"]
    assert "" == moved["code"]
    assert "CUSTOMER_NUMBER_MISSING" == stopped["code"]
    assert stopped["advice"]
    assert stopped["target_id"] is None
    assert stopped["at"].endswith("Z")


@pytest.mark.usefixtures("secrets")
def test_the_log_is_chosen_by_outcome_company_and_time(operator: Operator):
    operator.run("sync")

    def labels(*options: str) -> list[str]:
        assert exit_codes.OK == operator.run("log", "--json", *options)
        return [row["label"] for row in operator.lines()]

    assert [str(FINE)] == labels("--outcome", "transferred")
    assert [str(invoice_number_of(BAD))] == labels("--outcome", "stopped")
    assert [] == labels("--company", "acme")
    assert [] == labels("--since", "2026-11-25")
    assert 2 == len(labels("--since", "2026-11-24"))


@pytest.mark.usefixtures("secrets")
def test_the_log_reads_as_a_table(operator: Operator):
    """Number there, number here, code and what to do; no colour outside a terminal."""
    operator.run("sync")
    operator.run("log")

    assert re.search(rf"demo +sales_invoice +{FINE} .*transferred +\d+", operator.out)
    assert "CUSTOMER_NUMBER_MISSING" in operator.out
    assert "\x1b" not in operator.out


@pytest.mark.usefixtures("secrets")
def test_places_and_utc_are_for_technical_eyes(operator: Operator):
    """A bookkeeper reads her own clock and no file of rules (B4)."""
    operator.run("sync")
    operator.run("log", "--outcome", "stopped")
    assert "2026-11-24 09:30" in operator.out
    assert ".yaml:" not in operator.out
    operator.run("log", "--outcome", "stopped", "--technical")
    assert "2026-11-24 07:30" in operator.out
    assert ".yaml:" in operator.out


def test_a_time_that_is_none_is_told(operator: Operator):
    assert exit_codes.WRONG == operator.run("log", "--since", "yesterday")
    assert '"yesterday" is not a date or time' in operator.err


def test_an_unknown_outcome_is_refused_with_the_known_ones(operator: Operator):
    with pytest.raises(SystemExit) as stopped:
        operator.run("log", "--outcome", "lost")

    assert exit_codes.WRONG == stopped.value.code
    assert "transferred" in operator.capture.readouterr().err


@pytest.mark.usefixtures("secrets")
def test_status_tells_what_waits_for_a_person(operator: Operator):
    """After half an hour, exit 1 and who must act; programs get everything (A16)."""
    operator.run("sync")

    assert exit_codes.OK == operator.run("status", "--company", "demo", "--json")
    ((status,),) = operator.lines()
    assert ("demo", "well", "ok", 1) == (
        status["company"],
        status["state"],
        status["last_outcome"],
        status["stuck"],
    )
    assert {"done": 1, "held": 1} == status["documents"]
    assert str(invoice_number_of(BAD)) == status["oldest_stuck"]
    assert {"severa", "procountor"} == set(status["calls"]) == set(status["keys_open"])
    assert status["next_run"] > status["last_run"]

    for _ in range(4):
        operator.severa.clock.advance(600)
        operator.run("sync")
    assert exit_codes.STOPPED == operator.run("status", "--company", "demo", "--json")
    ((status,),) = operator.lines()
    (trouble,) = status["troubles"]
    assert ("CUSTOMER_NUMBER_MISSING", "people", "bookkeeper") == (
        trouble["code"],
        trouble["kind"],
        trouble["who"],
    )
    assert exit_codes.STOPPED == operator.run("status", "--language", "en")
    assert "bookkeeper: CUSTOMER_NUMBER_MISSING since 2026-11-24" in operator.out


@pytest.mark.usefixtures("secrets")
def test_status_is_well_when_all_is_done_and_late_when_no_run_comes(
    operator: Operator,
):
    keep_only(operator, FINE)
    operator.run("sync")

    assert exit_codes.OK == operator.run("status")
    assert "demo     well, last good run 2026-11-24" in operator.out
    assert "severa Havukka Konsultointi Oy" in operator.out
    operator.severa.clock.advance(3 * 86_400)
    assert exit_codes.WAITING == operator.run("status", "--language", "en")
    assert "operator: RUN_LATE since 2026-11-24" in operator.out


@pytest.mark.usefixtures("secrets")
def test_status_tells_of_a_revoked_key_and_a_missing_secret(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    """Exit 2: a monitor passes neither over as a document that is stopped."""
    monkeypatch.setenv("SIIRTO_DEMO_PROCOUNTOR_API_KEY", "no-key-of-anybody")
    assert exit_codes.WRONG == operator.run("sync")
    assert exit_codes.WRONG == operator.run("status", "--language", "sv")
    assert "operator: KEY_REVOKED" in operator.out
    assert "gäller inte längre" in operator.out
    assert exit_codes.WRONG == operator.run("doctor")
    assert "KEY_REVOKED" in operator.out
    monkeypatch.setenv("SIIRTO_DEMO_SEVERA_CLIENT_SECRET", "wrong-secret-of-a-typo")
    operator.severa.clock.advance(660)
    assert exit_codes.WRONG == operator.run("sync")
    assert exit_codes.WRONG == operator.run("status", "--language", "en")
    assert "operator: KEY_WRONG" in operator.out

    monkeypatch.delenv("SIIRTO_DEMO_PROCOUNTOR_API_KEY")
    assert exit_codes.WRONG == operator.run("status", "--language", "en")
    assert "consultant: SETTINGS_WRONG" in operator.out
    assert "procountor_api_key" in operator.out


@pytest.mark.usefixtures("secrets")
def test_status_of_nobody_is_a_mistake(operator: Operator):
    operator.run("sync")

    assert exit_codes.WRONG == operator.run("status", "--company", "acme")
    assert "there is no company acme" in operator.err


@pytest.mark.usefixtures("secrets")
def test_status_of_a_damaged_ledger_cannot_start(operator: Operator):
    operator.run("sync")
    path = operator.root / "ledger.sqlite"
    path.write_bytes(b"SQLite format 3" + path.read_bytes()[15:20] + b"rubbish" * 999)

    assert exit_codes.CANNOT_START == operator.run("status")


@pytest.mark.usefixtures("secrets")
def test_a_stopped_document_is_tried_again_when_somebody_says_so(operator: Operator):
    """Unchanged it waits; ``retry`` with its number ends the waiting."""
    number = str(invoice_number_of(BAD))
    operator.run("sync")
    operator.run("sync", "--json")
    assert {"still stopped": 1} == operator.lines()[0]["flows"][0]["outcomes"]

    assert exit_codes.OK == operator.run("retry", number)
    assert f"demo sales_invoice {number}: goes again" in operator.out
    operator.run("sync", "--json")

    assert {"stopped": 1} == operator.lines()[0]["flows"][0]["outcomes"]


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("key", [str(FINE), "99999999"])
def test_only_what_is_stopped_can_be_retried(operator: Operator, key: str):
    """Neither a finished document nor an unknown number; exit 1 says it."""
    operator.run("sync")

    assert exit_codes.STOPPED == operator.run("retry", key)
    assert f"{key}: no stopped or waiting document of that number" in operator.err


@pytest.mark.usefixtures("secrets")
def test_a_person_accepts_what_is_right_in_the_target(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    """The word is kept with who, when and why; other stops take none."""
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    clock = SystemClock()
    with closing(open_ledger(operator.ledger, clock)) as ledger:
        for number, code in ((1, "TOTAL_DIFFERS"), (2, "DUPLICATE_IN_TARGET")):
            held = ledger.open_transfer(
                "demo",
                "sales_invoice",
                f"k{number}",
                label=str(number),
                reference=str(number),
                source_digest="s",
            )
            held = ledger.contents.gathered(held, Content("c1"))
            ledger.steps.hold(held, Event(code, "is there"))

    assert exit_codes.OK == operator.run("accept", "1", "--why", "rounded by hand")
    assert "demo sales_invoice 1: accepted as it stands" in operator.out
    assert exit_codes.STOPPED == operator.run("accept", "2", "--why", "why not")
    assert "DUPLICATE_IN_TARGET is nothing that can be accepted" in operator.err
    assert exit_codes.STOPPED == operator.run("accept", "3", "--why", "why not")
    assert "3: no stopped document of that number" in operator.err
    operator.run("log", "--outcome", "note", "--json")
    assert [("ACCEPTED", "anna: rounded by hand")] == [
        (row["code"], row["message"]) for row in operator.lines()
    ]


def test_an_account_without_a_name_has_its_number(monkeypatch: pytest.MonkeyPatch):
    def fail() -> str:
        raise OSError

    monkeypatch.setattr("getpass.getuser", fail)

    assert f"user {os.getuid()}" == runner._who()

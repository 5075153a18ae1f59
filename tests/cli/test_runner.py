"""The runner itself: the unexpected, the ledger's address, setting itself up."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

import runner
from engine.cli import exit_codes
from engine.ledger.open import open_ledger
from tests.cli.operators import Operator
from tests.simulators import DEMO_NOW, StillClock


def test_the_unexpected_has_its_own_exit_code(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    """One line and a way out, no trace; with SIIRTO_DEBUG the trace."""

    def fail(_: Path, **__: object) -> None:
        raise RuntimeError("out of paper")

    monkeypatch.setattr("engine.project.project.load_project", fail)

    assert exit_codes.UNEXPECTED == operator.run("sync")
    assert "unexpected RuntimeError: out of paper" in operator.err
    assert "SIIRTO_DEBUG=1" in operator.err

    monkeypatch.setenv("SIIRTO_DEBUG", "1")
    assert exit_codes.UNEXPECTED == operator.run("sync")
    assert "Traceback" in operator.err
    assert "RuntimeError: out of paper" in operator.err


def test_a_ledger_of_an_unknown_kind_is_told_without_its_address(operator: Operator):
    """An address may hold a password."""
    operator.ledger = "mysql://user:pass-word@host/db"

    assert exit_codes.WRONG == operator.run("log")
    assert '"mysql" is not a kind of ledger' in operator.err
    assert "pass-word" not in operator.err


def test_the_ledger_may_be_named_by_the_environment(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    """An option goes before it."""
    with closing(open_ledger(operator.ledger, StillClock(DEMO_NOW))):
        pass
    monkeypatch.setenv("SIIRTO_LEDGER", operator.ledger)

    assert exit_codes.OK == runner.main(["log"])
    assert "the log is empty" in operator.capture.readouterr().out


@pytest.mark.parametrize(
    "command", [["demo"], ["test"], ["test", "tests/unit", "-k", "money"]]
)
def test_demo_and_test_set_themselves_up(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    """Outside the environment they start again inside, and give its exit code."""
    calls = start_again(monkeypatch)

    assert 5 == runner.main(command)
    assert [command] == calls


def test_test_hands_options_to_pytest(monkeypatch: pytest.MonkeyPatch):
    """``make snapshots`` says ``runner.py test --snapshot-update``."""
    calls = start_again(monkeypatch)

    assert 5 == runner.main(["test", "--snapshot-update"])
    assert [["test", "--snapshot-update"]] == calls


@pytest.mark.parametrize(
    ("given", "is_spread"),
    [
        ([], True),
        (["-k", "money", "-x"], True),
        (["--snapshot-update"], False),
        (["-n0"], False),
        (["-p", "no:xdist"], False),
        (["--pdb"], False),
    ],
)
def test_tests_use_every_core_unless_told(
    monkeypatch: pytest.MonkeyPatch, given: list[str], is_spread: bool
):
    """Whoever looks for a fault says so, and gets one process."""
    asked: list[list[str]] = []
    monkeypatch.setattr(runner.selfsetup, "is_inside", lambda _: True)
    monkeypatch.setattr(runner, "_write_local_pages", lambda: None)
    monkeypatch.setattr(pytest, "main", lambda options: asked.append(options) or 5)
    monkeypatch.chdir(runner.ROOT)

    assert 5 == runner.main(["test", *given])
    spread = ["--numprocesses", "auto", "--dist", "worksteal"] if is_spread else []
    assert [[*spread, *given]] == asked


def start_again(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Pretend to run on the machine's own Python; collect what is started."""
    calls: list[list[str]] = []

    def rerun(_: Path, arguments: list[str], *, may_install: bool) -> int:
        assert may_install
        calls.append(arguments)
        return 5

    monkeypatch.setattr(runner.selfsetup, "is_inside", lambda _: False)
    monkeypatch.setattr(runner.selfsetup, "rerun_inside", rerun)
    return calls

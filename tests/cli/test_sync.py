"""``runner.py sync``: exit codes, what is said, and the lock."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from engine.cli import exit_codes
from tests.cli.operators import (
    BAD,
    FINE,
    Operator,
    created,
    keep_only,
    replace,
    requests,
)
from tests.places import ROOT
from tests.simulators import invoice_number_of, serve

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.usefixtures("secrets")
def test_sync_moves_what_is_fine_and_stops_what_is_not(operator: Operator):
    """Exit 1 asks somebody to look at the log; the fine one has gone."""
    assert exit_codes.STOPPED == operator.run("sync")
    assert exit_codes.OK == operator.run("log", "--json")
    outcomes = {row["label"]: row["outcome"] for row in operator.lines()}

    assert {
        str(FINE): "transferred",
        str(invoice_number_of(BAD)): "stopped",
    } == outcomes


@pytest.mark.usefixtures("secrets")
def test_sync_is_well_when_nothing_is_left(operator: Operator):
    """Exit 0, and again 0 when there is nothing to do."""
    keep_only(operator, FINE)

    assert exit_codes.OK == operator.run("sync")
    assert exit_codes.OK == operator.run("sync")
    assert 1 == len(created(operator))


@pytest.mark.usefixtures("secrets")
def test_sync_is_silent_without_a_terminal(operator: Operator):
    """A scheduler's mail stays empty: the exit code and the log tell."""
    operator.run("sync")

    assert ("", "") == (operator.out, operator.err)


@pytest.mark.usefixtures("secrets")
def test_sync_json_gives_one_object_per_company(operator: Operator):
    """With what was done, per flow, and the requests that it took."""
    operator.run("sync", "--json")
    (report,) = operator.lines()

    assert ("demo", False, "") == (
        report["company"],
        report["locked"],
        report["degraded"],
    )
    (flow,) = report["flows"]
    assert "sales_invoice" == flow["flow"]
    assert {"transferred": 1, "stopped": 1} == flow["outcomes"]
    assert {"severa", "procountor"} == set(flow["calls"])


@pytest.mark.usefixtures("secrets")
def test_sync_takes_one_company_and_one_flow(operator: Operator):
    code = operator.run("sync", "--company", "demo", "--flow", "sales_invoice")

    assert exit_codes.STOPPED == code


@pytest.mark.parametrize(
    ("option", "name"), [("--company", "acme"), ("--flow", "sales_invoic")]
)
def test_an_unknown_name_is_told_with_the_known_ones(
    operator: Operator, option: str, name: str
):
    assert exit_codes.WRONG == operator.run("sync", option, name)
    assert name in operator.err
    assert "known are: " in operator.err
    assert [] == requests(operator)


@pytest.mark.usefixtures("secrets")
def test_a_company_that_is_switched_off_does_nothing(operator: Operator):
    """The master switch: no request, no secret asked for, all well."""
    replace(operator.company_file, "enabled: yes", "enabled: no")

    assert exit_codes.OK == operator.run("sync")
    assert [] == requests(operator)


@pytest.mark.usefixtures("secrets")
def test_a_system_that_is_down_degrades_the_run(operator: Operator):
    """Nobody's work, so not exit 1; one line, also without a terminal."""
    server = serve(operator.severa)
    server.close()  # a port where nobody listens
    text = operator.company_file.read_text("utf-8").splitlines()
    text[-2] = f"  severa: {{base_url: '{server.url}'}}"
    operator.company_file.write_text("\n".join(text) + "\n", "utf-8")

    assert exit_codes.WAITING == operator.run("sync")
    assert "ended early" in operator.err
    assert 1 == len(operator.err.splitlines())


HOLDER = """
import sys
from engine.clock import SystemClock
from engine.ledger.open import open_ledger
ledger = open_ledger(sys.argv[1], SystemClock())
lock = ledger.try_lock("demo")
print("held" if lock else "free", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(operator: Operator) -> Iterator[subprocess.Popen[str]]:
    """Another process has the company's lock."""
    command = [sys.executable, "-c", HOLDER, operator.ledger]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        yield process
        if process.poll() is None:
            process.communicate("")


@pytest.mark.usefixtures("secrets")
def test_a_second_run_leaves_at_once(operator: Operator, holder: subprocess.Popen[str]):
    """Exit 4, one line that names the holder, not a single request."""
    assert exit_codes.LOCKED == operator.run("sync")
    assert f"pid {holder.pid}" in operator.err
    assert 1 == len(operator.err.splitlines())
    assert [] == requests(operator)


@pytest.mark.usefixtures("secrets")
def test_a_killed_holder_leaves_no_lock_behind(
    operator: Operator, holder: subprocess.Popen[str]
):
    """The kernel holds it, so that nobody has to remove a file."""
    holder.kill()
    holder.wait()

    assert exit_codes.STOPPED == operator.run("sync")


@pytest.mark.usefixtures("secrets")
def test_the_log_can_be_read_while_a_run_is_at_work(
    operator: Operator, holder: subprocess.Popen[str]
):
    """Only ``sync`` needs the lock."""
    assert exit_codes.OK == operator.run("log")
    assert exit_codes.OK == operator.run("status")

"""The command line: exit codes, what is said and what is not, on a project of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import runner
from engine.cli import exit_codes
from engine.ledger.open import open_ledger
from tests.places import ROOT
from tests.simulators import (
    DEMO_NOW,
    DEMO_SECRETS,
    Procountor,
    Severa,
    StillClock,
    demo_data,
    invoice_number_of,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FINE = 20261001  # a plain hourly invoice
BAD = "no_customer_number"
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


@dataclass(slots=True)
class Project:
    """A project in a folder of its own; ``run`` is one command line."""

    root: Path
    ledger: str
    severa: Severa
    procountor: Procountor
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def run(self, command: str, *arguments: str) -> int:
        """Run a command and keep what it said."""
        options = ["--root", str(self.root), "--ledger", self.ledger]
        code = runner.main([command, *options, *arguments])
        self.out, self.err = self.capture.readouterr()
        return code

    def lines(self) -> list[dict[str, Any]]:
        """Read the JSON objects of the last output."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def company_file(self) -> Path:
        return self.root / "mappings" / "companies" / "demo.yaml"


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no setting of the machine it runs on."""
    for name in ("CREDENTIALS_DIRECTORY", "SIIRTO_DEBUG", "SIIRTO_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    for name in DEMO_SECRETS:
        monkeypatch.delenv(f"SIIRTO_DEMO_{name}", raising=False)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's secrets are in the environment."""
    for name, text in DEMO_SECRETS.items():
        monkeypatch.setenv(f"SIIRTO_DEMO_{name}", text)


@pytest.fixture
def project(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Project]:
    """Copies of the shipped rules, and two simulated systems on loopback."""
    for name in ("mappings", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    clock = StillClock(DEMO_NOW)
    monkeypatch.setattr("engine.clock.SystemClock", lambda: clock)
    severa_data, procountor_data = demo_data()
    numbers = {FINE, invoice_number_of(BAD)}
    severa_data.invoices = [i for i in severa_data.invoices if i["number"] in numbers]
    severa = Severa(severa_data, clock)
    procountor = Procountor(procountor_data, clock)
    servers = {"severa": serve(severa), "procountor": serve(procountor)}
    found = Project(
        tmp_path, f"sqlite:///{tmp_path / 'ledger.sqlite'}", severa, procountor, capsys
    )
    with found.company_file.open("a", encoding="utf-8") as file:
        file.write("systems:\n")
        for name, server in servers.items():
            file.write(f"  {name}: {{base_url: '{server.url}'}}\n")
    yield found
    for server in servers.values():
        server.close()


# --- sync -----------------------------------------------------------------------------


@pytest.mark.usefixtures("secrets")
def test_sync_moves_what_is_fine_and_stops_what_is_not(project: Project):
    """Exit 1 asks somebody to look at the log; the fine one has gone."""
    assert exit_codes.STOPPED == project.run("sync")
    assert exit_codes.OK == project.run("log", "--json")
    outcomes = {row["label"]: row["outcome"] for row in project.lines()}

    assert {
        str(FINE): "transferred",
        str(invoice_number_of(BAD)): "stopped",
    } == outcomes


@pytest.mark.usefixtures("secrets")
def test_sync_is_well_when_nothing_is_left(project: Project):
    """Exit 0, and again 0 when there is nothing to do."""
    keep_only(project, FINE)

    assert exit_codes.OK == project.run("sync")
    assert exit_codes.OK == project.run("sync")
    assert 1 == len(created(project))


@pytest.mark.usefixtures("secrets")
def test_sync_is_silent_without_a_terminal(project: Project):
    """A scheduler's mail stays empty: the exit code and the log tell."""
    project.run("sync")

    assert ("", "") == (project.out, project.err)


@pytest.mark.usefixtures("secrets")
def test_sync_json_gives_one_object_per_company(project: Project):
    """With what was done, per flow, and the requests that it took."""
    project.run("sync", "--json")
    (report,) = project.lines()

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
def test_sync_takes_one_company_and_one_flow(project: Project):
    code = project.run("sync", "--company", "demo", "--flow", "sales_invoice")

    assert exit_codes.STOPPED == code


@pytest.mark.parametrize(
    ("option", "name"), [("--company", "acme"), ("--flow", "sales_invoic")]
)
def test_an_unknown_name_is_told_with_the_known_ones(
    project: Project, option: str, name: str
):
    assert exit_codes.WRONG == project.run("sync", option, name)
    assert name in project.err
    assert "known are: " in project.err
    assert [] == requests(project)


@pytest.mark.usefixtures("secrets")
def test_a_company_that_is_switched_off_does_nothing(project: Project):
    """The master switch: no request, no secret asked for, all well."""
    replace(project.company_file, "enabled: yes", "enabled: no")

    assert exit_codes.OK == project.run("sync")
    assert [] == requests(project)


@pytest.mark.usefixtures("secrets")
def test_a_system_that_is_down_degrades_the_run(project: Project):
    """Exit 1 and one line, also without a terminal; nothing is lost."""
    server = serve(project.severa)
    server.close()  # a port where nobody listens
    text = project.company_file.read_text("utf-8").splitlines()
    text[-2] = f"  severa: {{base_url: '{server.url}'}}"
    project.company_file.write_text("\n".join(text) + "\n", "utf-8")

    assert exit_codes.STOPPED == project.run("sync")
    assert "ended early" in project.err
    assert 1 == len(project.err.splitlines())


# --- the lock -------------------------------------------------------------------------

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
def holder(project: Project) -> Iterator[subprocess.Popen[str]]:
    """Another process has the company's lock."""
    command = [sys.executable, "-c", HOLDER, project.ledger]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        yield process
        if process.poll() is None:
            process.communicate("")


@pytest.mark.usefixtures("secrets")
def test_a_second_run_leaves_at_once(project: Project, holder: subprocess.Popen[str]):
    """Exit 4, one line that names the holder, not a single request."""
    assert exit_codes.LOCKED == project.run("sync")
    assert f"pid {holder.pid}" in project.err
    assert 1 == len(project.err.splitlines())
    assert [] == requests(project)


@pytest.mark.usefixtures("secrets")
def test_a_killed_holder_leaves_no_lock_behind(
    project: Project, holder: subprocess.Popen[str]
):
    """The kernel holds it, so that nobody has to remove a file."""
    holder.kill()
    holder.wait()

    assert exit_codes.STOPPED == project.run("sync")


@pytest.mark.usefixtures("secrets")
def test_the_log_can_be_read_while_a_run_is_at_work(
    project: Project, holder: subprocess.Popen[str]
):
    """Only ``sync`` needs the lock."""
    assert exit_codes.OK == project.run("log")
    assert exit_codes.OK == project.run("status")


# --- what is wrong before anything runs -----------------------------------------------


@pytest.mark.usefixtures("secrets")
def test_all_faults_of_all_files_are_listed(project: Project):
    """File, line and column of each, exit 2, nothing runs."""
    invoice = project.root / "mappings/sales_invoice/invoice.yaml"
    replace(invoice, "limit: 28", "limt: 28")
    replace(project.company_file, "country: FI", "country: NO")
    table = project.root / "mappings/tables/units.yaml"
    table.write_text("format: 1\ntable: units\n\tentries:\n", "utf-8")

    assert exit_codes.WRONG == project.run("sync")
    for place in (
        place_of(invoice, "limt", project.root),
        place_of(project.company_file, "NO", project.root),
        "mappings/tables/units.yaml:3:1",
    ):
        assert f"{place}  " in project.err
    assert "did you mean limit?" in project.err
    assert [] == requests(project)


def test_missing_secrets_are_all_named_with_every_place(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Names and places, never a value; not even of those that are there."""
    given = "PROCOUNTOR_API_KEY"
    monkeypatch.setenv(f"SIIRTO_DEMO_{given}", DEMO_SECRETS[given])
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    assert exit_codes.WRONG == project.run("sync")
    for name in DEMO_SECRETS:
        key = f"SIIRTO_DEMO_{name}"
        for place in (
            f"environment variable {key}",
            str(tmp_path / "credentials" / key),
            str(project.root / ".secrets" / key),
        ):
            assert (name != given) == (place in project.err)
    assert DEMO_SECRETS[given] not in project.err
    assert [] == requests(project)


def test_a_secret_may_lie_in_a_private_file(project: Project):
    """``.secrets/SIIRTO_<COMPANY>_<SECRET>``, for nobody else to read."""
    folder = project.root / ".secrets"
    folder.mkdir()
    for name, text in DEMO_SECRETS.items():
        path = folder / f"SIIRTO_DEMO_{name}"
        path.write_text(text + "\n")
        path.chmod(0o600)

    assert exit_codes.STOPPED == project.run("sync")


def test_a_secret_that_others_can_read_is_refused(project: Project):
    folder = project.root / ".secrets"
    folder.mkdir()
    path = folder / "SIIRTO_DEMO_SEVERA_CLIENT_SECRET"
    path.write_text(DEMO_SECRETS["SEVERA_CLIENT_SECRET"])
    path.chmod(0o644)

    assert exit_codes.WRONG == project.run("sync")
    assert f"chmod 600 {path}" in project.err
    assert DEMO_SECRETS["SEVERA_CLIENT_SECRET"] not in project.err


def test_a_folder_without_rules_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert exit_codes.WRONG == runner.main(["sync", "--root", str(tmp_path)])
    assert "there is no folder mappings/" in capsys.readouterr().err


@pytest.mark.usefixtures("secrets")
def test_a_status_that_the_source_does_not_have_is_a_setting(project: Project):
    """Found out in the run, but still exit 2: the company file is wrong."""
    replace(project.company_file, "Transferred to Procountor", "Moved away")

    assert exit_codes.WRONG == project.run("sync")
    assert "Moved away" in project.err or "status" in project.err
    assert [] == created(project)


# --- log, status, retry ---------------------------------------------------------------


@pytest.mark.parametrize("command", ["log", "status"])
def test_reading_makes_no_ledger(project: Project, command: str):
    """A mistyped address is told; it must not look like an empty log."""
    assert exit_codes.WRONG == project.run(command)
    assert [] == list(project.root.glob("ledger*"))


@pytest.mark.usefixtures("secrets")
def test_each_line_of_the_log_has_the_agreed_keys(project: Project):
    """Programs read it; keys may be added, never taken away."""
    project.run("sync")
    project.run("log", "--json")
    rows = project.lines()

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
def test_the_log_is_chosen_by_outcome_company_and_time(project: Project):
    project.run("sync")

    def labels(*options: str) -> list[str]:
        assert exit_codes.OK == project.run("log", "--json", *options)
        return [row["label"] for row in project.lines()]

    assert [str(FINE)] == labels("--outcome", "transferred")
    assert [str(invoice_number_of(BAD))] == labels("--outcome", "stopped")
    assert [] == labels("--company", "acme")
    assert [] == labels("--since", "2026-11-25")
    assert 2 == len(labels("--since", "2026-11-24"))


@pytest.mark.usefixtures("secrets")
def test_the_log_reads_as_a_table(project: Project):
    """Number there, number here, code and what to do; no colour outside a terminal."""
    project.run("sync")
    project.run("log")

    assert re.search(rf"demo +sales_invoice +{FINE} .*transferred +\d+", project.out)
    assert "CUSTOMER_NUMBER_MISSING" in project.out
    assert "\x1b" not in project.out


def test_a_time_that_is_none_is_told(project: Project):
    assert exit_codes.WRONG == project.run("log", "--since", "yesterday")
    assert '"yesterday" is not a date or time' in project.err


def test_an_unknown_outcome_is_refused_with_the_known_ones(project: Project):
    with pytest.raises(SystemExit) as stopped:
        project.run("log", "--outcome", "lost")

    assert exit_codes.WRONG == stopped.value.code
    assert "transferred" in project.capture.readouterr().err


@pytest.mark.usefixtures("secrets")
def test_status_tells_what_is_stuck(project: Project):
    """Exit 1 while a document waits for somebody."""
    project.run("sync")

    assert exit_codes.STOPPED == project.run("status", "--json")
    ((status,),) = project.lines()
    assert ("demo", "ok", 1) == (
        status["company"],
        status["last_outcome"],
        status["stuck"],
    )
    assert {"done": 1, "held": 1} == status["documents"]
    assert str(invoice_number_of(BAD)) == status["oldest_stuck"]

    assert exit_codes.STOPPED == project.run("status")
    assert "stuck: 1" in project.out


@pytest.mark.usefixtures("secrets")
def test_status_is_well_when_all_is_done(project: Project):
    keep_only(project, FINE)
    project.run("sync")

    assert exit_codes.OK == project.run("status")
    assert "stuck" not in project.out


@pytest.mark.usefixtures("secrets")
def test_a_stopped_document_is_tried_again_when_somebody_says_so(project: Project):
    """Unchanged it waits; ``retry`` with its number ends the waiting."""
    number = str(invoice_number_of(BAD))
    project.run("sync")
    project.run("sync", "--json")
    assert {"still stopped": 1} == project.lines()[0]["flows"][0]["outcomes"]

    assert exit_codes.OK == project.run("retry", number)
    assert f"demo sales_invoice {number}: goes again" in project.out
    project.run("sync", "--json")

    assert {"stopped": 1} == project.lines()[0]["flows"][0]["outcomes"]


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("key", [str(FINE), "99999999"])
def test_only_what_is_stopped_can_be_retried(project: Project, key: str):
    """Neither a finished document nor an unknown number; exit 1 says it."""
    project.run("sync")

    assert exit_codes.STOPPED == project.run("retry", key)
    assert f"{key}: no stopped or waiting document of that number" in project.err


# --- the unexpected -------------------------------------------------------------------


def test_the_unexpected_has_its_own_exit_code(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    """One line and a way out, no trace; with SIIRTO_DEBUG the trace."""

    def fail(_: Path) -> None:
        raise RuntimeError("out of paper")

    monkeypatch.setattr("engine.project.project.load_project", fail)

    assert exit_codes.UNEXPECTED == project.run("sync")
    assert "unexpected RuntimeError: out of paper" in project.err
    assert "SIIRTO_DEBUG=1" in project.err

    monkeypatch.setenv("SIIRTO_DEBUG", "1")
    with pytest.raises(RuntimeError):
        project.run("sync")


def test_a_ledger_of_an_unknown_kind_is_told_without_its_address(project: Project):
    """An address may hold a password."""
    project.ledger = "mysql://user:pass-word@host/db"

    assert exit_codes.WRONG == project.run("log")
    assert '"mysql" is not a kind of ledger' in project.err
    assert "pass-word" not in project.err


def test_the_ledger_may_be_named_by_the_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    """An option goes before it."""
    with closing(open_ledger(project.ledger, StillClock(DEMO_NOW))):
        pass
    monkeypatch.setenv("SIIRTO_LEDGER", project.ledger)

    assert exit_codes.OK == runner.main(["log"])
    assert "the log is empty" in project.capture.readouterr().out


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


# --- helpers of this file -------------------------------------------------------------


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def place_of(path: Path, text: str, root: Path) -> str:
    """Give ``file:line:column`` of a text's first place in a file."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if text in line:
            file = path.relative_to(root).as_posix()
            return f"{file}:{number}:{line.index(text) + 1}"
    raise AssertionError(text)


def keep_only(project: Project, *numbers: int) -> None:
    invoices = project.severa.data.invoices
    invoices[:] = [i for i in invoices if i["number"] in numbers]


def requests(project: Project) -> list[Any]:
    return [*project.severa.journal, *project.procountor.journal]


def created(project: Project) -> list[Any]:
    return [
        exchange
        for exchange in project.procountor.journal
        if (exchange.method, exchange.path.removeprefix("/api"))
        == ("POST", "/invoices")
    ]

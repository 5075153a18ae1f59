"""What a run tells the machines that watch it (B3, X18)."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

import runner
from engine.cli import exit_codes
from engine.cli.screens import render_log
from engine.cli.signals import ping
from tests.cli.operators import FINE, Operator, keep_only, replace
from tests.simulators import DEMO_NOW, StillClock


def heard(url: str, *states: str, status: int = 200) -> tuple[list[str], list[str]]:
    """Ping for states; give the paths that were asked and what was said."""
    asked: list[str] = []
    said: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(status)

    clock: Any = StillClock(DEMO_NOW)
    for state in states:
        transport: Any = httpx.MockTransport(answer)
        ping(url, state, clock, said.append, transport)
    return asked, said


@pytest.mark.parametrize(
    ("url", "paths"),
    [
        ("https://hc.example/uuid", ["/uuid/start", "/uuid", "/uuid/fail"]),
        (
            "https://w.example/api?job=siirto&state={state}",
            [f"/api?job=siirto&state={s}" for s in ("start", "success", "failure")],
        ),
        ("", []),
    ],
)
def test_any_address_is_pinged_on_start_success_and_failure(url, paths):
    assert (paths, []) == heard(url, "start", "success", "failure")


def test_a_watcher_that_is_away_is_told_and_stops_nothing():
    """Nor is its address said: it may be a key."""
    said: list[str] = []

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    clock: Any = StillClock(DEMO_NOW)
    transport: Any = httpx.MockTransport(fail)
    ping("https://hc.example/secret-uuid", "start", clock, said.append, transport)
    ping("http://hc.example/secret-uuid", "start", clock, said.append, transport)

    assert 2 == len(said)
    assert all("secret-uuid" not in text for text in said)


@pytest.mark.usefixtures("secrets")
def test_sync_pings_before_and_after(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    """What somebody must act on is a failure; a stopped document is not."""
    told: list[str] = []
    monkeypatch.setattr(
        "engine.cli.signals.ping", lambda url, state, *_: told.append(f"{url} {state}")
    )
    monkeypatch.setenv("SIIRTO_PING_URL", "u")

    operator.run("sync")
    replace(operator.company_file, "country: FI", "country: XX")
    operator.run("sync")
    replace(
        operator.root / "mappings/sales_invoice/invoice.yaml", "limit: 28", "limt: 2"
    )
    operator.run("sync")

    assert ["u start", "u success"] + ["u start", "u failure"] * 2 == told


@pytest.mark.usefixtures("secrets")
def test_metrics_are_the_status_of_all_companies(operator: Operator):
    """A text file of the node exporter, whole at any moment, for the user and others."""
    path = operator.root / "siirto.prom"
    operator.run("sync", "--metrics", str(path))
    text = path.read_text("utf-8")

    assert 'siirto_well{company="demo"} 1' in text
    assert 'siirto_documents{company="demo",state="held"} 1' in text
    assert re.search(
        r'siirto_last_run_requests\{company="demo",system="severa"\} \d+', text
    )
    form = re.compile(
        r'# (HELP|TYPE) siirto_\w+ .+|siirto_\w+\{(\w+="[^"]*",?)+\} [\d.]+'
    )
    assert all(form.fullmatch(line) for line in text.splitlines())
    operator.severa.clock.advance(7200)
    operator.run("status", "--metrics", str(path))
    assert 'code="RUN_LATE",who="operator"} 1' in path.read_text("utf-8")
    assert [path] == [p for p in operator.root.iterdir() if "prom" in p.name]


@pytest.mark.usefixtures("secrets")
def test_log_json_is_one_line_for_each_run(operator: Operator):
    operator.run("sync", "--log", "json")

    (line,) = operator.err.splitlines()
    said = json.loads(line)
    assert ("run", "info", "demo", 1) == (
        said["event"],
        said["level"],
        said["company"],
        said["exit_code"],
    )
    assert said["at"].endswith("Z")


@pytest.mark.usefixtures("secrets")
def test_verbose_says_more_and_quiet_less(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    keep_only(operator, FINE)
    operator.run("sync", "-v")
    assert operator.err.startswith("demo: 1 transferred")
    operator.severa.clock.advance(660)
    operator.run("sync")
    assert "" == operator.err
    monkeypatch.setenv("SIIRTO_DEMO_SEVERA_CLIENT_SECRET", "wrong-secret-of-a-typo")
    assert exit_codes.WRONG == operator.run("sync", "-q")
    assert operator.err


def test_version(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        runner.main(["--version"])

    assert exit_codes.OK == ended.value.code
    assert re.fullmatch(r"siirto \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.usefixtures("secrets")
def test_no_color_is_heeded(operator: Operator, monkeypatch: pytest.MonkeyPatch):
    """no-color.org: any value of the variable takes the colours away."""
    operator.run("sync")
    from contextlib import closing

    from engine.ledger.open import open_ledger

    clock: Any = operator.severa.clock
    with closing(open_ledger(operator.ledger, clock)) as ledger:
        rows = list(ledger.log())
    assert "\x1b[3" in render_log(rows, width=80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[(?:\d;)*3\d", render_log(rows, width=80))

"""What a run tells the machines that watch it: a ping, metrics, a line for each run.

Nothing here delays or fails a run: a watcher that does not answer is told to people.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from engine.cli.exit_codes import LOCKED, OK, STOPPED, WAITING
from engine.ledger.model import format_time
from engine.systems.client import ClientError, HttpClient, Request, base_url_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from engine.clock import Clock
    from engine.systems.client import Transport

PING_SECONDS: Final = 5.0
STATE: Final = "{state}"  # in the address: start, success or failure
# Where the address says nothing of states: as the usual services have it.
ENDINGS: Final = {"start": "/start", "success": "", "failure": "/fail"}
# Nobody has to act at once: people's work, another run, a system that comes back.
WELL: Final = (OK, STOPPED, LOCKED, WAITING)


def ping(
    url: str | None,
    state: str,
    clock: Clock,
    say: Callable[[str], None],
    transport: Transport | None = None,
) -> None:
    """Tell a dead-man's switch that a run begins, has ended well, or has not.

    Args:
        url: Any address; ``{state}`` in it becomes start, success or failure. None or
            "" tells nobody.
        say: Told when it does not answer; never what the address is, it may be a key.
    """
    if not url:
        return
    address = url.replace(STATE, state)
    if STATE not in url:
        address = url.rstrip("/") + ENDINGS[state]
    parts = urlsplit(address)
    base = f"{parts.scheme}://{parts.netloc}"
    if fault := base_url_fault(base):
        say(f"ping: the address in SIIRTO_PING_URL {fault}")
        return
    client = HttpClient(
        base, clock=clock, transport=transport, timeout_seconds=PING_SECONDS
    )
    with closing(client):
        try:
            request = Request("GET", address, {})
            client.send(request, fresh_connection=True, deadline_seconds=PING_SECONDS)
        except ClientError as error:
            say(f"ping: nobody heard of the {state}: {error}")


def ping_end(code: int) -> str:
    """Give what a run's exit code is for the ping."""
    return "success" if code in WELL else "failure"


def run_line(at: datetime, level: str, report: dict[str, Any]) -> str:
    """Give a company's run as one line for a log collector."""
    said = {"at": format_time(at), "level": level, "event": "run", **report}
    return json.dumps(said, ensure_ascii=False, sort_keys=False)


def write_metrics(path: Path, rows: Iterable[dict[str, Any]], now: datetime) -> None:
    """Write the status of all companies for the node exporter's text files.

    Args:
        rows: As ``status --json`` gives them.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    lines = [*_metric_lines(list(rows), now)]
    beside.write_text("\n".join(lines) + "\n", "utf-8")
    beside.replace(path)  # a collector never reads half a file


def _metric(name: str, about: str, values: Iterable[tuple[str, Any]]) -> Iterator[str]:
    yield f"# HELP siirto_{name} {about}"
    yield f"# TYPE siirto_{name} gauge"
    yield from (f"siirto_{name}{{{labels}}} {value}" for labels, value in values)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _metric_lines(rows: list[dict[str, Any]], now: datetime) -> Iterator[str]:
    named = [(f'company="{row["company"]}"', row) for row in rows]
    yield from _metric(
        "well",
        "1 when a company is well or switched off",
        ((who, int(row["state"] != "trouble")) for who, row in named),
    )
    for name, key in (("last_run", "last_run"), ("last_good_run", "last_good_run")):
        yield from _metric(
            f"{name}_timestamp_seconds",
            "when it began",
            ((who, _seconds(row[key])) for who, row in named if row[key]),
        )
    yield from _metric(
        "oldest_unfinished_seconds",
        "how long the oldest unfinished document has been known",
        (
            (who, now.timestamp() - _seconds(row["oldest_since"]))
            for who, row in named
            if row["oldest_since"]
        ),
    )
    yield from _metric(
        "documents",
        "documents by state",
        (
            (f'{who},state="{state}"', number)
            for who, row in named
            for state, number in row["documents"].items()
        ),
    )
    yield from _metric(
        "trouble",
        "1 for each trouble of a company",
        (
            (f'{who},code="{trouble["code"]}",who="{trouble["who"]}"', 1)
            for who, row in named
            for trouble in row["troubles"]
        ),
    )
    yield from _metric(
        "last_run_requests",
        "requests of the last run, by system",
        (
            (f'{who},system="{system}"', calls["last_run"])
            for who, row in named
            for system, calls in row["calls"].items()
        ),
    )

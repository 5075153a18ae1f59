"""Scenarios: one company between two simulated systems, with what may go wrong.

Each file under ``tests/scenarios/`` is one scenario; what both systems were asked, what
the ledger remembers and what the log says is the snapshot.

    about: one sentence (with R-, X- or F-numbers)
    keep: [simple, 20261007]       # cases or numbers of the invoices that wait
    settings: {sales: {...}}       # changes to the demo company
    runs:                          # one after the other
      - {}                         # as the scheduler would
      - after_seconds: 660         # pause before it
        faults: [{system: procountor, match: POST /invoices, kind: drop_after}]
        crash: "POST /api/invoices"   # the process ends after this request
        retry: simple              # a person says so
        edit: {invoice: simple, set: {orderNumber: "1"}}    # in the source
        remove_in_target: yes      # a person deletes what stands in the target
        lose_ledger: yes
        back_to_transfer: yes      # a person sets the source's status back
        search_lag_seconds: 120    # the target's search is behind by so much
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from tests.simulators import invoice_number_of
from tests.worlds import Crash, World

FOLDER = Path(__file__).parent / "scenarios"
FILES = sorted(FOLDER.rglob("*.yaml"))
RULE_PLACE = re.compile(r":\d+:\d+\]")
SHOWN_QUERY = (
    "originalInvoiceNumber",
    "customerNumber",
    "code",
    "active",
    "pdfGetOptions",
    "projectGuids",
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """What happens is what the snapshot says, request by request."""
    scenario = yaml.safe_load(path.read_text("utf-8"))
    world = World(tmp_path, scenario.get("settings"), scenario.get("keep"))

    story = [play(world, number, run) for number, run in enumerate(scenario["runs"], 1)]

    assert "\n".join([*story, *describe_end(world)]) == snapshot


def play(world: World, number: int, run: dict[str, Any]) -> str:
    """Make one run and tell what was asked and said."""
    world.clock.advance(run.get("after_seconds", 1))
    prepare(world, run)
    before = len(world.requests())
    crash = run.get("crash")
    if crash:
        world.crashes.append(crash)
        with pytest.raises(Crash):
            world.run()
        outcome = "the process was killed"
    else:
        report = world.run()
        outcome = ", ".join(f"{n} {o}" for o, n in sorted(report.outcomes.items()))
        outcome += f" (ended early: {report.degraded})" if report.degraded else ""
    lines = [f"run {number}: {outcome or 'nothing to do'}"]
    lines += [f"  {describe(name, e)}" for name, e in world.requests()[before:]]
    lines.append("  log:")
    ledger = world.open_ledger()
    lines += [f"    {describe_row(row)}" for row in ledger.log()]
    notes = ledger.log(outcome="note", latest_per_document=False)
    lines += [f"    {describe_row(row)}" for row in notes]
    ledger.close()
    return "\n".join(lines)


def prepare(world: World, run: dict[str, Any]) -> None:
    """Let happen what the scenario says before the run."""
    for fault in run.get("faults", ()):
        details = {
            k: v for k, v in fault.items() if k not in ("system", "match", "kind")
        }
        world.fault(fault["system"], fault["match"], fault["kind"], **details)
    if "search_lag_seconds" in run:
        world.procountor.search_lag_seconds = run["search_lag_seconds"]
    edit = run.get("edit")
    if edit:
        number = number_of(edit["invoice"])
        for invoice in world.severa.data.invoices:
            if invoice["number"] == number:
                invoice.update(edit["set"])
    if run.get("back_to_transfer"):
        waiting = next(
            status
            for status in world.severa.data.invoicestatuses
            if status["name"] == "Waiting for transfer to Procountor"
        )
        for invoice in world.severa.data.invoices:
            invoice["status"] = {**invoice["status"], "guid": waiting["guid"]}
    if run.get("remove_in_target"):
        for invoice in world.procountor.data.invoices.values():
            invoice["status"] = "DELETED"
    if run.get("lose_ledger"):
        for file in Path(world.ledger_url.removeprefix("sqlite:///")).parent.iterdir():
            file.unlink()
    if "retry" in run:
        ledger = world.open_ledger()
        assert ledger.retry(None, str(number_of(run["retry"])))
        ledger.close()


def number_of(invoice: str | int) -> int:
    """Give the number of an invoice that a scenario names by number or case."""
    return invoice if isinstance(invoice, int) else invoice_number_of(invoice)


def describe(name: str, exchange: Any) -> str:
    """Give one line about a request: no header, no token, only telling arguments."""
    query = "&".join(f"{k}={v}" for k, v in exchange.query if k in SHOWN_QUERY)
    shown = f"{exchange.endpoint}?{query}" if query else exchange.endpoint
    return f"{name:<10} {exchange.status} {shown}"


def describe_row(row: Any) -> str:
    """Give one line of the log."""
    parts = [row.label, row.outcome, row.target_number or "", row.code, row.field]
    message = RULE_PLACE.sub("]", row.message)  # a line added above is no change
    return " | ".join(part for part in [*parts, message] if part)


def describe_end(world: World) -> list[str]:
    """Tell how everything stands after the last run."""
    ledger = world.open_ledger()
    lines = ["in the end:"]
    for transfer in ledger.transfers():
        state = f"{transfer.label}: {transfer.state} at stage {transfer.stage}"
        lines.append(f"  ledger {state}, attempts {transfer.attempts}")
        lines += [
            f"    {write.step} {write.item}: {write.state}"
            for write in ledger.list_writes(transfer)
        ]
    ledger.close()
    for invoice in world.severa.data.invoices:
        lines.append(f"  severa {invoice['number']}: {invoice['status']['name']}")
    for invoice in world.procountor.data.invoices.values():
        files = [file["name"] for file in invoice.get("attachments", ())]
        lines.append(
            f"  procountor {invoice['invoiceNumber']}: {invoice['status']}, original "
            f"{invoice.get('originalInvoiceNumber')}, files {files}"
        )
    return lines

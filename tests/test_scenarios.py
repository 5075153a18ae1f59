"""Scenarios: one company between two simulated systems, with what may go wrong.

Each file under ``tests/scenarios/FLOW/`` is one scenario; what both systems were asked,
what the ledger remembers and what the log says is the snapshot.

    about: one sentence (with R-, X- or F-numbers)
    keep: [simple, 20261007]       # cases or numbers of the documents that wait
    settings: {sales: {...}}       # changes to the demo company
    runs:                          # one after the other
      - {}                         # as the scheduler would
      - after_seconds: 660         # pause before it
        faults: [{system: procountor, match: POST /invoices, kind: drop_after}]
        crash: "POST /api/invoices"   # the process ends after this request
        retry: simple              # a person says so
        accept: simple             # a person lets the target's document stand
        edit: {invoice: simple, set: {orderNumber: "1"}}    # in the source; or
        edit: {travelreimbursements: travel_plain, set: {...}}    # the list's name
        edit: {users: Aino, set: {...}}
        circulation: nobody        # who approves in the target
        remove_in_target: yes      # a person deletes what stands in the target
        lose_ledger: yes
        back_to_transfer: yes      # a person sets the source's status back
        to_status: Draft           # or to another one
        settings: {customers: {create: yes}}   # a consultant changes the company
        search_lag_seconds: 120    # the target's search is behind by so much
        hands:                     # what people do, by the simulators' methods
          - {who: procountor, do: set_status, with: [purchase_approved, PAID]}
          - {who: severa, do: change, with: [costcenters, "100"], set: {name: Uusi}}
        remove_fees_of: 1101       # a person deletes what no invoice holds
        blind_seconds: 50          # the target's search does not show what is there
        target_clock_jumps: 3600   # its Date, or the program's own clock, in seconds
        own_clock_jumps: -3600
        keep_ledger: yes           # somebody copies the ledger, and
        put_back_ledger: yes       # puts the copy back later
        meanwhile:                 # right before a request; what a run may say, too
          - {before: "PATCH *", edit: {invoice: simple, set: {...}}}

``flow: all`` runs every flow that the settings switch on.
"""

from __future__ import annotations

import random
import re
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from syrupy.assertion import SnapshotAssertion

from engine.errors import SettingsError
from engine.ledger.open import copy_ledger
from tests.places import read_yaml
from tests.simulators.data_procountor import MODIFIED
from tests.simulators.data_world import number_of as number_of_case
from tests.worlds import LISTED, Crash, World

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
    "projectBusinessUnitGuids",
    "numbers",
    "changedSince",
    "versionStartDate",
)


SIGN_IN_OR_UNITS = ("POST /oauth/token", "/businessunits")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """What happens is what the snapshot says, request by request."""
    random.seed(0)  # how long a retry waits shows in the next run's `since`
    scenario = read_yaml(path)
    flow = scenario.get("flow", path.parent.name)
    world = World(
        tmp_path,
        scenario.get("settings"),
        scenario.get("keep"),
        None if flow == "all" else flow,
    )
    items = items_of(world)

    story = [play(world, number, run) for number, run in enumerate(scenario["runs"], 1)]
    told = "\n".join([*story, *describe_end(world, items)])

    assert told == snapshot
    assert [] == [secret for secret in secrets_of(world) if secret in told]


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
        outcome = run_once(world)
    lines = [f"run {number}: {outcome or 'nothing to do'}"]
    asked = [describe(name, e) for name, e in world.requests()[before:]]
    lines += [f"  {text}" for text in without_owner(asked)]
    lines.append("  log:")
    ledger = world.open_ledger()
    lines += [f"    {describe_row(row)}" for row in ledger.log()]
    notes = ledger.log(outcome="note", latest_per_document=False)
    lines += [f"    {describe_row(row)}" for row in notes]
    ledger.close()
    return "\n".join(lines)


def without_owner(asked: list[str]) -> list[str]:
    """Leave out the two questions whose data the keys open, asked once a run (A4).

    The sign-in that was needed for them stands where the next request needs it.
    """
    kept: list[str] = []
    sign_in: list[str] = []
    is_target_first = False  # purchases: the source of ours is asked after it
    for text in asked:
        if is_target_first and text.endswith("/businessunits"):
            is_target_first = False
            continue
        if text.endswith("/sessioninfo"):
            is_target_first = not (kept and kept[-1].endswith(SIGN_IN_OR_UNITS))
            if kept and kept[-1].endswith("POST /oauth/token"):
                sign_in = [kept.pop()]
            if kept and kept[-1].endswith("/businessunits"):
                kept.pop()
            continue
        if text.startswith("procountor"):
            kept += sign_in
            sign_in = []
        kept.append(text)
    return kept


def run_once(world: World) -> str:
    """Make a run and tell how its documents ended, or what is wrong in the settings."""
    try:
        report = world.run()
    except SettingsError as error:
        said = [f"{p.message}: {p.hint}" for p in error.problems]
        return f"wrong settings ({'; '.join(said)})"
    outcome = ", ".join(f"{n} {o}" for o, n in sorted(report.outcomes.items()))
    return outcome + (f" (ended early: {report.degraded})" if report.degraded else "")


def prepare(world: World, run: dict[str, Any]) -> None:
    """Let happen what the scenario says before the run."""
    for fault in run.get("faults", ()):
        details = {
            k: v for k, v in fault.items() if k not in ("system", "match", "kind")
        }
        world.fault(fault["system"], fault["match"], fault["kind"], **details)
    for entry in run.get("meanwhile", ()):
        happen = partial(prepare, world, entry)
        world.meanwhile.append((entry["before"], happen))
    prepare_clocks(world, run)
    prepare_ledger(world, run)
    if "search_lag_seconds" in run:
        world.procountor.search_lag_seconds = run["search_lag_seconds"]
    if "settings" in run:
        world.change_settings(run["settings"])
    if "edit" in run:
        edit_source(world, dict(run["edit"]))
    if "circulation" in run:
        world.procountor.data.circulation = run["circulation"]
    if run.get("back_to_transfer"):
        move_back(world)
    if "to_status" in run:
        move_back(world, run["to_status"])
    if run.get("remove_in_target"):
        for invoice in world.procountor.data.invoices.values():
            invoice["status"] = "DELETED"
    for deed in run.get("hands", ()):
        do_by_hand(world, deed)
    if "remove_fees_of" in run:
        for fee in world.severa.fees_of(run["remove_fees_of"]):
            world.severa.delete_fee(fee)
    if "accept" in run:
        ledger = world.open_ledger()
        (held,) = ledger.find_named(None, str(number_of(run["accept"])))
        ledger.contents.accept(held, "Aino", "corrected by hand")
        ledger.close()
    if "retry" in run:
        named = str(run["retry"])
        key = named if "/" in named else str(number_of(run["retry"]))
        ledger = world.open_ledger()
        assert ledger.retry(None, key, "anna")
        ledger.close()


def prepare_clocks(world: World, run: dict[str, Any]) -> None:
    """Set clocks, and let the target's search answer from before for a while."""
    world.target_clock.jump += run.get("target_clock_jumps", 0)
    world.clock.jump += run.get("own_clock_jumps", 0)
    if "blind_seconds" in run:
        data = world.procountor.data
        until = world.clock.monotonic() + run["blind_seconds"]
        data.visible_from |= dict.fromkeys(data.invoices, until)


def prepare_ledger(world: World, run: dict[str, Any]) -> None:
    """Lose the ledger with all beside it, keep a copy, or put that back alone."""
    path = Path(world.ledger_url.removeprefix("sqlite:///"))
    copy = path.with_name("kept")
    if run.get("lose_ledger"):
        for file in path.parent.iterdir():
            file.unlink()
    if run.get("keep_ledger"):
        copy_ledger(world.ledger_url, copy)
    if run.get("put_back_ledger"):
        for file in path.parent.glob(f"{path.name}*"):
            if not file.name.endswith(".heartbeat"):
                file.unlink()
        copy.rename(path)


def do_by_hand(world: World, deed: dict[str, Any]) -> None:
    """Let a person do something in one of the systems; cases stand for numbers."""
    said = [
        number_of_case(word) if str(word).startswith("purchase_") else word
        for word in deed["with"]
    ]
    getattr(world.simulators[deed["who"]], deed["do"])(*said, **deed.get("set", {}))


def edit_source(world: World, edit: dict[str, Any]) -> None:
    """Change one record of the source, as a user would."""
    changes = edit.pop("set")
    ((kind, who),) = edit.items()
    if kind == "users":
        found = [u for u in world.severa.data.users if u["firstName"] == who]
    else:
        records = getattr(world.severa.data, "invoices" if kind == "invoice" else kind)
        found = [r for r in records if r["number"] == number_of(who)]
    for record in found:
        record.update(changes)


def move_back(world: World, name: str = "Waiting for transfer to Procountor") -> None:
    """Set every document to a status of the source, as a person would."""
    data = world.severa.data
    if world.flow == "sales_invoice":
        key, statuses = "status", data.invoicestatuses
    else:
        key, statuses = "travelReimbursementStatus", data.travelreimbursementstatuses
    waiting = next(status for status in statuses if status["name"] == name)
    for record in getattr(data, LISTED[world.flow]):
        record[key] = {**record[key], "guid": waiting["guid"], "name": name}


def secrets_of(world: World) -> list[str]:
    """Give what may stand in no log and no address: personal ids and accounts."""
    return [
        str(user[key]).strip()
        for user in world.severa.data.users
        for key in ("socialSecurityNumber", "bankAccountNumber")
        if user[key]
    ]


def number_of(document: str | int) -> int:
    """Give the number of a document that a scenario names by number or case."""
    return document if isinstance(document, int) else number_of_case(document)


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


def describe_end(world: World, items: dict[str, str]) -> list[str]:
    """Tell how everything stands after the last run."""
    ledger = world.open_ledger()
    lines = ["in the end:"]
    for transfer in ledger.transfers():
        state = f"{transfer.label}: {transfer.state} at stage {transfer.stage}"
        lines.append(f"  ledger {state}, attempts {transfer.attempts}")
        lines += [
            f"    {write.step} {write.item}: {write.state}"
            for write in ledger.writes.list_of(transfer)
        ]
    ledger.close()
    if world.flow not in LISTED:
        lines += [f"  severa {text}" for text in new_fees(world)]
        now = items_of(world)
        changed = [name for name in now if now[name] != items.get(name)]
        return lines + [f"  procountor {name}: {now[name]}" for name in changed]
    key = "status" if world.flow == "sales_invoice" else "travelReimbursementStatus"
    for record in getattr(world.severa.data, LISTED[world.flow]):
        lines.append(f"  severa {record['number']}: {record[key]['name']}")
    kind = world.flow.upper()
    for invoice in world.procountor.data.invoices.values():
        if invoice["type"] != kind:
            continue
        files = [name_file(world, file) for file in invoice.get("attachments", ())]
        lines.append(
            f"  procountor {invoice['invoiceNumber']}: {invoice['status']}, original "
            f"{invoice.get('originalInvoiceNumber')}, files {files}"
        )
    lines += [f"  procountor {text}" for text in changed_persons(world)]
    return lines


def name_file(world: World, file: dict[str, Any]) -> str:
    """Name a file of the target, with the number of its pages when it was merged."""
    if world.flow != "travel_invoice":
        return str(file["name"])
    _, content = world.procountor.data.attachments[file["id"]]
    return f"{file['name']} ({len(PdfReader(BytesIO(content)).pages)} pages)"


def new_fees(world: World) -> list[str]:
    """Tell the project costs that came from purchase invoices."""
    return [
        f"fee {fee['unitCost']['amount']} on {fee['project']['name']}: "
        f"{fee['description']}"
        for fee in world.severa.data.projectfees
        if fee["description"] and fee["description"].startswith("[")
    ]


def items_of(world: World) -> dict[str, str]:
    """Tell the dimension items of the target, by dimension and place."""
    return {
        f"{dimension['name']} {item['id']}": f"{item['codeName']} "
        f"{item.get('description')}{' (closed)' if item.get('status') else ''}"
        for dimension in world.procountor.data.dimensions.values()
        for item in dimension["items"]
    }


def changed_persons(world: World) -> list[str]:
    """Name the persons that a run has created or changed in the target."""
    return [
        f"person {person['firstName']} {person['lastName']}: account "
        f"…{person['paymentInfo']['accountNumber'][-4:]}, "
        f"{person['deliveryAddress']['street']}"
        for person in world.procountor.data.persons.values()
        if person["version"] > MODIFIED
    ]

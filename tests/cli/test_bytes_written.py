"""Codes of people and accounts in every text of both systems: no byte tells them."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import unicodedata
from email import message_from_bytes
from email.policy import default as default_policy
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from engine.__main__ import main as consult
from engine.flow.services import Services
from tests.cli.operators import Operator
from tests.flow.mail_server import TO, Peer, serving
from tests.places import ROOT, TESTS, copy_rules, read_yaml
from tests.simulators import (
    DEMO_NOW,
    InProcessTransport,
    Procountor,
    Severa,
    StillClock,
    flows_data,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# As people type them; four characters may be seen.
CODES = read_yaml(TESTS / "cases" / "identifiers.yaml")["written"]
TYPED = {
    *("name", "title", "description", "notes", "plainText", "comment", "product"),
    *("addressline", "address", "city", "street", "ourReference", "yourReference"),
    *("firstName", "lastName", "receiverContactName", "senderContactName"),
    *("receiverCustomerName", "invoiceRowDescription", "originalInvoiceNumber"),
    *("identifier", "measurementUnit"),
    *("orderNumber", "email", "codeName", "code", "eInvoiceAddress"),
}
# What settings name, and what is a word of the systems.
REGISTERS = {
    *("invoicestatuses", "travelreimbursementstatuses", "countries", "currencies"),
    *("languages", "organizationdetails", "dimensions"),
}
WORDS = {"status", "country", "currency", "language", "user", "invoicingVat"}
REFUSED = "no person has 131052-308t"


def spoil(
    value: Any, known: dict[str, str], codes: Iterator[str], key: str = ""
) -> Any:
    """Write a code behind each text; the same text always becomes the same."""
    if isinstance(value, dict):
        for name in sorted(value.keys() - WORDS):
            value[name] = spoil(value[name], known, codes, name)
    elif isinstance(value, list):
        value[:] = [spoil(item, known, codes, key) for item in value]
    elif isinstance(value, str) and key in TYPED and value:
        if value not in known:
            stem, end = re.fullmatch(
                r"(.*?)(\.(?:pdf|jpg|png|gif))?", value, re.DOTALL
            ).groups()
            code = next(codes)
            known[value] = f"{stem}_{code}{end}" if end else f"{value} {code}"
        known[known[value]] = known[value]  # met again: one object in two places
        return known[value]
    return value


def spoiled_systems(clock: StillClock) -> tuple[Severa, Procountor]:
    """Give both systems, with a code behind every text that somebody typed."""
    data, known, codes = flows_data(), {}, cycle(CODES)
    for holder in (data.severa, *data.procountor.values()):
        for name in sorted(set(dir(holder)) - REGISTERS):
            listed = getattr(holder, name)
            if not name.startswith("_") and isinstance(listed, dict | list):
                every = listed.values() if isinstance(listed, dict) else listed
                spoil(list(every), known, codes)
    del data.severa.invoices[20:]
    first, *more = data.procountor.values()
    return Severa(data.severa, clock), Procountor(first, clock, others=more)


def refuse(procountor: Procountor, _: Any) -> None:
    """Answer as a target that repeats what it does not like, in its code too."""
    raise procountor._refuse(422, "131052-308T", REFUSED)


@pytest.fixture
def spoiled(
    secrets: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Operator:
    """A company with all flows on, between two such systems."""
    copy_rules(tmp_path)
    clock = StillClock(DEMO_NOW)
    monkeypatch.setattr("engine.clock.SystemClock", lambda: clock)
    monkeypatch.setenv("SIIRTO_DEBUG", "1")
    monkeypatch.setattr(Procountor, "_create_person", refuse)
    severa, procountor = spoiled_systems(clock)
    simulators = {"api.severa.visma.com": severa, "api.procountor.com": procountor}
    near = partial(Services, transport=InProcessTransport(simulators))
    monkeypatch.setattr("engine.flow.services.Services", near)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    found = Operator(tmp_path, url, severa, procountor, capsys)
    text = found.company_file.read_text("utf-8").replace("demo: yes", "demo: no")
    text = text.replace("transfer: no", "transfer: yes")
    text += f"notifications: {{email: {TO[:1]}}}\n"
    found.company_file.write_text(text, "utf-8")
    return found


def shown_by(operator: Operator, command: str, *arguments: str) -> str:
    """Give all that a command of the runner has printed."""
    operator.run(command, *arguments)
    return operator.out + operator.err


def read_ledger(path: Path) -> str:
    """Give every value of every table, and the file's bytes as they are."""
    with sqlite3.connect(path) as ledger:
        dump = "\n".join(ledger.iterdump())
    return dump + path.read_bytes().decode("utf-8", "replace")


def letters_of(text: str) -> str:
    """Give a text's letters and digits, together over at most four other characters."""
    text = re.sub(r"(?=[0-9]*[a-f])[0-9a-f]{16,}", "\n", text)  # digests are nobody's
    text = unicodedata.normalize("NFKC", text.replace("…", "\n")).upper()
    text = re.sub(r"[^0-9A-Z\n]{5,}", "\n", text)
    return re.sub(r"[^0-9A-Z\n]", "", text)


def told_of(text: str) -> set[str]:
    """Give the codes of which a text tells more than four characters in a row.

    A piece of digits alone may be anybody's: of those, seven tell.
    """
    flat, found = letters_of(text), set()
    for code in CODES:
        letters = letters_of(code)
        for at in range(len(letters) - 4):
            size = 7 if letters[at : at + 5].isdigit() else 5
            piece = letters[at : at + size]
            if len(piece) == size and len(set(piece)) > 2 and piece in flat:
                found.add(f"{code}: {piece}")
    return found


def test_no_run_and_no_command_of_it_tells_a_code(
    spoiled: Operator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X12: sync, plan, doctor, log, status, mail, debug output, the ledger's bytes."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    peer, written = Peer(), {}
    with serving(peer) as port:
        url = f"smtp://127.0.0.1:{port}?from=siirto@example.com"
        monkeypatch.setenv("SIIRTO_SMTP_URL", url)
        for words in ("plan --fields", "plan --json", "doctor", "doctor --json"):
            written[words] = shown_by(spoiled, *words.split())
        written["sync"] = shown_by(spoiled, "sync", "--json")
        written["accept"] = shown_by(spoiled, "accept", "1", "--why", REFUSED)
    for words in ("status", "status --json", "log --json", "log --outcome note"):
        written[words] = shown_by(spoiled, *words.split())
    for language in ("fi", "sv", "en", "nl"):
        written[language] = shown_by(spoiled, "log", "--language", language)
    for path in spoiled.root.glob("ledger*"):
        written[path.name] = (
            read_ledger(path) if path.suffix == ".sqlite" else path.read_text("utf-8")
        )
    for number, mail in enumerate(peer.taken):
        letter = message_from_bytes(mail.content, policy=default_policy)
        written[f"mail {number}"] = f"{letter['Subject']}\n{letter.get_content()}"
    written["debug"] = "\n".join(
        record.getMessage() for record in caplog.records if record.name != "mail.log"
    )

    print("SYNC", repr(written["sync"][:1500]))
    outcomes = json.loads(written["sync"].splitlines()[0])["flows"]
    assert 6 == len([flow for flow in outcomes if flow["outcomes"]])
    assert 40 < sum(flow["outcomes"].get("transferred", 0) for flow in outcomes)
    assert "…308t" in written["fi"]
    assert {} == {
        name: told for name, text in written.items() if (told := told_of(text))
    }


@pytest.mark.parametrize(
    ("flow", "sample", "mapping"),
    [
        ("sales_invoice", "base.json", "invoice"),
        ("sales_invoice", "base.json", "partner"),
        ("travel_invoice", "base.json", "travel_invoice"),
        ("travel_invoice", "base.json", "person"),
        ("travel_invoice", "base.json", "travel_facts"),
        ("purchase_invoice", "base.json", "project_fee"),
        ("cost_centre_items", "base.json", "item"),
    ],
)
def test_no_command_of_a_consultant_tells_a_code(
    flow: str,
    sample: str,
    mapping: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """X12, X03: map, explain and diff, as text and as JSON."""
    document = json.loads((TESTS / "samples" / flow / sample).read_text("utf-8"))
    kept = {name: document.pop(name, None) for name in ("run", "company")}
    spoil(document, {}, cycle(CODES))
    file = tmp_path / "one.json"
    file.write_text(json.dumps({**document, **kept}, ensure_ascii=False), "utf-8")
    other = copy_rules(tmp_path / "other")
    for rules in other.glob(f"mappings/{flow}/*.yaml"):
        rules.write_text(
            re.sub(r"limit: \d+", "limit: 9", rules.read_text("utf-8")), "utf-8"
        )
    at = [flow, "--document", str(file), "--mapping", mapping]
    between = [str(ROOT), str(other), "--documents", str(tmp_path), "--flow", flow]
    written = {}
    for options in ([], ["--json"]):
        for command in (["map", *at], ["explain", *at], ["diff", *between]):
            consult([*command, *options])
            out, err = capsys.readouterr()
            written[" ".join(command[:1] + options)] = out + err

    assert all(len(text) > 30 for text in written.values()), written
    assert {} == {
        name: told for name, text in written.items() if (told := told_of(text))
    }

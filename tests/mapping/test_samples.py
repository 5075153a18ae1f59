"""Samples: one gathered document each, and the payload that it gives.

What a sample file says stands in :mod:`engine.cli.samples.samples`; ``python -m engine test`` runs
the same samples against the same snapshots.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.cli.samples.samples import (
    Sample,
    find_samples,
    load_sample,
    run_sample,
    show_run,
)
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.language.validation import validate_payload
from tests.places import TESTS, read_yaml
from tests.worlds import ROOT, merge, project

FOLDER = TESTS / "samples"
FILES = find_samples(ROOT)
CHANNELS = read_yaml(TESTS / "cases" / "channel.yaml")


@cache
def read_sample(path: Path) -> Sample:
    return load_sample(project(), path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sample(path: Path, snapshot: SnapshotAssertion) -> None:
    """The payload is what the snapshot says, to the digit."""
    sample = read_sample(path)

    assert show_run(project(), sample, run_sample(project(), sample)) == snapshot


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sample_is_what_the_source_could_answer(path: Path) -> None:
    """No sample rests on a field that the source does not have."""
    sample = read_sample(path)
    document = {k: v for k, v in sample.document.items() if k != "run"}
    source = pick_mapping(project(), project().flows[sample.flow], None).source

    found = validate_payload(project().schemas, source, document)

    faults = [f"{v.field}: {v.message}" for v in found if v.code != "TEXT_NOT_ALLOWED"]
    assert [] == faults or sample.is_off_schema


@pytest.mark.parametrize("case", CHANNELS["cases"], ids=str)
@pytest.mark.parametrize("rule", ["settings", "table", "NO_SENDING"])
def test_channel(rule: str, case: list[Any]) -> None:
    """The channel and the address it goes to, for each of the sixteen ways (A02)."""
    named = dict(zip(CHANNELS["columns"], case, strict=True))
    base = FOLDER / "sales_invoice" / "base.json"
    document = read_document(base.read_bytes(), base.name)
    invoice, customer = document["invoice"], document["customer"]
    if named["e_invoice"]:
        customer |= {"eInvoiceAddress": "003726743101", "eInvoiceOperator": "BASWAREX"}
    document["contact"] = None
    invoice["receiverContactEmail"] = "a@b.example" if named["contact"] else None
    customer["email"] = "c@d.example" if named["card"] else None
    is_fixed = rule == "NO_SENDING"
    sales = {
        "email_invoicing": named["box"],
        "email_rule": "settings" if is_fixed else rule,
        "channel": rule if is_fixed else None,
    }
    demo = copy.deepcopy(dict(project().companies["demo"].settings))
    settings = merge(demo, {"sales": sales})
    flow = project().flows["sales_invoice"]

    result = map_document(
        flow, pick_mapping(project(), flow, None), document, settings
    ).result

    expected = rule if is_fixed else named[rule]
    mail = "a@b.example" if named["contact"] else "c@d.example"
    sent = result.payload
    assert () == result.violations
    assert expected == sent["invoiceChannel"]
    assert (mail if expected == "EMAIL" else None) == sent["counterParty"].get("email")
    assert (expected == "ELECTRONIC_INVOICE") == ("billingAddress" in sent)

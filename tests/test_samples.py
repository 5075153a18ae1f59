"""Samples: one gathered document each, and the payload that it gives.

Each file under ``tests/samples/FLOW/`` is one sample; the payload with its digits, what
was cut and what is wrong with the document are the snapshot.

    about: one sentence (with R- or A-numbers)
    base: base.json                # the document that is changed; the default
    mapping: partner               # default: what the flow sends
    item: rows[0]                  # for a mapping of one item of an each
    company: {sales: {...}}        # changes to the demo company's settings
    change:                        # dotted path -> value
      rows[0].description: {repeat: ä, times: 81}
      customer.vatNumber: null     # null is sent by the source; `remove` leaves it out
      invoice.receiverAddress: remove
    leaves: null                   # every value of the document, all shapes kept
    off_schema: yes                # the source would never answer so
"""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from engine.errors import Position
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.json_text import render_json
from engine.mapping import LazyVars, Recorder, apply_mapping
from engine.rules import Choose, Rule, Trace, iter_rules
from engine.scope import Scope
from engine.validation import validate_payload
from tests.worlds import ROOT, merge, project

FOLDER = Path(__file__).parent / "samples"
FILES = sorted(FOLDER.rglob("*.yaml"))
LONGEST_RULE = 60  # characters of a rule that a snapshot shows
LONGEST_SHOWN = 600  # characters of a text that a snapshot holds in full
CHANNELS = yaml.safe_load(
    (Path(__file__).parent / "cases" / "channel.yaml").read_text("utf-8")
)
KEYS = {
    "about",
    "base",
    "mapping",
    "item",
    "company",
    "change",
    "leaves",
    "off_schema",
}


class _Loader(yaml.SafeLoader):
    """YAML whose numbers keep their digits and whose dates are texts."""


_Loader.add_constructor(
    "tag:yaml.org,2002:float", lambda _, node: Decimal(str(node.value))
)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


@cache
def read_base(path: Path) -> dict[str, Any]:
    return read_document(path.read_text("utf-8"), path.name)


def read_sample(path: Path) -> dict[str, Any]:
    """Read a sample and make its document and settings."""
    sample = yaml.load(path.read_text("utf-8"), _Loader)
    assert set() == set(sample) - KEYS
    document = copy.deepcopy(read_base(path.parent / sample.get("base", "base.json")))
    if "leaves" in sample:
        registers = document.pop("run")
        document = {**empty_leaves(document), "run": registers}
    for place, value in sample.get("change", {}).items():
        change(document, place, value)
    demo = project().companies["demo"].settings
    settings = merge(copy.deepcopy(dict(demo)), sample.get("company", {}))
    return {**sample, "document": document, "settings": settings}


def empty_leaves(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: empty_leaves(item) for key, item in value.items()}
    return [empty_leaves(item) for item in value] if isinstance(value, list) else None


def change(document: dict[str, Any], place: str, value: Any) -> None:
    """Set, replace or remove one value; an index one past the end adds an item."""
    *way, last = split(place)
    target: Any = document
    for part in way:
        target = target[part]
    if value == "remove":
        del target[last]
    elif isinstance(target, list) and last == len(target):
        target.append(spell_out(value))
    else:
        target[last] = spell_out(value)


def split(place: str) -> list[str | int]:
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", place)
    return [int(index) if index else name for index, name in parts]


def spell_out(value: Any) -> Any:
    if isinstance(value, dict) and "repeat" in value:
        start, end = value.get("start", ""), value.get("end", "")
        return f"{start}{value['repeat'] * value['times']}{end}"
    return value


def run_sample(path: Path, recorder: Recorder | None = None) -> dict[str, Any]:
    """Map a sample's document, or the item of it that the sample names."""
    sample = read_sample(path)
    flow = project().flows[path.parent.name]
    mapping = pick_mapping(project(), flow, sample.get("mapping"))
    document, settings = sample["document"], sample["settings"]
    if "item" not in sample:
        offline = map_document(flow, mapping, document, settings, recorder=recorder)
        result, stops = offline.result, offline.stops
    else:
        # The flow's own derivations first: they stand on the items.
        main = pick_mapping(project(), flow, None)
        stops = map_document(flow, main, document, settings).stops
        item: Any = document
        for part in split(sample["item"]):
            item = item[part]
        roots = {"doc": document, "company": settings, "run": document.get("run", {})}
        scope = Scope(document, roots)
        scope = scope.with_roots(vars=LazyVars(dict(flow.variables), scope))
        result = apply_mapping(mapping, scope.with_item(item), recorder)
    return {
        "payload": result.payload,
        "truncations": [
            {
                "path": cut.path,
                "limit": cut.limit,
                "kept": cut.kept,
                "moved_to": cut.moved_to,
                "rule": show_place(cut.position),
            }
            for cut in result.truncations
        ],
        "errors": [
            {
                "code": violation.code,
                "field": violation.field,
                "message": violation.message,
                "rule": show_place(violation.position),
            }
            for violation in (*stops, *result.violations)
        ],
    }


def show_place(position: Position | None) -> str:
    """Show what stands at a place: a line number would change with every new line."""
    if position is None:
        return ""
    line = read_lines(ROOT / position.file)[position.line - 1]
    before, at_place = line[: position.column - 1], line[position.column - 1 :]
    key = re.search(r"(\w+: )$", before)
    said = re.split(r", |\}|  #" if key else "  #", at_place)[0].rstrip()
    key_text = key[1] if key else ""
    return f"{position.file.rpartition('/')[2]} {key_text}{said[:LONGEST_RULE]}"


@cache
def read_lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def shorten(value: Any) -> Any:
    """Show both ends and the length of a text that is too long to read."""
    if isinstance(value, dict):
        return {key: shorten(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shorten(item) for item in value]
    if isinstance(value, str) and len(value) > LONGEST_SHOWN:
        return f"{value[:40]} ({len(value)} characters) {value[-40:]}"
    return value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sample(path: Path, snapshot: SnapshotAssertion) -> None:
    """The payload is what the snapshot says, to the digit."""
    about = read_sample(path)["about"]

    assert f"{about}\n{render_json(shorten(run_sample(path)))}" == snapshot


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sample_is_what_the_source_could_answer(path: Path) -> None:
    """No sample rests on a field that the source does not have."""
    sample = read_sample(path)
    document = {k: v for k, v in sample["document"].items() if k != "run"}
    flow = project().flows[path.parent.name]
    source = pick_mapping(project(), flow, None).source

    found = validate_payload(project().schemas, source, document)

    faults = [f"{v.field}: {v.message}" for v in found if v.code != "TEXT_NOT_ALLOWED"]
    assert [] == faults or "off_schema" in sample


def test_every_rule_is_met_by_a_sample() -> None:
    """Some sample sends the value of each field rule, and takes each way of a choice."""
    for folder in sorted({path.parent.name for path in FILES}):
        met: set[tuple[str, str]] = set()
        for path in FILES:
            if path.parent.name == folder:
                recorder = Recorder()
                run_sample(path, recorder)
                met |= {way for t in recorder.traces if t.is_sent for way in ways(t)}
        mappings = project().mappings[f"mappings/{folder}"].values()
        rules = [
            n for m in mappings for n in iter_rules(m.fields) if isinstance(n, Rule)
        ]

        unmet = [
            f"{rule.position} {rule.path} {said}".rstrip()
            for rule in rules
            for said in ("", *(option_names(rule)))
            if (str(rule.position), said) not in met
        ]

        assert [] == unmet


def ways(trace: Trace) -> set[tuple[str, str]]:
    said = {stage.origin for stage in trace.stages if stage.name == "choose"}
    return {(str(trace.position), way) for way in ("", *said)}


def option_names(rule: Rule) -> list[str]:
    if not isinstance(rule.value, Choose):
        return []
    conditions = [option.condition for option in rule.value.options]
    return ["otherwise" if c is None else c.text for c in conditions]


@pytest.mark.parametrize("case", CHANNELS["cases"], ids=str)
@pytest.mark.parametrize("rule", ["settings", "table", "NO_SENDING"])
def test_channel(rule: str, case: list[Any]) -> None:
    """The channel and the address it goes to, for each of the sixteen ways (A02)."""
    named = dict(zip(CHANNELS["columns"], case, strict=True))
    document = copy.deepcopy(read_base(FOLDER / "sales_invoice" / "base.json"))
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

"""How fast is a mapping in YAML? Several ways to the same payload, side by side.

    make bench        (or: .venv/bin/python -m tests.bench [ROWS ...])

An invoice of 1, 10, 100 and 1,000 rows goes through our engine, through hand-written
Python (with care, and bare: see ``hand.py``) and through the usual parts put together
(JMESPath picks, Jinja writes, jsonschema checks). All give the same payload, and the
careful ones the same faults of damaged documents, or nothing is measured. CPU time,
each round goes through all ways, the best round counts; hand-written mapping with care,
without validation, is 1. It is no test: only the ratios say something.
"""

from __future__ import annotations

import copy
import gc
import sys
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from engine.cli.samples.compare_versions import Comparer
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.json_text import decode_json, encode_json
from engine.language.scope import Scope
from engine.language.validation import validate_payload
from engine.mapping.apply import LazyVars, Recorder, apply_mapping
from engine.project.project import load_project
from tests.bench.hand import (
    SCHEMA,
    Invoice,
    Way,
    map_invoice,
    use_bare_python,
    use_python,
)
from tests.bench.usual import use_usual_parts
from tests.worlds import ROOT, project

SIZES = (1, 10, 100, 1000)
SECONDS = 0.1  # of measuring, for each way in each round
ROUNDS = 9  # the best one counts: others only had to wait
BASE = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
HAND = "hand-written mapping"
DOCUMENTS = 1000  # of a diff
# What is done to a document, and where: the careful way tells the same as the engine.
DAMAGES: tuple[tuple[str, Any], ...] = (
    ("rows.0.quantity", None),
    ("rows.0.quantity", "twelve"),
    ("rows.0.quantity", "12.5"),
    ("rows.0.quantity", [1]),
    ("rows.0.description", " "),
    ("rows.0.description", {"text": "A"}),
    ("rows.0.description", 'A\r\nb "c" a\u0308'),
    ("rows.0.unitPrice", None),
    ("rows.0.unitPrice.amount", True),
    ("rows.0.unitPrice.amount", Decimal("0.100000000000001")),
    ("rows.0.measurementUnit", "barrel"),
    ("rows.0.product", None),
    ("invoice.number", 4711),
    ("invoice.date", "soon"),
    ("invoice.dueDate", None),
    ("invoice.overdueInterest", "8.125"),
    ("invoice.language", None),
    ("invoice.receiverCustomerName", "N" * 90),
    ("invoice.receiverAddress.country", "Nowhere"),
    ("invoice.receiverVatNumber", None),
    ("invoice.notes", "  "),
    ("customer.number", None),
    ("customer.eInvoiceAddress", "-"),
)


def main() -> int:
    """Measure the ways at each size and print a table."""
    if not are_equal():
        return 1
    gc.freeze()  # as a run does: the rules live as long as the process
    each_row: dict[int, float] = {}
    for rows in [int(size) for size in sys.argv[1:]] or SIZES:
        ways = make_ways(rows)
        expected = ways[HAND]()
        for name, way in ways.items():
            if (got := way()) != expected and not isinstance(got, bytes):
                sys.stderr.write(f"{name} makes another payload\n")
                return 1
        best = measure(ways)
        each_row[rows] = best["engine: map"] / rows
        sys.stdout.write(f"{rows} rows{'':<31}{'us':>10}{'ratio':>8}\n")
        for name, seconds in best.items():
            said = f"{1e6 * seconds:>10.0f}{seconds / best[HAND]:>8.1f}"
            sys.stdout.write(f"  {name:<35}{said}\n")
    if {10, 1000} <= each_row.keys():
        growth = each_row[1000] / each_row[10]
        sys.stdout.write(f"a row of 1,000 / a row of 10: {growth:.2f}\n")
    sys.stdout.write(f"load: {spent_once(load):.2f} s\n")
    sys.stdout.write(f"diff of {DOCUMENTS} documents: {spent_once(differ()):.2f} s\n")
    return 0


def are_equal() -> bool:
    """Tell whether the careful way and the engine say the same of damaged documents."""
    document, settings = make_document(3)
    for path, value in DAMAGES:
        given = copy.deepcopy(document)
        *groups, last = path.split(".")
        place: Any = given
        for group in groups:
            place = place[int(group)] if group.isdigit() else place[group]
        place[last] = value
        told = Invoice()
        ours = map_invoice(told, given, settings, project().tables)
        result = map_with_engine(given, settings)
        theirs = {v.field for v in result.violations}
        cuts = {c.path for c in result.truncations}
        is_same = {field for _, field in told.faults} == theirs
        is_same = is_same and {cut[0] for cut in told.cuts} == cuts
        if not is_same or (not theirs and ours != result.payload):
            shown = f"{told.faults} {told.cuts} / {theirs} {cuts}"
            sys.stderr.write(f"{path} = {value!r}: {shown}\n")
            sys.stderr.write(f"{ours}\n{result.payload}\n")
            return False
    return True


def map_with_engine(document: dict[str, Any], settings: dict[str, Any]) -> Any:
    flow = project().flows["sales_invoice"]
    mapping = replace(pick_mapping(project(), flow, None), target="")
    roots = {"doc": document, "company": settings, "run": document["run"]}
    scope = LazyVars(dict(flow.variables), Scope(document, roots)).scope
    return apply_mapping(mapping, scope)


def make_ways(rows: int) -> dict[str, Way]:
    document, settings = make_document(rows)
    text = encode_json(document)
    return {
        HAND: use_python(document, settings, is_checked=False),
        "  validated (hand)": use_python(document, settings),
        "  text to text (hand)": use_hand_text(text, settings),
        "  bare, business id made before": use_bare_python(
            document, settings, is_checked=False
        ),
        "engine: map": use_engine(document, settings, is_checked=False),
        "  validated (engine)": use_engine(document, settings),
        "  text to text (engine)": use_engine_text(text, settings),
        "  validated, with a trace": use_engine(document, settings, is_traced=True),
        "  what a run computes": use_flow(document, settings),
        "usual parts: map": use_usual_parts(document, settings, is_checked=False),
        "  validated (usual)": use_usual_parts(document, settings),
    }


def measure(ways: dict[str, Way]) -> dict[str, float]:
    """Give the CPU seconds that one call of each way takes."""
    calls = {name: max(1, int(SECONDS / spent(way, 1))) for name, way in ways.items()}
    rounds = [
        {name: spent(way, calls[name]) / calls[name] for name, way in ways.items()}
        for _ in range(ROUNDS)
    ]
    return {name: min(found[name] for found in rounds) for name in ways}


def spent(way: Way, calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        way()
    return max(time.process_time() - start, 1e-6)


def spent_once(way: Way) -> float:
    """Give the CPU seconds of the best of three calls."""
    return min(spent(way, 1) for _ in range(3))


def make_document(size: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give a gathered invoice of some rows, and the demo company's settings."""
    document = read_document(BASE.read_bytes(), BASE.name)
    rows = document["rows"]
    document["rows"] = [copy.deepcopy(rows[i % len(rows)]) for i in range(size)]
    settings = dict(project().companies["demo"].settings)
    flow = project().flows["sales_invoice"]
    # The facts of the rows are hung on them, as before a real mapping.
    map_document(flow, pick_mapping(project(), flow, None), document, settings)
    return document, settings


def use_engine(
    document: dict[str, Any],
    settings: dict[str, Any],
    *,
    is_traced: bool = False,
    is_checked: bool = True,
) -> Way:
    flow = project().flows["sales_invoice"]
    mapping = pick_mapping(project(), flow, None)
    if not is_checked:
        mapping = replace(mapping, target="")
    roots = {"doc": document, "company": settings, "run": document["run"]}

    def run() -> Any:
        scope = LazyVars(dict(flow.variables), Scope(document, roots, True)).scope
        result = apply_mapping(mapping, scope, Recorder() if is_traced else None)
        assert () == result.violations
        return result.payload

    return run


def use_engine_text(text: bytes, settings: dict[str, Any]) -> Way:
    flow = project().flows["sales_invoice"]
    mapping = pick_mapping(project(), flow, None)

    def run() -> bytes:
        document = decode_json(text)
        roots = {"doc": document, "company": settings, "run": document["run"]}
        scope = LazyVars(dict(flow.variables), Scope(document, roots, True)).scope
        result = apply_mapping(mapping, scope)
        assert () == result.violations
        return encode_json(result.payload)

    return run


def use_hand_text(text: bytes, settings: dict[str, Any]) -> Way:
    tables, store = project().tables, project().schemas
    decoder: Any = msgspec.json.Decoder(float_hook=Decimal)
    encoder = msgspec.json.Encoder(decimal_format="number")

    def run() -> bytes:
        told = Invoice()
        payload = map_invoice(told, decoder.decode(text), settings, tables)
        assert not told.faults
        assert [] == validate_payload(store, SCHEMA, payload)
        return encoder.encode(payload)

    return run


def use_flow(document: dict[str, Any], settings: dict[str, Any]) -> Way:
    """Give what a run computes: the flow's derivations, requirements, the mapping."""
    flow = project().flows["sales_invoice"]
    mapping = pick_mapping(project(), flow, None)

    def run() -> Any:
        fresh = {**document, "rows": [dict(row) for row in document["rows"]]}
        return map_document(flow, mapping, fresh, settings).result.payload

    return run


def load() -> None:
    load_project(ROOT)


def differ() -> Way:
    """Give a comparison of documents by two loads of the rules."""
    old, new = load_project(ROOT), project()

    def run() -> None:
        comparer = Comparer(old, new, "sales_invoice", None, None)
        for _ in range(DOCUMENTS):
            comparer.compare(BASE)

    return run


if __name__ == "__main__":
    sys.exit(main())

"""The payload schemas of both systems, and what they find in a body."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal

import jsonschema_rs

from tests.places import ROOT, TESTS, read_yaml

CASES = TESTS / "cases" / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
SYSTEMS = ("severa", "procountor")
PATHS = sorted(p for s in SYSTEMS for p in (ROOT / "schemas" / s).glob("*.schema.json"))
SCHEMAS = {
    f"{path.parent.name}/{path.name.removesuffix('.schema.json')}": json.loads(
        path.read_text(encoding="utf-8"), parse_float=Decimal
    )
    for path in PATHS
}
BY_URI = {schema["$id"]: schema for schema in SCHEMAS.values()}
SENT = ("invoice", "partner", "product", "dimension_item", "transaction_dimensions")
SENT = (*SENT, "attachment", "travel_invoice", "person")
SENT = tuple(f"procountor/{name}" for name in SENT)
DERIVED = (
    "row_facts",
    "row_allocation",
    "vat_facts",
    "transfer_files",
    "travel_facts",
    "expense_facts",
)
DERIVED = tuple(f"severa/{name}" for name in (*DERIVED, "item_facts", "vat_facts"))
DERIVED = (*DERIVED, "procountor/purchase_postings", "procountor/purchase_costs")
CREATED = ("severa/project_fee_create",)  # sent to the system that knows no charset


def read_cases(name):
    return read_yaml(CASES / name)


def exact(value):
    """Numbers with a point become Decimal, as the engine reads them."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return [exact(item) for item in value] if isinstance(value, list) else value


def refuse(uri):
    raise LookupError(uri)


REGISTRY = jsonschema_rs.Registry(list(BY_URI.items()), retriever=refuse)


def validator(name):
    return jsonschema_rs.Draft202012Validator(
        SCHEMAS[name], registry=REGISTRY, validate_formats=True, retriever=refuse
    )


def iter_objects(schema):
    """Every sub-schema, with its path."""
    stack = [("", schema)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            yield path, node
            stack += [(f"{path}/{key}", item) for key, item in node.items()]
        elif isinstance(node, list):
            stack += [(f"{path}/{index}", item) for index, item in enumerate(node)]


def split(path):
    return [int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", path)]


def change(body, path, value=None, *, remove=False):
    *above, last = split(path)
    for part in above:
        body = body[part]
    if remove:
        del body[last]
    else:
        body[last] = value


def build(name):
    case = read_cases("bodies.yaml")[name]
    body = copy.deepcopy(case["body"]) if "body" in case else build(case["from"])
    for path, value in case.get("set", {}).items():
        change(body, path, copy.deepcopy(value))
    for path in case.get("remove", ()):
        change(body, path, remove=True)
    return body


def findings(name, body):
    """(path, keyword) of every finding; a missing or unknown field counts as the path."""
    found = set()
    for error in validator(name).iter_errors(exact(body)):
        path = list(error.instance_path)
        keyword = error.kind.name
        if keyword == "required":
            path.append(error.kind.property.strip('"'))
        if keyword == "additionalProperties":
            path += error.kind.unexpected[:1]
        shown = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
        found.add((shown.lstrip("."), keyword))
    return found

"""Compares journalled requests and answers with the vendors' published documents.

The two OpenAPI documents are no part of this repository; where they stand beside it
(``../shared/reference``) tests use them, elsewhere they skip.
"""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.simulators.bodies import parse_multipart

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.base import Exchange

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference"
DOCUMENTS = {
    "severa": REFERENCE / "severa-openapi.json",
    "procountor": REFERENCE / "procountor-openapi.yaml",
}
UNPUBLISHED = frozenset({"GET /heartbeat"})  # answered, but not in the published subset
# The document's own model for a new invoice, by its type.
INVOICE_MODELS = {
    "SALES_INVOICE": "SalesInvoiceCreate",
    "TRAVEL_INVOICE": "TravelInvoiceCreate",
}


def has_documents() -> bool:
    return all(path.exists() for path in DOCUMENTS.values())


@cache
def load_document(system: str) -> dict[str, Any]:
    text = DOCUMENTS[system].read_text(encoding="utf-8")
    document: dict[str, Any] = (
        json.loads(text)
        if system == "severa"
        else yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    )
    return document


def as_schema(node: Any, is_closed: bool) -> Any:
    """Turn OpenAPI 3.0 wording into JSON Schema: ``nullable`` becomes a type.

    A 3.1 document passes unchanged, but for what is not a JSON Schema keyword.
    ``is_closed`` refuses properties that a plain object does not name.
    """
    if isinstance(node, list):
        return [as_schema(item, is_closed) for item in node]
    if not isinstance(node, dict):
        return node
    may_be_null = node.get("nullable") is True
    if "$ref" in node:
        target = {"$ref": node["$ref"].replace("#/components/schemas/", "#/$defs/")}
        return {"anyOf": [target, {"type": "null"}]} if may_be_null else target
    schema = {
        key: {name: as_schema(item, is_closed) for name, item in value.items()}
        if key == "properties"
        else as_schema(value, is_closed)
        for key, value in node.items()
        if key not in ("nullable", "discriminator", "example", "format")
    }
    if may_be_null and "type" in schema:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if is_closed and schema.get("type") == "object" and "allOf" not in schema:
        schema["additionalProperties"] = False
    return schema


def build_validator(system: str, schema: Any, is_closed: bool) -> Draft202012Validator:
    parts = load_document(system)["components"]["schemas"]
    return Draft202012Validator(
        as_schema(schema, is_closed)
        | {"$defs": {name: as_schema(part, is_closed) for name, part in parts.items()}}
    )


@cache
def model_validator(system: str, name: str) -> Draft202012Validator:
    """Give the validator of one model; open, for a model may be an allOf."""
    reference = {"$ref": f"#/components/schemas/{name}"}
    return build_validator(system, reference, is_closed=False)


def get_operation(system: str, endpoint: str) -> dict[str, Any]:
    method, path = endpoint.split(" ")
    operation: dict[str, Any] = load_document(system)["paths"][path][method.lower()]
    return operation


@cache
def answer_validator(
    system: str, endpoint: str, status: int
) -> Draft202012Validator | None:
    """Give the validator of one answer; None when it has no JSON body."""
    responses = get_operation(system, endpoint)["responses"]
    response = responses.get(str(status), responses.get("default", {}))
    if "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        response = load_document(system)["components"]["responses"][name]
    content = response.get("content") or {}
    if "application/json" not in content:
        return None
    schema = content["application/json"]["schema"]
    return build_validator(system, schema, is_closed=True)


@cache
def body_validator(system: str, endpoint: str) -> Draft202012Validator | None:
    """Give the validator of one request's JSON body; None when it is not published."""
    body = get_operation(system, endpoint).get("requestBody", {}).get("content", {})
    if "multipart/form-data" in body:
        schema = body["multipart/form-data"]["schema"]["properties"]["meta"]
        return build_validator(system, schema, is_closed=True)
    if "application/json" not in body:
        return None
    schema = body["application/json"]["schema"]
    return build_validator(system, schema, is_closed=True)


@cache
def parameter_names(system: str, endpoint: str) -> frozenset[tuple[str, str]]:
    """Give (place, name) of each published parameter; place is query, path, header."""
    shared = load_document(system)["components"].get("parameters", {})
    listed = get_operation(system, endpoint).get("parameters", [])
    resolved = [
        shared[item["$ref"].rpartition("/")[2]] if "$ref" in item else item
        for item in listed
    ]
    return frozenset((item["in"], item["name"]) for item in resolved)


def iter_answer_findings(system: str, entry: Exchange) -> Iterator[str]:
    """Give what the published shape says against an answer."""
    if entry.endpoint in UNPUBLISHED or entry.status in (404, 429):
        return  # these two may come without the body, or are unpublished
    validator = answer_validator(system, entry.endpoint, entry.status)
    if validator is None or entry.fault is not None:
        return
    for error in validator.iter_errors(json.loads(entry._response)):
        yield f"{entry.endpoint} {entry.status} {error.json_path}: {error.message:.200}"


def iter_request_findings(system: str, entry: Exchange) -> Iterator[str]:
    """Give what the published document says against a request."""
    if entry.endpoint in UNPUBLISHED:
        return
    known = parameter_names(system, entry.endpoint)
    for name, _ in entry.query:
        if ("query", name) not in known:
            yield f"{entry.endpoint}: no query parameter {name}"
    validator = body_validator(system, entry.endpoint)
    if entry.endpoint == "POST /invoices" and entry._body:
        model = INVOICE_MODELS.get(json.loads(entry._body).get("type"), "Invoice")
        validator = model_validator(system, model)
    kind = entry.headers.get("content-type", "")
    if validator is None or not entry._body:
        return
    if kind.startswith("multipart/"):
        parts = parse_multipart(kind, entry._body)
        body = json.loads(next(p.content for p in parts if p.name == "meta"))
    else:
        body = json.loads(entry._body)
    if entry.method == "PATCH" and isinstance(body, list):
        # The model spells it Replace, live clients send replace.
        body = [item | {"op": str(item.get("op")).capitalize()} for item in body]
    for error in validator.iter_errors(body):
        yield f"{entry.endpoint} body {error.json_path}: {error.message:.200}"

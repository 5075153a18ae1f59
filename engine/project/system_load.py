"""From a system's YAML to its spec: the grammar has accepted the file and reads it.

What no grammar can say is checked here, with its place: S105 base address, S106 unknown
name (secret, paging), S107 path and parameters do not fit, S108 faulty JMESPath.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.errors import RuleError
from engine.language.paths import compile_path
from engine.problems import Problems
from engine.project.base_url import address_fault
from engine.project.system_spec import (
    DEADLINE_SECONDS,
    FILE_DEADLINE_SECONDS,
    EndpointSpec,
    ErrorShape,
    ErrorSpec,
    IdentitySpec,
    LimitSpec,
    PagingSpec,
    ParamSpec,
    SecretSpec,
    SignInSpec,
    SystemSpec,
    ValueSpec,
)
from engine.rulefiles.nodes import ListNode, MapNode, Node, Scalar
from engine.rulefiles.typed import read_settings

# Where JMESPaths and names stand; * is any key, or any item of a list.
_PATHS = (
    *("sign_in.token", "sign_in.expires_in", "sign_in.expires_at"),
    *("paging.*.id", "paging.*.size_answer"),
    *(f"errors.shapes.*.{part}" for part in ("list", "message", "field", "code")),
    *("endpoints.*.items", "endpoints.*.must_have.*", "identity.ids", "identity.names"),
)
_NAMES = {
    "endpoints.*.if_match": "endpoints",
    "sign_in.fields.*.secret": "secrets",
    "sign_in.headers.*.secret": "secrets",
    "endpoints.*.paging": "paging",
    "identity.read": "endpoints",
}
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_]+)\}")


def load_system(node: MapNode, name: str, grammar: Mapping[str, Any]) -> SystemSpec:
    """Read a system file.

    Args:
        name: What flows call the system: the file's name without its ending.
        grammar: ``system.schema.json``; it knows what each key holds by default.

    Raises:
        RuleError: With all problems of the file.
    """
    spec = _system(name, read_settings(node, grammar))
    problems = Problems()
    for cell in _cells(node, ["base_url"]):
        if fault := address_fault(spec.base_url):
            problems.add("S105", f"`base_url` {fault}", cell)
    for place in _PATHS:
        for cell in _cells(node, place.split(".")):
            _check_path(cell, problems)
    for place, key in _NAMES.items():
        declared = node.get(key)
        known = tuple(declared) if isinstance(declared, MapNode) else ()
        for cell in _cells(node, place.split(".")):
            if cell.text not in known:
                said = f"{cell.text} does not stand under `{key}`"
                problems.unknown("S106", said, cell, known)
    for endpoint in spec.endpoints.values():
        for cell in _cells(node, ["endpoints", endpoint.name, "path"]):
            _check_placeholders(cell, endpoint, problems)
    problems.raise_if_any()
    return spec


def _cells(node: Node | None, place: list[str]) -> Iterator[Scalar]:
    """Yield the texts at a place."""
    if not place:
        if isinstance(node, Scalar):
            yield node
        return
    first, *rest = place
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _cells(item, rest)
    elif isinstance(node, MapNode):
        for key, value in node.items():
            if first in ("*", key.text):
                yield from _cells(value, rest)


def _check_path(cell: Scalar, problems: Problems) -> None:
    try:
        compile_path(cell)
    except RuleError as error:
        problems.extend(replace(found, code="S108") for found in error.problems)


def _check_placeholders(
    cell: Scalar, endpoint: EndpointSpec, problems: Problems
) -> None:
    if any(sign in cell.text for sign in ("?", "//", "..")):
        problems.add("S107", "`path` begins with / and has no query", cell)
    params = endpoint.params.values()
    wanted = set(_PLACEHOLDER.findall(cell.text))
    given = {param.wire_name for param in params if param.place == "path"}
    for name in sorted(wanted ^ given):
        missing = "the parameters" if name in wanted else "`path`"
        problems.add("S107", f"{name} does not stand in {missing}", cell)


# From what the grammar reads to the spec ----------------------------------------------


def _system(name: str, said: Mapping[str, Any]) -> SystemSpec:
    errors, limits = said["errors"], said["limits"]
    styles = {
        key: PagingSpec(value["kind"], value)
        for key, value in (said["paging"] or {}).items()
    }
    return SystemSpec(
        name=name,
        base_url=said["base_url"].rstrip("/"),
        sign_in=_sign_in(said["sign_in"]),
        limits=LimitSpec(limits["requests"], limits["per_seconds"]),
        endpoints={
            key: _endpoint(key, value, styles)
            for key, value in said["endpoints"].items()
        },
        secrets={
            key: SecretSpec(value["description"], value["required"], value["alone"])
            for key, value in said["secrets"].items()
        },
        headers=said["headers"] or {},
        errors=ErrorSpec(
            shapes=tuple(_shape(shape) for shape in errors["shapes"] or ()),
            without_body=frozenset(errors["without_body"] or ()),
            of_key=errors["of_key"] or {},
        ),
        timeout_seconds=float(said["timeout_seconds"]),
        identity=_identity(said["identity"]),
    )


def _sign_in(said: Mapping[str, Any]) -> SignInSpec:
    return SignInSpec(
        kind=said["kind"],
        path=said["path"],
        fields=_values(said["fields"]),
        headers=_values(said["headers"] or {}),
        token_path=said["token"],
        expires_in_path=said["expires_in"] or "",
        expires_at_path=said["expires_at"] or "",
    )


def _identity(said: Mapping[str, Any]) -> IdentitySpec | None:
    if not said["read"]:
        return None
    return IdentitySpec(said["read"], said["ids"], said["names"], said["alone"])


def _values(said: Mapping[str, Mapping[str, Any]]) -> dict[str, ValueSpec]:
    return {
        name: ValueSpec(value["fixed"] or "", value["secret"])
        for name, value in said.items()
    }


def _shape(said: Mapping[str, Any]) -> ErrorShape:
    return ErrorShape(
        list_path=said["list"],
        message_path=said["message"],
        field_path=said["field"] or "",
        code_path=said["code"] or "",
    )


def _endpoint(
    name: str, said: Mapping[str, Any], styles: Mapping[str, PagingSpec]
) -> EndpointSpec:
    moves_file = said["response"] == "file" or said["body"] == "multipart"
    usual = FILE_DEADLINE_SECONDS if moves_file else DEADLINE_SECONDS
    return EndpointSpec(
        name=name,
        method=said["method"],
        path=said["path"],
        # Only a GET may leave it unsaid.
        is_idempotent=said["idempotent"] is not False,
        params={key: _param(key, v) for key, v in (said["params"] or {}).items()},
        body=said["body"],
        parts=said["parts"] if said["body"] == "multipart" else {},
        response=said["response"],
        items=said["items"] or "",
        paging=styles.get(said["paging"]),
        schema=said["schema"],
        must_have=tuple(said["must_have"] or ()),
        deadline_seconds=float(said["deadline_seconds"] or usual),
        if_match=said["if_match"] or "",
    )


def _param(name: str, said: Mapping[str, Any]) -> ParamSpec:
    return ParamSpec(
        name=name,
        wire_name=said["name"] or name,
        place=said["in"],
        list_style=said["list"],
        fixed=said["fixed"],
        is_required=said["in"] == "path" or said["required"],
        values=tuple(said["values"] or ()),
    )

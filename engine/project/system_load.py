"""From a system's YAML to its spec; every problem is collected, with its place.

Codes: S101 missing key, S102 unknown key, S103 wrong kind of value, S104 unknown word,
S105 base address, S106 unknown name (secret, paging), S107 path and parameters do not
fit, S108 faulty JMESPath, S109 a write does not say whether it may be repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, cast

from engine.errors import RuleError
from engine.problems import hint_for
from engine.project.base_url import address_fault
from engine.project.node_reader import NodeReader
from engine.project.system_spec import (
    EndpointSpec,
    ErrorShape,
    ErrorSpec,
    LimitSpec,
    PagingSpec,
    ParamSpec,
    SecretSpec,
    SignInSpec,
    SystemSpec,
    ValueSpec,
)
from engine.rulefiles.reader import ListNode, MapNode, Scalar
from engine.systems.bodies import BODY_KINDS
from engine.systems.paging import PAGING_KINDS
from engine.systems.sign_in import SIGN_IN_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import Position
    from engine.rulefiles.reader import Node

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLACES = ("query", "path", "header")
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_]+)\}")


def load_system(node: Node, name: str) -> SystemSpec:
    """Read a system file.

    Args:
        node: The file's root.
        name: What flows call the system: the file's name without its ending.

    Raises:
        RuleError: With all problems of the file.
    """
    reader = NodeReader()
    spec = _read_system(reader, node, name)
    if reader.problems:
        raise RuleError(reader.problems)
    return spec


def _read_system(reader: NodeReader, node: Node, name: str) -> SystemSpec:
    root = reader.map(
        node,
        (
            "format", "system", "note", "base_url", "headers", "secrets", "sign_in",
            "limits", "timeout_seconds", "paging", "errors", "endpoints",
        ),
    )  # fmt: skip
    base_url = reader.text(root, "base_url")
    if base_url and (fault := address_fault(base_url)):
        position = root.get("base_url") or root
        reader.add("S105", f"`base_url` {fault}", _place(position))
    secrets = _read_secrets(reader, root.get("secrets"))
    styles = {
        style: _read_paging(reader, value)
        for style, value in reader.entries(root.get("paging"))
    }
    limits = reader.map(root.get("limits"), ("requests", "per_seconds", "note"))
    if "limits" not in root:
        reader.add("S101", "`limits` is missing", root.position)
        limits = MapNode({}, root.position)
    if "sign_in" not in root:
        reader.add("S101", "`sign_in` is missing", root.position)
    return SystemSpec(
        name=name,
        base_url=base_url.rstrip("/"),
        sign_in=_read_sign_in(reader, root.get("sign_in"), secrets),
        limits=LimitSpec(
            reader.integer(limits, "requests", None if limits.entries else 1),
            reader.integer(limits, "per_seconds", 1),
        ),
        endpoints={
            endpoint: _read_endpoint(reader, endpoint, value, styles)
            for endpoint, value in reader.entries(root.get("endpoints"))
        },
        secrets=secrets,
        headers={
            header: reader.scalar(value)
            for header, value in reader.entries(root.get("headers"))
        },
        errors=_read_errors(reader, root.get("errors")),
        timeout_seconds=float(reader.integer(root, "timeout_seconds", 60)),
    )


def _read_secrets(reader: NodeReader, node: Node | None) -> dict[str, SecretSpec]:
    found = {}
    for name, value in reader.entries(node):
        entry = reader.map(value, ("description", "required"))
        found[name] = SecretSpec(
            reader.text(entry, "description"), reader.truth(entry, "required", True)
        )
    return found


def _read_values(
    reader: NodeReader, node: Node | None, secrets: Mapping[str, SecretSpec]
) -> dict[str, ValueSpec]:
    """Read ``{name: {secret: NAME} or {fixed: TEXT}}``."""
    found = {}
    for name, value in reader.entries(node):
        entry = reader.map(value, ("secret", "fixed"))
        if (secret := entry.get("secret")) is None:
            found[name] = ValueSpec(fixed=reader.text(entry, "fixed"))
            continue
        text = reader.scalar(secret)
        if text not in secrets:
            reader.add(
                "S106",
                f"{text} does not stand under `secrets`",
                _place(secret),
                hint_for(text, list(secrets)),
            )
        found[name] = ValueSpec(secret=text)
    return found


def _read_sign_in(
    reader: NodeReader, node: Node | None, secrets: Mapping[str, SecretSpec]
) -> SignInSpec:
    entry = reader.map(
        node, ("kind", "path", "fields", "headers", "token", "expires_in", "expires_at")
    )
    if node is None:
        return SignInSpec("", "", {})
    return SignInSpec(
        kind=reader.word(entry, "kind", SIGN_IN_KINDS),
        path=reader.text(entry, "path"),
        fields=_read_values(reader, entry.get("fields"), secrets),
        headers=_read_values(reader, entry.get("headers"), secrets),
        token_path=reader.path(entry, "token", "access_token"),
        expires_in_path=reader.path(entry, "expires_in"),
        expires_at_path=reader.path(entry, "expires_at"),
    )


def _read_paging(reader: NodeReader, node: Node) -> PagingSpec:
    entry = reader.map(
        node, ("kind", "size_param", "size", "param", "header", "id", "size_answer")
    )
    kind = reader.word(entry, "kind", PAGING_KINDS)
    named = reader.text(entry, "kind", "")  # `kind` is the first one after a mistake
    return PagingSpec(
        kind=kind,
        size_param=reader.text(entry, "size_param"),
        size=reader.integer(entry, "size"),
        param=reader.text(entry, "param"),
        header=reader.text(
            entry, "header", None if named == "page_token_header" else ""
        ),
        id_path=reader.path(entry, "id", "id"),
        size_answer=reader.path(entry, "size_answer"),
    )


def _read_errors(reader: NodeReader, node: Node | None) -> ErrorSpec:
    entry = reader.map(node, ("shapes", "without_body"))
    shapes = []
    listed = entry.get("shapes")
    for item in listed.items if isinstance(listed, ListNode) else ():
        shape = reader.map(item, ("list", "message", "field", "code"))
        shapes.append(
            ErrorShape(
                list_path=reader.path(shape, "list", None),
                message_path=reader.path(shape, "message", None),
                field_path=reader.path(shape, "field"),
                code_path=reader.path(shape, "code"),
            )
        )
    statuses = set()
    for item in reader.scalars(entry.get("without_body")):
        if re.fullmatch(r"4[0-9]{2}", item.text):
            statuses.add(int(item.text))
        else:
            reader.add("S103", "a status from 400 to 499 is expected", item.position)
    return ErrorSpec(tuple(shapes), frozenset(statuses))


def _read_endpoint(
    reader: NodeReader, name: str, node: Node, styles: Mapping[str, PagingSpec]
) -> EndpointSpec:
    entry = reader.map(
        node,
        (
            "method", "path", "params", "body", "parts", "response", "items",
            "paging", "schema", "must_have", "idempotent", "note",
        ),
    )  # fmt: skip
    method = reader.word(entry, "method", METHODS, "GET")
    if method != "GET" and "idempotent" not in entry:
        reader.add(
            "S109",
            f"{name} writes and does not say whether it may be sent twice",
            entry.position,
            "add `idempotent: yes` or `idempotent: no`",
        )
    paging = None
    if (style := entry.get("paging")) is not None:
        text = reader.scalar(style)
        paging = styles.get(text)
        if paging is None:
            reader.add(
                "S106",
                f"{text} does not stand under `paging`",
                _place(style),
                hint_for(text, list(styles)),
            )
    must_have = []
    for item in reader.scalars(entry.get("must_have")):
        reader.check_path(item.text, item)
        must_have.append(item.text)
    path = reader.text(entry, "path")
    params = {
        param: _read_param(reader, param, value)
        for param, value in reader.entries(entry.get("params"))
    }
    _check_placeholders(reader, entry, path, params)
    body = reader.word(entry, "body", BODY_KINDS, "none")
    return EndpointSpec(
        name=name,
        method=method,
        path=path,
        is_idempotent=reader.truth(entry, "idempotent", method == "GET"),
        params=params,
        body=body,
        parts=_read_parts(reader, entry, body),
        response=cast(
            "Literal['json', 'file', 'none']",
            reader.word(entry, "response", ("json", "file", "none"), "json"),
        ),
        items=reader.path(entry, "items"),
        paging=paging,
        schema=reader.text(entry, "schema", "") or None,
        must_have=tuple(must_have),
    )


def _read_parts(reader: NodeReader, entry: MapNode, body: str) -> dict[str, str]:
    if body != "multipart":
        return {}
    if "parts" not in entry:
        reader.add("S101", "`parts` is missing", entry.position)
        return {"json": "", "file": ""}
    parts = reader.map(entry.get("parts"), ("json", "file"))
    return {"json": reader.text(parts, "json"), "file": reader.text(parts, "file")}


def _read_param(reader: NodeReader, name: str, node: Node) -> ParamSpec:
    known = ("in", "name", "list", "fixed", "required", "values", "note")
    entry = reader.map(node, known)
    place = cast("Any", reader.word(entry, "in", PLACES, "query"))
    style = None
    if "list" in entry:
        style = cast("Any", reader.word(entry, "list", ("repeat", "comma")))
    return ParamSpec(
        name=name,
        wire_name=reader.text(entry, "name", name),
        place=place,
        list_style=style,
        fixed=reader.text(entry, "fixed") if "fixed" in entry else None,
        is_required=place == "path" or reader.truth(entry, "required", False),
        values=tuple(item.text for item in reader.scalars(entry.get("values"))),
    )


def _check_placeholders(
    reader: NodeReader, entry: MapNode, path: str, params: Mapping[str, ParamSpec]
) -> None:
    if not path.startswith("/") or "?" in path or "//" in path or ".." in path:
        node = entry.get("path") or entry
        reader.add("S107", "`path` begins with / and has no query", _place(node))
    wanted = set(_PLACEHOLDER.findall(path))
    given = {param.wire_name for param in params.values() if param.place == "path"}
    for name in sorted(wanted ^ given):
        missing = "the parameters" if name in wanted else "`path`"
        node = entry.get("path") or entry
        reader.add("S107", f"{name} does not stand in {missing}", _place(node))


def _place(node: Node) -> Position | Scalar:
    return node if isinstance(node, Scalar) else node.position

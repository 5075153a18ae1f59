"""From a system's YAML to its spec; every problem is collected, with its place.

Codes: S101 missing key, S102 unknown key, S103 wrong kind of value, S104 unknown word,
S105 base address, S106 unknown name (secret, paging), S107 path and parameters do not
fit, S108 faulty JMESPath, S109 a write does not say whether it may be repeated.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Literal, cast

import jmespath
from jmespath.exceptions import JMESPathError

from engine.errors import Position, Problem, RuleError
from engine.systems.bodies import BODY_KINDS
from engine.systems.client import base_url_fault
from engine.systems.paging import PAGING_KINDS
from engine.systems.sign_in import SIGN_IN_KINDS
from engine.systems.spec import (
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
from engine.yamlfile import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.yamlfile import Node

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLACES = ("query", "path", "header")
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_]+)\}")
_TRUTH = {"yes": True, "true": True, "no": False, "false": False}


def load_system(node: Node, name: str) -> SystemSpec:
    """Read a system file.

    Args:
        node: The file's root.
        name: What flows call the system: the file's name without its ending.

    Raises:
        RuleError: With all problems of the file.
    """
    reader = _Reader()
    spec = _read_system(reader, node, name)
    if reader.problems:
        raise RuleError(reader.problems)
    return spec


class _Reader:
    """Takes typed values out of nodes; each fault becomes a problem."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(
        self, code: str, message: str, position: Position, hint: str | None = None
    ) -> None:
        self.problems.append(Problem(code, message, position, hint))

    def map(self, node: Node | None, known: Iterable[str] | None = None) -> MapNode:
        if node is None:
            return MapNode({}, Position("", 1, 1))
        if not isinstance(node, MapNode):
            self.add("S103", "keys with values are expected here", node.position)
            return MapNode({}, node.position)
        if known is not None:
            names = list(known)
            for name in node.entries:
                key = node.key(name)
                if key.text not in names:
                    self.add(
                        "S102",
                        f"{key.text} is not a key here",
                        key.position,
                        _suggest(key.text, names),
                    )
        return node

    def entries(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        for key, value in self.map(node).items():
            yield key.text, value

    def text(self, parent: MapNode, name: str, default: str | None = None) -> str:
        """Give a text; without a default the key must be there."""
        node = parent.get(name)
        if node is None:
            if default is None:
                self.add("S101", f"`{name}` is missing", parent.position)
            return default or ""
        return self.scalar(node)

    def scalar(self, node: Node) -> str:
        if isinstance(node, Scalar):
            return node.text
        self.add("S103", "a single text is expected here", node.position)
        return ""

    def word(
        self,
        parent: MapNode,
        name: str,
        words: Iterable[str],
        default: str | None = None,
    ) -> str:
        known = list(words)
        text = self.text(parent, name, default)
        node = parent.get(name)
        if node is not None and text not in known:
            self.add(
                "S104",
                f"`{name}` is not {text}: {', '.join(known)}",
                node.position,
                _suggest(text, known),
            )
        return text if text in known else (default or known[0])

    def integer(self, parent: MapNode, name: str, default: int | None = None) -> int:
        text = self.text(parent, name, None if default is None else str(default))
        node = parent.get(name)
        if node is not None and not re.fullmatch(r"[1-9][0-9]{0,8}", text):
            self.add("S103", "a whole number from 1 is expected", node.position)
            return 1
        return int(text or "1")

    def truth(self, parent: MapNode, name: str, default: bool) -> bool:
        node = parent.get(name)
        if node is None:
            return default
        text = self.scalar(node)
        if text not in _TRUTH:
            self.add("S103", "yes or no is expected here", node.position)
        return _TRUTH.get(text, default)

    def path(self, parent: MapNode, name: str, default: str | None = "") -> str:
        text = self.text(parent, name, default)
        node = parent.get(name)
        if text and node is not None:
            self.check_path(text, node)
        return text

    def check_path(self, text: str, node: Node) -> None:
        try:
            jmespath.compile(text)
        except JMESPathError as error:
            first = str(error).partition("\n")[0]
            self.add("S108", f"the path cannot be read: {first}", node.position)

    def scalars(self, node: Node | None) -> Iterator[Scalar]:
        if node is None:
            return
        if not isinstance(node, ListNode):
            self.add("S103", "a list is expected here", node.position)
            return
        for item in node.items:
            if isinstance(item, Scalar):
                yield item
            else:
                self.add("S103", "a single text is expected here", item.position)


def _read_system(reader: _Reader, node: Node, name: str) -> SystemSpec:
    root = reader.map(
        node,
        (
            "format", "system", "note", "base_url", "headers", "secrets", "sign_in",
            "limits", "timeout_seconds", "paging", "errors", "endpoints",
        ),
    )  # fmt: skip
    base_url = reader.text(root, "base_url")
    if base_url and (fault := base_url_fault(base_url)):
        position = root.get("base_url") or root
        reader.add("S105", f"`base_url` {fault}", position.position)
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


def _read_secrets(reader: _Reader, node: Node | None) -> dict[str, SecretSpec]:
    found = {}
    for name, value in reader.entries(node):
        entry = reader.map(value, ("description", "required"))
        found[name] = SecretSpec(
            reader.text(entry, "description"), reader.truth(entry, "required", True)
        )
    return found


def _read_values(
    reader: _Reader, node: Node | None, secrets: Mapping[str, SecretSpec]
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
                secret.position,
                _suggest(text, list(secrets)),
            )
        found[name] = ValueSpec(secret=text)
    return found


def _read_sign_in(
    reader: _Reader, node: Node | None, secrets: Mapping[str, SecretSpec]
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


def _read_paging(reader: _Reader, node: Node) -> PagingSpec:
    entry = reader.map(
        node, ("kind", "size_param", "size", "param", "header", "id", "size_answer")
    )
    kind = reader.word(entry, "kind", PAGING_KINDS)
    return PagingSpec(
        kind=kind,
        size_param=reader.text(entry, "size_param"),
        size=reader.integer(entry, "size"),
        param=reader.text(entry, "param"),
        header=reader.text(
            entry, "header", None if kind == "page_token_header" else ""
        ),
        id_path=reader.path(entry, "id", "id"),
        size_answer=reader.path(entry, "size_answer"),
    )


def _read_errors(reader: _Reader, node: Node | None) -> ErrorSpec:
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
    reader: _Reader, name: str, node: Node, styles: Mapping[str, PagingSpec]
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
                style.position,
                _suggest(text, list(styles)),
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


def _read_parts(reader: _Reader, entry: MapNode, body: str) -> dict[str, str]:
    if body != "multipart":
        return {}
    if "parts" not in entry:
        reader.add("S101", "`parts` is missing", entry.position)
        return {"json": "", "file": ""}
    parts = reader.map(entry.get("parts"), ("json", "file"))
    return {"json": reader.text(parts, "json"), "file": reader.text(parts, "file")}


def _read_param(reader: _Reader, name: str, node: Node) -> ParamSpec:
    entry = reader.map(node, ("in", "name", "list", "fixed", "required", "note"))
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
    )


def _check_placeholders(
    reader: _Reader, entry: MapNode, path: str, params: Mapping[str, ParamSpec]
) -> None:
    if not path.startswith("/") or "?" in path or "//" in path or ".." in path:
        node = entry.get("path") or entry
        reader.add("S107", "`path` begins with / and has no query", node.position)
    wanted = set(_PLACEHOLDER.findall(path))
    given = {param.wire_name for param in params.values() if param.place == "path"}
    for name in sorted(wanted ^ given):
        missing = "the parameters" if name in wanted else "`path`"
        node = entry.get("path") or entry
        reader.add("S107", f"{name} does not stand in {missing}", node.position)


def _suggest(word: str, known: list[str]) -> str | None:
    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else None

"""From an endpoint and a flow's arguments to one request; no network, no token."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.errors import Problem, RuleError, Violation, ViolationError
from engine.language.values import sent_text
from engine.systems.bodies import BODY_KINDS, Body
from engine.systems.client import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.project.system_spec import EndpointSpec, ParamSpec

_ACCEPT = {"json": "application/json", "file": "*/*", "none": "application/json"}


def build_request(
    base_url: str,
    endpoint: EndpointSpec,
    args: Mapping[str, Any],
    body: Any = None,
    *,
    more_query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Put an endpoint's arguments where they belong.

    Args:
        base_url: Scheme, host and leading path, without a slash at the end.
        endpoint: What is called.
        args: By the names of the system file; text, number, date, truth value, or a
            list of those where the parameter allows it.
        body: What the endpoint's kind of body wants.
        more_query: Paging's parameters, by wire name.
        headers: The system's own.

    Raises:
        RuleError: An argument the endpoint does not have, a list where one value goes.
        ViolationError: A required argument is missing, one that is named is empty (to
            leave a filter out would widen a search), or its text cannot be sent there.
    """
    if unknown := sorted(set(args) - set(endpoint.arguments)):
        raise _rule_error(f"{endpoint.name} has no argument {unknown[0]}")
    path = endpoint.path
    query: list[str] = []
    sent = {"Accept": _ACCEPT[endpoint.response], **(headers or {})}
    for param in endpoint.params.values():
        texts = _texts(endpoint, param, args)
        if not texts:
            continue
        if param.place == "path":
            joined = ",".join(_path_part(param, text) for text in texts)
            path = path.replace("{" + param.wire_name + "}", joined)
        elif param.place == "header":
            sent[param.wire_name] = _header_text(param, ",".join(texts))
        elif param.list_style == "comma":
            joined = ",".join(quote(text, safe="") for text in texts)
            query.append(f"{quote(param.wire_name, safe='')}={joined}")
        else:
            query += [_pair(param.wire_name, text) for text in texts]
    query += [_pair(name, text) for name, text in (more_query or {}).items()]
    rendered = render_body(endpoint, body)
    if rendered is not None:
        sent["Content-Type"] = rendered.content_type
    return Request(
        endpoint.method,
        base_url + path + ("?" + "&".join(query) if query else ""),
        sent,
        rendered.content if rendered else None,
    )


def render_body(endpoint: EndpointSpec, body: Any) -> Body | None:
    """Give the exact bytes an endpoint would be sent, for a digest before the send."""
    if body is None:
        return None
    return BODY_KINDS[endpoint.body](body, endpoint.parts)


def _texts(
    endpoint: EndpointSpec, param: ParamSpec, args: Mapping[str, Any]
) -> list[str]:
    """Give the texts to send: none, one, or those of a list."""
    if param.fixed is not None:
        return [param.fixed]
    value = args.get(param.name)
    values = list(value) if isinstance(value, list | tuple) else [value]
    if isinstance(value, list | tuple) and param.list_style is None:
        raise _rule_error(f"{endpoint.name}.{param.name} takes one value, not a list")
    texts = [text for item in values if (text := _text(endpoint, param, item))]
    if not texts and (param.is_required or param.name in args):
        raise _violation("ARGUMENT_MISSING", "needed for the request and empty", param)
    if param.list_style == "comma" and any("," in text for text in texts):
        raise _violation("ARGUMENT_NOT_ALLOWED", "a comma would split the value", param)
    return texts


def _text(endpoint: EndpointSpec, param: ParamSpec, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | date | Decimal):  # a datetime is a date too
        return sent_text(value)
    if isinstance(value, str | int):
        return str(value).strip()
    raise _rule_error(
        f"{endpoint.name}.{param.name} takes a text or a number, "
        f"not {type(value).__name__}"
    )


def _pair(name: str, text: str) -> str:
    return f"{quote(name, safe='')}={quote(text, safe='')}"


def _path_part(param: ParamSpec, text: str) -> str:
    # "." and ".." would lead to another resource even when quoted.
    if text in (".", ".."):
        raise _violation("ARGUMENT_NOT_ALLOWED", "not an id", param)
    return quote(text, safe="")


def _header_text(param: ParamSpec, text: str) -> str:
    if not all(" " <= sign <= "~" for sign in text):
        raise _violation(
            "ARGUMENT_NOT_ALLOWED", "only plain letters can be searched for", param
        )
    return text


def _violation(code: str, message: str, param: ParamSpec) -> ViolationError:
    return ViolationError([Violation(code, message, field=param.name)])


def _rule_error(message: str) -> RuleError:
    return RuleError([Problem("S120", message)])

"""What a system file says, as frozen objects: addresses, sign-in, paging, endpoints.

Only shapes; ``engine.project.system_load`` reads them from YAML. What each key means is
told, with examples, in ``schemas/grammar/system.schema.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# What one request may last in all, and one that moves a file. Our own figures; the
# settle time of a doubtful write is longer.
DEADLINE_SECONDS = 120.0
FILE_DEADLINE_SECONDS = 300.0

ParamPlace = Literal["query", "path", "header"]


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """A text that stands in the file, or the name of a secret."""

    fixed: str = ""
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class SecretSpec:
    """A secret that a company must give, or may give."""

    description: str
    is_required: bool = True
    is_alone: bool = False  # no two companies have the same one


@dataclass(frozen=True, slots=True)
class SignInSpec:
    """How a token is had; the three paths are JMESPath on the answer."""

    kind: str
    path: str
    fields: Mapping[str, ValueSpec]
    headers: Mapping[str, ValueSpec] = field(default_factory=dict)
    token_path: str = "access_token"  # noqa: S105 - a path, not a token
    expires_in_path: str = ""  # seconds
    expires_at_path: str = ""  # a moment, RFC 3339


@dataclass(frozen=True, slots=True)
class PagingSpec:
    """How one style of lists is walked; ``engine.systems.paging`` has the kinds."""

    kind: str
    keys: Mapping[str, Any]  # all of the style's, as the grammar reads them


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One argument of an endpoint."""

    name: str  # as flows call it
    wire_name: str
    place: ParamPlace
    list_style: Literal["repeat", "comma"] | None = None
    fixed: str | None = None  # always sent with this text; not an argument
    is_required: bool = False
    values: tuple[str, ...] = ()  # the only ones there are; none said means any


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """One request that a system understands."""

    name: str
    method: str
    path: str
    is_idempotent: bool  # may be sent again when nobody knows what became of it
    params: Mapping[str, ParamSpec] = field(default_factory=dict)
    body: str = "none"
    parts: Mapping[str, str] = field(default_factory=dict)
    response: Literal["json", "file", "none"] = "json"
    items: str = ""  # JMESPath of the list; "" = the answer itself
    paging: PagingSpec | None = None
    schema: str | None = None  # name of the answer's schema, "system/name"
    must_have: tuple[str, ...] = ()  # without these the answer proves nothing
    deadline_seconds: float = DEADLINE_SECONDS  # to the last byte of its answer
    if_match: str = ""  # the read whose last ETag it must name (RFC 9110, 13.1.1)

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing over there."""
        return self.method == "GET"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names a flow may use in ``with``."""
        return tuple(n for n, param in self.params.items() if param.fixed is None)


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """One form of an error body; paths are JMESPath."""

    list_path: str
    message_path: str  # on a row of the list
    field_path: str = ""  # on a row of the list
    code_path: str = ""  # on the whole body, put in front of the message


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """How the system says no."""

    shapes: tuple[ErrorShape, ...] = ()  # tried in order
    without_body: frozenset[int] = frozenset()  # refusals that may come bare
    of_key: Mapping[str, str] = field(default_factory=dict)  # first word -> advice code


@dataclass(frozen=True, slots=True)
class IdentitySpec:
    """How a system tells whose data a key opens; paths are JMESPath on the answer."""

    endpoint: str
    ids_path: str  # one, or several of which one is enough
    names_path: str
    is_alone: bool  # no two companies of ours have the same one there


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """At most so many requests in any window of so many seconds."""

    requests: int
    per_seconds: float


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """One system file."""

    name: str
    base_url: str
    sign_in: SignInSpec
    limits: LimitSpec
    endpoints: Mapping[str, EndpointSpec]
    secrets: Mapping[str, SecretSpec]
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: ErrorSpec = ErrorSpec()
    timeout_seconds: float = 60.0
    identity: IdentitySpec | None = None  # None: the system does not tell

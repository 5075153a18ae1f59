"""What both simulated systems share: routes, journal, faults, rate limit, WSGI.

A simulator is a WSGI callable. Whoever carries its answers (in process or over a
socket) acts on two side channels: the ``Lost`` exceptions below mean that no answer
reaches the client, and ``environ[DELAY_KEY]`` is how many seconds late one comes.
They also hand over the headers as sent, in ``environ[HEADERS_KEY]``.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from tests.simulators.bodies import (
    Part,
    dump_json,
    load_json,
    mask,
    parse_multipart,
    readable,
    summarise,
)
from tests.simulators.faults import ConnectionRefused, Fault, RequestLost, ResponseLost

if TYPE_CHECKING:
    from datetime import datetime

    from tests.simulators.clock import Clock

DELAY_KEY = "simulator.delay"
HEADERS_KEY = "simulator.headers"
HTML_ERROR = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(slots=True)
class Request:
    """One request as it arrived; ``path`` is below the base path."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    content: bytes
    params: dict[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    def one(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self.query if key == name), default)

    def many(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    def parts(self) -> list[Part]:
        return parse_multipart(self.content_type, self.content)


@dataclass(slots=True)
class Reply:
    """One answer; ``body`` is JSON unless it is bytes."""

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else dump_json(self.body)


class RefusedRequest(Exception):  # noqa: N818 - carries an answer, handlers raise it
    """A handler's way to answer with an error from any depth."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that arrived and what was answered, without any secret.

    ``authorization`` says whether the credentials were right, wrong or missing. Bodies
    are kept as bytes and decoded when asked for. ``status`` is what the system
    decided, even when the answer was lost on its way (see ``fault``).
    """

    at: datetime
    endpoint: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    authorization: str
    status: int
    fault: str | None
    _body: bytes
    _response: bytes
    _response_type: str

    @property
    def body(self) -> Any:
        """The request's body: JSON, form pairs, or a summary; secrets masked."""
        kind = self.headers.get("content-type", "")
        if not self._body:
            return None
        if kind.startswith("multipart/"):
            return {
                part.name: load_json(part.content)
                if part.content_type.startswith("application/json")
                else summarise(part.content, part.filename)
                for part in parse_multipart(kind, self._body)
            }
        if kind.startswith("application/x-www-form-urlencoded"):
            return mask(dict(parse_qsl(self._body.decode(), keep_blank_values=True)))
        return mask(readable(self._body))

    @property
    def response(self) -> Any:
        """The answer's body: JSON or a summary of bytes; tokens masked."""
        if not self._response:
            return None
        if self._response_type.startswith("application/json"):
            return mask(readable(self._response))
        return summarise(self._response)


Handler = Callable[[Request], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; ``needs`` is the scope, ``query`` the parameters it knows."""

    method: str
    template: str
    handler: Handler
    query: frozenset[str] = frozenset()
    needs: str | None = None
    open: bool = False

    @property
    def endpoint(self) -> str:
        return f"{self.method} {self.template}"

    def match(self, path: str) -> dict[str, str] | None:
        ours, theirs = self.template.split("/"), path.split("/")
        if len(ours) != len(theirs):
            return None
        params = {}
        for mine, other in zip(ours, theirs, strict=True):
            if mine.startswith("{"):
                params[mine[1:-1]] = other
            elif mine != other:
                return None
        return params


class RateLimit:
    """At most ``limit`` requests in any sliding second, per client."""

    def __init__(self, limit: int | None, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._seen: dict[str, deque[float]] = {}

    def is_over(self, client: str) -> bool:
        """Count a request; refused ones are not counted (a guess)."""
        if self.limit is None:
            return False
        seen, now = self._seen.setdefault(client, deque()), self._clock.monotonic()
        while seen and seen[0] <= now - 1.0:
            seen.popleft()
        if len(seen) >= self.limit:
            return True
        seen.append(now)
        return False


class Simulator:
    """A simulated system; subclasses fill ``routes`` and the three hooks."""

    base_path = ""

    def __init__(self, clock: Clock, rate_per_second: int | None) -> None:
        self.clock = clock
        self.journal: list[Exchange] = []
        self.faults: list[Fault] = []
        self.lost: list[tuple[str, str]] = []  # (endpoint, fault kind), never arrived
        self.rate = RateLimit(rate_per_second, clock)
        self.routes: list[Route] = []
        self._by_length: defaultdict[tuple[str, int], list[Route]] = defaultdict(list)
        self._indexed = -1
        self._lock = threading.RLock()

    # Hooks -------------------------------------------------------------------

    def judge(self, request: Request) -> str:
        """Say whether the credentials are "right", "wrong" or "missing"."""
        raise NotImplementedError

    def admit(self, request: Request, route: Route | None) -> Route:
        """Refuse what may not pass: rate, credentials, rights, path, parameters."""
        raise NotImplementedError

    def failure(self, status: int) -> Reply:
        """Give the system's own error body for an injected status."""
        raise NotImplementedError

    def expire_tokens(self) -> None:
        """Make every access token invalid."""
        raise NotImplementedError

    # Questions that tests ask --------------------------------------------------

    def calls(self, endpoint: str) -> list[Exchange]:
        """Give the journalled requests to one endpoint, in order."""
        return [entry for entry in self.journal if entry.endpoint == endpoint]

    # WSGI ----------------------------------------------------------------------

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        reply, environ[DELAY_KEY] = self.answer(self._read(environ))
        reason = HTTPStatus(reply.status).phrase
        start_response(f"{reply.status} {reason}", list(reply.headers.items()))
        return [reply.body]

    def answer(self, request: Request) -> tuple[Reply, float]:
        """Answer with bytes and all headers; the second is how many seconds late."""
        with self._lock:
            reply, delay = self._handle(request)
        content: bytes = reply.body
        reply.headers = {
            "Date": format_datetime(self.clock.now(), usegmt=True),
            "Content-Length": str(len(content)),
            **({"Content-Type": reply.content_type} if content else {}),
            **reply.headers,
        }
        return reply, delay

    def read_target(self, target: str) -> tuple[str, list[tuple[str, str]]]:
        """Give path and query of a request's address, as it stands in its first line."""
        path, _, query = target.partition("?")
        return self._below_base(unquote(path)), parse_qsl(query, True)

    def _below_base(self, path: str) -> str:
        if path.startswith(self.base_path + "/"):
            return path.removeprefix(self.base_path)
        return "outside base path: " + path

    def _read(self, environ: dict[str, Any]) -> Request:
        # WSGI cannot tell an underscore in a header's name from a hyphen, and one system
        # has a header with an underscore; so carriers hand over the names as sent.
        headers = {name.lower(): value for name, value in environ[HEADERS_KEY]}
        length = int(environ.get("CONTENT_LENGTH") or 0)
        path = self._below_base(environ["PATH_INFO"].encode("latin-1").decode())
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        content = environ["wsgi.input"].read(length) if length else b""
        return Request(environ["REQUEST_METHOD"], path, query, headers, content)

    def find_route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Give the operation that a path means, and what stands in its places."""
        if len(self.routes) != self._indexed:
            self._by_length = defaultdict(list)
            for route in self.routes:
                at = (route.method, route.template.count("/"))
                self._by_length[at].append(route)
            self._indexed = len(self.routes)
        for route in self._by_length[method, path.count("/")]:
            params = route.match(path)
            if params is not None:
                return route, params
        return None

    def _handle(self, request: Request) -> tuple[Reply, float]:
        found = self.find_route(request.method, request.path)
        route, request.params = found or (None, {})
        endpoint = route.endpoint if route else f"{request.method} ?"
        fault = next((item for item in self.faults if item.strikes(endpoint)), None)
        kind = fault.kind if fault else None
        if kind in ("refuse", "drop_before"):
            self.lost.append((endpoint, str(kind)))
            raise ConnectionRefused if kind == "refuse" else RequestLost
        if kind == "expired_token":
            self.expire_tokens()
        authorization = self.judge(request)
        reply = self._decide(request, route, fault)
        reply.body = reply.content()  # now, under the lock: state moves on
        kept = {
            name: value
            for name, value in request.headers.items()
            if name not in ("authorization", "client_id")
        }
        self.journal.append(
            Exchange(
                at=self.clock.now(),
                endpoint=endpoint,
                method=request.method,
                path=request.path,
                query=request.query,
                headers=kept,
                authorization=authorization,
                status=reply.status,
                fault=kind,
                _body=request.content,
                _response=reply.body,
                _response_type=reply.content_type,
            )
        )
        if kind == "drop_after":
            raise ResponseLost
        return reply, fault.seconds if fault and kind == "delay" else 0.0

    def _decide(
        self, request: Request, route: Route | None, fault: Fault | None
    ) -> Reply:
        if fault is None:
            return self._apply(request, route)
        if fault.kind == "status_429":
            reply = self.failure(429)
            if fault.retry_after is not None:
                reply.headers["Retry-After"] = str(fault.retry_after)
            return reply
        if fault.kind in ("status_5xx", "html_error"):
            if fault.applied:
                self._apply(request, route)
            if fault.kind == "html_error":
                return Reply(502, HTML_ERROR, "text/html")
            return self.failure(fault.status)
        reply = self._apply(request, route)
        if fault.kind == "cut_body":
            content = reply.content()
            reply.body = content[: len(content) // 2]
        return reply

    def _apply(self, request: Request, route: Route | None) -> Reply:
        try:
            return self.admit(request, route).handler(request)
        except RefusedRequest as refused:
            return refused.reply

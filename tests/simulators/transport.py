"""Requests to simulators without a socket: time passes on the simulator's clock only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any

import httpx

from tests.simulators.base import DELAY_KEY, HEADERS_KEY, Simulator
from tests.simulators.faults import ConnectionRefused, Lost

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def build_environ(request: httpx.Request, content: bytes) -> dict[str, Any]:
    """Put a request into the shape that WSGI wants."""
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.url.path.encode().decode("latin-1"),
        "QUERY_STRING": request.url.query.decode("ascii"),
        "CONTENT_LENGTH": str(len(content)),
        "SERVER_NAME": request.url.host,
        "wsgi.input": BytesIO(content),
        HEADERS_KEY: list(request.headers.items()),
    }


class InProcessTransport(httpx.BaseTransport):
    """Routes by host; any other host is a mistake of the test or of the code.

    Lost requests and answers cost the read timeout of the request, on the clock.
    """

    def __init__(self, hosts: Mapping[str, Simulator]) -> None:
        self._hosts = dict(hosts)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        app = self._hosts.get(request.url.host)
        assert app is not None, f"request to a host nobody configured: {request.url}"
        environ = build_environ(request, request.read())
        timeout = request.extensions.get("timeout", {}).get("read")
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            head[:] = [int(status.split(maxsplit=1)[0]), headers]

        try:
            content = b"".join(app(environ, start_response))
        except ConnectionRefused as refused:
            raise httpx.ConnectError("connection refused", request=request) from refused
        except Lost as lost:
            app.clock.sleep(timeout or 0.0)
            raise httpx.ReadTimeout("timed out", request=request) from lost
        delay = environ.get(DELAY_KEY, 0.0)
        if timeout is not None and delay > timeout:
            app.clock.sleep(timeout)
            raise httpx.ReadTimeout("timed out", request=request)
        if delay:
            app.clock.sleep(delay)
        return httpx.Response(head[0], headers=head[1], content=content)

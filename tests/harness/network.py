"""The way from a process to both systems, where anything may happen to a request.

What happened to a request is decided here and not in the simulators, so that their
journals hold exactly what took effect.
"""

from __future__ import annotations

from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from engine.systems.client import (
    NotSentError,
    RawAnswer,
    UnclearError,
)
from tests.harness.chronicle import Entry
from tests.harness.tracing import number_of
from tests.simulators.base import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.systems.client import Request as SentRequest
    from tests.harness.game import Game, Process

LATEST_EFFECT = 240.0  # seconds from arrival to effect, at most; protocol.md, what the zero rests on
READ_TIMEOUT = 30.0
DEADLINE = 120.0

# What may happen to a write: does it take effect now, and what the client sees.
Outcome = str
NOT_APPLIED = ("not connected", "429", "401")
OUTCOMES: dict[Outcome, tuple[bool, bool]] = {
    # name: (takes effect, its effect is unknown to the client)
    "not connected": (False, False),
    "429": (False, False),
    "401": (False, False),
    "lost": (False, True),
    "answer lost": (True, True),
    "late": (True, True),
    "503": (False, True),
    "503 applied": (True, True),
    "500 applied": (True, True),
    "408": (False, True),
    "proxy page": (False, True),
    "cut": (True, True),
    "empty": (True, True),
    "hangs": (False, True),
    "hangs applied": (True, True),
    "killed": (True, True),  # the process ends while it waits; the request lands late
}
READ_FAULTS = ("503", "lost", "cut", "not connected")
STATUS = {"429": 429, "401": 401, "503": 503, "503 applied": 503, "500 applied": 500}
PAGE = b"<html>try again later</html>"
STATUS |= {"408": 408, "proxy page": 404}


class NotConnected(Exception):  # noqa: N818  # what befalls a request is no error of ours
    """The request did not reach its system."""


class NoAnswer(Exception):  # noqa: N818
    """The request may have arrived; no answer comes."""


class Network(httpx.BaseTransport):
    """Carries one process's requests, as long as it lives.

    Either below the HTTP library, or in its place (``DirectClient``): most schedules are
    not about bytes, and the library takes longer than all the rest of a request.
    """

    def __init__(self, game: Game, process: Process) -> None:
        self._game = game
        self._process = process

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request of the library."""
        headers = dict(request.headers)
        target = request.url.raw_path.decode()
        try:
            reply = self.carry(
                request.url.host,
                request.method,
                target,
                headers,
                request.read(),
            )
        except NotConnected as error:
            raise httpx.ConnectError("refused", request=request) from error
        except NoAnswer as error:
            raise httpx.ReadTimeout("timed out", request=request) from error
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)

    def carry(
        self,
        host: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes,
    ) -> Reply:
        """Carry a request to its system, or let happen to it what is to happen.

        Raises:
            NotConnected, NoAnswer: There is no answer.
        """
        game, process = self._game, self._process
        side = game.side_of[host]
        app = side.apps[host]
        path, query = app.read_target(target)
        lowered = {name.lower(): value for name, value in headers.items()}
        request = Request(method, path, query, lowered, content)
        found = app.find_route(method, path)
        endpoint = found[0].endpoint if found else f"{method} ?"
        is_write = method != "GET" and "oken" not in endpoint
        process.step(f"before {endpoint}", may_freeze=not is_write)
        game.timeline.wait(0.05 + 0.4 * game.random.random())
        outcome = game.choose_outcome(process, endpoint, is_write=is_write)
        if outcome is None:
            reply = self._apply(host, endpoint, request)
            process.step(f"after {endpoint}")
            return reply
        number = number_of(side, app, endpoint, request)
        game.note("world", f"fault {outcome}", number, endpoint=endpoint)
        if outcome == "killed":
            self._land_late(host, endpoint, request)
            process.die()
        return self._fail(outcome, host, endpoint, request)

    def _land_late(self, host: str, endpoint: str, request: Request) -> None:
        timeline = self._game.timeline
        delay = self._game.random.random() * LATEST_EFFECT
        land = partial(self._apply, host, endpoint, request, "late")
        timeline.at(timeline.seconds + delay, land)

    def _apply(
        self, host: str, endpoint: str, request: Request, fault: str = ""
    ) -> Reply:
        game, side = self._game, self._game.side_of[host]
        app = side.apps[host]
        number = number_of(side, app, endpoint, request)
        before = game.prepare_for(host)
        seen = len(app.journal)
        reply, _ = app.answer(request)
        game.restore_after(host, before)
        for exchange in app.journal[seen:]:
            details: dict[str, Any] = {"fault": fault} if fault else {}
            game.record(
                Entry(
                    game.timeline.seconds,
                    game.run_number,
                    "us",
                    exchange.endpoint,
                    number,
                    exchange,
                    details,
                    side.company,
                )
            )
        return reply

    def _date_of(self, host: str) -> str:
        """Give the Date header of an answer that the system did not make itself."""
        return format_datetime(self._game.side_of[host].apps[host].clock.now(), True)

    def _fail(
        self, outcome: Outcome, host: str, endpoint: str, request: Request
    ) -> Reply:
        timeline = self._game.timeline
        if outcome == "not connected":
            raise NotConnected
        applies, _ = OUTCOMES[outcome]

        reply = None
        if outcome == "late":
            self._land_late(host, endpoint, request)
        elif applies:
            reply = self._apply(host, endpoint, request, outcome)
        if outcome.startswith("hangs"):
            timeline.wait(DEADLINE)
            raise NoAnswer
        if outcome in ("lost", "answer lost", "late"):
            timeline.wait(READ_TIMEOUT)
            raise NoAnswer
        headers = {"Date": self._date_of(host)}
        if outcome in ("cut", "empty"):
            assert reply is not None
            content = b"" if outcome == "empty" else reply.body[:-2]
            return Reply(reply.status, content, headers=headers)
        headers["Content-Type"], page = "text/html", PAGE
        if outcome in ("401", "429"):
            headers["Content-Type"], page = "application/json", b'{"errors": []}'
        return Reply(STATUS[outcome], page, headers=headers)


class DirectClient:
    """Stands where the product's HTTP client does; no byte of HTTP is made."""

    def __init__(self, base_url: str, *, transport: Network, **_: object) -> None:
        self._network = transport
        self._host = str(urlsplit(base_url).hostname)

    def send(
        self,
        request: SentRequest,
        *,
        fresh_connection: bool,  # noqa: ARG002
        deadline_seconds: float,  # noqa: ARG002
    ) -> RawAnswer:
        """Send one request, as ``HttpClient.send`` does."""
        target = "/" + request.url.split("/", 3)[3]
        content = request.content or b""
        carried = (request.method, target, request.headers, content)
        try:
            reply = self._network.carry(self._host, *carried)
        except NotConnected as error:
            raise NotSentError("ConnectError") from error
        except NoAnswer as error:
            raise UnclearError("ReadTimeout") from error
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return RawAnswer(reply.status, headers, reply.body)

    def close(self) -> None:
        """Nothing is open."""

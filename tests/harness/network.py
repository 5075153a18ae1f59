"""The way from a process to both systems, where anything may happen to a request.

What happened to a request is decided here and not in the simulators, so that their
journals hold exactly what took effect.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from tests.harness.chronicle import Entry
from tests.simulators import InProcessTransport
from tests.worlds import HOSTS

if TYPE_CHECKING:
    from tests.harness.game import Game, Process

SYSTEM_OF = {host: name for name, host in HOSTS.items()}
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
STATUS |= {"408": 408, "proxy page": 404}


class Network(httpx.BaseTransport):
    """Carries one process's requests, as long as it lives."""

    def __init__(self, game: Game, process: Process) -> None:
        self._game = game
        self._process = process
        hosts = {HOSTS[name]: app for name, app in game.simulators.items()}
        self._inner = InProcessTransport(hosts)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        game, process = self._game, self._process
        system = SYSTEM_OF[request.url.host]
        endpoint = game.endpoint_of(system, request)
        is_write = request.method != "GET" and "oken" not in endpoint
        process.step(f"before {endpoint}", may_freeze=not is_write)
        game.timeline.wait(0.05 + 0.4 * game.random.random())
        outcome = game.choose_outcome(process, endpoint, is_write=is_write)
        if outcome is None:
            response = self._apply(system, endpoint, request)
            process.step(f"after {endpoint}")
            return response
        number = game.number_of_request(system, endpoint, request)
        game.note("world", f"fault {outcome}", number, endpoint=endpoint)
        if outcome == "killed":
            self._land_late(system, endpoint, request)
            process.die()
        return self._fail(outcome, system, endpoint, request)

    def _land_late(self, system: str, endpoint: str, request: httpx.Request) -> None:
        timeline = self._game.timeline
        delay = self._game.random.random() * LATEST_EFFECT
        land = partial(self._apply, system, endpoint, request, "late")
        timeline.at(timeline.seconds + delay, land)

    def _apply(
        self, system: str, endpoint: str, request: httpx.Request, fault: str = ""
    ) -> httpx.Response:
        game, app = self._game, self._game.simulators[system]
        number = game.number_of_request(system, endpoint, request)
        before = game.prepare_for(system)
        seen = len(app.journal)
        response = self._inner.handle_request(request)
        game.restore_after(before)
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
                )
            )
        return response

    def _fail(
        self, outcome: Outcome, system: str, endpoint: str, request: httpx.Request
    ) -> httpx.Response:
        timeline = self._game.timeline
        if outcome == "not connected":
            raise httpx.ConnectError("refused", request=request)
        applies, _ = OUTCOMES[outcome]

        response = None
        if outcome == "late":
            self._land_late(system, endpoint, request)
        elif applies:
            response = self._apply(system, endpoint, request, outcome)
        if outcome.startswith("hangs"):
            timeline.wait(DEADLINE)
            raise httpx.ReadTimeout("the deadline is over", request=request)
        if outcome in ("lost", "answer lost", "late"):
            timeline.wait(READ_TIMEOUT)
            raise httpx.ReadTimeout("timed out", request=request)
        if outcome in ("cut", "empty"):
            assert response is not None
            content = b"" if outcome == "empty" else response.content[:-2]
            return httpx.Response(
                response.status_code,
                headers={"Date": self._game.date_of(system)},
                content=content,
            )
        headers = {"Date": self._game.date_of(system), "Content-Type": "text/html"}
        page = b"<html>try again later</html>"
        if outcome in ("401", "429"):
            headers["Content-Type"], page = "application/json", b'{"errors": []}'
        return httpx.Response(STATUS[outcome], headers=headers, content=page)

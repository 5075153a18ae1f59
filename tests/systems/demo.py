"""The demo system over a scripted transport, for all tests of this room."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from engine.secrets import Secret
from engine.systems.system import open_system
from tests.places import ROOT, read_yaml
from tests.system_files import DEMO, read_system

CASES = ROOT / "tests" / "cases" / "systems"
START = datetime(2026, 2, 2, 10, tzinfo=UTC)
SECRETS = {"key": Secret("the-key-1234"), "password": Secret("pass-word-5678")}


def cases(name):
    rows = read_yaml(CASES / f"{name}.yaml")
    return [pytest.param(row, id=str(row.get("name", n))) for n, row in enumerate(rows)]


def demo_spec():
    return read_system(DEMO.read_text("utf-8"), "demo")


class StillClock:
    """Moves only when something sleeps or a test moves it."""

    def __init__(self):
        self.seconds = 1000.0
        self.slept = []

    def now(self):
        return START + timedelta(seconds=self.seconds - 1000)

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds


class FreeLimiter:
    def wait(self):
        pass


class World:
    """The demo system over a scripted transport; keeps every request."""

    def __init__(self, answer=None, *, token=None, spec=None, **options):
        self.clock = StillClock()
        self.requests = []
        self.tokens = 0
        self.answer = answer or script(json_answer({"id": 1}))
        self.token_answer = token or self.good_token
        options.setdefault("limiter", FreeLimiter())
        options.setdefault("secrets", SECRETS)
        self.system = open_system(
            spec or demo_spec(),
            clock=self.clock,
            transport=httpx.MockTransport(self.handle),
            pick=max,
            **options,
        )

    def handle(self, request):
        request.read()
        self.requests.append(request)
        if request.url.path.endswith("/token"):
            self.tokens += 1
            return self.token_answer(request)
        return self.answer(request)

    def good_token(self, _):
        return json_answer({"access_token": f"token-{self.tokens}", "expires_in": 3600})

    @property
    def sent(self):
        return [r for r in self.requests if not r.url.path.endswith("/token")]


def json_answer(value, status=200, **headers):
    return httpx.Response(status, content=json.dumps(value), headers=headers)


def script(*answers):
    """Answer with each in turn, the last one for ever; raise those that are errors."""
    rest = list(answers)

    def answer(request):
        one = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(one, type):
            raise one("cut", request=request)
        return httpx.Response(one.status_code, headers=one.headers, content=one.content)

    return answer


CALLS = {
    "read": ("one", {"id": 1}, None),
    "create": ("create", {}, {"a": 1}),
    "change": ("change", {"id": 1}, [{"op": "replace", "path": "/a", "value": 1}]),
}

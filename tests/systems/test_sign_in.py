"""The token: how it is had, renewed, and what a refused one ends."""

from __future__ import annotations

import json

import httpx
import pytest

from engine.errors import NotAppliedError, SystemDownError
from engine.secrets import Secret
from tests.system_files import DEMO, read_system
from tests.systems.demo import SECRETS, World, json_answer, script


def test_sign_in_and_headers():
    """Secrets go in the body of the token call, the client id on every later one."""
    world = World()
    world.system.call("one", {"id": 1})
    token_request, request = world.requests

    assert {
        "client_id": "the-key-1234",
        "client_secret": "pass-word-5678",
        "scope": "a:read b:write",
    } == json.loads(token_request.content)
    assert "x-client" not in token_request.headers
    assert "Bearer token-1" == request.headers["authorization"]
    assert "the-key-1234" == request.headers["x-client"]
    assert "test" == request.headers["x-program"]


def test_form_sign_in():
    """The other kind sends a form with its grant type, and the optional field."""
    text = DEMO.read_text("utf-8")
    text = text.replace("kind: json_token", "kind: client_credentials")
    secrets = {**SECRETS, "extra": Secret("x y&z")}
    world = World(spec=read_system(text, "demo"), secrets=secrets)
    world.system.ensure_token()

    assert (
        b"grant_type=client_credentials&client_id=the-key-1234"
        b"&client_secret=pass-word-5678&extra=x+y%26z&scope=a%3Aread+b%3Awrite"
    ) == world.requests[0].content
    form = "application/x-www-form-urlencoded"
    assert form == world.requests[0].headers["content-type"]


def test_token_is_shared_and_renewed_early():
    """One token serves many calls and is replaced five minutes before its end."""
    world = World()
    world.system.call("one", {"id": 1})
    world.clock.seconds += 3299
    world.system.call("one", {"id": 1})
    assert 1 == world.tokens

    world.clock.seconds += 1
    world.system.call("one", {"id": 1})
    assert 2 == world.tokens
    assert "Bearer token-2" == world.sent[-1].headers["authorization"]


def test_earlier_of_two_lifetimes_counts():
    """A stated moment beats a longer stated lifetime."""
    body = {
        "access_token": "t",
        "expires_in": 3600,
        "expires_at": "2026-02-02T10:20:00Z",
    }
    world = World(token=lambda _: json_answer(body))
    world.system.call("one", {"id": 1})
    world.clock.seconds += 901
    world.system.call("one", {"id": 1})

    assert 2 == world.tokens


def test_read_survives_one_401():
    """A read gets a new token once and is sent again."""
    world = World(script(httpx.Response(401), json_answer({"id": 1})))
    world.system.call("one", {"id": 1})

    assert 2 == world.tokens
    assert ["Bearer token-1", "Bearer token-2"] == [
        request.headers["authorization"] for request in world.sent
    ]


def test_second_401_closes_the_system():
    """A key that is refused twice ends the company's run, without a token loop."""
    world = World(script(httpx.Response(401)))
    for _ in range(3):
        with pytest.raises(SystemDownError):
            world.system.call("one", {"id": 1})

    assert (2, 2) == (world.tokens, len(world.sent))


def test_create_never_renews_its_token():
    """A create that meets 401 was not applied; the caller checks its claim first."""
    world = World(script(httpx.Response(401)))
    world.system.ensure_token()
    with pytest.raises(NotAppliedError):
        world.system.call("create", {}, {})
    assert (1, 1) == (world.tokens, len(world.sent))

    world.system.ensure_token()
    with pytest.raises(SystemDownError):
        world.system.call("create", {}, {})
    assert (2, 2) == (world.tokens, len(world.sent))


def test_create_uses_a_stale_token_as_it_is():
    """Between claim and send no token is fetched, even when it should be renewed."""
    world = World()
    world.system.ensure_token()
    world.clock.seconds += 3500
    world.system.call("create", {}, {})

    assert 1 == world.tokens


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (httpx.Response(400, content='{"error": {"type": "BadKey"}}'), 1),
        (httpx.Response(401), 1),
        (httpx.Response(302, headers={"location": "https://evil.example"}), 1),
        (httpx.Response(200, content="<html>"), 1),
        (json_answer({"access_token": ""}), 1),
        (json_answer({"access_token": ["x"]}), 1),
        (httpx.Response(500), 5),
        (httpx.Response(429), 5),
        (httpx.ConnectError, 5),
    ],
)
def test_failed_sign_in_closes_the_system(answer, tries):
    """Without a token nothing is sent; only passing faults are tried again."""
    world = World(token=script(answer))
    for _ in range(2):
        with pytest.raises(SystemDownError):
            world.system.call("one", {"id": 1})

    assert (tries, 0) == (world.tokens, len(world.sent))

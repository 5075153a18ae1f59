"""One host, no proxy, no secret in anything that is shown."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from engine.errors import EngineError, SettingsError, SystemDownError
from engine.secrets import Secret
from engine.systems.client import base_url_fault
from engine.systems.system import open_system
from tests.systems.demo import (
    CALLS,
    SECRETS,
    FreeLimiter,
    StillClock,
    World,
    cases,
    demo_spec,
    script,
)


@pytest.mark.parametrize("case", cases("base_urls"))
def test_base_urls(case):
    """https, or http to this machine; nothing that hides where it leads."""
    assert case["good"] == (base_url_fault(case["url"]) is None)


def test_foreign_host_is_refused(monkeypatch):
    """An absolute address never takes the token to another host."""
    world = World()
    world.system.ensure_token()
    monkeypatch.setattr(world.system, "_base_url", "https://evil.example")
    with pytest.raises(SystemDownError, match="not configured"):
        world.system.call("one", {"id": 1})

    assert [] == world.sent


@pytest.mark.parametrize(
    "url",
    [
        "https://demo.example:444/api",
        "http://demo.example/api",
        "https://demo.example.evil",
    ],
)
def test_other_port_or_scheme_is_foreign(monkeypatch, url):
    """The whole origin counts."""
    world = World()
    world.system.ensure_token()
    monkeypatch.setattr(world.system, "_base_url", url)
    with pytest.raises(SystemDownError):
        world.system.call("create", {}, {})


def test_missing_secrets_and_bad_address_are_told_together():
    """Names, never values; the optional one is not asked for."""
    with pytest.raises(SettingsError) as caught:
        World(secrets={"key": Secret("")}, base_url="http://demo.example")

    assert ["S111", "S111", "S105"] == [p.code for p in caught.value.problems]


def test_base_url_can_be_replaced():
    """A company may use the test environment."""
    world = World(base_url="http://127.0.0.1:9/x/")
    world.system.call("one", {"id": 1})

    assert "http://127.0.0.1:9/x/things/1" == str(world.sent[0].url)


def test_secret_never_shows():
    """Neither by itself nor in anything that holds it."""
    secret = Secret("pass-word-5678")

    assert "*** *** *** ['***']" == f"{secret} {secret!r} {secret:>3} {[str(secret)]}"
    assert "{'a': ***}" == str({"a": secret})
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)


def test_no_secret_in_any_error(caplog):
    """A system that quotes our secrets back, or dies with them, tells nobody."""
    caplog.set_level(logging.DEBUG)
    quoting = httpx.Response(
        400,
        content='{"errors": [{"message": "bad pass-word-5678", "field": "the-key-1234"}]}',
    )
    texts = []
    for answer in (quoting, httpx.Response(401), httpx.ReadError, httpx.Response(302)):
        for world in (World(script(answer)), World(token=script(answer))):
            try:
                world.system.call("create", {}, {"secret": "pass-word-5678"})
            except EngineError as error:
                texts += [str(error), repr(error), repr(error.__dict__)]
            texts += [repr(world.system), repr(world.system.__dict__)]

    whole = " ".join([*texts, caplog.text])
    found = [s for s in ("the-key-1234", "pass-word-5678", "token-1") if s in whole]
    assert [] == found


def test_environment_proxies_are_ignored(monkeypatch):
    """A proxy in the environment is not used, and loopback is really spoken to."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.append((self.path, self.client_address[1]))
            body = b'{"access_token": "t", "expires_in": 3600, "id": 1}'
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        with open_system(
            demo_spec(),
            clock=StillClock(),
            limiter=FreeLimiter(),
            secrets=SECRETS,
            base_url=f"http://127.0.0.1:{server.server_port}",
        ) as system:
            for call in ("read", "create", "read", "create"):
                system.call(*CALLS[call])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    ports = [port for _, port in seen]
    assert ["/token", "/things/1", "/things", "/things/1", "/things"] == [
        p for p, _ in seen
    ]
    # Token and reads share one connection; each create has its own.
    assert 1 == len({ports[0], ports[1], ports[3]})
    assert 3 == len({ports[0], ports[2], ports[4]})

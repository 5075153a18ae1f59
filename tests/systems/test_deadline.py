"""A request ends: whatever the server trickles, and whatever the library waits for."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from engine.clock import SystemClock
from engine.errors import DoubtError, NotAppliedError
from engine.systems.client import HttpClient, NotSentError, Request, UnclearError
from engine.systems.system import open_system
from tests.system_files import DEMO, read_system
from tests.systems.demo import SECRETS, FreeLimiter, demo_spec

DEADLINE = 0.2
ENOUGH = 0.002  # between two crumbs, so that no read waits long
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
PACKED = OK + b"content-encoding: deflate\r\ntransfer-encoding: chunked\r\n\r\n"
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # a stored block of deflate with nothing in it

# What the server says at once, and what it then repeats for ever.
TRICKLES = {
    "nothing": (b"", b""),
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "headers": (OK, b"x-a: 1\r\n"),
    "one header": (OK + b"x-a: ", b"1"),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "body": (OK + b"content-length: 9999\r\n\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "chunk extensions": (CHUNKED + b"1;", b"a"),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", b"x-b: 2\r\n"),
    "empty deflate blocks": (
        PACKED + b"2\r\n\x78\x9c\r\n",
        b"5\r\n" + EMPTY_BLOCK + b"\r\n",
    ),
}


@contextmanager
def server(talk):
    """Listen on this machine; ``talk`` gets each connection, until it is closed."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=speak, args=(peer,), daemon=True))
            threads[-1].start()

    def speak(peer):
        with peer:
            try:
                talk(peer)
            except OSError:  # the client has ended it: the purpose
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        for thread in threads:
            thread.join(5)
            assert not thread.is_alive()


def trickle(first, then):
    def talk(peer):
        peer.recv(65_536)
        peer.sendall(first)
        while True:
            if then:
                peer.sendall(then)
                time.sleep(ENOUGH)
            elif not peer.recv(1):
                return

    return talk


def send(url, content=None, *, seconds=DEADLINE):
    client = HttpClient(url, clock=SystemClock())
    request = Request("POST", f"{url}/x", {}, content)
    try:
        return client.send(request, fresh_connection=True, deadline_seconds=seconds)
    finally:
        client.close()


@pytest.mark.parametrize(("first", "then"), TRICKLES.values(), ids=TRICKLES)
def test_an_answer_that_trickles_ends_at_the_deadline(first, then):
    """G4: each form needs another read of the socket, and each read is counted."""
    with server(trickle(first, then)) as url:
        began = time.monotonic()
        with pytest.raises(UnclearError):
            send(url)

        assert time.monotonic() - began < DEADLINE + 0.5


def test_a_receiver_that_takes_a_body_in_crumbs_ends_at_the_deadline():
    def talk(peer):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        for _ in range(int(2 * DEADLINE / ENOUGH)):
            peer.recv(64)
            time.sleep(ENOUGH)

    with server(talk) as url, pytest.raises(UnclearError, match="WriteTimeout"):
        send(url, b"x" * 20_000_000)


def test_a_receiver_that_hangs_up_leaves_it_unclear():
    with server(lambda peer: peer.recv(64)) as url, pytest.raises(UnclearError):
        send(url, b"x" * 20_000_000, seconds=5)


def test_no_connection_is_made_after_the_deadline():
    """Nothing was sent, and it says so."""
    with server(trickle(OK, b"")) as url, pytest.raises(NotSentError):
        send(url, seconds=0)


def test_a_handshake_that_never_ends_sends_nothing():
    with server(trickle(b"", b"")) as url, pytest.raises(NotSentError):
        send(url.replace("http:", "https:"))


@pytest.mark.parametrize(
    ("interim", "is_good"), [(10, True), (11, False)], ids=["ten", "eleven"]
)
def test_at_most_ten_interim_answers_are_heard(interim, is_good):
    def talk(peer):
        peer.recv(65_536)
        peer.sendall(b"HTTP/1.1 102 Wait\r\nx: 1\r\n\r\n" * interim)
        peer.sendall(OK + b"content-length: 2\r\n\r\n{}")
        peer.recv(1)

    with server(talk) as url:
        if is_good:
            assert (200, b"{}") == (
                (answer := send(url, seconds=5)).status,
                answer.content,
            )
        else:
            with pytest.raises(UnclearError, match="RemoteProtocolError"):
                send(url, seconds=5)


@pytest.mark.parametrize(
    ("size", "is_good"), [(60_000, True), (70_000, False)], ids=["60 kB", "70 kB"]
)
def test_headers_have_a_largest_size(size, is_good):
    def talk(peer):
        peer.recv(65_536)
        line = b"x-a: " + b"1" * 998 + b"\r\n"
        body = b"y" * 100_000  # is not counted
        peer.sendall(OK + line * (size // 1000))
        peer.sendall(b"content-length: 100000\r\n\r\n" + body)
        peer.recv(1)

    with server(talk) as url:
        if is_good:
            assert 100_000 == len(send(url, seconds=5).content)
        else:
            with pytest.raises(UnclearError, match="RemoteProtocolError"):
                send(url, seconds=5)


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [("create", {}, DoubtError), ("one", {"id": 1}, NotAppliedError)],
)
def test_a_write_that_ends_so_is_in_doubt(monkeypatch, name, arguments, kind):
    """A read is surely harmless; the next run asks again."""
    monkeypatch.setattr("engine.systems.retries.BUDGET_SECONDS", 0.0)
    body = b'{"access_token": "t", "expires_in": 3600}'

    def talk(peer):
        if b"/token" in peer.recv(65_536):
            peer.sendall(OK + b"content-length: %d\r\n\r\n" % len(body) + body)
            if not peer.recv(65_536):  # the connection is kept for what follows
                return
        trickle_on(peer)

    def trickle_on(peer):
        while True:
            peer.sendall(b"HTTP/1.1 102 Wait\r\n\r\n"[:1])
            time.sleep(ENOUGH)

    with (
        server(talk) as url,
        open_system(
            hurried(demo_spec()),
            clock=SystemClock(),
            limiter=FreeLimiter(),
            secrets=SECRETS,
            base_url=url,
        ) as system,
        pytest.raises(kind),
    ):
        system.call(name, arguments, {} if name == "create" else None)


def hurried(spec):
    """Give a system whose requests have next to no time."""
    endpoints = {
        name: replace(endpoint, deadline_seconds=DEADLINE)
        for name, endpoint in spec.endpoints.items()
    }
    return replace(spec, endpoints=endpoints)


def test_files_have_longer_than_records_and_a_system_file_may_say_more():
    text = DEMO.read_text("utf-8")
    said = text.replace("create: {", "create: {deadline_seconds: 180, ")
    assert said != text
    seconds = {
        name: endpoint.deadline_seconds
        for name, endpoint in read_system(said, "demo").endpoints.items()
    }

    assert {120.0, 180.0, 300.0} == set(seconds.values())
    assert (120.0, 180.0) == (seconds["one"], seconds["create"])

"""Sending: what a mail server takes, refuses or never answers, and its address."""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import closing
from email import message_from_bytes
from email.policy import default as default_policy

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from engine.errors import SettingsError
from engine.flow.notices.smtp import (
    Delivery,
    Postman,
    build_message,
    is_address,
    read_mail_server,
)
from engine.secrets import Secret
from tests.flow.mail_server import LIMIT_SECONDS, TO, Peer, letter, near, serving


def test_a_real_server_takes_the_mail():
    """Headers, receivers and text arrive as they were written."""
    peer = Peer()
    with serving(peer) as port:
        done = Postman(near(port)).send([letter(), letter(2, subject="second")])

    assert [Delivery(), Delivery()] == done
    first, second = peer.taken
    assert ("siirto@example.com", TO) == (first.mail_from, first.rcpt_tos)
    message = message_from_bytes(first.content, policy=default_policy)
    assert "Siirto demo: uusia pysähtyneitä 1" == message["Subject"]
    assert ", ".join(TO) == message["To"]
    assert "auto-generated" == message["Auto-Submitted"]
    assert "<demo.1@example.com>" == message["Message-ID"]
    assert "Mon, 02 Mar 2026 08:00:00 +0000" == message["Date"]
    assert letter().body == message.get_content().replace("\r\n", "\n")
    assert b"second" in second.content


def test_some_receivers_are_refused():
    """Those for good are told; those for now wait; the others have it."""
    third = "third@example.com"
    peer = Peer(refused={TO[0]: "550 no such user", TO[1]: "451 try later"})
    with serving(peer) as port:
        (done,) = Postman(near(port)).send([letter(recipients=(*TO, third))])

    assert Delivery([TO[1]], [TO[0]], "451 try later") == done
    assert [[third]] == [envelope.rcpt_tos for envelope in peer.taken]


def test_all_receivers_are_refused():
    peer = Peer(refused=dict.fromkeys(TO, "550 no such user"))
    with serving(peer) as port:
        done = Postman(near(port)).send(
            [letter(), letter(2, recipients=("x@example.com",))]
        )

    assert [Delivery([], TO), Delivery()] == done


def test_a_refused_text_waits_and_the_next_mail_goes():
    peer = Peer(data_answer="452 disk full")
    with serving(peer) as port:
        done = Postman(near(port)).send([letter(), letter(2)])

    assert [Delivery(TO, [], "452 disk full")] * 2 == done


def test_a_server_that_never_answers_is_left_in_time():
    """A socket that accepts and says nothing; the mails wait."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        done = Postman(near(port), limit_seconds=LIMIT_SECONDS).send(
            [letter(), letter(2)]
        )

    assert [(TO, [])] * 2 == [(one.waiting, one.refused) for one in done]
    assert all(one.fault for one in done)


def test_a_server_that_drips_is_left_in_time():
    """Bytes now and then restart a socket's patience, not the whole limit."""
    released = threading.Event()

    class Slow:
        def sendmail(self, *_):
            released.wait(60)  # works on and on, as far as the sender can tell
            return {}

        def quit(self):
            """Nothing to close."""

    postman = Postman(near(1), lambda *_: Slow(), limit_seconds=0.1)
    (done,) = postman.send([letter()])
    released.set()

    assert Delivery(TO, [], "no answer within 0.1 seconds") == done


def test_nobody_listens():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    (done,) = Postman(near(port)).send([letter()])

    assert TO == done.waiting
    assert "refused" in done.fault


def test_a_connection_that_breaks_leaves_the_rest_waiting():
    """What the server took before is not sent again."""

    class Breaking:
        count = 0

        def sendmail(self, *_):
            self.count += 1
            if self.count > 1:
                raise smtplib.SMTPServerDisconnected("gone")
            return {}

        def quit(self):
            raise smtplib.SMTPServerDisconnected("gone")

        def close(self):
            """Closed."""

    done = Postman(near(1), lambda *_: Breaking()).send(
        [letter(), letter(2), letter(3)]
    )

    assert [[], TO, TO] == [one.waiting for one in done]


# On loopback there is nobody in between; the server warns all the same.
@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_the_server_asks_for_a_password():
    """The user signs in with the operator's secret."""
    seen = []

    def check(server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"sesame", handled=False)

    options = {
        "authenticator": check,
        "auth_required": True,
        "auth_require_tls": False,
    }
    peer = Peer()
    with serving(peer, **options) as port:
        good = near(port, user="robot", password=Secret("sesame"))
        bad = near(port, user="robot", password=Secret("wrong"))
        (sent,) = Postman(good).send([letter()])
        (kept,) = Postman(bad).send([letter(2)])

    assert (Delivery(), 1) == (sent, len(peer.taken))
    assert TO == kept.waiting
    assert "wrong" not in kept.fault
    assert (b"robot", b"sesame") == seen[0]


def test_a_password_never_goes_without_tls(monkeypatch):
    """A server elsewhere that offers none gets neither password nor mail."""
    monkeypatch.setattr("engine.flow.notices.smtp.LOOPBACK", ())
    peer = Peer()
    with serving(peer) as port:
        server = near(port, user="robot", password=Secret("sesame"))
        (done,) = Postman(server).send([letter()])

    assert (TO, []) == (done.waiting, peer.taken)
    assert "TLS" in done.fault


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("a\r\nBcc: x@example.com", "text", "a??Bcc: x@example.com"),
        ("a\nb", "text", "a?b"),
        ("pysähtynyt \ud800", "t\ud800xt", "pys?htynyt ?"),
    ],
)
def test_what_the_library_refuses_goes_as_ascii(subject, body, expected):
    """A hostile text neither adds a header nor silences the alarm (S14)."""
    message = build_message(letter(subject=subject, body=body), "siirto@example.com")

    assert expected == message["Subject"]
    assert message["Bcc"] is None
    assert b"\nBcc:" not in bytes(message)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp://mail.example.com",
            ("mail.example.com", 587, False, "", "siirto@mail.example.com"),
        ),
        (
            "smtp://mail.example.com:25",
            ("mail.example.com", 25, False, "", "siirto@mail.example.com"),
        ),
        (
            "smtps://robot@mail.example.com",
            ("mail.example.com", 465, True, "robot", "siirto@mail.example.com"),
        ),
        (
            "smtp://robot%40example.com@mail.example.com",
            ("mail.example.com", 587, False, "robot@example.com", "robot@example.com"),
        ),
        (
            "smtp://localhost:25?from=books@example.com",
            ("localhost", 25, False, "", "books@example.com"),
        ),
    ],
)
def test_mail_server(url, expected):
    server = read_mail_server(url)

    assert expected == (
        server.host,
        server.port,
        server.is_tls,
        server.user,
        server.sender,
    )


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:port",
        "smtp://robot:sesame@mail.example.com",
        "smtp://mail.example.com?from=nobody",
        "smtp://mail.example.com?from=a@b.example%0d%0aBcc:c@d.example",
    ],
)
def test_bad_mail_server(url):
    """It is told before anything runs, and never with the password."""
    with pytest.raises(SettingsError) as raised:
        read_mail_server(url)

    (problem,) = raised.value.problems
    assert "C501" == problem.code
    assert "sesame" not in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("books@example.com", True),
        ("first.last+tag@example.co", True),
        ("books", False),
        ("@example.com", False),
        ("books@", False),
        ("Books <books@example.com>", False),
        ("a@example.com, b@example.com", False),
        ("a@example.com\nBcc: b@example.com", False),
        ("pöytä@example.com", False),
    ],
)
def test_addresses(text, expected):
    assert expected == is_address(text)

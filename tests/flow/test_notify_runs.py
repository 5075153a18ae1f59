"""Mails over a whole run: from the source to the bookkeeper."""

from __future__ import annotations

import socket
from contextlib import closing
from email import message_from_bytes
from email.policy import default as default_policy

import pytest

import runner
from engine.cli import exit_codes
from engine.errors import SettingsError
from engine.flow.notices.notifier import open_notifier
from engine.flow.notices.smtp import Postman
from engine.project.credentials import SecretPlaces
from tests.flow.mail_server import LIMIT_SECONDS, TO, Peer, serving
from tests.worlds import World


def test_a_user_needs_a_password(tmp_path):
    """Missing, it is told with every place, before anything runs."""
    world = World(tmp_path)
    opened = open_notifier(
        world.project,
        "smtp://robot@mail.example.com",
        places=SecretPlaces({}),
        clock=world.clock,
        open_ledger=lambda: None,
        say=print,
    )
    with pytest.raises(SettingsError) as raised, opened:
        pass

    assert "SIIRTO_SMTP_PASSWORD" in raised.value.problems[0].message


@pytest.fixture
def world(tmp_path):
    told = {"notifications": {"email": TO, "language": "sv"}}
    return World(tmp_path, told, keep=["plain", "no_customer_number"])


def run_with_mail(world, url, said):
    mails = open_notifier(
        world.project,
        url,
        places=SecretPlaces({}),
        clock=world.clock,
        open_ledger=world.open_ledger,
        say=said.append,
    )
    with mails as after:
        return world.run(after_company=after)


def test_a_stopped_invoice_reaches_the_bookkeeper(world):
    """From the source to the mail, in the company's language, once."""
    peer, said = Peer(), []
    with serving(peer) as port:
        url = f"smtp://127.0.0.1:{port}?from=siirto@example.com"
        first = run_with_mail(world, url, said)
        world.clock.advance(600)
        run_with_mail(world, url, said)

    assert (1, 1) == (first.outcomes["transferred"], first.outcomes["stopped"])
    assert ([], 1) == (said, len(peer.taken))
    message = message_from_bytes(peer.taken[0].content, policy=default_policy)
    assert "Siirto demo: nya stopp 1" == message["Subject"]
    assert "har inget kundnummer" in message.get_content()


def test_a_hanging_mail_server_changes_no_transfer(world, monkeypatch):
    """The run's outcome is the same as without mail; the operator is told."""
    said = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setattr(
            "engine.flow.notices.notifier.Postman",
            lambda server: Postman(server, limit_seconds=LIMIT_SECONDS),
        )
        url = f"smtp://127.0.0.1:{port}?from=siirto@example.com"
        report = run_with_mail(world, url, said)

    assert (1, 1) == (report.outcomes["transferred"], report.outcomes["stopped"])
    assert 1 == len(said)
    assert said[0].startswith("mail: 1 wait for the next run")
    with closing(world.open_ledger()) as ledger:
        assert 1 == ledger.notices.count_unsent("demo")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (None, "ei ole asiakasnumeroa"),
        ("fi", "ei ole asiakasnumeroa"),
        ("sv", "har inget kundnummer"),
        ("en", "has no customer number"),
        ("nl", "heeft geen klantnummer"),
    ],
)
def test_the_log_speaks_the_language_that_is_asked_for(
    world, language, expected, capsys
):
    """As stored, in the company's; otherwise worded anew from code and details."""
    world.run()
    options = ["--language", language] if language else []
    code = runner.main(["log", "--ledger", world.ledger_url, *options])
    shown = " ".join(capsys.readouterr().out.split())

    assert exit_codes.OK == code
    assert expected in shown

"""A real mail server on loopback, and a letter for it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.controller import Controller

from engine.flow.notices.smtp import read_mail_server
from engine.ledger.notice_model import Letter

TO = ["books@example.com", "boss@example.com"]
LIMIT_SECONDS = 0.4


@dataclass(slots=True)
class Peer:
    """A real mail server's side: what it took, and whom it refuses."""

    taken: list[Any] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802
        if self.data_answer.startswith("250"):
            self.taken.append(envelope)
        return self.data_answer


class Loopback(Controller):
    """Takes any free port, and says which."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serving(peer, **options):
    controller = Loopback(peer, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def letter(number=1, **changes):
    plain = Letter(
        letter_id=number,
        company="demo",
        recipients=tuple(TO),
        subject="Siirto demo: uusia pysähtyneitä 1",
        body="Pysähtynyt: Öljy Oy, 5 €\n.\nFrom here on\n",
        made_at=datetime(2026, 3, 2, 8, tzinfo=UTC),
        tries=1,
    )
    return replace(plain, **changes)


def near(port, **changes):
    server = read_mail_server(f"smtp://127.0.0.1:{port}?from=siirto@example.com")
    return replace(server, **changes)

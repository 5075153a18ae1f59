"""Send mail by SMTP: all that waits over one connection, in ten seconds at most.

The limit holds for the whole connection, whatever the server does: a socket's own
time-out begins anew with every byte, so the sending has a thread that is left behind.
Nothing here raises for a server's fault; what happened is given for each mail.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from engine.errors import Problem, SettingsError
from engine.ledger.notice_model import Letter
from engine.secrets import Secret

LIMIT_SECONDS: Final = 10.0
PORTS: Final = {"smtp": 587, "smtps": 465}
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_FORM: Final = "smtp://USER@HOST:PORT?from=ADDRESS, or smtps://"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and by whom."""

    host: str
    port: int
    is_tls: bool  # from the first byte; otherwise STARTTLS where it is offered
    sender: str
    user: str = ""
    password: Secret | None = None


@dataclass(slots=True)
class Delivery:
    """What became of one letter."""

    waiting: list[str] = field(default_factory=list)  # to be tried again
    refused: list[str] = field(default_factory=list)  # for good
    fault: str = ""  # why somebody waits; "" when nobody does


def read_mail_server(url: str, password: Secret | None = None) -> MailServer:
    """Read ``smtp://user@host:port?from=address``; ``smtps`` is TLS from the start.

    Raises:
        SettingsError: It is no such address (C501).
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise _wrong("it cannot be read") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise _wrong("it names no server")
    if parts.password is not None:
        raise _wrong("it holds a password", "put it into SIIRTO_SMTP_PASSWORD")
    user = unquote(parts.username or "")
    given = parse_qs(parts.query).get("from", [""])[0]
    sender = given or (user if "@" in user else f"siirto@{parts.hostname}")
    if not is_address(sender):
        raise _wrong("its sender is no address", "add ?from=siirto@example.com")
    return MailServer(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        sender=sender,
        user=user,
        password=password,
    )


def is_address(text: str) -> bool:
    """Tell whether a text can stand in an address header as it is."""
    name, at, domain = text.rpartition("@")
    return bool(name and at and domain) and all(
        "!" <= char <= "~" and char not in '<>(),;:"[]\\' for char in text
    )


def build_message(letter: Letter, sender: str) -> EmailMessage:
    """Build the message; where the library refuses a text, its ASCII goes instead."""
    try:
        return _build(letter, sender, letter.subject, letter.body)
    except ValueError:  # a line break in a header, a lone surrogate in the text
        subject, body = _plain(letter.subject), _plain(letter.body, "\n")
        return _build(letter, sender, subject, body)


def _build(letter: Letter, sender: str, subject: str, body: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(letter.recipients)
    message["Subject"] = subject
    message["Date"] = format_datetime(letter.made_at)
    # The same for every attempt: a mail whose answer was lost shows once, not twice.
    domain = sender.rpartition("@")[2]
    message["Message-ID"] = f"<{letter.company}.{letter.letter_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message


def _plain(text: str, kept: str = "") -> str:
    return "".join(
        char if " " <= char <= "~" or char in kept else "?" for char in text
    ).strip()


def open_connection(server: MailServer, timeout_seconds: float) -> smtplib.SMTP:
    """Connect and sign in; TLS wherever the server offers it."""
    if server.is_tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host,
            server.port,
            timeout=timeout_seconds,
            context=ssl.create_default_context(),
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=timeout_seconds)
    try:
        connection.ehlo_or_helo_if_needed()
        # To this machine's own server nothing leaves the machine.
        is_safe = server.is_tls or server.host in LOOPBACK
        # The certificate of a server on this machine rarely has a name to check.
        if not is_safe and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
            is_safe = True
        if server.user and server.password:
            if not is_safe:
                raise smtplib.SMTPNotSupportedError(
                    "the server offers no TLS, so the password is not sent"
                )
            connection.login(server.user, server.password.reveal())
    except BaseException:
        connection.close()
        raise
    return connection


class Postman:
    """Hands mail to one server.

    Args:
        server: Where to.
        connect: Opens the connection; tests pass their own.
        limit_seconds: For everything that one call of ``send`` does.
    """

    def __init__(
        self,
        server: MailServer,
        connect: Callable[[MailServer, float], smtplib.SMTP] = open_connection,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._server = server
        self._connect = connect
        self._limit_seconds = limit_seconds

    def send(self, letters: Sequence[Letter]) -> list[Delivery]:
        """Send letters in their order, and tell of each what became of it."""
        if not letters:
            return []
        sent: list[Delivery] = []
        faults: list[str] = []
        thread = threading.Thread(
            target=self._send_all, args=(letters, sent, faults), daemon=True
        )
        thread.start()
        thread.join(self._limit_seconds)
        done = list(sent)  # a thread that is left behind may still append
        fault = (*faults, f"no answer within {self._limit_seconds:g} seconds")[0]
        left = letters[len(done) :]
        return [*done, *(Delivery(list(one.recipients), fault=fault) for one in left)]

    def _send_all(
        self, letters: Sequence[Letter], sent: list[Delivery], faults: list[str]
    ) -> None:
        """Send until all is sent or the connection fails; runs in its own thread."""
        try:
            connection = self._connect(self._server, self._limit_seconds / 2)
            try:
                for letter in letters:
                    sent.append(self._send(connection, letter))  # noqa: PERF401
            finally:
                _leave(connection)
        except Exception as error:  # noqa: BLE001  # nothing of it may reach a transfer
            faults.append(_said(error))

    def _send(self, connection: smtplib.SMTP, letter: Letter) -> Delivery:
        message = build_message(letter, self._server.sender)
        to = list(letter.recipients)
        try:
            # Not send_message: it would turn "From" at a line's start into ">From".
            refused: Mapping[str, tuple[int, bytes]] = connection.sendmail(
                self._server.sender, to, message.as_bytes()
            )
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            connection.rset()
            return Delivery(to, fault=_said(error))
        waiting = [who for who, (code, _) in refused.items() if code < 500]
        fault = "; ".join(_answer(*refused[who]) for who in waiting)
        return Delivery(waiting, [w for w in refused if w not in waiting], fault)


def _leave(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return _plain(str(error) or type(error).__name__)[:200]


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    return _plain(f"{code} {said}")[:200]


def _wrong(what: str, hint: str | None = None) -> SettingsError:
    text = f"the mail server in SIIRTO_SMTP_URL is wrong: {what}"
    return SettingsError([Problem("C501", text, hint=hint or f"write {_FORM}")])

"""Mails: who is told what and when, and that no mail server harms a transfer."""

from __future__ import annotations

import re
import smtplib
import socket
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from syrupy.assertion import SnapshotAssertion

import runner
from engine.cli import operator as commands
from engine.errors import Problem, RuleError, SettingsError
from engine.flow.companies import CompanyReport
from engine.flow.notices.decide import is_digest_due
from engine.flow.notices.letter import clean
from engine.flow.notices.notifier import Notifier, open_notifier
from engine.flow.notices.smtp import (
    Delivery,
    Postman,
    build_message,
    is_address,
    read_mail_server,
)
from engine.flow.run import FlowReport
from engine.ledger.model import Event
from engine.ledger.notice_model import Letter
from engine.ledger.open import open_ledger
from engine.project.advice import LANGUAGES, load_advice
from engine.project.company import Company
from engine.project.credentials import SecretPlaces
from engine.project.mail_texts import TEXTS, load_letter_texts
from engine.rulefiles.reader import load_yaml, load_yaml_file
from engine.secrets import Secret
from tests.places import ROOT, TESTS
from tests.worlds import World

CASES = TESTS / "cases" / "notify"
MAILS = yaml.safe_load((CASES / "mails.yaml").read_text("utf-8"))
TO = ["books@example.com", "boss@example.com"]
LIMIT_SECONDS = 0.4


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Mailbox:
    """Stands for a postman; keeps what it is given."""

    mails: list[Any] = field(default_factory=list)
    fault: str = ""

    def send(self, mails: Any) -> list[Delivery]:
        if self.fault:
            return [Delivery(list(mail.recipients), fault=self.fault) for mail in mails]
        self.mails += mails
        return [Delivery() for _ in mails]


@pytest.fixture(scope="module")
def book() -> Any:
    return load_advice(load_yaml_file(ROOT / "mappings/advice.yaml", ROOT))


@pytest.fixture(scope="module")
def texts() -> Any:
    return load_letter_texts(load_yaml_file(ROOT / "mappings/notices.yaml", ROOT))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Any:
    with closing(open_ledger(f"sqlite:///{tmp_path / 'l.sqlite'}", clock)) as opened:
        yield opened


def company(**settings: Any) -> Company:
    wanted = {"notifications": {"email": TO, "digest_hour": 7}, **settings}
    return Company("demo", wanted, {}, load_yaml("a: b", "demo.yaml").position)


# --- sequences of runs ------------------------------------------------------------------


@pytest.mark.parametrize("case", MAILS, ids=lambda case: case["name"])
def test_mails(case, book, texts, clock, ledger, snapshot: SnapshotAssertion):
    """Each run's mails are as the snapshot says, and most runs have none."""
    mailbox = Mailbox()
    notifier = Notifier(book, texts, clock, mailbox)
    told = company(language=case["language"])
    story = [f"# {case['about']}"]
    for run in case["runs"]:
        clock.at = datetime.fromisoformat(run["at"]).replace(tzinfo=UTC)
        mailbox.fault = "the connection was refused" if run.get("mail") else ""
        report, problems = play(ledger, run)
        mailbox.mails.clear()
        notifier.note_company(ledger, told, report, problems)
        notifier.deliver(ledger)
        story.append(f"## {run['at']}")
        story += [f"{mail.subject}\n\n{mail.body}" for mail in mailbox.mails]
        story += [f"to the operator: {fault}" for fault in notifier.faults]
        notifier.faults.clear()

    assert "\n".join(story) == snapshot


def play(ledger, run):
    """Put a run's outcome into the ledger, as a flow would."""
    for label in run.get("reopened", ()):
        ledger.steps.reopen(see(ledger, label))
    stopped = dict(run.get("stopped", {}))
    stopped |= {f"{n}": "CUSTOMER_NUMBER_MISSING" for n in range(run.get("many", 0))}
    for label, said in stopped.items():
        ledger.steps.hold(see(ledger, label), event(said))
    for label, said in run.get("waiting", {}).items():
        ledger.steps.wait(see(ledger, label), event(said))
    for label in run.get("gone", ()):
        ledger.steps.gone(see(ledger, label), Event("LEFT_STATUS"))
    for label in run.get("done", ()):
        finish(ledger, see(ledger, label))
    report = CompanyReport("demo")
    problems = [Problem("C401", run["wrong"])] if "wrong" in run else []
    if not problems:
        flow = FlowReport("demo", "sales_invoice", degraded=run.get("degraded", ""))
        report.flows.append(flow)
    return report, problems


def see(ledger, label):
    return ledger.open_transfer(
        "demo", "sales_invoice", label, label=label, reference=label, source_digest="s"
    )


def event(said):
    known = {"code": said} if isinstance(said, str) else said
    details = {**known.get("details", {}), "field": known.get("field", "")}
    return Event(known["code"], field=known.get("field", ""), details=details)


def finish(ledger, transfer):
    if transfer.stage == "new":
        transfer = ledger.steps.posted(
            transfer, target_id=f"t{transfer.label}", target_number="9"
        )
    ledger.steps.done(ledger.steps.proved(transfer))


def test_every_text_is_used_by_some_case(texts, book, clock, tmp_path):
    """A sentence that no mail shows would never be read by anybody."""
    used = set()

    class Spy:
        def fill(self, name, language, **details):
            used.add(name)
            return texts.fill(name, language, **details)

    notifier = Notifier(book, Spy(), clock, Mailbox())
    for number, case in enumerate(MAILS):
        url = f"sqlite:///{tmp_path / str(number)}"
        with closing(open_ledger(url, clock)) as ledger:
            for run in case["runs"]:
                clock.at = datetime.fromisoformat(run["at"]).replace(tzinfo=UTC)
                report, problems = play(ledger, run)
                notifier.note_company(ledger, company(), report, problems)

    assert set(TEXTS) == used


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_tells_the_same(language, book, texts, clock, ledger):
    """Documents and figures are the same, whatever the language of the words."""
    mailbox = Mailbox()
    notifier = Notifier(book, texts, clock, mailbox)
    told = company(notifications={"email": TO, "language": language}, language="fi")
    report, problems = play(ledger, MAILS[0]["runs"][0])
    notifier.note_company(ledger, told, report, problems)
    notifier.deliver(ledger)

    (mail,) = mailbox.mails
    assert re.findall(r"^(\w+)$", mail.body, re.MULTILINE) == ["10482", "10483"]
    assert "PRODUCT_MISSING" in mail.body


# --- nobody to tell ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"notifications": {}},
        {"notifications": None},
        {"notifications": {"email": []}},
        {"notifications": {"email": ["x@example.com\r\nBcc: y@example.com"]}},
    ],
    ids=["empty", "left out", "no address", "no address that can be used"],
)
def test_without_an_address_nobody_is_told(settings, book, texts, clock, ledger):
    mailbox = Mailbox()
    notifier = Notifier(book, texts, clock, mailbox)
    report, problems = play(ledger, MAILS[0]["runs"][0])
    notifier.note_company(ledger, company(**settings), report, problems)
    notifier.deliver(ledger)

    assert ([], []) == (mailbox.mails, notifier.faults)


def test_a_locked_company_is_told_by_the_run_that_holds_the_lock(
    book, texts, clock, ledger
):
    mailbox = Mailbox()
    notifier = Notifier(book, texts, clock, mailbox)
    play(ledger, MAILS[0]["runs"][0])
    locked = CompanyReport("demo", is_locked=True)
    notifier.note_company(ledger, company(), locked, [])
    notifier.deliver(ledger)

    assert [] == mailbox.mails


def test_companies_are_told_of_their_own_only(book, texts, clock, ledger):
    """No document of one company stands in the mail of another."""
    mailbox = Mailbox()
    notifier = Notifier(book, texts, clock, mailbox)
    report, problems = play(ledger, MAILS[0]["runs"][0])
    other = replace(company(), name="other")
    notifier.note_company(ledger, other, CompanyReport("other"), [])
    notifier.note_company(ledger, company(), report, problems)
    notifier.deliver(ledger)

    assert ["demo"] == [mail.company for mail in mailbox.mails]


def test_two_processes_never_send_the_same_mail(book, texts, clock, ledger, tmp_path):
    """A mail that one process is sending is left alone by the others."""
    notifier = Notifier(book, texts, clock, Mailbox())
    report, problems = play(ledger, MAILS[0]["runs"][0])
    notifier.note_company(ledger, company(), report, problems)

    assert 1 == len(ledger.notices.lease_letters())
    assert [] == ledger.notices.lease_letters()
    clock.at += timedelta(minutes=3)  # the other one was killed
    assert 1 == len(ledger.notices.lease_letters())


def test_a_mail_is_given_up_after_a_week(book, texts, clock, ledger):
    """Nobody needs last week's news; the log says that it never went."""
    mailbox = Mailbox(fault="no route to host")
    notifier = Notifier(book, texts, clock, mailbox)
    report, problems = play(ledger, MAILS[0]["runs"][0])
    notifier.note_company(ledger, company(), report, problems)
    notifier.deliver(ledger)
    clock.at += timedelta(days=8)
    notifier.deliver(ledger)

    assert 0 == ledger.notices.count_unsent()
    notes = ledger.log.rows(outcome="note", latest_per_document=False)
    assert ["MAIL_WAITS", "MAIL_GIVEN_UP"] == [row.code for row in notes]


def test_a_fault_of_telling_reaches_the_operator_only(book, clock, ledger):
    """Whatever goes wrong with mails, the run goes on."""

    class Broken:
        def fill(self, *_, **__):
            raise ZeroDivisionError("oops")

    notifier = Notifier(book, Broken(), clock, Mailbox())
    report, problems = play(ledger, MAILS[0]["runs"][0])
    notifier.note_company(ledger, company(), report, problems)

    assert ["demo: no mail written: oops"] == notifier.faults


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, "2026-03-02T06:59+02:00", False),
        (None, "2026-03-02T07:00+02:00", True),
        ("2026-03-02T07:00+02:00", "2026-03-02T23:50+02:00", False),
        ("2026-03-02T07:00+02:00", "2026-03-03T06:59+02:00", False),
        ("2026-03-02T07:00+02:00", "2026-03-03T07:00+02:00", True),
        ("2026-03-02T15:00+02:00", "2026-03-03T07:00+02:00", True),
        ("2026-03-03T06:00+02:00", "2026-03-03T07:00+02:00", True),
        ("2026-03-28T07:00+02:00", "2026-03-29T07:00+03:00", True),  # 23 hours later
        ("2026-10-24T07:00+03:00", "2026-10-25T06:30+02:00", False),  # 24.5 hours later
        ("2026-10-24T07:00+03:00", "2026-10-25T07:00+02:00", True),
    ],
)
def test_the_digest_is_due_once_a_day(last, now, expected):
    """The day is the company's, from the hour of the digest on."""
    last_at = datetime.fromisoformat(last) if last else None
    zone = ZoneInfo("Europe/Helsinki")

    assert expected == is_digest_due(last_at, datetime.fromisoformat(now), zone, 7)


# --- the texts' file ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("notices:", "notes:", "F421"),
        ("    sv: 'Nya'", "    et: 'Uued'", "F421"),
        ("{count}", "{number}", "F422"),
        ("{count}", "{}", None),
    ],
)
def test_bad_texts(old, new, code):
    """A text that lacks, or names what it does not know, is told with its place."""
    names = [
        f"  {name}:\n    fi: 'Uudet'\n    sv: 'Nya'\n    en: 'New {{count}}'\n    nl: 'Nieuw'"
        for name in TEXTS
        if "count" in TEXTS[name]
    ]
    others = [
        f"  {name}: {{fi: a, sv: b, en: c, nl: d}}"
        for name in TEXTS
        if "count" not in TEXTS[name]
    ]
    text = "\n".join(["format: 1", "notices:", *names, *others, ""])
    load_letter_texts(load_yaml(text, "notices.yaml"))
    changed = load_yaml(text.replace(old, new), "notices.yaml")
    if code is None:
        load_letter_texts(changed)
        return

    with pytest.raises(RuleError) as raised:
        load_letter_texts(changed)

    assert {code} == {problem.code for problem in raised.value.problems}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\r\nlines", "two lines"),
        ("nul\0 and \x1b[31mcolour", "nul and [31mcolour"),
        ("\u202eturned \u2028 and \u200b wide", "turned and wide"),
        ("surrogate \ud800 alone", "surrogate alone"),
        ("Öljy & Åke, 5 €", "Öljy & Åke, 5 €"),
        ("id 131052-308T", "id …308T"),
        ("x" * 600, "x" * 499 + "…"),
    ],
)
def test_what_documents_bring_is_one_safe_line(text, expected):
    assert expected == clean(text)


# --- the mail server ----------------------------------------------------------------------


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


def test_a_refused_receiver_is_remembered_once(book, texts, clock, ledger):
    """The log names the address that nobody takes; the mail is over."""
    peer = Peer(refused={TO[0]: "550 no such user"})
    report, problems = play(ledger, MAILS[0]["runs"][0])
    with serving(peer) as port:
        notifier = Notifier(book, texts, clock, Postman(near(port)))
        notifier.note_company(ledger, company(), report, problems)
        notifier.deliver(ledger)
        notifier.deliver(ledger)

    notes = ledger.log.rows(outcome="note", latest_per_document=False)
    assert ["MAIL_REFUSED"] == [row.code for row in notes]
    assert (1, 0) == (len(peer.taken), ledger.notices.count_unsent())


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


# --- the operator's settings --------------------------------------------------------------


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


def test_a_user_needs_a_password(tmp_path):
    """Missing, it is told with every place, before anything runs."""
    opened = open_notifier(
        World(tmp_path).project,
        "smtp://robot@mail.example.com",
        places=SecretPlaces({}),
        clock=Clock(),
        open_ledger=lambda: None,
        say=print,
    )
    with pytest.raises(SettingsError) as raised, opened:
        pass

    assert "SIIRTO_SMTP_PASSWORD" in raised.value.problems[0].message


# --- the whole way ------------------------------------------------------------------------


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

    assert runner.OK == code
    assert expected in shown


def test_the_runner_offers_the_languages_of_the_advice():
    assert LANGUAGES == commands.LANGUAGES

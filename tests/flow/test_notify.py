"""Mails: who is told what and when, and that telling harms no transfer."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.errors import Problem
from engine.flow.companies import CompanyReport
from engine.flow.notices.decide import is_digest_due
from engine.flow.notices.letter import clean
from engine.flow.notices.notifier import Notifier
from engine.flow.notices.smtp import Delivery, Postman
from engine.flow.run import FlowReport
from engine.ledger.model import Event
from engine.ledger.open import open_ledger
from engine.project.advice import load_advice
from engine.project.company import Company
from engine.project.languages import LANGUAGES
from engine.project.mail_texts import TEXTS, load_letter_texts
from engine.rulefiles.reader import load_yaml, load_yaml_file
from tests.flow.mail_server import TO, Peer, near, serving
from tests.places import ROOT, TESTS, read_yaml

CASES = TESTS / "cases" / "notify"
MAILS = read_yaml(CASES / "mails.yaml")


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
    if "down" in run:
        code = run.get("key", "SYSTEM_DOWN")
        ended = Event(code, details={"system": run["down"]})
        for name in ("sales_invoice", "travel_invoice", "cost_centre_items"):
            flow = FlowReport("demo", name, degraded="no answer", ended=ended)
            flow.is_key_refused = "key" in run
            report.flows.append(flow)
    elif not problems:
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
    notes = ledger.log(outcome="note", latest_per_document=False)
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


def test_a_refused_receiver_is_remembered_once(book, texts, clock, ledger):
    """The log names the address that nobody takes; the mail is over."""
    peer = Peer(refused={TO[0]: "550 no such user"})
    report, problems = play(ledger, MAILS[0]["runs"][0])
    with serving(peer) as port:
        notifier = Notifier(book, texts, clock, Postman(near(port)))
        notifier.note_company(ledger, company(), report, problems)
        notifier.deliver(ledger)
        notifier.deliver(ledger)

    notes = ledger.log(outcome="note", latest_per_document=False)
    assert ["MAIL_REFUSED"] == [row.code for row in notes]
    assert (1, 0) == (len(peer.taken), ledger.notices.count_unsent())

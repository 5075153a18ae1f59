"""Tell a company's people by mail what stopped, after its flows have run.

Flows know nothing of it. Writing a mail is a row in the ledger; sending comes when all
companies are through. Whatever fails here is told to the operator and never stops or
delays a transfer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

from engine.clock import Clock
from engine.errors import Problem
from engine.flow.companies import AfterCompany, CompanyReport
from engine.flow.notices.decide import DIGEST_HOUR, decide_bulletin
from engine.flow.notices.letter import Counts, write_letter
from engine.flow.notices.smtp import Delivery, Postman, is_address, read_mail_server
from engine.ledger.ledger import Ledger
from engine.ledger.model import Event
from engine.ledger.notice_model import Letter, Stop
from engine.masking import mask_text
from engine.project.advice import AdviceBook
from engine.project.company import Company
from engine.project.credentials import SecretPlaces, find_secret
from engine.project.mail_texts import LetterTexts
from engine.project.project import Project

DAY = timedelta(days=1)
GIVEN_UP = timedelta(days=7)  # nobody needs to be told of a week ago; our own figure


class Notifier:
    """Writes mails after each company, and sends them at the end.

    Attributes:
        faults: What could not be written or sent, a sentence each, for the operator.
    """

    def __init__(
        self, book: AdviceBook, texts: LetterTexts, clock: Clock, postman: Postman
    ) -> None:
        self._book = book
        self._texts = texts
        self._clock = clock
        self._postman = postman
        self.faults: list[str] = []

    def note_company(
        self,
        ledger: Ledger,
        company: Company,
        report: CompanyReport,
        problems: Sequence[Problem],
    ) -> None:
        """Write the mail about a company's run; none when there is nothing to tell."""
        with self._only_told(f"{company.name}: no mail written"):
            wanted = company.settings.get("notifications") or {}
            recipients = [one for one in wanted.get("email") or [] if is_address(one)]
            if not recipients or report.is_locked:
                return
            now = self._clock.now()
            zone = company.schedule.zone
            history = ledger.notices.read_history(company.name)
            documents = ledger.notices.list_stops(company.name)
            ended = run_stops(report, problems)
            bulletin = decide_bulletin(
                [*_told_apart(documents, ended), *ended],
                history,
                flows=_flows_of(report, problems),
                now=now,
                zone=zone,
                digest_hour=wanted.get("digest_hour", DIGEST_HOUR),
            )
            since = history.digest_at or now - DAY
            counts = Counts(
                sent=ledger.notices.count_sent(company.name, since)
                if bulletin.is_digest
                else 0,
                waiting=sum(stop.is_passing for stop in documents),
                stopped=sum(not stop.is_passing for stop in documents),
                since=since,
            )
            draft = write_letter(
                bulletin,
                counts,
                company=company.name,
                language=language_of(company),
                texts=self._texts,
                book=self._book,
                now=now,
                zone=zone,
            )
            ledger.notices.record(
                company.name, bulletin, draft=draft, recipients=recipients
            )

    def deliver(self, ledger: Ledger) -> None:
        """Send what is in the outbox, also what earlier runs could not send."""
        with self._only_told("no mail sent"):
            letters = ledger.notices.lease_letters()
            deliveries = self._postman.send(letters)
            now = self._clock.now()
            for letter, delivery in zip(letters, deliveries, strict=True):
                self._end(ledger, letter, delivery, now)
            faults = {d.fault for d in deliveries if d.fault}
            if faults:
                left = sum(bool(d.waiting) for d in deliveries)
                said = "; ".join(sorted(faults))
                self.faults.append(f"{left} wait for the next run: {said}")

    @contextmanager
    def _only_told(self, said: str) -> Iterator[None]:
        """Tell the operator of whatever fails inside, and go on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # telling never stops a transfer
            self.faults.append(f"{said}: {error}")

    def _end(
        self, ledger: Ledger, letter: Letter, delivery: Delivery, now: datetime
    ) -> None:
        waiting = delivery.waiting
        for who in delivery.refused:
            self._remember(ledger, letter, "MAIL_REFUSED", who)
        if waiting and now - letter.made_at > GIVEN_UP:
            self._remember(ledger, letter, "MAIL_GIVEN_UP", delivery.fault)
            waiting = []
        elif waiting and letter.tries == 1:
            self._remember(ledger, letter, "MAIL_WAITS", delivery.fault)
        ledger.notices.end_letter(letter, waiting=waiting, fault=delivery.fault)

    def _remember(self, ledger: Ledger, letter: Letter, code: str, said: str) -> None:
        event = Event(code, f'"{letter.subject}": {said}', details={"value": said})
        ledger.events.note_flow(letter.company, "", event)


def run_stops(report: CompanyReport, problems: Sequence[Problem]) -> list[Stop]:
    """Give what ended the run as a whole: settings that do not fit, a system down.

    One outage is one event, however many flows it ended.
    """
    stops: dict[tuple[str, str], Stop] = {}
    for flow in report.flows:
        if flow.degraded:
            code = flow.ended.code or "DEGRADED"
            said = flow.ended.details or {"value": mask_text(flow.degraded)}
            state = "held" if flow.is_key_refused else "waiting"
            stop = Stop(None, "", "", state, code, "", said)
            stops.setdefault((code, str(said.get("system", ""))), stop)
    if problems:
        wrong = "; ".join(problem.message for problem in problems[:3])
        said = {"value": mask_text(wrong)}
        stop = Stop(None, "", "", "held", "SETTINGS_WRONG", "", said)
        stops["SETTINGS_WRONG", ""] = stop
    return list(stops.values())


def _told_apart(documents: Sequence[Stop], ended: Sequence[Stop]) -> list[Stop]:
    """Leave out documents that wait for nothing but what ended the run."""
    codes = {stop.code for stop in ended}
    return [stop for stop in documents if not (stop.is_passing and stop.code in codes)]


def _flows_of(report: CompanyReport, problems: Sequence[Problem]) -> list[str]:
    flows = [flow.flow for flow in report.flows]
    return flows if problems else [*flows, ""]


def language_of(company: Company) -> str:
    """Give the language of a company's mails; its own unless another is named."""
    wanted = company.settings.get("notifications") or {}
    return str(wanted.get("language") or company.settings.get("language") or "en")


@contextmanager
def open_notifier(
    project: Project,
    url: str | None,
    *,
    places: SecretPlaces,
    clock: Clock,
    open_ledger: Callable[[], Ledger],
    say: Callable[[str], None],
) -> Iterator[AfterCompany | None]:
    """Give what is called after each company; send when all are through.

    Args:
        url: ``SIIRTO_SMTP_URL``; None or "" sends and writes nothing.
        places: Where the password lies, by the name ``SIIRTO_SMTP_PASSWORD``.
        say: Told what the operator should know, a line each.

    Raises:
        SettingsError: The address is wrong, or its user has no password; before
            anything runs.
    """
    texts = project.letter_texts
    if not url or texts is None:
        yield None
        return
    server = read_mail_server(url)
    if server.user:
        server = read_mail_server(url, find_secret("smtp", "password", places))
    notifier = Notifier(project.advice, texts, clock, Postman(server))
    try:
        yield notifier.note_company
    finally:
        with closing(open_ledger()) as ledger:
            notifier.deliver(ledger)
        for fault in notifier.faults:
            say(f"mail: {fault}")

"""The judge: what must never happen, seen in journals and the log's text alone.

Names are those of the protocol's model. A search of the last minute and a half is what
the product can have known; what happened later it could not see.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tests.harness.history import FEES, History, Made, Paper
from tests.harness.papers import MOVED, WAITING
from tests.harness.people import last_words, number_of_label

if TYPE_CHECKING:
    from tests.harness.chronicle import Entry
    from tests.harness.deeds import Deeds
    from tests.harness.game import Game

KNOWN_SECONDS = 90.0  # a look is fresh for 60; the rest is the time of the requests
VERDICTS = {
    "dup": "a second live invoice of one document, made by us",
    "regdup": "a second register entry of one natural key, made by us",
    "filedup": "the same file twice on one invoice",
    "twosend": "sent twice to a customer",
    "foreigndup": "made beside another's that a look would have shown",
    "madedraft": "made for a document that had left its status",
    "unproved": "released or moved beside a second one that a look would have shown",
    "early": "the source moved before the target was complete",
    "sentstale": "released with old content, or for a draft",
    "movedstale": "moved with old content, or over a draft",
    "overwrite": "an update replaced a person's edit",
    "trace": "written for a document that cannot agree with its own total",
    "innocent": "waits for another document's doubt",
    "bug": "told as UNEXPECTED",
    "failed": "a run ended with an unhandled exception",
    "lost": "moved, and nothing is in the target",
    "stale": "done with other content than the source's",
    "stuck": "a person did as told, and it does not end",
    "silent": "moved or in the target, and the log's last word says nothing of it",
    "orphan": "pulled back, in the target, and not told",
    "late": "a correction that the next run did not try",
    "falsestop": "a change that was made is told as refused",
    "repeat": "a company that was not due was run",
}
REGISTERS = {
    "POST /businesspartners": lambda b: b.get("customerNumber") or b.get("name"),
    "POST /dimensions/{dimensionId}/items": lambda b: b.get("codeName"),
    "POST /persons": lambda b: b.get("personNumber") or b.get("lastName"),
    "POST /products": lambda b: b.get("code"),
}
LISTS = ("GET /v1/invoices", "GET /v1/travelreimbursements")
CORRECTED = {
    "card_fix": ("CUSTOMER_ID_MISSING",),
    "total_fix": ("ROWS_DIFFER", "TOTAL_MISSING"),
}
QUIET = ("run", "says retry", "card_fix", "total_fix")
RELEASES = ("approve", "send", "sendToCirculation", "verify")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that must not have happened."""

    kind: str
    number: int | None
    at: float
    run: int


class Judge:
    """Watches every entry, then the end."""

    def __init__(self, search_lag: float) -> None:
        self.history = History()
        self.verdicts: list[Verdict] = []
        self.registers: Counter[tuple[str, str]] = Counter()
        self._lag = search_lag

    def watch(self, entry: Entry) -> None:
        """Look at what is about to happen, then take it."""
        if entry.who == "us" and entry.exchange and entry.exchange.status < 400:
            self._watch_register(entry)
            if entry.number is not None:
                self._watch_write(entry, self._paper(entry.number))
        if entry.what == "run failed":
            self.say("failed", entry)
        self.history.take(entry)

    def _paper(self, number: int) -> Paper:
        return self.history.papers.setdefault(number, Paper(number))

    def say(self, kind: str, entry: Entry) -> None:
        self.verdicts.append(Verdict(kind, entry.number, entry.at, entry.run))

    def _watch_register(self, entry: Entry) -> None:
        natural = REGISTERS.get(entry.what)
        if natural is None or entry.exchange is None:
            return
        key = (entry.company + entry.exchange.path, str(natural(entry.exchange.body)))
        if self.registers[key]:
            self.say("regdup", entry)
        self.registers[key] += 1

    def _watch_write(self, entry: Entry, paper: Paper) -> None:
        word = entry.what.rpartition("/")[2]
        if entry.what in ("POST /invoices", FEES):
            self._watch_create(entry, paper)
        elif entry.what == "POST /attachments":
            self._watch_file(entry, paper)
        elif entry.what.startswith("PATCH"):
            self._watch_move(entry, paper)
        elif entry.what.startswith("PUT /invoices/"):
            if word in RELEASES:
                self._watch_release(entry, paper, word)
            elif word == "{invoiceId}":
                made = paper.find(int(entry.exchange.path.split("/")[2]))  # type: ignore[union-attr]
                if made is not None and made.is_edited:
                    self.say("overwrite", entry)

    def _is_late(self, entry: Entry) -> bool:
        """Nobody can look between a request and its late effect."""
        return entry.details.get("fault") == "late"

    def _watch_create(self, entry: Entry, paper: Paper) -> None:
        if any(made.is_ours for made in paper.live):
            self.say("dup", entry)
        if paper.is_total_broken:
            self.say("trace", entry)
        if self._is_late(entry):
            return
        if self._others_seen(entry, paper, own=False):
            self.say("foreigndup", entry)
        is_left = paper.status != WAITING and not (entry.what == FEES and paper.made)
        if is_left and self._is_known(paper.left_at, entry.at):
            self.say("madedraft", entry)

    @staticmethod
    def _is_known(since: float | None, at: float) -> bool:
        return since is not None and at - since > KNOWN_SECONDS

    def _others_seen(self, entry: Entry, paper: Paper, *, own: bool) -> bool:
        """Tell whether a look would have shown one, or beside ours a second one."""
        if self.history.is_blind(entry.at, KNOWN_SECONDS + 60):
            return False
        since = entry.at - KNOWN_SECONDS - self._lag
        seen = [m for m in paper.live if m.at < since and (own or not m.is_ours)]
        return len(seen) > int(own)

    def _watch_file(self, entry: Entry, paper: Paper) -> None:
        assert entry.exchange is not None
        meta = entry.exchange.body["meta"]
        made = paper.find(int(meta["referenceId"]))
        if made is not None and meta["name"] in made.files:
            self.say("filedup", entry)

    def _watch_release(self, entry: Entry, paper: Paper, word: str) -> None:
        assert entry.exchange is not None
        made = paper.find(int(entry.exchange.path.split("/")[2]))
        if made is None:
            return
        if word == "send" and made.sends:
            self.say("twosend", entry)
        if self._is_late(entry):
            return
        if self._others_seen(entry, paper, own=True):
            self.say("unproved", entry)
        if self._is_stale(entry, paper):
            self.say("sentstale", entry)

    def _is_stale(self, entry: Entry, paper: Paper) -> bool:
        """Tell whether a look at the source would have stopped this."""
        is_draft = paper.status not in (WAITING, MOVED)
        if is_draft and self._is_known(paper.left_at, entry.at):
            return True
        ours = [m for m in paper.live if m.is_ours and not m.is_edited]
        differs = bool(ours) and all(m.content != paper.content for m in ours)
        return differs and self._is_known(paper.changed_at, entry.at)

    def _watch_move(self, entry: Entry, paper: Paper) -> None:
        live = paper.live
        complete = [m for m in live if m.files or not m.is_ours]
        if (not live and not paper.was_removed) or (live and not complete):
            self.say("early", entry)
        if self._is_late(entry):
            return
        if self._others_seen(entry, paper, own=True):
            self.say("unproved", entry)
        if self._is_stale(entry, paper):
            self.say("movedstale", entry)


def judge(game: Game, deeds: Deeds) -> list[Verdict]:
    """Judge a schedule that is over."""
    watcher = Judge(game.plan.search_lag)
    for entry in game.chronicle.entries:
        watcher.watch(entry)
    verdicts = list(watcher.verdicts)
    words = last_words(game)
    end, run = game.timeline.seconds, game.run_number
    for number in game.numbers:
        paper = watcher.history.papers[number]
        row = words.get(number, {})
        kinds = judge_end(paper, row, is_restored=deeds.put_back)
        verdicts += [Verdict(kind, number, end, run) for kind in kinds]
    if game.plan.asks_due:
        verdicts += judge_due(game)
    verdicts += judge_log(game, watcher.history)
    verdicts += judge_corrections(game)
    return verdicts


def judge_due(game: Game) -> list[Verdict]:
    """Find runs in which the source was listed twice: one of them was not due."""
    lists = Counter(
        (entry.run, entry.company, entry.what)
        for entry in game.chronicle.entries
        if entry.what in LISTS
    )
    return [
        Verdict("repeat", None, 0.0, run)
        for (run, *_), count in lists.items()
        if count > 1
    ]


def judge_end(
    paper: Paper, row: dict[str, str | None], *, is_restored: bool
) -> list[str]:
    """Judge how one document stands when nothing more happens."""
    outcome, code = row.get("outcome"), row.get("code")
    live = paper.live
    found = []
    if paper.status == WAITING:
        return ["stuck"]
    if paper.status == MOVED:
        is_done = outcome == "transferred"
        if not live and not paper.was_removed and code != "LEFT_STATUS":
            found.append("lost")
        elif is_done and live and not any(says_the_same(paper, m) for m in live):
            found.append("stale")
        is_left = code == "LEFT_STATUS" and not any(m.is_ours for m in live)
        if not is_done and not is_restored and not is_left:
            found.append("stuck" if outcome == "stopped" else "silent")
        return found
    ours = [m for m in live if m.is_ours]
    is_told = outcome == "stopped" and code == "ORPHAN_IN_TARGET"
    if ours and not is_told and outcome != "transferred" and not is_restored:
        found.append("orphan")
    return found


def says_the_same(paper: Paper, made: Made) -> bool:
    """Tell whether what stands there says what the source said when it was moved.

    The answer of the move shows the record, not the card: a card that is changed within
    the minute before it is of the next invoice.
    """
    known, there = paper.content, made.content
    if known == there or made.is_edited or known is None:
        return True
    changed = paper.card_changed_at
    is_late = changed is not None and changed > paper.moved_at - KNOWN_SECONDS
    return is_late and known == replace(there, card=known.card)


def judge_log(game: Game, history: History) -> list[Verdict]:
    """Judge the log's lines: bugs told as such, and who waits for whose doubt."""
    found = []
    for row in game.log():
        number = number_of_label(row)
        if row["code"] == "UNEXPECTED":
            found.append(Verdict("bug", number, 0.0, 0))
        if row["outcome"] == "stopped" and row["field"] == "version":
            found.append(Verdict("falsestop", number, 0.0, 0))
        paper = history.papers.get(number or 0)
        if row["code"] == "IN_DOUBT" and row["outcome"] == "waiting" and paper:
            touched = paper.faults or game.chronicle.kinds["crash"]
            touched = touched or game.chronicle.kinds["disk fault"]
            # An entry that a blind or late register does not show rests by the rule.
            touched = touched or game.chronicle.kinds["blind"] or game.plan.register_lag
            shared = any(
                e.what.startswith("fault")
                and "GET" not in str(e.details.get("endpoint"))
                for e in game.chronicle.entries
                if e.number is None
            )
            if not touched and not shared:
                found.append(Verdict("innocent", number, 0.0, 0))
    return found


def judge_corrections(game: Game) -> list[Verdict]:
    """Find corrections of a card or a total that the next run did not try.

    Where nothing goes wrong in that run, it has something new to say of the document.
    """
    entries, told = game.chronicle.entries, Counter(game.chronicle.kinds)
    unclear = ("own_jump", "ledger_old", "ledger_wiped")
    if game.plan.asks_due or any(told[kind] for kind in unclear):
        return []  # no run is meant, or what the log's times and gaps mean is not known
    runs = [e for e in entries if e.what == "run" and not e.details["depth"]]
    said = [(number_of_label(r), read_at(game, r), r["code"]) for r in game.log()]
    found = []
    for entry in entries:
        if entry.what not in CORRECTED:
            continue
        after = [run.at for run in runs if run.at >= entry.at]
        before = [c for n, at, c in said if n == entry.number and at < entry.at]
        is_held = bool(before) and before[-1] in CORRECTED[entry.what]
        if not after or not is_held or entry.details["status"] != WAITING:
            continue
        start, end = after[0], (*after, game.timeline.seconds)[1]
        # Also what ended the run: a crash, at the time that the next one began.
        between = [e for e in entries if entry.at <= e.at <= end and e is not entry]
        is_calm = all(e.who == "us" or e.what in QUIET for e in between)
        if is_calm and not any(
            n == entry.number and start <= at < end for n, at, _ in said
        ):
            found.append(Verdict("late", entry.number, start, entry.run))
    return found


def read_at(game: Game, row: dict[str, str | None]) -> float:
    """Give the seconds of a line of the log, on the schedule's own time."""
    moment = datetime.fromisoformat(str(row["at"]))
    return (moment - game.own_clock.started_at).total_seconds()

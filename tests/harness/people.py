"""People who do what the log tells them, once faults are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.game import Process
from tests.harness.papers import DRAFT, MOVED, WAITING

if TYPE_CHECKING:
    from tests.harness.deeds import Deeds
    from tests.harness.game import Game

LAST_WORDS = ("transferred", "stopped", "waiting", "skipped")
CHANGED = ("CHANGED_AFTER_TRANSFER", "SAME_NUMBER_OTHER_CONTENT", "TOTAL_DIFFERS")


def last_words(game: Game) -> dict[int, dict[str, str | None]]:
    """Give the log's last word on each document, by its number."""
    found = {}
    for row in game.log():
        number = number_of_label(row)
        if number is not None and row["outcome"] in LAST_WORDS:
            found[number] = row
    return found


def number_of_label(row: dict[str, str | None]) -> int | None:
    """Give the document's number; a cost's label goes on after it."""
    label = str(row["label"]).partition("/")[0]
    return int(label) if label.isdecimal() else None


def act(game: Game, deeds: Deeds) -> bool:
    """Do what the log asks for; tell whether something is still on its way."""
    words = last_words(game)
    is_open = False
    for number in game.numbers:
        row = words.get(number)
        status = game.paper_of(number).status(number)
        if row is None:
            is_open = is_open or status == WAITING
            continue
        outcome = row["outcome"]
        if outcome == "stopped":
            is_open |= do_as_told(game, deeds, number, row)
        elif outcome == "waiting" or status == WAITING:
            is_open = True
    return is_open


def do_as_told(
    game: Game, deeds: Deeds, number: int, row: dict[str, str | None]
) -> bool:
    """Act on one held document; False when it may stay so."""
    status = game.paper_of(number).status(number)
    code, label = str(row["code"]), str(row["label"])
    if code == "ORPHAN_IN_TARGET":
        if game.random.random() < 0.5:
            deeds.remove(number)
        elif status == DRAFT:
            deeds.do("to_wait", number)
    elif code == "DUPLICATE_IN_TARGET":
        deeds.remove(number, keep=1)
    elif code == "WITHDRAWN_IN_TARGET":
        if status == MOVED:
            deeds.do("setback", number)
    elif code == "CHANGED_AFTER_IMPORT":
        deeds.correct(number)
    elif code in CHANGED:
        papers = game.paper_of(number)
        if any(papers.is_sent(item) for item in papers.targets(number)):
            deeds.correct(number)
            say_accept(game, number, label)
            return True
        deeds.remove(number)
        if status == MOVED:
            deeds.do("setback", number)
    elif code == "RELEASED_BEFORE_FILES" or code.startswith("Not possible in status"):
        deeds.reopen(number)
    elif number in game.plan.broken_cards or number in game.plan.broken_totals:
        deeds.do("card_fix", number)
        deeds.do("total_fix", number)
    say_retry(game, number, label)
    return True


def say_retry(game: Game, number: int, label: str) -> None:
    """Say ``retry`` to the product, as the command does."""
    ledger = game.open_ledger(Process(game, 1))
    ledger.retry(None, label, "a person")
    game.note("person", "says retry", number)


def say_accept(game: Game, number: int, label: str) -> None:
    """Say ``accept`` to the product: what stands in the target was corrected by hand."""
    ledger = game.open_ledger(Process(game, 1))
    for transfer in ledger.find_named(None, label):
        if transfer.is_acceptable:
            ledger.contents.accept(transfer, "a person", "corrected by hand")
    game.note("person", "says accept", number)

"""What people, another integration and the world do, by the events' names."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.harness.papers import DRAFT, MOVED, WAITING, Content
from tests.harness.plan import TICK

if TYPE_CHECKING:
    from tests.harness.game import Game, Process


class Deeds:
    """Does events; what it does stands in the chronicle with the content after it."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.bodies: dict[int, dict[str, Any]] = {}
        self.images: list[bytes] = []
        self.put_back = False  # the ledger was lost or restored in this schedule
        self._count = 0
        game.on_event = self.at_step

    def at_step(self, process: Process, event: str, number: int) -> None:
        """Do what the plan has for a step; a negative number may not take time."""
        takes_time, number = number > 0, abs(number)
        if event == "crash":
            process.die()
        elif event.startswith("freeze"):
            if takes_time:
                self._freeze(event.removeprefix("freeze").strip("_"), number)
        elif event == "runner2":
            # The lock sends it away at once; there is one connection for both.
            if not self.game.ledger.connection.in_transaction:
                self.game.note("world", "second runner")
                self.game.run(depth=1)
        elif event == "runner_due":
            self.game.run(depth=1, only_due=True)
        elif event in ("ledger_old", "ledger_wiped"):
            self.game.timeline.at(self.game.timeline.seconds + TICK / 2, lambda: None)
            self.lose(event)
        else:
            self.do(event, number)

    def after_run(self) -> None:
        """Do after a run what was meant for steps that it did not come to."""
        for planned in self.game.plan.take_missed(self.game.run_number):
            if planned.event in ("ledger_old", "ledger_wiped"):
                self.lose(planned.event)
            elif not planned.event.startswith(("crash", "freeze", "runner")):
                self.do(planned.event, planned.number)

    def _freeze(self, then: str, number: int) -> None:
        """The process sleeps; meanwhile somebody may act."""
        game = self.game
        game.note("world", "freeze")
        if not then:
            game.timeline.wait(game.random.choice((120.0, 1500.0, 4000.0)))
            return
        game.timeline.wait(TICK)
        event = {"foreign": "foreign_same", "pull": "pull", "edit": "edit_text"}[then]
        self.do(event, number)
        game.timeline.wait(TICK)

    def lose(self, event: str) -> None:
        """Mark that the ledger is to be put back before the next run."""
        self.wanted = event

    wanted = ""

    def before_run(self) -> None:
        """Between two runs a backup is made, or the ledger is put back."""
        if self.wanted:
            image = (
                self.images[0] if self.wanted == "ledger_old" and self.images else None
            )
            self.game.ledger.put_back(image)
            self.game.note("world", self.wanted)
            self.put_back, self.wanted = True, ""
        if self.game.run_number in (0, 2):
            self.images[:] = [self.game.ledger.copy()]

    def do(self, event: str, number: int) -> None:
        """Do an event on a document; what is not possible now is left out."""
        deed: Callable[[int], bool | None] = getattr(self, f"_{event}")
        game = self.game
        if deed(number) is False:
            return
        papers = game.paper_of(number)
        game.note(
            "other" if event.startswith("foreign") else "person",
            event,
            number,
            status=papers.status(number),
            content=papers.content(number),
            live=self.live(number),
        )

    def live(self, number: int) -> dict[Any, Content]:
        """Give what stands in the target of a document: content by id."""
        papers = self.game.paper_of(number)
        return {papers.id_of(i): papers.content_of(i) for i in papers.targets(number)}

    def remove(self, number: int, keep: int = 0) -> None:
        """Remove what stands in the target, as the log told; the first few are kept."""
        papers = self.game.paper_of(number)
        live = sorted(papers.targets(number), key=lambda i: not papers.is_sent(i))
        for item in live[keep:]:
            papers.remove(item)
        left = {"live": self.live(number), "status": papers.status(number)}
        self.game.note("person", "removes as told", number, **left)

    def correct(self, number: int) -> None:
        """Have the target say by hand what the source says."""
        papers = self.game.paper_of(number)
        for item in papers.targets(number):
            papers.correct(number, item)
        live = self.live(number)
        self.game.note("person", "edit_target", number, live=live, corrected=True)

    def reopen(self, number: int) -> None:
        """Take the target's document back, so that it can be completed."""
        papers = self.game.paper_of(number)
        for item in papers.targets(number):
            papers.reopen(item)

    def _next(self) -> int:
        self._count += 1
        return self._count

    # In the source ---------------------------------------------------------------

    def _edit(self, number: int, what: str) -> bool:
        papers = self.game.paper_of(number)
        if papers.status(number) == MOVED and papers.flow != "purchase_invoice":
            return False
        getattr(papers, what)(number, self._next())
        return True

    def _edit_total(self, number: int) -> bool:
        return self._edit(number, "edit_total")

    def _edit_text(self, number: int) -> bool:
        return self._edit(number, "edit_text")

    def _edit_card(self, number: int) -> bool:
        return self._edit(number, "edit_card")

    def _pull(self, number: int) -> bool:
        papers = self.game.paper_of(number)
        if papers.status(number) != WAITING:
            return False
        papers.set_status(number, DRAFT)
        return True

    def _pull_edit(self, number: int) -> bool:
        return (
            self._pull(number) and self._edit_text(number) and self._come_back(number)
        )

    def _pull_back(self, number: int) -> bool:
        return self._pull(number) and self._come_back(number)

    def _come_back(self, number: int) -> bool:
        timeline = self.game.timeline
        at = timeline.seconds + self.game.random.random() * 1500
        timeline.at(at, lambda: self.do("to_wait", number))
        return True

    def _to_wait(self, number: int) -> bool:
        papers = self.game.paper_of(number)
        if papers.status(number) != DRAFT:
            return False
        papers.set_status(number, WAITING)
        return True

    def _setback(self, number: int) -> bool:
        papers = self.game.paper_of(number)
        if papers.status(number) != MOVED or papers.flow == "purchase_invoice":
            return False
        papers.set_status(number, WAITING)
        return True

    def _setback_edit(self, number: int) -> bool:
        return self._setback(number) and self._edit_text(number)

    def _break_card(self, number: int) -> None:
        self.game.paper_of(number).break_card(number)

    def _card_fix(self, number: int) -> bool:
        if number not in self.game.plan.broken_cards:
            return False
        self.game.paper_of(number).fix_card(number)
        return True

    def _break_total(self, number: int) -> bool:
        papers = self.game.paper_of(number)
        papers.break_total(number)
        return papers.flow == "sales_invoice"  # no other flow relies on a total

    def _total_fix(self, number: int) -> bool:
        if number not in self.game.plan.broken_totals:
            return False
        self.game.paper_of(number).fix_total(number)
        return True

    # In the target -----------------------------------------------------------------

    def _foreign_same(self, number: int) -> bool:
        return self._make(number, self.game.paper_of(number).content(number))

    def _foreign_other(self, number: int) -> bool:
        content = self.game.paper_of(number).content(number)
        other = Content(content.amount + 7, content.text, content.card)
        return self._make(number, other)

    def _make(self, number: int, content: Content) -> bool:
        papers = self.game.paper_of(number)
        if number not in model_bodies():
            return False
        made = papers.make(copy.deepcopy(model_bodies()[number]), content)
        visible = self.game.timeline.seconds + self.game.plan.search_lag
        papers.procountor.data.visible_from[made] = visible
        return True

    def _remove(self, number: int) -> bool:
        papers = self.game.paper_of(number)
        own = [i for i in papers.targets(number) if not papers.is_sent(i)]
        return bool(own) and papers.remove(own[0])

    def _edit_target(self, number: int) -> bool:
        papers = self.game.paper_of(number)
        return any(papers.alter(item) for item in papers.targets(number))

    def _approve_person(self, number: int) -> bool:
        papers = self.game.paper_of(number)
        return any(papers.approve(item) for item in papers.targets(number))

    def _register_person(self, number: int) -> bool:
        """Somebody makes the dimension item that a document needs."""
        data = self.game.paper_of(number).procountor.data
        found = next(d for d in data.dimensions.values() if d["name"] == "Projektit")
        code = "1103" if number == 20261002 else "1101"
        if any(item["codeName"] == code for item in found["items"]):
            return False
        item = {
            "id": data.take_id(),
            "codeName": code,
            "description": "",
            "status": "U",
        }
        found["items"].append(item)
        return True

    # Clocks and searches -----------------------------------------------------------

    def _date_jump(self, number: int) -> None:  # noqa: ARG002
        jump = self.game.random.choice((3600.0, 3600.0, -3600.0, 90000.0))
        self.game.clocks["procountor"].jump += jump

    def _own_jump(self, number: int) -> None:  # noqa: ARG002
        jump = self.game.random.choice((3600.0, -3600.0, 90000.0))
        self.game.own_clock.jump += jump

    def _blind(self, number: int) -> bool:  # noqa: ARG002
        game = self.game
        if game.timeline.seconds < game.blind_until + 3600.0 and game.blind_until > 0:
            return False
        game.blind_until = game.timeline.seconds + 50.0
        return True


@cache
def model_bodies() -> dict[int, dict[str, Any]]:
    """Give the invoices that the target takes for each document, from an untroubled run."""
    import tempfile
    from pathlib import Path

    from tests.harness.game import Game  # a cycle
    from tests.harness.plan import SALES, TRAVEL, Plan

    with tempfile.TemporaryDirectory() as folder:
        numbers = (*SALES, *TRAVEL)
        game = Game(Plan(0, numbers, settings_key="sales+travel"), Path(folder))
        Deeds(game)
        game.run()
    return {
        entry.number: entry.exchange.body
        for entry in game.chronicle.entries
        if entry.what == "POST /invoices" and entry.exchange and entry.number
    }

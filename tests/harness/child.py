"""A run of its own in a process of its own, against simulators on loopback.

    python -m tests.harness.child FOLDER SEVERA-URL PROCOUNTOR-URL [before|after NTH]

Prints what became of the run: its outcomes, or that the lock was held. With an NTH it
ends itself at that commit, as the kernel would.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.ledger.sqlite_file import SqliteFile
from tests.worlds import World

if TYPE_CHECKING:
    import httpx


class LoopbackWorld(World):
    """The same company; its systems are servers, its own simulators stand idle."""

    def aim_at(self, severa: str, procountor: str) -> None:
        """Send the company's requests to these addresses."""
        company = self.project.companies["demo"]
        urls = {"severa": severa, "procountor": procountor}
        companies = {"demo": replace(company, base_urls=urls)}
        self.project = replace(self.project, companies=companies)

    def transport(self) -> httpx.BaseTransport | None:  # type: ignore[override]
        """Use the network."""
        return None


def die_at_commit(when: str, nth: int) -> None:
    """Have the process end before or after its nth commit."""
    real, count = SqliteFile.commit, 0

    def commit(self: SqliteFile) -> None:
        nonlocal count
        count += 1
        if count == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(self)
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    SqliteFile.commit = commit  # type: ignore[method-assign]


def main(
    folder: str, severa: str, procountor: str, when: str = "", nth: str = "0"
) -> None:
    """Run once and say how it ended."""
    die_at_commit(when, int(nth))
    world = LoopbackWorld(Path(folder), keep=[20261040])
    world.aim_at(severa, procountor)
    report = world.run()
    said = "locked" if report.is_locked else dict(report.outcomes)
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

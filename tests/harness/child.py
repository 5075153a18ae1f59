"""A run of its own in a process of its own, against simulators on loopback.

    python -m tests.harness.child FOLDER SEVERA-URL PROCOUNTOR-URL

Prints what became of the run: its outcomes, or that the lock was held.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

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


def main(folder: str, severa: str, procountor: str) -> None:
    """Run once and say how it ended."""
    world = LoopbackWorld(Path(folder), keep=[20261040])
    world.aim_at(severa, procountor)
    report = world.run()
    said = "locked" if report.is_locked else dict(report.outcomes)
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

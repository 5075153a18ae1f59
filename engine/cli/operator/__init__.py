"""The operator's commands, one module each: they meet systems or the ledger.

A module has ``add_command`` (its arguments) and ``run``, which gives the exit code. May
import every room, inside ``run`` where it is heavy; knows nothing of the consultant's
commands. What comes from outside comes in a ``CommandContext``: no command reads the
environment, the terminal or the time by itself.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.clock import Clock
from engine.project.credentials import SecretPlaces

if TYPE_CHECKING:
    from engine.project.project import Project


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Environment, clock, output streams and terminal of a command."""

    environment: Mapping[str, str]
    clock: Clock
    write: Callable[[str], None]  # a line of the output
    say: Callable[[str], None]  # a line beside it, for people
    has_screen: bool  # somebody sees what is said
    width: int | None  # characters of the output's terminal; None when it has none
    who: str  # the login name of whoever typed it, for the log

    def secret_places(self, root: Path) -> SecretPlaces:
        folder = self.environment.get("CREDENTIALS_DIRECTORY")
        made = Path(folder) if folder else None
        return SecretPlaces(self.environment, made, root / ".secrets")

    def open_ledger(self, url: str) -> Any:
        """Open a ledger that is there already, as a context that closes it."""
        from engine.ledger.open import open_ledger

        return closing(open_ledger(url, self.clock, must_exist=True))


def load_live(arguments: Any, *, is_named: bool = True) -> Project:
    """Load the project of a command that meets systems.

    Companies whose own file is wrong are left out; one of the demo is switched off,
    unless it is named.

    Raises:
        RuleError: What all companies share is wrong.
    """
    from engine.project.project import load_project

    project = load_project(arguments.root, leaves_out=True)
    gc.freeze()  # the rules live as long as the process: no look at them again
    live = {
        name: replace(company, settings={**company.settings, "enabled": False})
        if company.is_demo and not (is_named and name == arguments.company)
        else company
        for name, company in project.companies.items()
    }
    return replace(project, companies=live)


def add_json(command: Any) -> None:
    """Add ``--json``."""
    command.add_argument("--json", action="store_true", help="for programs")


def add_company(command: Any) -> None:
    """Add ``--company``."""
    command.add_argument("--company", metavar="NAME")


def add_metrics(command: Any) -> None:
    """Add ``--metrics``."""
    text = "write the status of all companies there, for the node exporter"
    command.add_argument("--metrics", type=Path, metavar="FILE.prom", help=text)


def tell_metrics(arguments: Any, context: CommandContext) -> None:
    """Write the metrics where they are asked for; a fault is said and stops nothing."""
    if arguments.metrics is None:
        return
    from engine.cli.signals import write_metrics
    from engine.cli.status_page import gather_status, status_to_json
    from engine.errors import EngineError
    from engine.flow.services import Services

    try:
        project = load_live(arguments, is_named=False)
        places = context.secret_places(arguments.root)
        services = Services(project, context.clock, places, is_read_only=True)
        with context.open_ledger(arguments.ledger) as ledger:
            found = gather_status(services, ledger, None)
        rows = [status_to_json(status, services, "en") for status in found]
        write_metrics(arguments.metrics, rows, context.clock.now())
    except (EngineError, OSError) as error:
        context.say(f"metrics: {error}")

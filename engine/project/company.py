"""A company's settings: texts become what the settings schema says they are.

The schema (``schemas/grammar/company.schema.json``) has accepted the file; here yes and
no become true and false, numbers become numbers, and what is not said gets its default;
``x-default-by`` names one that hangs on another setting (the currency on the country).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Position, RuleError
from engine.problems import Problems
from engine.project.base_url import is_local
from engine.project.schedule import (
    DEFAULT,
    ZONE,
    Schedule,
    ScheduleError,
    read_schedule,
)
from engine.rulefiles.nodes import YES_NO, MapNode, Scalar
from engine.rulefiles.reader import load_yaml_file
from engine.rulefiles.typed import read_settings


@dataclass(frozen=True, slots=True)
class Company:
    """One company file, read."""

    name: str
    settings: Mapping[str, Any]
    base_urls: Mapping[str, str]  # system -> address, where the company has its own
    position: Position

    @property
    def is_enabled(self) -> bool:
        return bool(self.settings.get("enabled"))

    @property
    def systems(self) -> Mapping[str, Mapping[str, str]]:
        """Give what is said of single systems, by name."""
        found: Mapping[str, Mapping[str, str]] = self.settings.get("systems") or {}
        return found

    @property
    def is_demo(self) -> bool:
        """Tell whether it runs only when it is asked for: by name, or on this machine.

        On this machine means that every system named has an address here.
        """
        if not self.settings.get("demo"):
            return False
        return not (self.base_urls and all(map(is_local, self.base_urls.values())))

    @property
    def schedule(self) -> Schedule:
        """Give when the company's documents are moved.

        Raises:
            ScheduleError: The file says something else; ``check_schedule`` tells where.
        """
        return read_schedule(
            str(self.settings.get("schedule") or DEFAULT),
            str(self.settings.get("zone") or ZONE),
        )


class Switch:
    """A company's master switch as its file says it now, for a run that goes on long.

    The file is read again only when it has changed.
    """

    def __init__(self, root: Path, file: str) -> None:
        self._root = root
        self._path = root / file
        self._seen = self._stamp()
        self._is_on = True  # the run has begun

    def is_on(self) -> bool:
        """Tell whether the company still runs; an unreadable file changes nothing."""
        stamp = self._stamp()
        if stamp is not None and stamp != self._seen:
            self._seen = stamp
            try:
                node = load_yaml_file(self._path, self._root)
            except (RuleError, OSError):
                return self._is_on  # somebody is writing it
            said = node.get("enabled") if isinstance(node, MapNode) else None
            self._is_on = not isinstance(said, Scalar) or YES_NO.get(said.text, False)
        return self._is_on

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size)


def check_schedule(node: MapNode, company: Company, problems: Problems) -> None:
    """Find a schedule or time zone that means nothing."""
    try:
        _ = company.schedule
    except ScheduleError as error:
        key = "zone" if "time zone" in error.message else "schedule"
        problems.add("C110", error.message, node.get(key) or node, error.hint)


def read_company(node: MapNode, schema: Mapping[str, Any]) -> Company:
    """Read a company file that the grammar accepts."""
    settings = read_settings(node, schema)
    systems = settings.get("systems") or {}
    return Company(
        name=str(settings.get("company", "")),
        settings=settings,
        base_urls={
            name: str(values["base_url"])
            for name, values in systems.items()
            if values.get("base_url")
        },
        position=node.position,
    )

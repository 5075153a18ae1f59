"""From an address to a ledger: the one place that knows which databases there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Problem, SettingsError
from engine.ledger.ledger import Ledger
from engine.ledger.sqlite_file import SqliteFile, copy_file

if TYPE_CHECKING:
    from engine.clock import Clock

SCHEMES = ("sqlite",)
HEARTBEAT = "?heartbeat="


def open_ledger(
    url: str, clock: Clock, *, root: Path | None = None, must_exist: bool = False
) -> Ledger:
    """Open the ledger at an address, and make it when it is missing.

    The address is ``sqlite:///data/ledger.sqlite``, counted from ``root`` or else the
    working folder, or with four slashes an absolute path. The heartbeat's files stand
    beside it, or in the folder that ``?heartbeat=FOLDER`` at the end names, which all
    hosts may share. ``must_exist`` refuses to make a new one, for commands that only
    read.

    Raises:
        SettingsError: The address is of no known kind, or the ledger cannot be used.
    """
    path = ledger_path(url, root)
    _, _, folder = url.partition(HEARTBEAT)
    beside = (root or Path()) / folder if folder else path.parent
    store = SqliteFile(path, must_exist=must_exist)
    return Ledger(store, clock, (beside / path.name).absolute())


def copy_ledger(url: str, to: Path) -> bool:
    """Copy the ledger to a file; tell whether there was one.

    Raises:
        SettingsError: The address is of a kind that is not known.
    """
    path = ledger_path(url)
    if path.exists():
        copy_file(path, to)
        return True
    return False


def ledger_path(url: str, root: Path | None = None) -> Path:
    """Give the file that an address names.

    Raises:
        SettingsError: The address is of no known kind, or names no file.
    """
    scheme, separator, rest = url.partition(HEARTBEAT)[0].partition("://")
    if not separator or scheme not in SCHEMES:
        # Never the whole address: a database address may hold a password.
        shown = f'"{scheme}"' if separator else "an address without ://"
        raise SettingsError(
            [
                Problem(
                    "C301",
                    f"{shown} is not a kind of ledger",
                    hint="use sqlite:///PATH, with four slashes for an absolute path",
                )
            ]
        )
    if not rest.startswith("/") or not rest.strip("/"):
        raise SettingsError(
            [
                Problem(
                    "C301",
                    f'"{url}" names no file',
                    hint="use sqlite:///PATH, with four slashes for an absolute path",
                )
            ]
        )
    return ((root or Path()) / rest[1:]).absolute()

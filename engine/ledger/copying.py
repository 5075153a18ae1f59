"""Copy a ledger as it is at this moment, while others may write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from engine.ledger.open import ledger_path

if TYPE_CHECKING:
    from pathlib import Path


def copy_ledger(url: str, to: Path) -> bool:
    """Copy the ledger to a file; tell whether there was one.

    Raises:
        SettingsError: The address is of a kind that is not known.
    """
    path = ledger_path(url)
    if not path.exists():
        return False
    address = f"file:{path}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
    to.chmod(0o600)
    return True

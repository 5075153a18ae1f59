"""A company's lock: held by the kernel, so a killed process never leaves it behind.

``flock`` on a file of its own, beside the ledger. No clock decides: a frozen holder
keeps it, after ``kill -9`` it is free at once. POSIX only, and on a local disk only.
The file is never deleted: two processes could then hold two files of one name.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from engine.ledger.model import format_time, read_time

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as the holder itself wrote it."""

    pid: int
    since_at: datetime

    def __str__(self) -> str:
        return f"pid {self.pid} since {format_time(self.since_at)}"


class Lock:
    """A lock that is held until ``release``, the end of a ``with``, or the process."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with suppress(OSError):  # a full disk must not keep the lock
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def lock_path(ledger: Path, company: str) -> Path:
    """Name the lock file of a company, beside the ledger."""
    return ledger.with_name(f"{ledger.name}.{quote(company, safe='')}.lock")


def try_lock(path: Path, now: datetime) -> Lock | None:
    """Take the lock, or give None when another process (or this one) has it.

    ``now`` is written into the file for ``find_holder``; nothing depends on it.

    Raises:
        OSError: The file cannot be made or opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    with suppress(OSError):  # who holds it is a courtesy; the lock is what counts
        os.ftruncate(descriptor, 0)
        holder = {"pid": os.getpid(), "since": format_time(now)}
        os.pwrite(descriptor, json.dumps(holder).encode("ascii") + b"\n", 0)
    return Lock(descriptor, path)


def find_holder(path: Path) -> Holder | None:
    """Tell who holds the lock; None when it is free or does not say."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A shared lock, and only to look: it must not make a starting run fail
        # for longer than this call lasts.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        text = os.pread(descriptor, 200, 0)
    else:
        return None  # free: what the file says is what a killed process left
    finally:
        os.close(descriptor)
    try:
        said = json.loads(text)
        return Holder(int(said["pid"]), read_time(said["since"]))
    except (ValueError, KeyError, TypeError):
        return None

"""The snapshots of samples: the file that ``pytest`` compares with, read and written.

The file is written by the test library's own serializer, so that both tools agree to
the byte. The library is a development dependency; without it there are no snapshots.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.errors import Problem, SettingsError

SNAPSHOTS: Final = "tests/__snapshots__/test_samples.ambr"
_LEAST_LINES: Final = 4
_NAME: Final = re.compile(r"test_sample\[(.+)\]")


def read_snapshots(root: Path) -> dict[str, str]:
    """Give what is accepted of each case, as it is written; {} without a file yet."""
    cases: dict[str, str] = {}
    for snapshot in _serializer().read_file(str(root / SNAPSHOTS)):
        match = _NAME.fullmatch(snapshot.name)
        if match:
            cases[match[1]] = snapshot.data
    return cases


def write_form(text: str) -> str:
    """Give a text as a snapshot holds it; what differs in this form differs."""
    written: str = _serializer().serialize(text)
    return written


def read_form(written: str) -> tuple[str, dict[str, Any]]:
    """Give back the sentence and the result that a snapshot holds; {} when neither.

    Numbers keep their digits.
    """
    lines = written.split("\n")
    if not lines[0] == lines[-1] == "'''" or len(lines) < _LEAST_LINES:
        return "", {}
    try:
        found = json.loads("\n".join(lines[2:-1]), parse_float=Decimal)
    except ValueError:
        return lines[1], {}
    return lines[1], found if isinstance(found, dict) else {}


def write_snapshots(
    root: Path, changed: Mapping[str, str], gone: Iterable[str] = ()
) -> None:
    """Write the texts of some cases and remove others; the rest stays as it is."""
    from syrupy.data import Snapshot, SnapshotCollection

    serializer = _serializer()
    location = root / SNAPSHOTS
    location.parent.mkdir(parents=True, exist_ok=True)
    collection = SnapshotCollection(location=str(location))
    removed = {f"test_sample[{case}]" for case in gone}
    for snapshot in serializer.read_file(str(location)):
        if snapshot.name not in removed:
            collection.add(snapshot)
    for case, text in changed.items():
        name = f"test_sample[{case}]"
        collection.add(Snapshot(name=name, data=serializer.serialize(text)))
    serializer.write_file(collection)


def _serializer() -> Any:
    try:
        from syrupy.extensions.amber.serializer import AmberDataSerializer
    except ImportError:
        said = "the test library syrupy is not installed"
        hint = "run: python3 runner.py test, which sets it up"
        raise SettingsError([Problem("M615", said, hint=hint)]) from None
    return AmberDataSerializer

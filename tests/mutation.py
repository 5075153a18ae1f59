"""Mutation testing of the ledger and the protocol: which slips would no test see?

    python -m tests.mutation ledger
    python -m tests.mutation protocol --sample 150

Needs mutmut 3, which the lock does not hold: ``python -m pip install mutmut==3.8.1``.
Everything happens in a copy of the repository. A mutant that no test kills is listed in
``tests/survivors/``, with what it changes, so that the list can be read and compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.places import ROOT

COPIED = ("engine", "tests", "mappings", "schemas", "docs", ".ci")
FILES = ("runner.py", "pyproject.toml", "README.md", "Makefile")
SURVIVORS = Path(__file__).with_name("survivors")
KILLED, SURVIVED, UNTESTED = "killed", "survived", "no tests"
SEED = 1


@dataclass(frozen=True, slots=True)
class Room:
    """What is changed, and the tests that are to see it."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "ledger": Room(
        ("engine/ledger/*.py",),
        (
            "tests/ledger",
            "tests/harness/test_ledger_machine.py",
            "tests/flow/test_notify.py",
            "tests/flow/test_notify_runs.py",
        ),
    ),
    "protocol": Room(
        tuple(
            f"engine/flow/{name}.py"
            for name in (
                "amendment",
                "content",
                "delivery",
                "looks",
                "recheck",
                "transfer",
                "unlisted",
                "writes",
            )
        ),
        ("tests/flow", "tests/test_scenarios.py", "tests/harness/test_kept.py"),
    ),
}


def main() -> int:
    """Read the command line, mutate, and tell; 0 when the score is high enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--sample", type=int, help="so many mutants, drawn by a seed")
    parser.add_argument(
        "--folder", type=Path, help="goes on with the copy that is there"
    )
    parser.add_argument("--least", type=float, default=85.0, help="percent")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="mutants-"))
    if not (folder / "engine").exists():
        copy_to(folder, ROOMS[asked.room])
    names = sample(folder, asked.sample) if asked.sample else []
    run(folder, *names)
    found = read_results(folder, names)
    score = tell(folder, asked.room, found)
    return score < asked.least


def copy_to(folder: Path, room: Room) -> None:
    """Copy what the tests need, and tell the tool what to change."""
    folder.mkdir(parents=True, exist_ok=True)
    left_out = shutil.ignore_patterns("__pycache__", ".hypothesis")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    words = {
        "source_paths": ["engine"],
        "only_mutate": list(room.modules),
        "also_copy": [*COPIED[2:], *FILES],
        "pytest_add_cli_args_test_selection": list(room.tests),
        "use_git_change_detection": False,
        "track_dependencies": False,
    }
    lines = ["", "[tool.mutmut]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in words.items()]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def run(folder: Path, *names: str) -> None:
    """Run the tool on some mutants, or on all; what it did before stays."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    environment = {**os.environ, "PYTHONPATH": ""}
    subprocess.run(command, cwd=folder, env=environment, check=True)


def sample(folder: Path, count: int) -> list[str]:
    """Draw mutants, the same ones each time."""
    if not read_codes(folder):
        run(folder, "none.such")
    return random.Random(SEED).sample(sorted(read_codes(folder)), count)


def read_codes(folder: Path) -> dict[str, int | None]:
    """Give each mutant's exit code of its tests; None when it was not tried."""
    found: dict[str, int | None] = {}
    for meta in (folder / "mutants").rglob("*.meta"):
        found |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def read_results(folder: Path, names: list[str]) -> dict[str, str]:
    """Give each tried mutant's fate; one whose tests ran too long is killed."""
    words = {0: SURVIVED, 33: UNTESTED}
    return {
        name: words.get(code, KILLED)
        for name, code in read_codes(folder).items()
        if code is not None and (not names or name in names)
    }


def tell(folder: Path, room: str, found: dict[str, str]) -> float:
    """Print the score, and list the mutants that no test kills."""
    counts = Counter(found.values())
    score = 100.0 * counts[KILLED] / max(1, len(found))
    lines = [f"# {len(found)} mutants of {room}, {score:.1f} % killed: {dict(counts)}"]
    for name in sorted(name for name, fate in found.items() if fate != KILLED):
        lines.append(f"{name}: {found[name]}")
        lines += [f"    {line}" for line in changed_lines(folder, name)]
    SURVIVORS.mkdir(exist_ok=True)
    text = "\n".join(lines) + "\n"
    (SURVIVORS / f"{room}.txt").write_text(text, encoding="utf-8")
    sys.stdout.write(lines[0] + "\n")
    return score


def changed_lines(folder: Path, name: str) -> list[str]:
    """Give what a mutant takes out and puts in."""
    command = [sys.executable, "-m", "mutmut", "show", name]
    shown = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    lines = shown.stdout.splitlines()
    return [w for w in lines if w[:1] in "-+" and w[:3] not in ("---", "+++")]


if __name__ == "__main__":
    sys.exit(main())

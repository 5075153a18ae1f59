"""Plays the consultant guide in a copy of the project and compares what it shows.

A comment above a fenced block says what the block is:

    <!-- run -->           commands; they are run, in the copy
    <!-- prints -->        what the last of them prints; a line … stands for any lines
    <!-- edit FILE -->     a rule, as it stands after a change: the entry of the same key
                           is replaced, or it is added at the end
    <!-- write FILE -->    a new file
    <!-- undo FILE -->     (no block) the file is as shipped again, or gone

Places (``invoice.yaml:69:49``, ``69 |``) and counts of files move with every change of
the rules; they are not compared. ``python -m tests.guide`` writes them anew, and every
output that is shown in full; read the difference before it is committed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.__main__ import main
from tests.loading import loading_once
from tests.places import ROOT, copy_rules

GUIDE = ROOT / "docs" / "consultant-guide.md"
PYTHON = ".venv/bin/python -m engine "
MARK = re.compile(r"<!-- (run|prints|edit|write|undo)(?: (\S+))? -->")
MOVING = (
    (re.compile(r"(\.yaml):\d+(?::\d+)?"), r"\1:N"),
    (re.compile(r" +(?=mappings/)"), " "),
    (re.compile(r"^ *\d+ \|"), "N |"),
    (re.compile(r"^ +\|"), "  |"),
    (re.compile(r"\b\d+ (samples|as before|differs?|new)\b"), r"N \1"),
    (re.compile(r"\b\d+ (flows|mappings|systems|tables|companies)\b"), r"N \1"),
)


@dataclass(slots=True)
class Story:
    """What came of playing the guide."""

    wrong: list[str] = field(default_factory=list)
    compared: int = 0
    blocks: list[tuple[int, int, list[str]]] = field(
        default_factory=list
    )  # as of today

    def rewrite(self, text: str) -> str:
        """Give the guide with today's outputs."""
        lines = text.splitlines()
        for start, end, block in reversed(self.blocks):
            lines[start:end] = block
        return "\n".join(lines) + "\n"


def play(text: str, folder: Path) -> Story:
    """Play a guide's text in a folder that holds a copy of the project."""
    with loading_once():
        return _play(text, folder)


def _play(text: str, folder: Path) -> Story:
    story = Story()
    said: list[str] = []
    for number, kind, file, block in iter_marks(text.splitlines()):
        if kind == "run":
            for line in block:
                said = run(line, folder)
        elif kind == "prints":
            story.compared += 1
            found = match(block, said)
            if found is None:
                shown, now = "\n".join(block), "\n".join(said)
                story.wrong.append(f"line {number}:\n{shown}\n--- but it is\n{now}")
            if found is not None or "…" not in block:
                today = said if found is None else found
                story.blocks.append((number, number + len(block), today))
        elif kind == "edit":
            path = folder / file
            path.write_text(edited(path.read_text("utf-8"), block), "utf-8")
        elif kind == "write":
            (folder / file).write_text("\n".join(block) + "\n", "utf-8")
        elif (ROOT / file).exists():
            shutil.copyfile(ROOT / file, folder / file)
        else:
            (folder / file).unlink()
    return story


def iter_marks(lines: list[str]) -> Iterator[tuple[int, str, str, list[str]]]:
    """Give each mark: where its block begins, its kind, its file, its block."""
    for number, line in enumerate(lines):
        found = MARK.fullmatch(line)
        if found is None:
            continue
        kind, file = found[1], found[2] or ""
        if kind == "undo":
            yield number, kind, file, []
            continue
        assert lines[number + 1].startswith("```"), f"line {number + 2}: no block"
        start = number + 2
        end = next(i for i in range(start, len(lines)) if lines[i] == "```")
        yield start, kind, file, lines[start:end]


def run(line: str, folder: Path) -> list[str]:
    """Run one command of the guide; give the lines that it prints."""
    words = shlex.split(line)
    if words[0] == "cp":
        shutil.copyfile(folder / words[1], folder / words[2])
        return []
    assert line.startswith(PYTHON), f"a guide cannot run: {line}"
    command, *arguments = shlex.split(line.removeprefix(PYTHON))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), at(folder):
        main([command, *arguments, "--root", str(folder)])
    said = (out.getvalue() + err.getvalue()).rstrip()
    return [line.rstrip() for line in said.splitlines()]


@contextlib.contextmanager
def at(folder: Path) -> Iterator[None]:
    """Stand in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def match(shown: list[str], said: list[str]) -> list[str] | None:
    """Compare; give the shown lines with today's places, or None."""
    found: list[str] = []
    rest = list(said)
    for index, line in enumerate(shown):
        if line.strip() == "…":
            following = shown[index + 1] if index + 1 < len(shown) else None
            while rest and (following is None or not same(following, rest[0])):
                rest.pop(0)
            found.append(line)
        elif rest and same(line, rest[0]):
            found.append(rest.pop(0))
        else:
            return None
    return None if rest else found


def same(shown: str, said: str) -> bool:
    return settled(shown) == settled(said)


def settled(line: str) -> str:
    for pattern, instead in MOVING:
        line = pattern.sub(instead, line)
    return line.rstrip()


def edited(text: str, block: list[str]) -> str:
    """Put a rule into a file, in place of the one with the same key."""
    lines = text.splitlines()
    indent = len(block[0]) - len(block[0].lstrip())
    key = block[0].strip().partition(":")[0]
    start = next(
        (i for i, line in enumerate(lines) if line.startswith(f"{' ' * indent}{key}:")),
        None,
    )
    if start is None:
        return "\n".join([*lines, *block]) + "\n"
    end = start + 1
    while end < len(lines) and is_below(lines[end], indent):
        end += 1
    return "\n".join([*lines[:start], *block, *lines[end:]]) + "\n"


def is_below(line: str, indent: int) -> bool:
    return bool(line.strip()) and len(line) - len(line.lstrip()) > indent


def copy_project(folder: Path) -> None:
    """Copy what the guide's commands read."""
    copy_rules(folder)
    for name in ("docs", "tests/samples", "tests/__snapshots__"):
        shutil.copytree(ROOT / name, folder / name)


def refresh() -> None:
    """Write today's outputs into the guide; say what has to be looked at."""
    text = GUIDE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        story = play(text, Path(folder))
    GUIDE.write_text(story.rewrite(text), "utf-8")
    for wrong in story.wrong:
        print(wrong)


if __name__ == "__main__":
    refresh()

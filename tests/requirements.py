"""Make docs/requirements.md: each requirement, and every place that names its number.

    python -m tests.requirements           writes the page
    python -m tests.requirements --check   tells whether it is stale

Numbers are looked for in the rules, the samples, the scenarios and the tests; a line
that only lists a range (R060-R064) counts for each number in it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.places import ROOT, read_yaml

PAGE = ROOT / "docs" / "requirements.md"
LIST = ROOT / "tests" / "cases" / "requirements.yaml"
MADE = "<!-- made by `python -m tests.requirements` -->"
PLACES = ("mappings/**/*.yaml", "tests/**/*.yaml", "tests/**/*.py", "engine/**/*.py")
NUMBER = re.compile(r"\bR(\d{3})\b(?:\s?[-\u2013]\s?R(\d{3})\b)?")
SHOWN = 6  # places per number; the others are counted


def read_list() -> dict[str, dict[str, str]]:
    """Read the requirements in our own words."""
    return read_yaml(LIST)["requirements"]


def find_places() -> dict[str, list[str]]:
    """Find every file that names a number, in order: rules, data, tests."""
    places: dict[str, list[str]] = {}
    for pattern in PLACES:
        for path in sorted(ROOT.glob(pattern)):
            if path in (LIST, Path(__file__).resolve()) or "bad_rules" in path.parts:
                continue
            file = path.relative_to(ROOT).as_posix()
            for number, line in iter_numbers(path.read_text("utf-8")):
                place = f"{file}:{line}" if file.startswith("mappings/") else file
                found = places.setdefault(number, [])
                if place not in found:
                    found.append(place)
    return places


def iter_numbers(text: str) -> Iterator[tuple[str, int]]:
    """Give each number of a text with its line; a range gives all its numbers."""
    for line, content in enumerate(text.splitlines(), start=1):
        for match in NUMBER.finditer(content):
            first = int(match[1])
            last = int(match[2] or first)
            for number in range(first, min(last, first + 50) + 1):
                yield f"R{number:03}", line


def render() -> str:
    """Give the page."""
    places = find_places()
    rows = [
        "# Requirements: where each one is kept",
        "",
        MADE,
        "",
        "| number | what | where | what is left, and why |",
        "| --- | --- | --- | --- |",
    ]
    for number, entry in read_list().items():
        found = places.get(number, [])
        shown = "<br>".join(f"`{place}`" for place in found[:SHOWN])
        if len(found) > SHOWN:
            shown += f"<br>and {len(found) - SHOWN} more"
        rows.append(
            f"| {number} | {entry['about']} | {shown} | {entry.get('reason', '')} |"
        )
    return "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the page."""
    text = render()
    if arguments == ["--check"]:
        if PAGE.is_file() and PAGE.read_text("utf-8") == text:
            return 0
        print("docs/requirements.md is stale\n  do: python -m tests.requirements")
        return 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

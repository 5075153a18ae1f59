"""Hold two versions of the engine side by side, each in a process of its own.

    python -m tests.equality write FILE [CASES]    in each checkout
    python -m tests.equality compare FILE FILE     what differs, and a table by kind

The cases are the same in both, but for what their rule files and samples say: copy
``mappings``, ``schemas`` and ``tests/samples`` of one over the other's first.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.equality.cases import FLOWS, make_outcome

CASES = 50_000


def main() -> int:
    """Write or compare; the status is 1 when something differs."""
    match sys.argv[1:]:
        case ["write", name, *count]:
            write(Path(name), int(count[0]) if count else CASES)
            return 0
        case ["compare", one, other]:
            return compare(read(Path(one)), read(Path(other)))
    sys.stderr.write(__doc__ or "")
    return 2


def write(path: Path, count: int) -> None:
    with path.open("w") as sink:
        for flow in FLOWS:
            for number in range(count // len(FLOWS)):
                case, outcome = make_outcome(flow, number)
                row = [flow, number, case.kinds, outcome.kind, outcome.digest]
                sink.write(json.dumps(row) + "\n")


def read(path: Path) -> dict[tuple[str, int], list[Any]]:
    rows = map(json.loads, path.read_text().splitlines())
    return {(row[0], row[1]): row[2:] for row in rows}


def compare(one: dict[Any, list[Any]], other: dict[Any, list[Any]]) -> int:
    wrong = [key for key in one if one[key] != other.get(key)]
    counted = Counter(kind for _, kind, _ in one.values())
    for kind, count in counted.most_common():
        sys.stdout.write(f"{count:>8}  {count / len(one):>6.1%}  {kind}\n")
    sys.stdout.write(f"{len(one)} cases, {len(wrong)} differ: {wrong[:8]}\n")
    return 1 if wrong or not one else 0


if __name__ == "__main__":
    sys.exit(main())

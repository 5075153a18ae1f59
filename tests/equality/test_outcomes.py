"""Damaged documents come out as they always did: mapped, cut or refused for a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.equality.__main__ import compare, read, write
from tests.equality.cases import FLOWS, make_outcome

CASES = 60  # of each flow
SHOWN = 4  # faults of one case


@pytest.mark.parametrize("flow", FLOWS)
def test_damaged_documents_have_their_outcomes(
    flow: str, snapshot: SnapshotAssertion
) -> None:
    lines, mapped = [], 0
    for number in range(CASES):
        case, outcome = make_outcome(flow, number)
        mapped += outcome.kind == "mapped"
        faults = "; ".join(outcome.faults[:SHOWN])
        lines.append(f"{number} {', '.join(case.kinds)}: {outcome.kind} {faults}")

    assert "\n".join(lines) == snapshot
    assert 0.4 * CASES <= mapped


def test_outcomes_of_two_engines_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write(one, len(FLOWS))
    other.write_text(one.read_text().replace("mapped", "lost", 1))

    assert 0 == compare(read(one), read(one))
    assert 1 == compare(read(one), read(other))
    assert f"{len(FLOWS)} cases, 1 differ" in capsys.readouterr().out

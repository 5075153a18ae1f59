"""A name in the project dimension that is no project stops as unknown (R090)."""

from __future__ import annotations

import pytest

from tests.worlds import World


@pytest.mark.parametrize(
    "name",
    [
        "X",
        "Yleiskulut " * 12,
        "12345678901",
        "9" * 19,
        "0" * 40,
        "a/b/c",
        "Telakan tuotannonohjaus",
        "\U0001f600",
        "0001101",
        "1101.0",
        "1e3",
        "-",
    ],
    ids=lambda name: ascii(name)[:20],
)
def test_a_name_that_is_no_project_is_told_by_name(name, tmp_path):
    world = World(tmp_path, flow="purchase_invoice", keep=["purchase_not_a_number"])
    name = name.strip()
    world.procountor.item("Projektit", "YLEIS")["codeName"] = name

    world.run()

    ledger = world.open_ledger()
    (row,) = ledger.log(outcome="stopped")
    ledger.close()
    assert ("PROJECT_UNKNOWN", name) == (row.code, row.message.partition(" [")[0])


@pytest.mark.parametrize("name", [" 1101 ", "1101\u00a0", "\u200b1101"])
def test_blanks_around_the_number_of_a_project_are_none_of_it(name, tmp_path):
    world = World(tmp_path, flow="purchase_invoice", keep=["purchase_not_a_number"])
    world.procountor.item("Projektit", "YLEIS")["codeName"] = name

    assert {"transferred": 1} == world.run().outcomes

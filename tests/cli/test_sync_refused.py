"""What is wrong before anything runs: rules, settings, secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import runner
from engine.cli import exit_codes
from tests.cli.operators import Operator, created, place_of, replace, requests
from tests.simulators import DEMO_SECRETS

if TYPE_CHECKING:
    pass


@pytest.mark.usefixtures("secrets")
def test_all_faults_of_all_files_are_listed(operator: Operator):
    """File, line and column of each, exit 2, nothing runs."""
    invoice = operator.root / "mappings/sales_invoice/invoice.yaml"
    replace(invoice, "limit: 28", "limt: 28")
    replace(operator.company_file, "country: FI", "country: NO")
    table = operator.root / "mappings/tables/units.yaml"
    table.write_text("format: 1\ntable: units\n\tentries:\n", "utf-8")

    assert exit_codes.WRONG == operator.run("sync")
    for place in (
        place_of(invoice, "limt", operator.root),
        place_of(operator.company_file, "NO", operator.root),
        "mappings/tables/units.yaml:3:1",
    ):
        assert f"{place}  " in operator.err
    assert "did you mean limit?" in operator.err
    assert [] == requests(operator)


def test_missing_secrets_are_all_named_with_every_place(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Names and places, never a value; not even of those that are there."""
    given = "PROCOUNTOR_API_KEY"
    monkeypatch.setenv(f"SIIRTO_DEMO_{given}", DEMO_SECRETS[given])
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    assert exit_codes.WRONG == operator.run("sync")
    for name in DEMO_SECRETS:
        key = f"SIIRTO_DEMO_{name}"
        for place in (
            f"environment variable {key}",
            str(tmp_path / "credentials" / key),
            str(operator.root / ".secrets" / key),
        ):
            assert (name != given) == (place in operator.err)
    assert DEMO_SECRETS[given] not in operator.err
    assert [] == requests(operator)


def test_a_secret_may_lie_in_a_private_file(operator: Operator):
    """``.secrets/SIIRTO_<COMPANY>_<SECRET>``, for nobody else to read."""
    folder = operator.root / ".secrets"
    folder.mkdir()
    for name, text in DEMO_SECRETS.items():
        path = folder / f"SIIRTO_DEMO_{name}"
        path.write_text(text + "\n")
        path.chmod(0o600)

    assert exit_codes.STOPPED == operator.run("sync")


def test_a_secret_that_others_can_read_is_refused(operator: Operator):
    folder = operator.root / ".secrets"
    folder.mkdir()
    path = folder / "SIIRTO_DEMO_SEVERA_CLIENT_SECRET"
    path.write_text(DEMO_SECRETS["SEVERA_CLIENT_SECRET"])
    path.chmod(0o644)

    assert exit_codes.WRONG == operator.run("sync")
    assert f"chmod 600 {path}" in operator.err
    assert DEMO_SECRETS["SEVERA_CLIENT_SECRET"] not in operator.err


def test_a_folder_without_rules_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert exit_codes.WRONG == runner.main(["sync", "--root", str(tmp_path)])
    assert "there is no folder mappings/" in capsys.readouterr().err


@pytest.mark.usefixtures("secrets")
def test_a_status_that_the_source_does_not_have_is_a_setting(operator: Operator):
    """Found out in the run, but still exit 2: the company file is wrong."""
    replace(operator.company_file, "Transferred to Procountor", "Moved away")

    assert exit_codes.WRONG == operator.run("sync")
    assert "Moved away" in operator.err or "status" in operator.err
    assert [] == created(operator)

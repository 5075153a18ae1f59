"""A project in a folder of its own, and no setting of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.operators import BAD, FINE, Operator
from tests.places import copy_rules
from tests.simulators import (
    DEMO_NOW,
    DEMO_SECRETS,
    Procountor,
    Severa,
    StillClock,
    demo_data,
    invoice_number_of,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no setting of the machine it runs on."""
    for name in ("CREDENTIALS_DIRECTORY", "SIIRTO_DEBUG", "SIIRTO_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    for name in DEMO_SECRETS:
        monkeypatch.delenv(f"SIIRTO_DEMO_{name}", raising=False)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, no_secrets: None) -> None:
    """The demo's secrets are in the environment."""
    for name, text in DEMO_SECRETS.items():
        monkeypatch.setenv(f"SIIRTO_DEMO_{name}", text)


@pytest.fixture
def operator(
    no_secrets: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Operator]:
    """Copies of the shipped rules, and two simulated systems on loopback."""
    copy_rules(tmp_path)
    clock = StillClock(DEMO_NOW)
    monkeypatch.setattr("engine.clock.SystemClock", lambda: clock)
    severa_data, procountor_data = demo_data()
    numbers = {FINE, invoice_number_of(BAD)}
    severa_data.invoices = [i for i in severa_data.invoices if i["number"] in numbers]
    severa = Severa(severa_data, clock)
    procountor = Procountor(procountor_data, clock)
    servers = {"severa": serve(severa), "procountor": serve(procountor)}
    found = Operator(
        tmp_path, f"sqlite:///{tmp_path / 'ledger.sqlite'}", severa, procountor, capsys
    )
    with found.company_file.open("a", encoding="utf-8") as file:
        file.write("systems:\n")
        for name, server in servers.items():
            file.write(f"  {name}: {{base_url: '{server.url}'}}\n")
    yield found
    for server in servers.values():
        server.close()

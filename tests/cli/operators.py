"""The person at the runner, for all tests of its commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import runner
from tests.simulators import Procountor, Severa

FINE = 20261001  # a plain hourly invoice
BAD = "no_customer_number"


@dataclass(slots=True)
class Operator:
    """Who sits at the runner, with a project in a folder of its own."""

    root: Path
    ledger: str
    severa: Severa
    procountor: Procountor
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def run(self, command: str, *arguments: str) -> int:
        """Run a command and keep what it said."""
        options = ["--root", str(self.root), "--ledger", self.ledger]
        code = runner.main([command, *options, *arguments])
        self.out, self.err = self.capture.readouterr()
        return code

    def lines(self) -> list[dict[str, Any]]:
        """Read the JSON objects of the last output."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def company_file(self) -> Path:
        return self.root / "mappings" / "companies" / "demo.yaml"


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def place_of(path: Path, text: str, root: Path) -> str:
    """Give ``file:line:column`` of a text's first place in a file."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if text in line:
            file = path.relative_to(root).as_posix()
            return f"{file}:{number}:{line.index(text) + 1}"
    raise AssertionError(text)


def keep_only(operator: Operator, *numbers: int) -> None:
    invoices = operator.severa.data.invoices
    invoices[:] = [i for i in invoices if i["number"] in numbers]


def requests(operator: Operator) -> list[Any]:
    return [*operator.severa.journal, *operator.procountor.journal]


def created(operator: Operator) -> list[Any]:
    return [
        exchange
        for exchange in operator.procountor.journal
        if (exchange.method, exchange.path.removeprefix("/api"))
        == ("POST", "/invoices")
    ]

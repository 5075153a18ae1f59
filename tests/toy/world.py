"""The toy project in a folder of its own, and one company's runs in it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from engine.flow.companies import CompanyReport, sync_companies
from engine.flow.services import Services
from engine.ledger.ledger import Ledger
from engine.ledger.open import open_ledger
from engine.project.credentials import SecretPlaces
from engine.project.project import load_project
from tests.simulators.clock import StillClock
from tests.toy.systems import Kiosk, Ledgerbook, ToyTransport

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SECRETS = {"KIOSK_NAME": "socks", "KIOSK_WORD": "wool", "LEDGERBOOK_KEY": "key"}


def build_project(folder: Path) -> Path:
    """Put the toy's files and the language's grammars together; give the root."""
    root = folder / "project"
    shutil.copytree(ROOT / "schemas" / "grammar", root / "schemas" / "grammar")
    shutil.copytree(HERE / "schemas", root / "schemas", dirs_exist_ok=True)
    shutil.copytree(HERE / "mappings", root / "mappings")
    return root


class ToyWorld:
    """A shop and its books; ``run`` is one scheduled run."""

    def __init__(self, root: Path) -> None:
        orders = json.loads((HERE / "orders.json").read_text("utf-8"))
        self.kiosk, self.books = Kiosk(orders), Ledgerbook()
        self.transport = ToyTransport(self.kiosk, self.books)
        self.project = load_project(root)
        self.clock = StillClock(NOW)
        self.ledger_url = f"sqlite:///{root.parent / 'ledger.sqlite'}"

    def open_ledger(self) -> Ledger:
        """Open the world's ledger."""
        return open_ledger(self.ledger_url, self.clock)

    def run(self) -> CompanyReport:
        """Run every flow of the company once."""
        self.transport.journal.clear()
        secrets = {f"SIIRTO_SOCKS_{name}": text for name, text in SECRETS.items()}
        services = Services(
            self.project, self.clock, SecretPlaces(secrets), transport=self.transport
        )
        reports = sync_companies(services, self.open_ledger)
        self.clock.advance(60)
        return reports[0]

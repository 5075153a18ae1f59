"""Whose data a company's keys have opened, as its first successful run met them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ledger.model import Identity

if TYPE_CHECKING:
    from engine.ledger.database import Database


class Identities:
    """Remembers one owner for each company and system; what is learned stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learn(self, company: str, system: str, owner_id: str, name: str) -> None:
        """Remember an owner, unless one is known."""
        with self._database.transaction():
            self._database.run(
                "learn_identity",
                company=company,
                system=system,
                owner_id=owner_id,
                name=name,
            )

    def find(self, company: str, system: str) -> Identity | None:
        """Find whom a company's key has opened; None before its first good run."""
        return self._database.find(
            Identity, "find_identity", company=company, system=system
        )

    def of_system(self, system: str) -> list[Identity]:
        """List whom the keys of all companies have opened in a system."""
        return self._database.list_all(Identity, "list_identities", system=system)

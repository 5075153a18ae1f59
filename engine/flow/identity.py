"""The key belongs to the company: nothing is sent into another company's books.

Before the first document of a run, and before any write, each system is asked whose
data its key opens. It must be whom the settings name, or whom the first successful run
met (the ledger learned it), and where a system has one company for each of ours, nobody
else's. Asked once a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import jmespath

from engine.errors import RefusedError
from engine.masking import mask_text
from engine.systems.system import SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.ledger.identities import Identities
    from engine.project.company import Company
    from engine.systems.system import System

OTHER_OWNER = "KEY_OF_OTHER_COMPANY"


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose data a key opens; several ids and names where the system has a group."""

    ids: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        return mask_text(", ".join(self.names or self.ids)) or "nobody"

    def is_named(self, text: str) -> bool:
        """Tell whether the settings mean this owner: by a name or an id."""
        wanted = text.strip().casefold()
        return wanted in {known.casefold() for known in (*self.ids, *self.names)}


def ask_owner(system: System) -> KeyOwner | None:
    """Ask a system whose data its key opens; None when it does not tell.

    Raises:
        TransientError, RefusedError: It did not answer.
    """
    spec = system.spec.identity
    if spec is None:
        return None
    answer = system.read(spec.endpoint)
    found = (jmespath.search(path, answer) for path in (spec.ids_path, spec.names_path))
    ids, names = (_texts(value) for value in found)
    return KeyOwner(ids, names)


def find_other(
    system: System, owner: KeyOwner, company: Company, known: Identities
) -> str | None:
    """Say whom the key should open, when it opens somebody else; None when it is right.

    What the settings say goes before what was learned.
    """
    named = company.systems.get(system.spec.name, {}).get("company")
    if named:
        return None if owner.is_named(named) else named
    learned = known.find(company.name, system.spec.name)
    if learned is not None:
        return None if learned.owner_id in owner.ids else learned.shown
    spec = system.spec.identity
    if spec is not None and spec.is_alone:
        for other in known.of_system(system.spec.name):
            if other.owner_id in owner.ids:
                return f"not {other.shown}, which is of {other.company}"
    return None


class IdentityGuard:
    """Asks once a run, before the first write; a key of somebody else ends the run."""

    def __init__(
        self, company: Company, systems: Mapping[str, System], known: Identities
    ) -> None:
        self._company = company
        self._systems = systems
        self._known = known
        self._met: dict[str, KeyOwner | None] = {}

    def check(self) -> None:
        """See that each open system has the company's own key.

        Raises:
            KeyRefusedError: One has not, or does not say; nothing more is sent to any.
        """
        for name, system in self._systems.items():
            if name in self._met:
                continue
            try:
                owner = ask_owner(system)
            except RefusedError as error:
                place = error.endpoint
                raise system.refuse(
                    place, "RIGHTS_MISSING", str(error), found=place
                ) from error
            wanted = owner and find_other(system, owner, self._company, self._known)
            if wanted:
                self._refuse(system, f"{owner}; expected: {wanted}")
            self._met[name] = owner

    def _refuse(self, system: System, said: str) -> NoReturn:
        text = f"the key of {self._company.name} opens {said}"
        for other in self._systems.values():
            other.refuse(SIGN_IN, OTHER_OWNER, text, found=said)
        raise system.refuse(SIGN_IN, OTHER_OWNER, text, found=said)

    def learn(self) -> None:
        """Remember whom the run met, where nobody was known; after a good run."""
        for name, owner in self._met.items():
            if owner and owner.ids:
                shown = mask_text(str(owner))
                self._known.learn(self._company.name, name, owner.ids[0], shown)


def _texts(found: object) -> tuple[str, ...]:
    values = found if isinstance(found, list) else [found]
    return tuple(str(value) for value in values if value not in (None, ""))

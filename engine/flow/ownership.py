"""Whose document it is, where several companies share one source.

Each company names its node in the source's tree of units; a document belongs to the
first named node on the way up from its own. Without one it belongs to nobody, and one
company, the first by name, says so in its log.

Source: product guide, settings per unit: units inherit by walking up (R075, R076).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from engine.flow.reads import read_into
from engine.language.scope import Scope
from engine.language.values import text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from engine.flow.context import RunContext
    from engine.project.flow_spec import Belongs, Flow


class Owner(Enum):
    """The answer for one document."""

    OURS = "ours"
    OTHERS = "others"
    NOBODYS = "nobody's"  # and it is on us to tell


@dataclass(frozen=True, slots=True)
class UnitTree:
    """The source's units, and which company each of the named ones is."""

    parents: Mapping[str, str]  # key -> key of the unit above; "" at the top
    names: Mapping[str, str]  # key -> name, for people
    owners: Mapping[str, str]  # key -> company
    is_sure: bool = True  # False: a company is left out, and its unit is not known

    def find_owner(self, key: str) -> str | None:
        """Walk up from a unit to the first that is a company."""
        seen: set[str] = set()
        while key and key not in seen:
            if key in self.owners:
                return self.owners[key]
            seen.add(key)  # units that run in a circle end the walk
            key = self.parents.get(key, "")
        return None

    def may_be_unread(self, key: str) -> bool:
        """Tell whether a unit may be of a company whose file cannot be read."""
        return not self.is_sure and key not in self.owners

    def nested(self) -> list[tuple[str, str, str]]:
        """List companies inside companies: the inner, its unit's name, the outer."""
        found = []
        for key, inner in self.owners.items():
            outer = self.find_owner(self.parents.get(key, ""))
            if outer is not None and outer != inner:
                found.append((inner, self.names.get(key, key), outer))
        return found


def read_tree(
    belongs: Belongs,
    units: Any,
    companies: Mapping[str, Mapping[str, Any]],
    half_read: Collection[str] = (),
) -> UnitTree:
    """Read the units of a source, and find the companies' own among them.

    Args:
        units: The register's records.
        companies: The settings of all companies, by name; also of those that are
            switched off, whose documents must not go to the company above them.
        half_read: Companies whose settings are not known whole.
    """
    wanted: dict[str, str] = {}
    is_sure = True
    for name, settings in sorted(companies.items()):
        said = _text(belongs.to.evaluate(Scope({}, {"company": settings})))
        if said:
            wanted.setdefault(said.casefold(), name)
        elif name in half_read:
            is_sure = False
    parents: dict[str, str] = {}
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    for unit in units or ():
        scope = Scope(unit, {})
        key = _text(belongs.key.evaluate(scope))
        parents[key] = _text(belongs.parent.evaluate(scope))
        texts = [_text(path.evaluate(scope)) for path in belongs.names]
        names[key] = next((text for text in texts if text), key)
        for text in texts:
            if text and text.casefold() in wanted:
                owners[key] = wanted[text.casefold()]
                break
    return UnitTree(parents, names, owners, is_sure)


class Ownership:
    """Sorts a run's documents; the tree is read when the first one is listed."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._belongs = run.flow.fetch.belongs
        self._tree: UnitTree | None = None

    @property
    def is_used(self) -> bool:
        """Tell whether the company shares its source with others."""
        belongs = self._belongs
        if belongs is None:
            return False
        return bool(_text(belongs.to.evaluate(self._run.scope({}))))

    def judge(self, data: dict[str, Any]) -> tuple[Owner, str]:
        """Say whose a document is, and name its unit for people.

        Raises:
            TransientError: The register of units cannot be read.
            ViolationError, ValueFault: Its unit cannot be told.
        """
        belongs = self._belongs
        if belongs is None or not self.is_used:
            return Owner.OURS, ""
        tree = self.tree()
        data = dict(data)
        for step in belongs.reads:
            read_into(step, self._run, data, self._run.scope(data))
        unit = _text(belongs.unit.evaluate(self._run.scope(data)))
        owner = tree.find_owner(unit)
        name = tree.names.get(unit, unit)
        if tree.may_be_unread(unit):  # better late than in the wrong books
            return Owner.OTHERS, name
        if owner == self._run.company:
            return Owner.OURS, name
        is_ours_to_tell = owner is None and self._run.company == self._speaker(tree)
        return (Owner.NOBODYS if is_ours_to_tell else Owner.OTHERS), name

    def tree(self) -> UnitTree:
        """Read the tree, once a run."""
        assert self._belongs is not None
        if self._tree is None:
            units = self._belongs.units.evaluate(self._run.scope({}))
            self._tree = read_tree(
                self._belongs, units, self._run.companies, self._run.half_read
            )
        return self._tree

    def _speaker(self, tree: UnitTree) -> str:
        """Name the first of the companies that run this flow on this source."""
        companies = self._run.companies
        running = [
            name
            for name in set(tree.owners.values())
            if is_wanted(self._run.flow, companies[name])
        ]
        return min(running, default="")


def is_wanted(flow: Flow, settings: Mapping[str, Any]) -> bool:
    """Tell whether a company runs a flow: its master switch and the flow's own."""
    if not settings.get("enabled"):
        return False
    scope = Scope({}, {"company": settings})
    return flow.switch is None or flow.switch.evaluate(scope) is not False


def _text(value: Any) -> str:
    return "" if value is None else text_of(value).strip()

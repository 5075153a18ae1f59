"""What is wrong with a company's changes to a mapping, at their place in its file.

Findings of family M5: M520 a place that is not there, M521 a change that changes
nothing, M522 something required is removed, M524 an unknown table.

Pure; imports addresses, errors, problems and the yaml modules.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import Problem
from engine.problems import nearest
from engine.rulefiles.node_parts import iter_scalars
from engine.rulefiles.reader import YES_NO, MapNode, Node, Scalar, to_plain

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.mapping.addresses import Address


class OverlayFindings:
    """Collects what is wrong while an overlay is merged."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def say(
        self, code: str, message: str, key: Scalar, hint: str | None = None
    ) -> None:
        """Keep a finding; its key is underlined."""
        length = max(len(key.text), 1)
        self.problems.append(Problem(code, message, key.position, hint, length))

    def warn(
        self, code: str, message: str, key: Scalar, hint: str | None = None
    ) -> None:
        """Keep a finding that stops nothing."""
        self.say(code, message, key, hint)
        self.problems[-1] = replace(self.problems[-1], is_warning=True)

    def may_remove(self, at: Address, rule: Node | None) -> bool:
        """Tell whether a field may be taken out; say what is lost with it."""
        last = at.name.rpartition(".")[2]
        if at.owner is not None and last in at.owner.required:
            said = f"the target requires {at.full}, so it cannot be removed"
            self.say("M522", said, at.key, "change its rule instead")
            return False
        required = rule.get("required") if isinstance(rule, MapNode) else None
        if isinstance(required, Scalar) and YES_NO.get(required.text, False):
            said = (
                f"the mapping requires {at.full} ({show_place(required.position)}); "
                "this company sends documents without it"
            )
            self.warn("M522", said, at.key)
        return True

    def compare(self, key: Scalar, base: Node, change: Node) -> None:
        """Find a change to what stands there anyway."""
        if to_plain(base) == to_plain(change):
            self.say_nothing(key, f"{show_place(base.position)} says the same")

    def say_nothing(self, key: Scalar, why: str) -> None:
        """Say that a change makes no difference."""
        said = f"{key.text} changes nothing: {why}"
        self.warn("M521", said, key, "take it out")

    def find_unused(self, node: MapNode, overlay: MapNode) -> None:
        """Find new variables and changed tables that no rule of the mapping uses."""
        scalars = list(iter_scalars(node))
        variables, tables = node.get("vars"), node.get("tables")
        for key in _keys(overlay.get("vars")):
            if not isinstance(variables, MapNode) or key.text not in variables:
                continue  # removed
            word = re.compile(rf"\bvars\.{re.escape(key.text)}\b")
            if not any(word.search(scalar.text) for _, scalar in scalars):
                said = f"{key.text} changes nothing: no rule uses vars.{key.text}"
                close = nearest(key.text, variables)
                if close:
                    self.say("M521", said, key, f"did you mean {close}?")
                else:
                    self.warn("M521", said, key, "take it out")
        looked_up = {scalar.text for name, scalar in scalars if name == "lookup"}
        for key in _keys(overlay.get("tables")):
            is_there = isinstance(tables, MapNode) and key.text in tables
            if is_there and key.text not in looked_up:
                self.say_nothing(key, f"no rule looks up in table {key.text}")


def _keys(node: Node | None) -> list[Scalar]:
    return [key for key, _ in node.items()] if isinstance(node, MapNode) else []


def show_place(at: Position) -> str:
    """Name a file and line."""
    return f"{at.file}:{at.line}"

"""Which fields of its source a flow can read, told by the words of its files.

A path in a rule begins at the document (``customer.name``) or at the item that the rule
is about (``quantity`` for each of the rows); what follows a variable, a candidate or
another expression may stand anywhere. Where the words leave it open a field counts as
read: a change of it then at worst asks a person to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_PATH = re.compile(r"(\.?)([A-Za-z_]\w*(?:(?:\[[^][]*\])*\.[A-Za-z_]\w*)*)")
_KEY = re.compile(r"(?<![\w./\[\]-])[\w./\[\]-]+['\"]?:(?=\s|$)")
_FILTER = re.compile(r"\|\s*[a-z_]\w*|\bis\s+(?:not\s+)?[a-z_]\w*")
_IN_BRACKETS = re.compile(r"\[([^][]*)\]")
# What a path may begin with beside the document's own names.
_WHOLE = frozenset({"doc", "parent", "this"})
_ITEMS = frozenset({"candidate"})
_UNKNOWN = frozenset({"vars", "value", "item"})
_ITEMS_OF_VARIABLE = re.compile(r"vars\.\w+\[")
# A variable that holds a record of a register, or what another such one holds.
_REGISTER = re.compile(
    r"(\w+):\s*(?:\{\s*)?(?:when:[^{}]*?,\s*)?(?:source|transform):\s*['\"]?"
    r"(?:run\.|vars\.(\w+))"
)
_OTHERS = frozenset({"company", "run", "payload", "answer", "target"})

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadPaths:
    """Every path that a rule reads, with all that lead there."""

    from_items: frozenset[Place]  # from the document, or from an item of a list
    anywhere: frozenset[Place]

    def has(self, place: Place, starts: Iterable[int]) -> bool:
        """Tell whether a rule reads this place, or something below it.

        Args:
            starts: Where in the place an item begins.
        """
        if any(place[start:] in self.from_items for start in starts):
            return True
        return any(place[start:] in self.anywhere for start in range(len(place)))


NOTHING_READ = ReadPaths(frozenset(), frozenset())


def find_read_paths(texts: Mapping[str, bytes], left_out: Iterable[str]) -> ReadPaths:
    """Find the paths in a flow's files.

    Args:
        texts: The bytes of each file, by its name.
        left_out: Fields that are no content: the status and the stamps of changes.
    """
    without = frozenset(left_out)
    from_items: set[Place] = set()
    anywhere: set[Place] = set()
    whole = "\n".join(text.decode() for text in texts.values())
    registers = _find_registers(whole)
    for text in texts.values():
        for place, is_rooted in _iter_paths(text.decode(), registers):
            if without.isdisjoint(place[:2]):
                known = from_items if is_rooted else anywhere
                known.update(place[:end] for end in range(1, len(place) + 1))
    return ReadPaths(frozenset(from_items), frozenset(anywhere))


def _find_registers(text: str) -> frozenset[str]:
    """Name the variables that hold what is read of a register."""
    held = dict(_REGISTER.findall(text))
    found = {name for name, other in held.items() if not other}
    while more := {n for n, other in held.items() if other in found} - found:
        found |= more
    return frozenset(found)


def _iter_paths(text: str, registers: frozenset[str]) -> Iterator[tuple[Place, bool]]:
    """Give each path of a text, and whether it begins at the document or an item."""
    lines = (_without_comment(line) for line in text.splitlines())
    bare = _FILTER.sub(" ", _KEY.sub(" ", "\n".join(lines)))
    for inner in _IN_BRACKETS.findall(bare):
        yield from _iter_paths(inner, registers)
    for dot, found in _PATH.findall(bare):
        first, *rest = _IN_BRACKETS.sub("", found).split(".")
        if first == "vars":  # what the variable itself reads is told by its own rule
            name, *rest = rest or [""]
            rest = [] if name in registers else rest
        is_root = first in _WHOLE | _ITEMS | _UNKNOWN
        place = tuple(rest) if is_root else (first, *rest)
        # The items of a variable's list are items of some list of the document.
        is_unknown = first in _UNKNOWN and not _ITEMS_OF_VARIABLE.match(found)
        if place and first not in _OTHERS:
            yield place, not (dot or is_unknown)


def _without_comment(line: str) -> str:
    """Cut a comment, unless its sign stands in quotes."""
    for found in re.finditer(r"(?:^|\s)#\s", line):
        before = line[: found.start()]
        if before.count("'") % 2 == 0 and before.count('"') % 2 == 0:
            return before
    return line

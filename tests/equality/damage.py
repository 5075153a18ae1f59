"""Documents as somebody might send them: damaged by a seed, the same on every machine.

Imports nothing of the engine, so that two versions of it can be held side by side.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml

_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_BLANKS: Final = ("", " ", "\n", "\t ", "\u00a0", "\u2003 ")
_LETTERS: Final = (
    "a\u0308a\u0308kko\u0308nen",
    "Åäö \u20ac 10",
    "\U0001f469\u200d\U0001f4bb työ",
    "\U0001f1eb\U0001f1ee" * 30,
    "line\r\nline",
    "line\r\r\nline",
    "bell\x07",
    "delete\x7f",
    "next\x85line",
    "  padded  ",
    "tab\there",
    "'quoted' \\ \"text\"",
)
_HALVES: Final = ("\ud800", "text \udfff", "\udc00" * 3, "a\ud83d")
_NUMBERS: Final = (
    0,
    -1,
    10**29,
    10**40,
    0.1,
    -0.0,
    1e300,
    float("nan"),
    float("inf"),
    Decimal("0.00"),
    Decimal("-0"),
    Decimal("100.005"),
    Decimal("1E+3"),
    Decimal("1E+40"),
    Decimal("1E-30"),
    Decimal("NaN"),
    "10.005",
    "1 234,50",
    "012",
)
KINDS: Final = (
    "as it is",
    "missing",
    "null",
    "wrong type",
    "blank",
    "huge",
    "letters",
    "half a character",
    "odd number",
    "another value",
    "more items",
    "fewer items",
)
_RARE: Final = {"huge": 1, "half a character": 1, "wrong type": 2}  # the others: 3


@dataclass(frozen=True, slots=True)
class Case:
    """One damaged document, with the settings it is mapped with."""

    flow: str
    number: int
    kinds: tuple[str, ...]
    document: dict[str, Any]
    settings: dict[str, Any]
    seed: int


class Maker:
    """Makes the cases of one flow from its sample and the changes of all samples."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.flow = folder.name
        text = (folder / "base.json").read_text("utf-8")
        self._base: dict[str, Any] = json.loads(text, parse_float=Decimal)
        self._settings = copy.deepcopy(dict(settings))
        self._pool: dict[str, list[Any]] = {}
        self._companies: list[dict[str, Any]] = []
        for file in sorted(folder.glob("*.yaml")):
            sample = yaml.load(file.read_text("utf-8"), yaml.BaseLoader)
            for path, value in typed(sample.get("change") or {}).items():
                name = re.split(r"[.\[\]]+", path.strip("]"))[-1]
                self._pool.setdefault(name, []).append(value)
            if isinstance(sample.get("company"), dict):
                self._companies.append(typed(sample["company"]))
        self._values = [v for values in self._pool.values() for v in values]

    def case(self, number: int) -> Case:
        """Give a case by its number."""
        dice = Random(f"{self.flow} {number}")
        document = copy.deepcopy(self._base)
        settings = copy.deepcopy(self._settings)
        if self._companies and dice.random() < 0.4:
            _merge(settings, dice.choice(self._companies))
        for _ in range(dice.choice((0, 1, 1, 2))):  # what a sample says
            self._say(document, dice)
        kinds = []
        for _ in range(dice.choice((0, 1, 1, 1, 2, 4))):
            kind = dice.choices(KINDS[1:], [_RARE.get(k, 3) for k in KINDS[1:]])[0]
            whole = settings if dice.random() < 0.08 else document
            self._damage(whole, kind, dice)
            kinds.append(kind)
        found = tuple(dict.fromkeys(kinds)) or KINDS[:1]
        return Case(self.flow, number, found, document, settings, dice.getrandbits(32))

    def _say(self, document: dict[str, Any], dice: Random) -> None:
        places = [p for p in _places(document) if p[1] in self._pool]
        if places:
            group, key = dice.choice(places)
            group[key] = copy.deepcopy(dice.choice(self._pool[key]))

    def _damage(self, whole: dict[str, Any], kind: str, dice: Random) -> None:
        places = list(_places(whole))
        if kind in {"more items", "fewer items"}:
            places = [p for p in places if isinstance(p[0][p[1]], list)]
        if not places:
            return
        group, key = dice.choice(places)
        old = group[key]
        match kind:
            case "missing":
                del group[key]
            case "more items":
                group[key] = [copy.deepcopy(i) for i in old * dice.choice((2, 3))]
                dice.shuffle(group[key])
            case "fewer items":
                group[key] = old[: dice.randrange(len(old) + 1)]
            case _:
                group[key] = self._other(kind, old, dice)

    def _other(self, kind: str, old: Any, dice: Random) -> Any:
        match kind:
            case "null":
                return None
            case "wrong type":
                others = [7, True, False, "text", [], {}, [old], {"value": old}, [None]]
                return dice.choice(others)
            case "blank":
                return dice.choice(_BLANKS)
            case "huge":
                size = dice.choice((41, 81, 300, 10_001, 100_001))
                return dice.choice((size * "a", "ö " * size, 10**31, ["a"] * 3000))
            case "letters":
                return dice.choice(_LETTERS)
            case "half a character":
                return dice.choice(_HALVES)
            case "odd number":
                return dice.choice(_NUMBERS)
            case _:
                return copy.deepcopy(dice.choice(self._values or [old]))

    def candidates(self, paths: list[str], item: Any, dice: Random) -> list[Any]:
        """Make what a target might have: values of the item itself, or others."""
        own = dict(item) if isinstance(item, dict) else {}
        near = [v for v in own.values() if not isinstance(v, list | dict)]
        near += [v for v in _leaves(self._base) if isinstance(v, str | int)][:40]
        made = []
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            candidate: dict[str, Any] = {"id": dice.randrange(1, 9999)}
            for path in paths:
                *groups, last = path.split(".")
                place = candidate
                for group in groups:
                    inner = place.setdefault(group, {})
                    place = inner if isinstance(inner, dict) else {}
                pick = dice.random()
                if pick < 0.5 and near:
                    place[last] = dice.choice(near)
                elif pick < 0.9:
                    kind = dice.choice(("null", "blank", "letters", "wrong type"))
                    place[last] = self._other(kind, "x", dice)
            made.append(candidate)
        return made


def typed(value: Any) -> Any:
    """Give YAML's texts as the numbers and words that a document would hold."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if value in _WORDS:
        return _WORDS[value]
    if _NUMBER.fullmatch(value):
        return Decimal(value) if "." in value else int(value)
    return value


def _merge(whole: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _merge(whole[key], value)
        else:
            whole[key] = copy.deepcopy(value)


def _places(group: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a document: the group or list, and its key there."""
    keys = group.keys() if isinstance(group, dict) else range(len(group))
    for key in list(keys):
        yield group, key
        if isinstance(group[key], dict | list):
            yield from _places(group[key])


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value

"""Takes typed values out of YAML nodes and collects what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import Position, Problem, RuleError
from engine.language.paths import compile_path
from engine.problems import hint_for
from engine.rulefiles.reader import YES_NO, ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.rulefiles.reader import Node


class NodeReader:
    """Takes typed values out of nodes; each fault becomes a problem."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(
        self,
        code: str,
        message: str,
        place: Position | Scalar,
        hint: str | None = None,
    ) -> None:
        """Note a problem; a text is underlined whole."""
        if isinstance(place, Scalar):
            length = max(len(place.text), 1)
            self.problems.append(Problem(code, message, place.at(0), hint, length))
        else:
            self.problems.append(Problem(code, message, place, hint))

    def map(self, node: Node | None, known: Iterable[str] | None = None) -> MapNode:
        """Give a mapping, empty when there is none; report keys nobody knows."""
        if node is None:
            return MapNode({}, Position("", 1, 1))
        if not isinstance(node, MapNode):
            self.add("S103", "keys with values are expected here", node.position)
            return MapNode({}, node.position)
        if known is not None:
            names = list(known)
            for name in node.entries:
                key = node.key(name)
                if key.text not in names:
                    self.add(
                        "S102",
                        f"{key.text} is not a key here",
                        key.position,
                        hint_for(key.text, names),
                    )
        return node

    def entries(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        """Give the keys and values of a mapping with free keys."""
        for key, value in self.map(node).items():
            yield key.text, value

    def text(self, parent: MapNode, name: str, default: str | None = None) -> str:
        """Give a text; without a default the key must be there."""
        node = parent.get(name)
        if node is None:
            if default is None:
                self.add("S101", f"`{name}` is missing", parent.position)
            return default or ""
        return self.scalar(node)

    def scalar(self, node: Node) -> str:
        """Give the text of a scalar."""
        if isinstance(node, Scalar):
            return node.text
        self.add("S103", "a single text is expected here", node.position)
        return ""

    def word(
        self,
        parent: MapNode,
        name: str,
        words: Iterable[str],
        default: str | None = None,
    ) -> str:
        """Give one of some words; the default, or the first, after a mistake."""
        known = list(words)
        text = self.text(parent, name, default)
        node = parent.get(name)
        if node is not None and text not in known:
            self.add(
                "S104",
                f"`{name}` is not {text}: {', '.join(known)}",
                node.position,
                hint_for(text, known),
            )
        return text if text in known else (default or known[0])

    def integer(self, parent: MapNode, name: str, default: int | None = None) -> int:
        """Give a whole number from 1."""
        text = self.text(parent, name, None if default is None else str(default))
        node = parent.get(name)
        if node is not None and not re.fullmatch(r"[1-9][0-9]{0,8}", text):
            self.add("S103", "a whole number from 1 is expected", node.position)
            return 1
        return int(text or "1")

    def truth(self, parent: MapNode, name: str, default: bool) -> bool:
        """Give yes or no."""
        node = parent.get(name)
        if node is None:
            return default
        text = self.scalar(node)
        if text not in YES_NO:
            self.add("S103", "yes or no is expected here", node.position)
        return YES_NO.get(text, default)

    def path(self, parent: MapNode, name: str, default: str | None = "") -> str:
        """Give a JMESPath; "" when there is none."""
        text = self.text(parent, name, default)
        node = parent.get(name)
        if text and node is not None:
            self.check_path(text, node)
        return text

    def check_path(self, text: str, node: Node) -> None:
        """Report a JMESPath that cannot be read."""
        scalar = node if isinstance(node, Scalar) else Scalar(text, node.position)
        try:
            compile_path(scalar)
        except RuleError as error:
            self.problems += [replace(p, code="S108") for p in error.problems]

    def scalars(self, node: Node | None) -> Iterator[Scalar]:
        """Give the scalars of a list."""
        if node is None:
            return
        if not isinstance(node, ListNode):
            self.add("S103", "a list is expected here", node.position)
            return
        for item in node.items:
            if isinstance(item, Scalar):
                yield item
            else:
                self.add("S103", "a single text is expected here", item.position)

"""Rule files read strictly: every scalar is the text that was typed, with its place.

The key decides what a text is, never its look: ``no``, ``012``, ``1:30``, ``~`` are
text. What makes a file mean something else than it shows (anchors, merge keys, tags,
a key that stands twice) is refused in a plain sentence.

PyYAML's events are read one by one and turned into nodes here; nothing is composed or
resolved, so a file that explodes when its aliases are followed costs nothing.
The words for PyYAML's own syntax errors are in ``engine.rulefiles.syntax_errors``.

Pure but for ``load_yaml_file``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from engine.errors import Position, Problem, RuleError
from engine.problems import in_file_order
from engine.rulefiles.encoding import BAD_CHARACTER, check_characters, decode_text
from engine.rulefiles.nodes import (
    Entry,
    ListNode,
    MapNode,
    Node,
    Scalar,
)
from engine.rulefiles.scalar_checks import (
    check_colon,
    check_comment,
    check_escapes,
    check_key,
)
from engine.rulefiles.source import Source, Style
from engine.rulefiles.syntax_errors import ScalarPlace, explain_syntax

# Figures of this project: a rule file is written by hand.
MAX_DEPTH = 50
MAX_PROBLEMS = 100

_STYLES: dict[str | None, Style] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}


def load_yaml(
    text: str | bytes,
    file: str,
    warnings: list[Problem] | None = None,
    *,
    may_escape: bool = False,
) -> Node:
    """Read a rule file into nodes.

    Args:
        file: Its name in findings, relative to the project's root.
        warnings: Receives findings that do not stop the load.
        may_escape: An escape may make what nobody can see: a document's own text.

    Raises:
        RuleError: The file cannot be read; carries every problem that can be found.
    """
    source = Source(file, decode_text(text, file))
    problems = check_characters(source)[:MAX_PROBLEMS]
    notes: list[Problem] = []
    builder = partial(NodeBuilder, source, warnings=notes, may_escape=may_escape)
    node = None if problems else _read_fast(builder)
    if node is None:
        notes.clear()
        node = builder(problems).build(yaml.SafeLoader)
    if warnings is not None:
        warnings += notes
    if problems or node is None:
        raise RuleError(in_file_order(problems)[:MAX_PROBLEMS])
    return node


def _read_fast(builder: Callable[[list[Problem]], NodeBuilder]) -> Node | None:
    """Read a file with the C parser, where there is one; None for any doubt.

    It accepts; whatever is wrong is found and worded by the reader in Python.
    """
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        return None
    problems: list[Problem] = []
    node = builder(problems).build(loader)
    return None if problems else node


def load_yaml_file(
    path: Path, root: Path, warnings: list[Problem] | None = None
) -> Node:
    """Read the rule file at ``path``; findings name it relative to ``root``."""
    return load_yaml(path.read_bytes(), path.relative_to(root).as_posix(), warnings)


@dataclass(slots=True)
class _Open:
    """A map or list that is being read."""

    position: Position
    is_map: bool
    is_flow: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: Scalar | None = None  # None when it was no text
    expects_value: bool = False
    is_told: bool = False  # {{ without quotes was found in it


class NodeBuilder:
    """Reads one file's events into nodes and gathers what is wrong with it."""

    def __init__(
        self,
        source: Source,
        problems: list[Problem],
        *,
        warnings: list[Problem],
        may_escape: bool,
    ) -> None:
        self.source = source
        self.may_escape = may_escape
        self.problems = problems
        self.warnings = warnings
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.last: ScalarPlace | None = None
        self.documents = 0

    def build(self, loader: Any) -> Node | None:
        # Bad characters are told already; a blank in their place lets the rest be read.
        text = BAD_CHARACTER.sub(" ", self.source.text)
        try:
            for event in yaml.parse(text, Loader=loader):
                if not self._take(event):
                    return None
        except yaml.MarkedYAMLError as error:
            problem = explain_syntax(error, self.source, self.last)
            told = {p.position.line for p in self.problems if p.position}
            if not self.problems or (
                problem.position and problem.position.line not in told
            ):
                self.problems.append(problem)
            return None
        if self.root is None and not self.problems:
            self._say("M118", "the file is empty", 0, "begin with format: 1")
        return self.root

    def _say(
        self, code: str, message: str, index: int, hint: str, length: int = 1
    ) -> None:
        at = self.source.position(index)
        self.problems.append(Problem(code, message, at, hint, length))

    def _take(self, event: yaml.Event) -> bool:
        """Take one event; False ends the reading."""
        index = _index(event)
        if isinstance(event, yaml.DocumentStartEvent):
            return self._take_document(event, index)
        if isinstance(event, yaml.AliasEvent):
            self._say(
                "M114",
                f"*{event.anchor} refers to another place of the file",
                index,
                f"write the text out, or put *{event.anchor} in quotes if it is text",
                len(str(event.anchor)) + 1,
            )
            self._add(Scalar("", self.source.position(index)), is_alias=True)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_node(event, index)
            self._add(self._scalar(event, index))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_node(event, index)
            self.open.append(self._open(event, index))
            if len(self.open) > MAX_DEPTH:
                self._say(
                    "M119",
                    f"the file is nested deeper than {MAX_DEPTH} levels",
                    index,
                    "split it, or take levels out",
                )
                return False
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self.open.pop()
            if done.is_map:
                self._add(MapNode(done.entries, done.position))
            else:
                self._add(ListNode(tuple(done.items), done.position))
        return len(self.problems) < MAX_PROBLEMS

    def _take_document(self, event: yaml.DocumentStartEvent, index: int) -> bool:
        self.documents += 1
        if self.documents > 1:
            self._say(
                "M117",
                "a second document begins here",
                index,
                "one file is one document: take out --- or make two files",
                3,
            )
            return False
        if event.version or event.tags:
            self._say(
                "M117",
                "a line that begins with % is an instruction to the reader",
                self.source.text.find("%"),
                "take the line out",
            )
        return True

    def _check_node(
        self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, index: int
    ) -> None:
        if event.anchor is not None:
            name = f"&{event.anchor}"
            self._say(
                "M114",
                f"{name} gives this place a name to refer to",
                self._find_sign("&", index),
                f"take {name} out, or put the text in quotes if it begins with &",
                len(name),
            )
        if event.tag is not None:
            at = self._find_sign("!", index)
            typed = re.split(r"[\s,\]}]", self.source.text[at : at + 80], maxsplit=1)[0]
            self._say(
                "M116",
                f"{typed} says what kind of value follows, but here the key says that",
                at,
                f"take {typed} out, or put the text in quotes if it begins with !",
                len(typed),
            )

    def _find_sign(self, sign: str, index: int) -> int:
        found = self.source.text.find(sign, index)
        return index if found < 0 else found

    def _open(self, event: yaml.CollectionStartEvent, index: int) -> _Open:
        is_map = isinstance(event, yaml.MappingStartEvent)
        at = self.source.position(index)
        opened = _Open(at, is_map, bool(event.flow_style))
        parent = self.open[-1] if self.open else None
        if parent is None or not (is_map and parent.is_map) or parent.expects_value:
            return opened
        if self.source.text[max(0, index - 1) : index + 1] == "{{":
            self._say(
                "M120",
                "text that starts with {{ needs quotes",
                index - 1,
                "put the text in double quotes; in transform and when, leave the "
                "braces out",
                2,
            )
            opened.is_told = parent.is_told = True
        return opened

    def _scalar(self, event: yaml.ScalarEvent, index: int) -> Scalar:
        end = event.end_mark.index if event.end_mark else index
        style = _STYLES[event.style]
        scalar = Scalar(
            event.value, self.source.position(index), style, self.source, index, end
        )
        self.last = ScalarPlace(index, end, style)
        if style == "plain" and event.value:
            self.warnings += check_comment(self.source, end)
        if style == "double" and not self.may_escape:
            self.problems += check_escapes(scalar)
        return scalar

    def _add(self, node: Node, *, is_alias: bool = False) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if not parent.is_map:
            parent.items.append(node)
        elif parent.expects_value:
            parent.expects_value = False
            if parent.key is not None:
                in_braces = parent.is_flow and not parent.is_told
                if in_braces and isinstance(node, Scalar) and node.is_missing:
                    self.problems += check_colon(parent.key, node)
                parent.entries.setdefault(parent.key.text, Entry(parent.key, node))
        else:
            parent.expects_value = True
            parent.key = None
            if not isinstance(node, Scalar):
                if not parent.is_told:
                    message = "a key must be a text, not a list or a map"
                    hint = "put it in quotes, or check the brackets"
                    self.problems.append(Problem("M115", message, node.position, hint))
            elif not is_alias:
                parent.key = node
                self.problems += check_key(node, parent.entries)


def _index(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0

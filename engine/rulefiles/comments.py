"""Trailing comments of a rule file, and which lines belong to which key.

``date: invoice.date   # R112, half up`` says more than its rule: the numbers of the
requirements it answers, and a remark. The tree of nodes holds no comments; here they
are read off the file's text, beside it. Pure; imports nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.errors import Position
from engine.rulefiles.nodes import ListNode, Node, Scalar
from engine.rulefiles.source import Source

_HASH = re.compile(r"(?<=[ \t])#")
_REFERENCE = r"[A-Z]\d{2,3}(?:-[A-Z]?\d{2,3})?"
_LIST = rf"{_REFERENCE}(?:, ?{_REFERENCE})*"
_LEADING = re.compile(rf"^{_LIST}(?:$|[,:;.] ?)")
_TRAILING = re.compile(rf"(?:,? {_LIST}|,? ?\({_LIST}\))$")


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment taken apart: the numbers it names, and its words without them."""

    references: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class FileRemarks:
    """The comments of one file by line, and the last line of each key's value."""

    comments: Mapping[int, str]
    last_lines: Mapping[tuple[int, int], int]

    def at(self, position: Position, *, only_line: bool = False) -> Remark:
        """Give what stands beside a key: on its line, or on all lines of its value."""
        last = position.line
        if not only_line:
            last = self.last_lines.get((position.line, position.column), last)
        found = [
            read_remark(self.comments[line])
            for line in range(position.line, last + 1)
            if line in self.comments
        ]
        return join_remarks(found)


def read_remarks(node: Node) -> FileRemarks:
    """Read the trailing comments of a file's tree."""
    scalars = list(_iter_scalars(node))
    source = next((s.source for s in scalars if s.source is not None), None)
    if source is None:
        return FileRemarks({}, {})
    last_lines: dict[tuple[int, int], int] = {}
    _find_last_lines(node, source, last_lines)
    return FileRemarks(_find_comments(source, scalars), last_lines)


def read_remark(comment: str) -> Remark:
    """Take a comment apart: ``R012, A12: never cut`` → R012, A12 and "never cut"."""
    text = comment.strip()
    numbers = tuple(dict.fromkeys(re.findall(rf"\b{_REFERENCE}\b", text)))
    text = _TRAILING.sub("", _LEADING.sub("", text))
    return Remark(numbers, text.strip())


def join_remarks(remarks: list[Remark]) -> Remark:
    """Put several remarks together, in their order, each once."""
    numbers = dict.fromkeys(n for remark in remarks for n in remark.references)
    texts = dict.fromkeys(remark.text for remark in remarks if remark.text)
    return Remark(tuple(numbers), "; ".join(texts))


def _iter_scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _iter_scalars(item)
    else:
        for key, value in node.items():
            yield key
            yield from _iter_scalars(value)


def _find_comments(source: Source, scalars: list[Scalar]) -> dict[int, str]:
    """Find every # that begins a comment behind something, by its line."""
    inside: set[int] = set()
    for scalar in scalars:
        inside.update(
            found.start() + scalar.start
            for found in re.finditer("#", source.text[scalar.start : scalar.end])
        )
    comments: dict[int, str] = {}
    for found in _HASH.finditer(source.text):
        position = source.position(found.start())
        start = found.start() - position.column + 1
        before = source.text[start : found.start()]
        if found.start() in inside or not before.strip() or position.line in comments:
            continue
        end = source.text.find("\n", found.start())
        said = source.text[found.start() + 1 : None if end < 0 else end]
        comments[position.line] = said.strip()
    return comments


def _find_last_lines(
    node: Node, source: Source, found: dict[tuple[int, int], int]
) -> int:
    """Fill in the last line of each key's value; give the node's own."""
    if isinstance(node, Scalar):
        typed = source.text[node.start : node.end].rstrip()
        return source.position(node.start + max(len(typed) - 1, 0)).line
    last = node.position.line
    if isinstance(node, ListNode):
        for item in node.items:
            last = max(last, _find_last_lines(item, source, found))
        return last
    for key, value in node.items():
        end = max(key.position.line, _find_last_lines(value, source, found))
        found[(key.position.line, key.position.column)] = end
        last = max(last, end)
    found.setdefault((node.position.line, node.position.column), last)
    return last

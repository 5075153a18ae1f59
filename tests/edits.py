"""Edits of the shipped rule files that change no meaning."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.project import kind_of
from engine.yamlfile import ListNode, MapNode, Node, Scalar, load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20_261_126
EACH_KIND = 30
# The order of these entries is their meaning: the first that holds is taken.
ORDERED = {"choose"}


@dataclass(frozen=True, slots=True)
class Edit:
    """One file, written otherwise."""

    kind: str
    file: str
    place: str
    text: str

    @property
    def name(self) -> str:
        """Tell it apart in a test's output."""
        return f"{self.kind} {self.file.removeprefix('mappings/')}:{self.place}"


def make_edits(files: dict[str, str]) -> list[Edit]:
    """Make edits of every kind, spread over the files; the same seed gives the same."""
    chance = random.Random(SEED)
    rules = {f: t for f, t in files.items() if kind_of(f) != "advice"}
    nodes = {file: load_yaml(text, file) for file, text in rules.items()}
    edits: list[Edit] = []
    edits += _requoted(rules, nodes, chance, "single quotes", "'")
    edits += _requoted(rules, nodes, chance, "double quotes", '"')
    edits += _lines(rules, nodes, chance, "comment", "# a remark: with {{ signs }} [")
    edits += _lines(rules, nodes, chance, "blank line", "")
    for kind in ("order of keys", "flow style", "block style"):
        chosen = sorted(nodes)
        chance.shuffle(chosen)
        for file in chosen[:EACH_KIND]:
            node = nodes[file]
            if kind == "order of keys":
                node = _shuffled(node, chance)
            write = _flow if kind == "flow style" else _block
            edits.append(Edit(kind, file, "all", write(node)))
    return edits


# --- one text in other quotes ----------------------------------------------------------


def _requoted(
    files: dict[str, str],
    nodes: dict[str, Node],
    chance: random.Random,
    kind: str,
    quote: str,
) -> list[Edit]:
    cells = [
        (file, cell)
        for file, node in sorted(nodes.items())
        for cell in _scalars(node)
        if _is_one_line(cell, files[file])
    ]
    chance.shuffle(cells)
    edits = []
    for file, cell in cells[:EACH_KIND]:
        text = files[file]
        start, end = cell.start, cell.end
        place = f"{cell.position.line}:{cell.position.column}"
        new = f"{text[:start]}{_quote(cell.text, quote)}{text[end:]}"
        edits.append(Edit(kind, file, place, new))
    return edits


def _is_one_line(cell: Scalar, text: str) -> bool:
    said = text[cell.start : cell.end]
    return (
        cell.style in {"plain", "single", "double"} and "\n" not in said and bool(said)
    )


def _quote(text: str, quote: str = '"') -> str:
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _scalars(item)
    else:
        for key, value in node.items():
            yield key
            yield from _scalars(value)


# --- lines that say nothing ------------------------------------------------------------


def _lines(
    files: dict[str, str],
    nodes: dict[str, Node],
    chance: random.Random,
    kind: str,
    line: str,
) -> list[Edit]:
    places = [
        (file, number)
        for file, node in sorted(nodes.items())
        for number in sorted(_first_lines(node, files[file]))
    ]
    chance.shuffle(places)
    edits = []
    for file, number in places[:EACH_KIND]:
        lines = files[file].split("\n")
        lines.insert(number - 1, line)
        edits.append(Edit(kind, file, str(number), "\n".join(lines)))
    return edits


def _first_lines(node: Node, text: str) -> set[int]:
    """Give the lines that begin with a key: never the middle of a text."""
    lines = text.split("\n")
    return {
        key.position.line
        for key in _keys(node)
        if not lines[key.position.line - 1][: key.position.column - 1].strip()
    }


def _keys(node: Node) -> Iterator[Scalar]:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _keys(item)
    elif isinstance(node, MapNode):
        for key, value in node.items():
            yield key
            yield from _keys(value)


# --- whole files -----------------------------------------------------------------------


def _shuffled(node: Node, chance: random.Random, key: str = "") -> Node:
    """Put the keys of every map into another order, where order means nothing."""
    if isinstance(node, ListNode):
        items = tuple(_shuffled(item, chance) for item in node.items)
        return ListNode(items, node.position)
    if isinstance(node, Scalar):
        return node
    names = list(node.entries)
    if key not in ORDERED:
        chance.shuffle(names)
    entries = {
        name: type(node.entries[name])(
            node.entries[name].key, _shuffled(node.entries[name].value, chance, name)
        )
        for name in names
    }
    return MapNode(entries, node.position)


def _flow(node: Node) -> str:
    """Write a file on one line, all in braces."""
    return f"{_inline(node)}\n"


def _inline(node: Node) -> str:
    if isinstance(node, Scalar):
        return _quote(node.text)
    if isinstance(node, ListNode):
        return f"[{', '.join(_inline(item) for item in node.items)}]"
    pairs = (f"{_quote(k.text)}: {_inline(v)}" for k, v in node.items())
    return f"{{{', '.join(pairs)}}}"


def _block(node: Node) -> str:
    """Write a file without a single brace."""
    return "\n".join(_block_lines(node, 0)) + "\n"


def _block_lines(node: Node, depth: int) -> list[str]:
    pad = "  " * depth
    lines: list[str] = []
    if isinstance(node, ListNode):
        for item in node.items:
            if isinstance(item, Scalar) or not _size(item):
                lines.append(f"{pad}- {_inline(item)}")
            else:
                inner = _block_lines(item, depth + 1)
                lines.append(f"{pad}- {inner[0].lstrip()}")
                lines += inner[1:]
    elif isinstance(node, MapNode):
        for key, value in node.items():
            name = _quote(key.text)
            if isinstance(value, Scalar) or not _size(value):
                lines.append(f"{pad}{name}: {_inline(value)}")
            else:
                lines.append(f"{pad}{name}:")
                lines += _block_lines(value, depth + 1)
    return lines


def _size(node: Node) -> int:
    if isinstance(node, ListNode):
        return len(node.items)
    return len(node) if isinstance(node, MapNode) else 1

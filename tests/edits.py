"""Edits of the shipped rule files that change no meaning."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.rulefiles.nodes import ListNode, MapNode, Node, Scalar
from engine.rulefiles.reader import load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20_261_126
# The order of these entries is their meaning: the first that holds is taken.
ORDERED = {"choose"}
KINDS = (
    *("single quotes", "double quotes", "comment", "blank line"),
    *("order of keys", "flow style", "block style"),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of every file at once; they do not touch each other."""

    kind: str
    texts: dict[str, str]  # by file


def make_edits(files: dict[str, str]) -> list[Edit]:
    """Make edits of every kind; the same seed gives the same."""
    chance = random.Random(SEED)
    nodes = {file: load_yaml(text, file) for file, text in sorted(files.items())}
    edits = []
    for kind in KINDS:
        made = {
            file: _edit(kind, files[file], node, chance) for file, node in nodes.items()
        }
        texts = {file: text for file, text in made.items() if text is not None}
        edits.append(Edit(kind, texts))
    return edits


def _edit(kind: str, text: str, node: Node, chance: random.Random) -> str | None:
    match kind:
        case "single quotes":
            return _requote(text, node, chance, "'")
        case "double quotes":
            return _requote(text, node, chance, '"')
        case "comment":
            return _insert(text, node, chance, "# a remark: with {{ signs }} [")
        case "blank line":
            return _insert(text, node, chance, "")
        case "order of keys":
            return _block(_shuffled(node, chance))
        case "flow style":
            return f"{_inline(node)}\n"
    return _block(node)


# --- one text in other quotes ----------------------------------------------------------


def _requote(text: str, node: Node, chance: random.Random, quote: str) -> str | None:
    cells = [cell for cell in _scalars(node) if _is_one_line(cell, text)]
    if not cells:
        return None
    cell = chance.choice(cells)
    return f"{text[: cell.start]}{_quote(cell.text, quote)}{text[cell.end :]}"


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


def _insert(text: str, node: Node, chance: random.Random, line: str) -> str:
    number = chance.choice(sorted(_first_lines(node, text)))
    lines = text.split("\n")
    lines.insert(number - 1, line)
    return "\n".join(lines)


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

"""What the files declare and nothing uses: variables, tables, endpoints, settings.

A name is used where a text of a rule speaks of it. Each is a warning: it changes
nothing, but somebody believes that it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.errors import Position
from engine.project.project_files import MATCH_SUFFIX, file_kind
from engine.rulefiles.grammar_load import SETTINGS
from engine.rulefiles.nodes import ListNode, MapNode, Scalar, iter_scalars, map_at

if TYPE_CHECKING:
    from pathlib import Path

    from engine.problems import Problems
    from engine.rulefiles.nodes import Node

# Without a name after it, all that there is is handed on.
_VARIABLE: Final = re.compile(r"\bvars(?:\.([A-Za-z_]\w*)|\s*[|)])")
_SETTING: Final = re.compile(r"\bcompany(?:((?:\.\w+)+)|\s*[|)])")
_RULES: Final = ("mapping", "flow", "match")
_HINT: Final = "use it, or take it out"


def check_unused(root: Path, files: Mapping[str, MapNode], problems: Problems) -> None:
    """Find what nothing uses.

    Args:
        root: The project's folder; its settings are read again, for their places.
        files: All rule files by name; none of them has a finding.
        problems: The collector of findings.
    """
    overlays = dict(_overlays(files))
    for file, node in files.items():
        kind = file_kind(file)
        if kind in ("mapping", "flow"):
            _check_variables(file, node, files, overlays, problems)
    _check_tables(files, overlays, problems)
    rules = [node for file, node in files.items() if file_kind(file) in _RULES]
    rules += [node for nodes in overlays.values() for node in nodes]
    texts = {text for node in rules for text in _texts(node)}
    for file, node in files.items():
        if file_kind(file) == "system":
            name = file.rpartition("/")[2].removesuffix(".yaml")
            # `identity:` of a system reads one.
            own = {cell.text for key, cell in iter_scalars(node) if key == "read"}
            for key, _ in _entries(node, "endpoints"):
                if f"{name}.{key.text}" not in texts and key.text not in own:
                    said = f"no flow asks {name}.{key.text}"
                    problems.add("S114", said, key, _HINT, is_warning=True)
    if (root / SETTINGS).is_file():
        _check_settings((root / SETTINGS).read_text("utf-8"), texts, problems)


def _check_variables(
    file: str,
    node: MapNode,
    files: Mapping[str, MapNode],
    overlays: Mapping[str, list[MapNode]],
    problems: Problems,
) -> None:
    """Find variables that no cell of the file asks for, nor an overlay of it."""
    seen: list[MapNode] = [node, *overlays.get(file, ())]
    if file_kind(file) == "flow":
        folder = file.rpartition("/")[0]
        seen += [
            other
            for name, other in files.items()
            if name.endswith(MATCH_SUFFIX) and name.rpartition("/")[0] == folder
        ]
    used = {
        found[1]
        for one in seen
        for text in _texts(one)
        for found in _VARIABLE.finditer(text)
    }
    if None in used:  # all of them are handed on
        return
    for one in seen:
        for key in _variables(one):
            if key.text not in used:
                said = f"nothing uses vars.{key.text}"
                problems.add("M523", said, key, _HINT, is_warning=True)


def _variables(node: Node) -> Iterator[Scalar]:
    """Give the names of a file's variables, those of rows too."""
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _variables(item)
    elif isinstance(node, MapNode):
        for name, entry in node.entries.items():
            if name == "vars" and isinstance(entry.value, MapNode):
                yield from (key for key, _ in entry.value.items())
            else:
                yield from _variables(entry.value)


def _check_tables(
    files: Mapping[str, MapNode],
    overlays: Mapping[str, list[MapNode]],
    problems: Problems,
) -> None:
    """Find tables that no rule looks anything up in."""
    asked = {file: _lookups(node) for file, node in files.items()}
    everywhere = set().union(*asked.values())
    for file, node in files.items():
        if file_kind(file) == "table":
            name = file.rpartition("/")[2].removesuffix(".yaml")
            named = node.get("table")
            key = named if isinstance(named, Scalar) else node.key(next(iter(node)))
            columns = {one.partition(".")[0] for one in everywhere}
            if name not in everywhere | columns:
                said = f"no rule looks anything up in table {name}"
                problems.add("M523", said, key, _HINT, is_warning=True)
            continue
        mine = asked[file].union(*map(_lookups, overlays.get(file, ())))
        for key, _ in _entries(node, "tables"):
            if key.text not in mine:
                said = f"no rule of this file looks anything up in table {key.text}"
                problems.add("M523", said, key, _HINT, is_warning=True)


def _check_settings(text: str, texts: set[str], problems: Problems) -> None:
    """Find settings of the project that no rule reads."""
    schema = json.loads(text)
    used = {(f[1] or ".")[1:] for one in texts for f in _SETTING.finditer(one)}
    for path, part, offset in _settings(schema, text, 0, ""):
        if "properties" in part:
            continue
        is_read = any(
            not one
            or path == one
            or path.startswith(f"{one}.")
            or one.startswith(f"{path}.")
            for one in used
        )
        if not is_read:
            line = text.count("\n", 0, offset) + 1
            column = offset - text.rfind("\n", 0, offset)
            at = Position(SETTINGS, line, column)
            said = f"no rule reads the setting {path}"
            problems.add("C116", said, at, _HINT, is_warning=True)


def _settings(
    schema: Mapping[str, Any], text: str, start: int, prefix: str
) -> Iterator[tuple[str, Mapping[str, Any], int]]:
    """Give each setting with its path and the place of its name in the file."""
    for name, part in schema.get("properties", {}).items():
        start = max(text.find(f'"{name}": ', start), start)
        if isinstance(part, dict):
            yield f"{prefix}{name}", part, start
            yield from _settings(part, text, start, f"{prefix}{name}.")


def _overlays(files: Mapping[str, MapNode]) -> Iterator[tuple[str, list[MapNode]]]:
    """Give what companies change of each mapping."""
    found: dict[str, list[MapNode]] = {}
    for file, node in files.items():
        is_company = file_kind(file) == "company"
        for key, overlay in _entries(node, "overlays") if is_company else ():
            if isinstance(overlay, MapNode):
                found.setdefault(f"mappings/{key.text}", []).append(overlay)
    yield from found.items()


def _entries(node: MapNode, key: str) -> Iterator[tuple[Scalar, Node]]:
    part = map_at(node, key)
    yield from () if part is None else part.items()


def _lookups(node: MapNode) -> set[str]:
    return {cell.text for key, cell in iter_scalars(node) if key == "lookup"}


def _texts(node: Node) -> Iterator[str]:
    """Give every text below a node, its keys too."""
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _texts(item)
    else:
        for name, entry in node.entries.items():
            yield name
            yield from _texts(entry.value)

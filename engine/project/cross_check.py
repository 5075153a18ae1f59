"""What only shows when several files are seen together, or a file with its own name.

Each function gives findings; none raises. ``engine.project.project_load`` calls them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Position, Problem
from engine.problems import nearest
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.language.schema import SchemaStore
    from engine.rulefiles.reader import Node

_FILE_KEYS = ("mapping", "match", "derive")


def check_name(node: MapNode, key: str, code: str, what: str) -> list[Problem]:
    """Find a file whose name is not the one that it gives itself."""
    named = node.get(key)
    folder, _, name = node.position.file.rpartition("/")
    stem = name.removesuffix(".yaml")
    called = "file"
    if key == "flow":
        stem, called = folder.rpartition("/")[2], "folder"
    if not isinstance(named, Scalar) or named.text == stem:
        return []
    said = f"the {called} is called {stem} but the {what} {named.text}"
    hint = f"write {key}: {stem}, or rename the {called}"
    return [_at(named, code, said, hint)]


def check_unused_files(
    flows: Mapping[str, MapNode], files: Iterable[str]
) -> list[Problem]:
    """Find mappings and match files that the flow beside them does not name.

    Args:
        flows: The flow files by folder.
        files: The mapping and match files.
    """
    used = {
        f"{folder}/{name}" for folder, flow in flows.items() for name in _files(flow)
    }
    return [
        Problem(
            "F212",
            "no flow uses this file",
            Position(file, 1, 1),
            "name it in flow.yaml, or delete it",
            is_warning=True,
        )
        for file in files
        if file not in used and file.rpartition("/")[0] in flows
    ]


def _files(node: Node) -> Iterator[str]:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _files(item)
    elif isinstance(node, MapNode):
        for key, value in node.items():
            if key.text in _FILE_KEYS and isinstance(value, Scalar):
                yield value.text
            yield from _files(value)


def check_table(node: MapNode, known: Mapping[str, MapNode]) -> list[Problem]:
    """Find entries that differ only in capitals, and a table that is there already."""
    problems = check_name(node, "table", "M517", "table")
    named, entries = node.get("table"), node.get("entries")
    if isinstance(named, Scalar) and named.text in known:
        other = known[named.text].position.file
        said = f"{other} has a table {named.text} already"
        problems.append(_at(named, "M516", said, "give it another name"))
    seen: dict[str, Scalar] = {}
    for key, value in entries.items() if isinstance(entries, MapNode) else ():
        first = seen.setdefault(key.text.casefold(), key)
        other_value = entries.get(first.text) if isinstance(entries, MapNode) else None
        if first is not key and _text(value) != _text(other_value):
            said = (
                f"{key.text} and {first.text} (line {first.position.line}) differ only"
                " in capitals and mean different things"
            )
            hint = "keep one, in small letters, and use transform: … | lower"
            problems.append(_at(key, "M518", said, hint, is_warning=True))
    return problems


def check_system(node: MapNode, store: SchemaStore) -> list[Problem]:
    """Find secrets that nothing uses, and schemas that are not there."""
    problems = check_name(node, "system", "S113", "system")
    used = {s.text for s in _below(node.get("sign_in"), "secret")}
    secrets = node.get("secrets")
    for key, _ in secrets.items() if isinstance(secrets, MapNode) else ():
        if key.text not in used:
            said = f"nothing uses the secret {key.text}"
            close = nearest(key.text, [u for u in used if u not in _keys(secrets)])
            hint = f"did you mean {close}?" if close else "use it in sign_in:"
            problems.append(_at(key, "S110", said, hint))
    for named in _below(node.get("endpoints"), "schema"):
        name = named.text.removesuffix("[]").partition("#")[0]
        if name not in store:
            close = nearest(name, store.names)
            listed = ", ".join(store.names[:8])
            hint = f"did you mean {close}?" if close else f"schemas: {listed}, …"
            problems.append(_at(named, "S112", f"there is no schema {name}", hint))
    return problems


def _keys(node: Node | None) -> tuple[str, ...]:
    return tuple(node) if isinstance(node, MapNode) else ()


def _below(node: Node | None, key: str) -> Iterator[Scalar]:
    """Yield the texts that stand below a key, however deep."""
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _below(item, key)
    elif isinstance(node, MapNode):
        for name, value in node.items():
            if name.text == key and isinstance(value, Scalar):
                yield value
            else:
                yield from _below(value, key)


def _text(node: Any) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _at(
    cell: Scalar, code: str, said: str, hint: str | None, *, is_warning: bool = False
) -> Problem:
    length = max(len(cell.text), 1)
    return Problem(code, said, cell.at(0), hint, length, is_warning)

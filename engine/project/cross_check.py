"""What only shows when several files are seen together, or a file with its own name.

``engine.project.project_load`` calls each function with what takes its findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.errors import Position
from engine.language.schema import SchemaStore
from engine.problems import Problems, did_you_mean, hint_for
from engine.rulefiles.nodes import (
    MapNode,
    Node,
    Scalar,
    entries_at,
    iter_scalars,
    map_at,
    maps_at,
    scalar_at,
    scalars_at,
    to_plain,
)

_FILE_KEYS = ("mapping", "match", "derive")


def check_name(
    node: MapNode, key: str, code: str, what: str, problems: Problems
) -> None:
    """Find a file whose name is not the one that it gives itself."""
    named = scalar_at(node, key)
    folder, _, name = node.position.file.rpartition("/")
    stem = name.removesuffix(".yaml")
    called = "file"
    if key == "flow":
        stem, called = folder.rpartition("/")[2], "folder"
    if named is not None and named.text != stem:
        said = f"the {called} is called {stem} but the {what} {named.text}"
        hint = f"write {key}: {stem}, or rename the {called}"
        problems.add(code, said, named, hint)


def check_unused_files(
    flows: Mapping[str, MapNode], files: Iterable[str], problems: Problems
) -> None:
    """Find mappings and match files that the flow of their folder does not name."""
    used = {
        f"{folder}/{cell.text}"
        for folder, flow in flows.items()
        for key, cell in iter_scalars(flow)
        if key in _FILE_KEYS
    }
    for file in files:
        if file not in used and file.rpartition("/")[0] in flows:
            said, hint = "no flow uses this file", "name it in flow.yaml, or delete it"
            problems.add("F212", said, Position(file, 1, 1), hint, is_warning=True)


def check_document_words(
    advice: MapNode, flows: Iterable[str], problems: Problems
) -> None:
    """Find flows and codes of ``documents`` that are not there."""
    codes = [key.text for key, _ in entries_at(advice, "advice")]
    for block in maps_at(advice, "documents"):
        for cell in scalars_at(block, "flows"):
            if cell.text not in (known := list(flows)):
                problems.unknown("F409", f"there is no flow {cell.text}", cell, known)
        for cell in scalars_at(block, "but"):
            if cell.text not in codes:
                problems.unknown("F409", f"there is no code {cell.text}", cell, codes)


def check_natural_keys(flows: Iterable[MapNode], problems: Problems) -> None:
    """Find two flows that make the same kind of entry and know it by other names."""
    seen: dict[tuple[str, str], tuple[tuple[str, ...], Scalar]] = {}
    for flow in flows:
        for write in (*maps_at(flow, "prepare"), *maps_at(flow, "vanished")):
            create, makes = map_at(write, "create"), map_at(write, "makes")
            sent = None if create is None else scalar_at(create, "send")
            named = scalar_at(write, "write")
            if named is None or sent is None:
                continue
            by: tuple[str, ...] = ("key",)
            if makes is not None:
                named = scalar_at(makes, "kind") or named
                by = tuple(sorted(key.text for key, _ in entries_at(makes, "by")))
            kind = (sent.text.partition(".")[0], named.text)
            known, first = seen.setdefault(kind, (by, named))
            if known != by:
                said = (
                    f"{named.text} is made by {', '.join(by)} here, and by "
                    f"{', '.join(known)} in {first.position}"
                )
                hint = "say the same makes: in both, so that one entry is made once"
                problems.add("F223", said, named, hint)


def check_table(
    node: MapNode, known: Mapping[str, MapNode], problems: Problems
) -> None:
    """Find entries that differ only in capitals, and a table that is there already."""
    check_name(node, "table", "M517", "table", problems)
    named = scalar_at(node, "table")
    if named is not None and named.text in known:
        other = known[named.text].position.file
        said = f"{other} has a table {named.text} already"
        problems.add("M516", said, named, "give it another name")
    seen: dict[str, tuple[Scalar, Node]] = {}
    for key, value in entries_at(node, "entries"):
        first, meaning = seen.setdefault(key.text.casefold(), (key, value))
        if first is not key and to_plain(value) != to_plain(meaning):
            said = (
                f"{key.text} and {first.text} (line {first.position.line}) differ only"
                " in capitals and mean different things"
            )
            hint = "keep one, in small letters, and use transform: … | lower"
            problems.add("M518", said, key, hint, is_warning=True)


def check_system(node: MapNode, store: SchemaStore, problems: Problems) -> None:
    """Find secrets that nothing uses, and schemas that are not there."""
    check_name(node, "system", "S113", "system", problems)
    used = {s.text for s in _below(node.get("sign_in"), "secret")}
    secrets = {key.text: key for key, _ in entries_at(node, "secrets")}
    for name, key in secrets.items():
        if name not in used:
            said = f"nothing uses the secret {name}"
            hint = did_you_mean(name, used - secrets.keys()) or "use it in sign_in:"
            problems.add("S110", said, key, hint)
    for named in _below(node.get("endpoints"), "schema"):
        name = named.text.removesuffix("[]").partition("#")[0]
        if name not in store:
            said = f"there is no schema {name}"
            problems.add("S112", said, named, hint_for(name, store.names, "schemas:"))


def _below(node: Node | None, key: str) -> list[Scalar]:
    """Give the texts that stand below a key, however deep."""
    found = () if node is None else iter_scalars(node)
    return [cell for name, cell in found if name == key]

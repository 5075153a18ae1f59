"""A company's own flows: the base's, with the mappings that its overlays change.

What no overlay touches is shared by all companies: a thousand companies cost a thousand
small differences, not a thousand projects.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from engine.errors import RuleError
from engine.language.schema import SchemaStore
from engine.language.symbols import SymbolTable
from engine.mapping.apply import Mapping, load_mapping
from engine.mapping.overlay import Merged, merge_overlay
from engine.problems import Problems, hint_for
from engine.project import flow_spec as spec
from engine.project.flow_spec import Flow
from engine.rulefiles.nodes import MapNode, Scalar, to_plain

ROOT = "mappings/"  # an overlay names its file below this folder


@dataclass(frozen=True, slots=True)
class CompanyFlows:
    """What differs for one company; both are empty for a company without overlays."""

    mappings: Dictionary[str, Mapping]  # "sales_invoice/invoice.yaml" -> merged
    flows: Dictionary[str, Flow]


@dataclass(frozen=True, slots=True)
class Bases:
    """What overlays build on: the files as nodes and as loaded mappings."""

    nodes: Dictionary[str, MapNode]  # by file, from the project's root
    mappings: Dictionary[str, Dictionary[str, Mapping]]  # folder -> file -> mapping
    store: SchemaStore
    tables: Dictionary[str, Dictionary[str, str]]
    types: Dictionary[str, SymbolTable]  # folder -> its roots


def load_company_flows(
    node: MapNode, bases: Bases, flows: Iterable[Flow], problems: Problems
) -> CompanyFlows:
    """Load a company's overlaid mappings, and the flows that use them."""
    mappings: dict[str, Mapping] = {}
    swaps: dict[int, Mapping] = {}
    texts: dict[str, Any] = {}  # folder -> what differs there
    for key, overlay in _overlays(node):
        folder, _, name = f"{ROOT}{key.text}".rpartition("/")
        base = bases.mappings.get(folder, {}).get(name)
        if base is None:
            _check_name(key, bases, problems)
            continue
        merged = merge_file(key.text, overlay, bases)
        problems.extend(merged.problems)
        types = bases.types.get(folder)
        mapping = _load(merged, overlay, bases, base, types, problems)
        if mapping is not None:
            mappings[key.text] = mapping
            swaps[id(base)] = mapping
            texts.setdefault(folder, {})[name] = to_plain(overlay)
    found = {}
    for flow in flows:
        own = texts.get(flow.file.rpartition("/")[0])
        if own:
            digest = _digest(flow.digest, own)
            found[flow.name] = replace(_swap(flow, swaps), digest=digest)
    return CompanyFlows(mappings, found)


def merge_file(file: str, overlay: MapNode, bases: Bases) -> Merged:
    """Merge an overlay into the mapping file that it names."""
    node = bases.nodes[f"{ROOT}{file}"]
    target = node.get("to")
    name = target.text.partition("#")[0] if isinstance(target, Scalar) else ""
    root = bases.store.field(name) if name in bases.store else None
    return merge_overlay(node, overlay, target=root, tables=bases.tables)


def _overlays(node: MapNode) -> Iterator[tuple[Scalar, MapNode]]:
    overlays = node.get("overlays")
    for key, overlay in overlays.items() if isinstance(overlays, MapNode) else ():
        if isinstance(overlay, MapNode):
            yield key, overlay


def _check_name(key: Scalar, bases: Bases, problems: Problems) -> None:
    """Say why an overlay's file cannot be changed."""
    known = [
        f"{folder}/{name}".removeprefix(ROOT)
        for folder, files in bases.mappings.items()
        for name in files
    ]
    if f"{ROOT}{key.text}" in bases.nodes:
        said = f"{key.text} is no mapping; an overlay changes mappings only"
        problems.add("M525", said, key)
    else:
        hint = hint_for(key.text, known, "mappings:")
        problems.add("M525", f"there is no mapping {key.text}", key, hint)


def _load(
    merged: Merged,
    overlay: MapNode,
    bases: Bases,
    base: Mapping,
    types: SymbolTable | None,
    problems: Problems,
) -> Mapping | None:
    """Load the merged file; what is wrong in it is the overlay's doing."""
    if not merged.is_sound:
        return None
    try:
        return load_mapping(
            merged.node,
            store=bases.store,
            tables=bases.tables,
            name=base.name,
            before=base,
            types=types,
        )
    except RuleError as error:
        at = overlay.position
        for problem in error.problems:
            is_here = problem.position and problem.position.file == at.file
            so = f"{problem.message}; so it is with the changes of {at.file}:{at.line}"
            problems.extend([problem if is_here else replace(problem, message=so)])
        return None


def _digest(base: str, own: Any) -> str:
    text = json.dumps(own, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{base}\0{text}".encode()).hexdigest()


def _swap(value: Any, swaps: Dictionary[int, Mapping]) -> Any:
    """Put merged mappings in the place of the base's, wherever a flow holds one.

    A part that holds none stays the same object.
    """
    if isinstance(value, Mapping):
        return swaps.get(id(value), value)
    if isinstance(value, tuple):
        parts = [_swap(part, swaps) for part in value]
        is_same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if is_same else tuple(parts)
    if not is_dataclass(value) or type(value).__module__ != spec.__name__:
        return value
    changed = {}
    for part in fields(value):
        old = getattr(value, part.name)
        new = _swap(old, swaps)
        if new is not old:
            changed[part.name] = new
    return replace(value, **changed) if changed else value  # type: ignore[type-var]

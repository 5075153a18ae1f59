"""What is wrong with a company's settings beyond their form.

The settings schema says it in annotations, so that no rule of one business stands here:
``x-check: iban`` (the text must be one), ``x-check: decimals`` (a list of numbers, with
points), ``x-differs`` (another setting, by its path, that must be different), ``x-own``
(settings of which no two name one thing), ``x-alone`` (no two companies have one),
``x-needs`` (``yes`` here needs a value there) and ``x-clashes`` (a value here that
makes no sense beside a value there).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, permutations
from typing import Any, Final

from engine.identifiers import comparable_id, find_iban
from engine.language.paths import Path
from engine.language.schema import SchemaField
from engine.language.sent_texts import normalise_text
from engine.language.values import (
    get_path,
)
from engine.mapping.keys.default import Default
from engine.mapping.keys.limit import Limit
from engine.mapping.keys.lookup import Lookup
from engine.mapping.keys.source_path import PathSource
from engine.mapping.keys.transform import Transform
from engine.mapping.rules import Mapping as RuleMapping
from engine.mapping.rules import Rule, iter_rules
from engine.problems import Problems, hint_for
from engine.project.company import Company
from engine.project.credentials import secret_key
from engine.project.system_spec import SystemSpec
from engine.rulefiles.nodes import ListNode, MapNode, Scalar, entries_at, scalar_at

# How late a request that has arrived may take effect, and how far a search may lag
# behind it: in seconds, both assumed (docs/protocol.md).
LATEST_EFFECT: Final = 240.0
SEARCH_LAG: Final = 200.0
_WITH_COMMA: Final = re.compile(r"\d+,\d+", re.ASCII)


def check_company(
    node: MapNode, company: Company, schema: Mapping[str, Any], problems: Problems
) -> None:
    """Find settings that contradict each other, and an account that is none."""
    for path, part in _settings("", schema):
        cell = _cell(node, path)
        if isinstance(cell, ListNode) and part.get("x-check") == "decimals":
            _check_decimals(cell, problems)
        if not isinstance(cell, Scalar):
            continue
        value = get_path(company.settings, path)
        if part.get("x-check") == "iban" and find_iban(cell.text) is None:
            said = f"{cell.text} is no bank account: its check digits are wrong"
            hint = "copy it again from the bank"
            problems.add("C102", said, cell, hint)
        other = part.get("x-differs")
        if other and value == get_path(company.settings, other):
            said = f"{path} and {other} are the same, so nothing would ever move"
            hint = "name two different statuses"
            problems.add("C103", said, cell, hint)
        for other in part.get("x-own", ()):
            if value == get_path(company.settings, other):
                said = f"{path} and {other} both name {cell.text}"
                hint = "name two different ones, or take one of the settings out"
                problems.add("C108", said, cell, hint)
        needed = part.get("x-needs")
        if needed and value is True and not get_path(company.settings, needed):
            said = f"{path} is on, but {needed} is not set"
            problems.add("C104", said, cell, f"add {needed}:")
        _check_clashes(path, cell, company, part.get("x-clashes", {}), problems)


def _check_clashes(
    path: str,
    cell: Scalar,
    company: Company,
    clashes: Mapping[str, Mapping[str, Any]],
    problems: Problems,
) -> None:
    for other, there in clashes.get(cell.text, {}).items():
        if get_path(company.settings, other) == there:
            said = f"{path}: {cell.text} and {other}: {there} contradict each other"
            problems.add("C114", said, cell, "change one of the two")


def _check_decimals(cell: ListNode, problems: Problems) -> None:
    """Find a decimal comma, which makes two items of one number: [25,5]."""
    cells = [item for item in cell.items if isinstance(item, Scalar)]
    for one, other in pairwise(cells):
        text = one.source.text if one.source else ""
        pair = text[one.start : other.end]
        if _WITH_COMMA.fullmatch(pair):
            said = f"{pair} is two numbers here"
            hint = f"write {pair.replace(',', '.')}; two numbers have a blank between"
            problems.add("C109", said, one, hint)
    for number, item in enumerate(cells):
        if any(item.text == before.text for before in cells[:number]):
            problems.add("C109", f"{item.text} stands twice", item, "keep one of them")


def _settings(
    prefix: str, schema: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        if isinstance(part, dict) and name != "overlays":
            yield f"{prefix}{name}", part
            yield from _settings(f"{prefix}{name}.", part)


def check_systems(
    node: MapNode,
    systems: Mapping[str, SystemSpec],
    broken: Iterable[str],
    problems: Problems,
) -> None:
    """Find a system that no system file describes."""
    known = sorted({*systems, *broken})
    for key, _ in entries_at(node, "systems"):
        if key.text not in known:
            said = f"there is no system {key.text}"
            problems.unknown("C106", said, key, known, "systems:")


def check_settle_time(
    node: MapNode,
    company: Company,
    systems: Mapping[str, SystemSpec],
    problems: Problems,
) -> None:
    """Find a settle time in which a late request could still take effect."""
    seconds, least = company.settings["settle_seconds"], least_settle_seconds(systems)
    if seconds >= least:
        return
    cell = scalar_at(node, "settle_seconds") or node
    said = f"settle_seconds is {seconds}, and {least:.0f} is the least"
    why = (
        f"a request may last {least - LATEST_EFFECT - SEARCH_LAG:.0f} s, take effect"
        f" {LATEST_EFFECT:.0f} s later, and be found {SEARCH_LAG:.0f} s after that"
    )
    problems.add("C115", said, cell, f"{why}: a shorter time could make a second one")


def least_settle_seconds(systems: Mapping[str, SystemSpec]) -> float:
    """Give how long a write in doubt must rest: until it is there and can be found.

    Files are looked for by their document's id, without a search that may lag.
    """
    longest = max(
        (
            endpoint.deadline_seconds - SEARCH_LAG * (endpoint.body == "multipart")
            for system in systems.values()
            for endpoint in system.endpoints.values()
            if not endpoint.is_read
        ),
        default=0.0,
    )
    return longest + LATEST_EFFECT + SEARCH_LAG


def check_secret_names(
    nodes: Mapping[str, MapNode], systems: Mapping[str, SystemSpec], problems: Problems
) -> None:
    """Find two companies of which one would read the other's secrets, by its name.

    Both are told, and neither runs: nobody knows whose the secret is.
    """
    keys = {
        name: {
            secret_key(name, f"{system}_{secret}")
            for system, spec in systems.items()
            for secret in spec.secrets
        }
        for name in nodes
    }
    for name, other in permutations(nodes, 2):
        cell = scalar_at(nodes[name], "company")
        if (taken := sorted(keys[name] & keys[other])) and cell is not None:
            said = f"{name} and {other} would both read the secret {taken[0]}"
            problems.add("C105", said, cell, "give one of them another name")


def check_shared(
    nodes: Mapping[str, MapNode], schema: Mapping[str, Any], problems: Problems
) -> None:
    """Find what a copied company file still has of another one; both are told."""
    for path, part in _settings("", schema):
        owners: dict[str, list[tuple[str, Scalar]]] = {}
        for name, node in nodes.items() if part.get("x-alone") else ():
            cell = _cell(node, path)
            if isinstance(cell, Scalar):
                owners.setdefault(comparable_id(cell.text), []).append((name, cell))
        for shared in owners.values():
            for (name, cell), (other, _) in zip(
                shared, [*shared[1:], shared[0]], strict=True
            ):
                if other != name:
                    said = f"{path} of {name} is the one of {other}: {cell.text}"
                    problems.add("C112", said, cell, f"write the one of {name}")


def check_values(
    node: MapNode,
    company: Company,
    mappings: Iterable[RuleMapping],
    problems: Problems,
) -> None:
    """Find settings that a mapping sends and the target does not allow."""
    told: set[tuple[str, str]] = set()
    for mapping in mappings:
        for rule in iter_rules(mapping.fields):
            if not isinstance(rule, Rule) or rule.target is None:
                continue
            for path in _sent_paths(rule):
                root, *keys = path.keys or ("",)
                name = ".".join(keys)
                if root != "company" or (name, rule.path) in told:
                    continue
                cell = _cell(node, name)
                fault = _find_fault(get_path(company.settings, name), rule.target, rule)
                if isinstance(cell, Scalar) and fault is not None:
                    said, hint = fault
                    problems.add("C107", f"{name}: {said}", cell, hint)
                    told.add((name, rule.path))


def _sent_paths(rule: Rule) -> Iterator[Path]:
    """Give the paths whose value goes out as it is."""
    default = rule.find(Default)
    yield from () if default is None else default.paths
    is_changed = rule.find(Lookup) or rule.find(Transform)
    if isinstance(rule.value, PathSource) and not is_changed:
        yield rule.value.cell


def _find_fault(
    value: Any, target: SchemaField, rule: Rule
) -> tuple[str, str | None] | None:
    if not isinstance(value, str) or not value:
        return None
    if target.enum is not None and value not in target.enum:
        hint = hint_for(value, [str(v) for v in target.enum], "allowed:")
        return f"{value} is not an allowed value of {rule.path}", hint
    longest = target.max_length
    size = len(normalise_text(value))
    if longest is not None and size > longest and rule.find(Limit) is None:
        return f"{size} characters are longer than {rule.path} allows ({longest})", None
    return None


def _cell(node: MapNode, path: str) -> Any:
    found: Any = node
    for part in path.split("."):
        found = found.get(part) if isinstance(found, MapNode) else None
    return found

"""``compiled``: what a field's rule became, beside its line of YAML.

What is shown are the functions themselves, each with the constants and functions that
it holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from engine.cli.consultant import Reply
from engine.cli.named import pick_named
from engine.errors import Position
from engine.flow.offline import pick_mapping
from engine.language.filters.declaration import Filter
from engine.language.values import show_value
from engine.mapping.rules import Rule, iter_rules, iter_variables
from engine.mapping.stages import compiled_rule
from engine.project.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN: Final = (str, int, frozenset, type(None))
_FUNCTIONS: Final = (tuple, list, dict)


def add_command(add: Any) -> None:
    command = add("compiled", run, "show which functions a field's rule became")
    command.add_argument("flow", metavar="FLOW")
    command.add_argument("field", nargs="?", metavar="FIELD", help="default: all")
    command.add_argument("--mapping", metavar="NAME", help="another mapping's file")


def run(arguments: argparse.Namespace) -> Reply:
    project = load_project(arguments.root)
    flow = pick_named(project.flows, arguments.flow, "flow")
    mapping = pick_mapping(project, flow, arguments.mapping)
    nodes = (*iter_variables(mapping), *iter_rules(mapping.fields))
    rules = {node.path: node for node in nodes if isinstance(node, Rule)}
    if arguments.field is not None:
        rules = {arguments.field: pick_named(rules, arguments.field, "field")}
    lines = [line for rule in rules.values() for line in show(rule, arguments.root)]
    return Reply("\n".join(lines))


def show(rule: Rule, root: Path) -> Iterator[str]:
    """Give the rule's line, and a line for each function below the one that runs it."""
    place = rule.position
    text = (root / place.file).read_text("utf-8").splitlines()[place.line - 1]
    yield f"{place.file}:{place.line}  {text.strip()}"
    yield from _tree("run", compiled_rule(rule, is_heard=False), 1)
    yield ""


def _tree(name: str, function: Callable[..., Any], depth: int) -> Iterator[str]:
    """Show a function with what it holds, as ``name: what_it_is constant=…``."""
    code = getattr(function, "__code__", None)
    held = (
        zip(code.co_freevars, function.__closure__ or (), strict=True) if code else ()
    )
    constants, below = [], []
    for key, cell in held:
        value = cell.cell_contents
        if isinstance(value, Filter):
            constants.append(f"{key}={value.name}")
        elif callable(value):
            below.append((key, value))
        elif isinstance(value, _FUNCTIONS):
            parts = list(value.values() if isinstance(value, dict) else value)
            below += [(key, part) for part in _callables(parts)]
            if isinstance(value, dict):
                constants.append(f"{key}={len(parts)}")
            elif parts and all(isinstance(part, str) for part in parts):
                constants.append(f"{key}={'.'.join(parts)}")
        elif isinstance(value, _PLAIN) and not isinstance(value, Position):
            constants.append(f"{key}={_constant(value)}")
    said = getattr(function, "__qualname__", type(function).__name__)
    owner, _, last = said.rpartition(".<locals>.")
    what = owner.rpartition(".")[2] if last == "<lambda>" else last
    page = getattr(function, "__module__", "").rpartition(".")[2]
    yield f"{'  ' * depth}{name}: {' '.join([f'{page}.{what}', *constants])}"
    for key, part in below:
        yield from _tree(key, part, depth + 1)


def _callables(parts: Any) -> Iterator[Callable[..., Any]]:
    """Give functions, also those in rows of a place, a text and a function."""
    for part in parts:
        if callable(part):
            yield part
        elif isinstance(part, tuple):
            yield from _callables(part)


def _constant(value: Any) -> str:
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    return repr(value) if isinstance(value, str) else show_value(value) or "nothing"

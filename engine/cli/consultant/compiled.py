"""``compiled``: what a field's rule became, beside its line of YAML."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from engine.cli.consultant import Reply
from engine.cli.named import pick_named
from engine.flow.offline import pick_mapping
from engine.mapping.rules import Rule, iter_rules, iter_variables
from engine.mapping.stages import rule_text
from engine.project.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN: Final = (str, int, frozenset, type(None))
_FUNCTIONS: Final = (tuple, list, dict)


def add_command(add: Any) -> None:
    command = add("compiled", run, "show the function that a field's rule became")
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
    return Reply("\n".join(show(rule, arguments.root) for rule in rules.values()))


def show(rule: Rule, root: Path) -> str:
    """Give the rule's line, and the function below it."""
    place = rule.position
    line = (root / place.file).read_text("utf-8").splitlines()[place.line - 1]
    return f"{place.file}:{place.line}  {line.strip()}\n{rule_text(rule).show()}"

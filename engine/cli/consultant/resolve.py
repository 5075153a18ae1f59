"""``resolve``: a mapping as a company uses it, with the origin of every key."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.named import pick_named
from engine.flow.offline import pick_mapping
from engine.json_text import render_json
from engine.project.company_overlays import ROOT, merge_file
from engine.project.project import Project, load_project
from engine.rulefiles.nodes import ListNode, MapNode, Node, Scalar, to_plain
from engine.rulefiles.printer import render_yaml
from engine.rulefiles.reader import load_yaml_file


def add_command(add: Any) -> None:
    text = "show a mapping as a company uses it, with the origin of every key"
    command = add("resolve", run, text)
    command.add_argument("flow", metavar="FLOW")
    command.add_argument("--mapping", metavar="NAME", help="default: what it sends")
    command.add_argument("--company", metavar="NAME", required=True)
    command.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> Reply:
    """Print the merged file; it can be loaded again and means the same."""
    project = load_project(arguments.root)
    flow = pick_named(project.flows, arguments.flow, "flow")
    company = pick_named(project.companies, arguments.company, "company")
    mapping = pick_mapping(project, flow, arguments.mapping)
    file = f"{mapping.position.file}".removeprefix(ROOT)
    node = resolve_mapping(project, company.position.file, file)
    if arguments.json:
        keys = [
            {"path": path, "value": value, "origin": origin}
            for path, value, origin in iter_origins(node)
        ]
        found = {"mapping": file, "company": company.name, "keys": keys}
        return Reply(render_json({**found, "merged": to_plain(node)}))
    head = f"# {ROOT}{file} as {company.name} uses it"
    return Reply(f"{head}\n{render_yaml(node, origin_of)}".rstrip())


def resolve_mapping(project: Project, company_file: str, file: str) -> MapNode:
    """Give a mapping file merged with what a company's file says of it."""
    company = load_yaml_file(project.root / company_file, project.root)
    overlays = company.get("overlays") if isinstance(company, MapNode) else None
    overlay = overlays.get(file) if isinstance(overlays, MapNode) else None
    if not isinstance(overlay, MapNode):
        return project.bases.nodes[f"{ROOT}{file}"]
    return merge_file(file, overlay, project.bases).node


def origin_of(key: Scalar) -> str:
    """Name the file and line of a key."""
    return f"{key.position.file}:{key.position.line}"


def iter_origins(node: Node, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Give each text of a tree: its path, itself, and its file and line."""
    if isinstance(node, Scalar):
        yield path, node.text, origin_of(node)
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            yield from iter_origins(item, f"{path}[{index}]")
    else:
        for key, value in node.items():
            yield from iter_origins(value, f"{path}.{key.text}" if path else key.text)

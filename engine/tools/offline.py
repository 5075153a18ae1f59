"""What ``map`` and ``explain`` share: a flow, a mapping, a company and a document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Problem, SettingsError
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.mapping import Recorder
from engine.project import load_project
from engine.tools import pick_named

if TYPE_CHECKING:
    import argparse

    from engine.flow.offline import Offline


def add_arguments(command: Any) -> None:
    """Add the arguments that name what to map."""
    command.add_argument("flow", metavar="FLOW")
    command.add_argument("--document", type=Path, required=True, metavar="FILE")
    command.add_argument("--mapping", metavar="NAME", help="default: what it sends")
    command.add_argument("--company", metavar="NAME", help="default: the first")
    command.add_argument("--json", action="store_true", help="for programs")


def run_offline(arguments: argparse.Namespace) -> Offline:
    """Map the document that the arguments name.

    Raises:
        ConfigError: The rules are wrong, or something named is not there.
    """
    project = load_project(arguments.root)
    pick_named(project.flows, arguments.flow, "flow")
    name = arguments.company or next(iter(project.companies))
    company = pick_named(project.companies, name, "company")
    flow = project.flow_for(company.name, arguments.flow)
    mapping = pick_mapping(project, flow, arguments.mapping, company.name)
    if not arguments.document.is_file():
        raise SettingsError([Problem("M600", f"there is no file {arguments.document}")])
    text = arguments.document.read_text("utf-8")
    document = read_document(text, arguments.document.name)
    return map_document(flow, mapping, document, company.settings, recorder=Recorder())

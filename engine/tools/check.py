"""``check``: every rule file, before any document is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.project import load_project
from engine.report import render_problems
from engine.tools import Reply, line_reader

if TYPE_CHECKING:
    import argparse


def add_command(add: Any) -> None:
    """Add the command to the parser."""
    add("check", run, "check every rule file before any document is read")


def run(arguments: argparse.Namespace) -> Reply:
    """Load the project; what is wrong is raised with all its problems."""
    project = load_project(arguments.root)
    counts = (
        f"{len(project.flows)} flows, "
        f"{sum(len(files) for files in project.mappings.values())} mappings, "
        f"{len(project.systems)} systems, {len(project.tables)} tables, "
        f"{len(project.companies)} companies"
    )
    said = f"all well: {counts}"
    if project.warnings:
        found = render_problems(project.warnings, line_reader(arguments.root))
        said = f"{found}\n{said}"
    return Reply(said)

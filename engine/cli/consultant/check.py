"""``check``: every rule file, before any document is read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.exit_codes import WRONG
from engine.cli.findings_index import load_findings
from engine.cli.named import line_reader
from engine.cli.report import (
    problems_to_github,
    problems_to_json,
    problems_to_sarif,
    render_problems,
)
from engine.errors import Problem, RuleError
from engine.project.project import Project, load_project

FORMATS = ("text", "json", "github", "sarif")


def add_command(add: Any) -> None:
    command = add("check", run, "check every rule file before any document is read")
    command.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how findings are written; text unless said",
    )


def run(arguments: argparse.Namespace) -> Reply:
    """Load the project and tell everything that is wrong; warnings alone are no error.

    Raises:
        RuleError: With every problem, for the format that people read.
    """
    try:
        project = load_project(arguments.root)
    except RuleError as error:
        if arguments.format == "text":
            raise
        return Reply(_render(error.problems, arguments.format), code=WRONG)
    if arguments.format != "text":
        return Reply(_render(project.warnings, arguments.format))
    said = f"all well: {_counts(project)}"
    if project.warnings:
        found = render_problems(project.warnings, line_reader(arguments.root))
        said = f"{found}\n{said}"
    return Reply(said)


def _counts(project: Project) -> str:
    mappings = sum(len(files) for files in project.mappings.values())
    tables = {name.partition(".")[0] for name in project.tables}  # a CSV is one
    return (
        f"{len(project.flows)} flows, {mappings} mappings, "
        f"{len(project.systems)} systems, {len(tables)} tables, "
        f"{len(project.companies)} companies"
    )


def _render(problems: Sequence[Problem], form: str) -> str:
    if form == "json":
        return problems_to_json(problems)
    if form == "github":
        return problems_to_github(problems)
    titles = {code: text.title for code, text in load_findings().items()}
    return problems_to_sarif(problems, titles)

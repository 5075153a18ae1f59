"""``coverage``: which branches of the rules the samples go through, and which never.

What counts as a branch stands in :mod:`engine.mapping.branches`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.exit_codes import OK, STOPPED
from engine.cli.named import pick_named
from engine.cli.samples.changes import show_line
from engine.cli.samples.samples import find_samples, load_sample, run_sample
from engine.json_text import render_json
from engine.mapping.apply import Recorder
from engine.mapping.branches import list_branches
from engine.mapping.keys.page import Branch
from engine.project.project import Project, load_project


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the samples of a flow go through; branches in the order of the files."""

    flow: str
    samples: int
    branches: tuple[Branch, ...]
    missed: tuple[Branch, ...]

    @property
    def met(self) -> int:
        return len(self.branches) - len(self.missed)

    @property
    def percent(self) -> float:
        """The share of branches that were gone through; 100 when there are none."""
        return 100 * self.met / len(self.branches) if self.branches else 100.0


def add_command(add: Any) -> None:
    command = add("coverage", run, "show which branches of the rules no sample meets")
    command.add_argument("flow", nargs="?", metavar="FLOW", help="default: all")
    command.add_argument(
        "--minimum",
        type=float,
        metavar="PERCENT",
        help="end with 1 when a flow has less",
    )
    command.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> Reply:
    project = load_project(arguments.root)
    if arguments.flow is not None:
        pick_named(project.flows, arguments.flow, "flow")
    flows = [arguments.flow] if arguments.flow else list(project.flows)
    found = [measure(project, flow) for flow in flows]
    least = arguments.minimum
    code = OK
    if least is not None and any(one.percent < least for one in found):
        code = STOPPED
    if arguments.json:
        return Reply(render_json([_as_json(one) for one in found]), code=code)
    return Reply("\n\n".join(_as_text(one) for one in found), code=code)


def measure(project: Project, flow: str) -> Coverage:
    """Run a flow's samples and say which branches of its mappings they go through.

    Only the mapping that a sample shows counts: what it goes through by the way, in the
    derivations of the flow, is seen in no snapshot.

    Raises:
        SettingsError: A sample cannot be read.
    """
    folder = project.flows[flow].file.rpartition("/")[0]
    mappings = project.mappings.get(folder, {})
    branches = list_branches(mappings[name] for name in sorted(mappings))
    recorder = Recorder()
    paths = find_samples(project.root, flow)
    for path in paths:
        run_sample(project, load_sample(project, path), recorder)
    missed = [branch for branch in branches if not branch.is_met(recorder.branches)]
    return Coverage(flow, len(paths), tuple(branches), tuple(missed))


def _as_text(coverage: Coverage) -> str:
    said = (
        f"{coverage.met} of {len(coverage.branches)} branches, {coverage.percent:.1f} %"
    )
    lines = [f"coverage of {coverage.flow} by {coverage.samples} samples: {said}"]
    rows = [(show_line(a.position), a.field, a.what) for a in coverage.missed]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
    lines += [
        f"   {place:<{widths[0]}}  {field:<{widths[1]}}  {what}  never"
        for place, field, what in rows
    ]
    return "\n".join(lines)


def _as_json(coverage: Coverage) -> dict[str, Any]:
    missed = set(coverage.missed)
    return {
        "flow": coverage.flow,
        "samples": coverage.samples,
        "met": coverage.met,
        "branches": [
            {
                "rule": str(branch.position),
                "field": branch.field,
                "what": branch.what,
                "met": branch not in missed,
            }
            for branch in coverage.branches
        ],
    }

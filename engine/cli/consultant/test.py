"""``test``: the samples against their snapshots, with what changed, field by field."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.exit_codes import OK, STOPPED
from engine.cli.named import pick_named
from engine.cli.samples.changes import (
    find_rule_place,
    list_changes,
    show_leaf,
    show_line,
)
from engine.cli.samples.samples import (
    find_samples,
    load_sample,
    make_sample,
    pick_sample_mapping,
    run_sample,
    show_run,
)
from engine.cli.samples.snapshots import (
    read_form,
    read_snapshots,
    write_form,
    write_snapshots,
)
from engine.errors import Problem, SettingsError
from engine.json_text import render_json
from engine.mapping.apply import Recorder
from engine.project.project import Project, load_project

SAME, DIFFERS, NEW = "same", "differs", "new"


@dataclass(slots=True)
class _Outcome:
    case: str
    about: str
    state: str
    text: str  # as the snapshot would be
    lines: list[str] = field(default_factory=list)  # what differs


def add_command(add: Any) -> None:
    command = add("test", run, "run the samples against their snapshots")
    command.add_argument("flow", nargs="?", metavar="FLOW", help="default: all")
    command.add_argument(
        "--accept", action="store_true", help="what is now is right: write it"
    )
    command.add_argument(
        "--new-from",
        type=Path,
        metavar="FILE",
        help="make a masked sample of it",
    )
    command.add_argument("--name", metavar="CASE", help="of the new sample")
    command.add_argument("--about", metavar="TEXT", help="of the new sample")
    command.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> Reply:
    """Run the samples and tell what differs; 1 when something does."""
    root: Path = arguments.root
    project = load_project(root)
    if arguments.flow is not None:
        pick_named(project.flows, arguments.flow, "flow")
    if arguments.new_from is not None:
        return _add_sample(project, arguments)
    outcomes, unused = _run_all(project, arguments.flow)
    if arguments.accept:
        changed = {o.case: o.text for o in outcomes if o.state != SAME}
        if changed or unused:
            write_snapshots(root, changed, unused)
    is_well = not unused and all(o.state == SAME for o in outcomes)
    code = OK if is_well or arguments.accept else STOPPED
    if arguments.json:
        return Reply(_as_json(outcomes, unused), code=code)
    return Reply(_as_text(outcomes, unused, accepted=arguments.accept), code=code)


def _run_all(project: Project, flow: str | None) -> tuple[list[_Outcome], list[str]]:
    paths = find_samples(project.root)
    accepted = read_snapshots(project.root)
    outcomes = [
        _run_one(project, path, accepted.get(path.stem))
        for path in paths
        if flow is None or path.parent.name == flow
    ]
    known = {path.stem for path in paths}
    return outcomes, [case for case in accepted if case not in known]


def _run_one(project: Project, path: Path, accepted: str | None) -> _Outcome:
    sample = load_sample(project, path)
    recorder = Recorder()
    text = show_run(project, sample, run_sample(project, sample, recorder))
    if accepted is None:
        return _Outcome(sample.case, sample.about, NEW, text)
    written = write_form(text)
    if written == accepted:
        return _Outcome(sample.case, sample.about, SAME, text)
    (old_about, old), (_, new) = read_form(accepted), read_form(written)
    lines = []
    if old_about != sample.about:
        lines.append(f"about: '{old_about}' → '{sample.about}'")
    mapping = pick_sample_mapping(project, sample)
    for change in list_changes(old.get("payload"), new.get("payload")):
        place = show_line(find_rule_place(change.path, mapping, recorder.traces))
        lines.append(f"{change}  {place}".rstrip())
    lines += _of_findings("cut", old.get("truncations"), new.get("truncations"))
    lines += _of_findings("error", old.get("errors"), new.get("errors"))
    return _Outcome(sample.case, sample.about, DIFFERS, text, lines)


def _of_findings(kind: str, old: Any, new: Any) -> list[str]:
    """Tell which cuts or errors are gone and which are new."""
    gone = [finding for finding in old or () if finding not in (new or ())]
    come = [finding for finding in new or () if finding not in (old or ())]
    return [
        f"{word} {kind}: {_say(finding)}"
        for word, findings in (("no more", gone), ("new", come))
        for finding in findings
    ]


def _say(finding: dict[str, Any]) -> str:
    shown = {**finding}
    rule = shown.pop("rule", "")
    if "code" in shown:
        where = shown["field"] or "document"
        said = f"{where}: {shown['code']} {shown['message']}"
    else:
        said = f"{shown['path']} at {shown['limit']} characters"
        said += f", to {shown['moved_to']}" if shown.get("moved_to") else ""
        said += f", kept {show_leaf(shown['kept'])}"
    return f"{said}  ({rule})" if rule else said


def _as_text(outcomes: list[_Outcome], unused: list[str], *, accepted: bool) -> str:
    lines = []
    for outcome in outcomes:
        if outcome.state == SAME:
            continue
        said = " (new, no snapshot yet)" if outcome.state == NEW else ""
        lines.append(f"{outcome.case}  {outcome.about}{said}")
        lines += [f"  {line}" for line in outcome.lines]
    lines += [f"{case}  has a snapshot but no sample" for case in unused]
    counts = Counter(outcome.state for outcome in outcomes)
    parts = [f"{counts[SAME]} as before"]
    parts += [f"{counts[state]} {state}" for state in (DIFFERS, NEW) if counts[state]]
    parts += [f"{len(unused)} unused"] if unused else []
    samples = "sample" if len(outcomes) == 1 else "samples"
    summary = f"{len(outcomes)} {samples}: {', '.join(parts)}"
    if lines and accepted:
        summary += "; accepted"
    elif lines:
        summary += "\n  do: correct the rules, or take it over with --accept"
    return "\n".join([*lines, summary])


def _as_json(outcomes: list[_Outcome], unused: list[str]) -> str:
    return render_json(
        {
            "samples": [
                {"case": o.case, "about": o.about, "state": o.state, "changes": o.lines}
                for o in outcomes
            ],
            "unused": unused,
        }
    )


def _add_sample(project: Project, arguments: argparse.Namespace) -> Reply:
    if arguments.flow is None or arguments.name is None:
        said = "a new sample needs the flow and its name"
        hint = "python -m engine test FLOW --new-from FILE.json --name CASE"
        raise SettingsError([Problem("M616", said, hint=hint)])
    sample, notes = make_sample(
        project, arguments.flow, arguments.new_from, arguments.name, arguments.about
    )
    text = show_run(project, sample, run_sample(project, sample))
    write_snapshots(project.root, {sample.case: text})
    lines = [
        f"{sample.file} is written, with its document and its snapshot.",
        "  do: look for names left in it; read the snapshot by the field table",
        *(f"warning: {note}" for note in notes),
        text,
    ]
    return Reply("\n".join(lines))

"""The consultant's offline tool: no network, no secret, no ledger.

    python -m engine check
    python -m engine map FLOW --document FILE [--mapping NAME] [--company NAME] [--json]
    python -m engine explain FLOW --document FILE [FIELD]

Exit codes: 0 all well, 1 the document cannot go as it is, 2 rules are wrong.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError, Problem, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.flow.offline import Offline

ROOT = Path(__file__).resolve().parent.parent
OK, STOPPED, WRONG = range(3)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        print(_findings(error.problems, arguments.root), file=sys.stderr)
        return WRONG


def _parser() -> argparse.ArgumentParser:
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m engine", description=about)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable[[Any], int], text: str) -> Any:
        command = commands.add_parser(name, help=text, parents=[shared])
        command.set_defaults(run=run)
        return command

    add("check", _check, "check every rule file before any document is read")
    text = "regenerate the pages that are made from the grammar and the rules"
    docs = add("docs", _docs, text)
    docs.add_argument("--check", action="store_true", help="only tell what is stale")
    for name, run, about in (
        ("map", _map, "show the payload that a document gives"),
        ("explain", _explain, "show how each field of the payload came to be"),
    ):
        command = add(name, run, about)
        command.add_argument("flow", metavar="FLOW")
        command.add_argument("--document", type=Path, required=True, metavar="FILE")
        command.add_argument("--mapping", metavar="NAME", help="default: what it sends")
        command.add_argument("--company", metavar="NAME", help="default: the first")
        command.add_argument("--json", action="store_true", help="for programs")
        if name == "explain":
            command.add_argument("field", nargs="?", metavar="FIELD")
    return parser


def _check(arguments: argparse.Namespace) -> int:
    from engine.project import load_project

    project = load_project(arguments.root)
    if project.warnings:
        print(_findings(project.warnings, arguments.root))
    counts = (
        f"{len(project.flows)} flows, "
        f"{sum(len(files) for files in project.mappings.values())} mappings, "
        f"{len(project.systems)} systems, {len(project.tables)} tables, "
        f"{len(project.companies)} companies"
    )
    print(f"all well: {counts}")
    return OK


def _docs(arguments: argparse.Namespace) -> int:
    from engine.pages import stale_pages, write_pages

    if not arguments.check:
        for page in write_pages(arguments.root):
            print(page)
        return OK
    stale = stale_pages(arguments.root)
    for page in stale:
        print(f"{page} is stale\n  do: python -m engine docs", file=sys.stderr)
    return STOPPED if stale else OK


def _map(arguments: argparse.Namespace) -> int:
    offline, _ = _run_offline(arguments)
    result = offline.result
    violations = [*offline.stops, *result.violations]
    if arguments.json:
        found = {
            "payload": result.payload,
            "truncations": [
                {
                    "path": c.path,
                    "limit": c.limit,
                    "original": c.original,
                    "kept": c.kept,
                    "moved_to": c.moved_to,
                    "rule": str(c.position),
                }
                for c in result.truncations
            ],
            "errors": [
                {
                    "code": v.code,
                    "field": v.field,
                    "value": v.value,
                    "message": v.message,
                    "rule": str(v.position or ""),
                }
                for v in violations
            ],
        }
        print(_dump(found))
        return STOPPED if violations else OK
    print(_dump(result.payload))
    for cut in result.truncations:
        lost = f"cut from {len(cut.original)} to {cut.limit} characters"
        moved = f", the whole text is in {cut.moved_to}" if cut.moved_to else ""
        print(f"warning  {cut.path}: {lost}{moved}  {cut.position}", file=sys.stderr)
    for v in violations:
        value = f' (is "{v.value}")' if v.value else ""
        place = f"  {v.position}" if v.position else ""
        text = f"{v.field or 'document'}: {v.code} {v.message}{value}{place}"
        print(f"error    {text}", file=sys.stderr)
    return STOPPED if violations else OK


def _explain(arguments: argparse.Namespace) -> int:
    from engine.masking import mask_text

    offline, traces = _run_offline(arguments)
    wanted = arguments.field
    chosen = [
        t
        for t in traces
        if not wanted
        or t.path == wanted
        or t.path.startswith((f"{wanted}.", f"{wanted}["))
    ]
    if wanted and not chosen:
        from engine.suggest import suggest

        guess = suggest(wanted, [t.path for t in traces])
        hint = f"did you mean {guess}?" if guess else None
        raise SettingsError([Problem("M603", f"no rule makes {wanted}", hint=hint)])
    if arguments.json:
        print(
            _dump(
                [
                    {
                        "path": t.path,
                        "value": t.value,
                        "sent": t.is_sent,
                        "rule": str(t.position),
                        "stages": [
                            {"stage": s.name, "from": s.origin, "value": s.value}
                            for s in t.stages
                        ],
                    }
                    for t in chosen
                ]
            )
        )
        return OK
    for trace in chosen:
        value = mask_text(_dump(trace.value)) if trace.is_sent else "left out"
        print(f"{trace.path} = {value}    {trace.position}")
        for stage in trace.stages:
            shown = mask_text(_dump(stage.value))
            print(f"   {stage.name:<10} {stage.origin:<44} {shown}")
    return STOPPED if offline.result.violations else OK


def _run_offline(arguments: argparse.Namespace) -> tuple[Offline, tuple[Any, ...]]:
    from engine.flow.offline import map_document, pick_mapping, read_document
    from engine.mapping import Recorder
    from engine.project import load_project

    project = load_project(arguments.root)
    flow = _named(project.flows, arguments.flow, "flow")
    name = arguments.company or next(iter(project.companies))
    company = _named(project.companies, name, "company")
    mapping = pick_mapping(project, flow, arguments.mapping)
    if not arguments.document.is_file():
        raise SettingsError([Problem("M600", f"there is no file {arguments.document}")])
    text = arguments.document.read_text("utf-8")
    document = read_document(text, arguments.document.name)
    recorder = Recorder()
    offline = map_document(flow, mapping, document, company.settings, recorder=recorder)
    return offline, offline.result.traces


def _named(known: Mapping[str, Any], name: str, kind: str) -> Any:
    if name not in known:
        hint = "known are: " + ", ".join(sorted(known))
        raise SettingsError([Problem("C403", f"there is no {kind} {name}", hint=hint)])
    return known[name]


def _dump(value: Any) -> str:
    """Write JSON with the digits that will be sent."""
    from engine.json_text import render_json

    return render_json(value)


def _findings(problems: Sequence[Problem], root: Path) -> str:
    from engine.report import render_problems

    def read(file: str) -> list[str]:
        path = root / file
        return path.read_text("utf-8", "replace").splitlines() if path.is_file() else []

    return render_problems(list(problems), read)


if __name__ == "__main__":
    sys.exit(main())

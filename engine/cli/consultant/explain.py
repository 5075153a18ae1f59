"""``explain``: how each field of the payload came to be, one row a field.

A row tells the rule's file and line, then each stage: where from, what it gave, what
was cut, which default, what the target's schema says of the field. The last value of a
field that is sent is what is sent. A stage that a company's file changes names that
file and line; the row's place is the base's. Below a field that is named stand the
variables and derived fields that it came from, down to what was read.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from engine.cli.consultant import Reply
from engine.cli.consultant.one_document import (
    OfflineRun,
    add_arguments,
    make_mask,
    run_offline,
)
from engine.cli.consultant.origins import (
    Ground,
    Origin,
    explain_variable,
    find_origins,
)
from engine.cli.exit_codes import OK, STOPPED
from engine.cli.samples.changes import show_line
from engine.cli.samples.hide_personal import Mask
from engine.errors import Problem, SettingsError
from engine.json_text import render_json
from engine.kinds import NOUNS
from engine.language.schema import SchemaField
from engine.mapping.apply import Trace
from engine.mapping.result import TraceStep
from engine.problems import did_you_mean

WIDTH: Final = 100  # characters, where no terminal says
_NAME: Final = 15  # of a stage, with its blanks


def add_command(add: Any) -> None:
    command = add("explain", run, "show how each field of the payload came to be")
    add_arguments(command)
    about = "the field to show, or a variable, and what it came from"
    command.add_argument("named", nargs="?", metavar="FIELD", help=about)
    command.add_argument("--field", metavar="FIELD", help="the same, at any place")


def run(arguments: argparse.Namespace) -> Reply:
    """Map a document and show the way of every value, or of one field's."""
    offline = run_offline(arguments)
    result = offline.outcome.result
    chosen = _choose(offline, arguments.field or arguments.named)
    mask = make_mask(offline, arguments.mask)
    if arguments.json:
        return Reply(render_json([_as_json(origin, mask) for origin in chosen]))
    code = STOPPED if result.violations else OK
    is_terminal = sys.stdout.isatty()
    lines = [
        line for origin in chosen for line in _lines(origin, mask, is_whole=is_terminal)
    ]
    if is_terminal:
        return Reply(_in_colours(lines), code=code)
    return Reply("\n".join(_cut(text, WIDTH) for text, _ in lines), code=code)


def _choose(offline: OfflineRun, field: str | None) -> list[Origin]:
    traces = list(offline.recorder.traces)
    if not field:
        return [Origin(trace) for trace in traces]
    known = [*traces, *offline.recorder.variables.traces]
    below = (f"{field}.", f"{field}[")
    ground = Ground(offline.mapping, offline.recorder, offline.outcome.scope)
    chosen = [t for t in known if t.path == field or t.path.startswith(below)]
    if not chosen:  # a variable, also when no field has asked for it
        chosen = explain_variable(offline.flow, ground, field.removeprefix("vars."))
    if not chosen:
        paths = [trace.path for trace in known]
        ends = (path for path in paths if path.endswith(f".{field}"))
        end = next(ends, None)
        hint = f"did you mean {end}?" if end else did_you_mean(field, paths)
        raise SettingsError([Problem("M603", f"no rule makes {field}", hint=hint)])
    if any(trace.path.startswith(below) for trace in chosen):
        return [Origin(trace) for trace in chosen]  # a group: what is below it
    return find_origins(offline.flow, ground, chosen)


def _as_json(origin: Origin, mask: Mask) -> dict[str, Any]:
    trace = origin.trace
    return {
        "path": trace.path,
        "value": mask.apply(trace.value),
        "sent": trace.is_sent,
        "rule": str(trace.position),
        "stages": [
            {
                "stage": s.name,
                "from": s.origin,
                "value": mask.apply(s.value),
                **({"rule": str(s.position)} if _is_elsewhere(s, trace) else {}),
            }
            for s in trace.stages
        ],
        "schema": describe_field(trace.target),
        **({"reads": reads} if (reads := _reads_of(origin, mask)) else {}),
    }


def _reads_of(origin: Origin, mask: Mask) -> dict[str, Any]:
    return {path: mask.apply(value) for path, value in origin.reads}


def describe_field(field: SchemaField | None) -> str:
    """Say in a few words what the target's schema allows; "" when it says nothing."""
    if field is None:
        return ""
    words = [NOUNS[kind] for kind in sorted(field.types)]
    said = [" or ".join(words)] if words else []
    if field.format:
        said.append(field.format)
    if field.max_length is not None:
        said.append(f"at most {field.max_length} characters")
    if field.enum is not None:
        count = len(field.enum)
        said.append(f"one of {count} values" if count > 1 else "one value")
    if field.pattern:
        said.append(f"form {field.pattern}")
    return ", ".join(said)


def _lines(origin: Origin, mask: Mask, *, is_whole: bool) -> Iterator[tuple[str, str]]:
    """Give each line with the colour of its name; unless whole, origins may be cut."""
    trace = origin.trace
    value = _show(mask.apply(trace.value)) if trace.is_sent else "left out"
    place = show_line(trace.position)
    head = f"{trace.path} = {value}"
    if len(head) + len(place) + 2 <= WIDTH:
        yield f"{head:<{WIDTH - len(place) - 2}}  {place}", "bold"
    else:
        yield head, "bold"
        yield f"{place:>{WIDTH}}", "dim"
    room = (WIDTH - _NAME - 2) // 2
    for path, value in origin.reads:
        yield (
            f"   {'read':<{_NAME - 3}}{path:<{room}}  {_show(mask.apply(value))}",
            "dim",
        )
    for stage in trace.stages:
        said, shown = _origin(stage, trace), _show(mask.apply(stage.value))
        is_long = _NAME + max(len(said), room) + 2 + len(shown) > WIDTH
        if is_long and not is_whole:
            said = _cut(said, room)
        line = f"   {stage.name:<{_NAME - 3}}{said:<{room}}  {shown}"
        is_loss = stage.name == "limit" and stage.origin.startswith("cut")
        yield line, "yellow" if is_loss else "cyan"
    schema = describe_field(trace.target)
    if schema:
        yield f"   {'schema':<{_NAME - 3}}{schema}", "dim"
    yield "", ""


def _origin(stage: TraceStep, trace: Trace) -> str:
    shown = _show(stage.origin) if stage.name == "with" else stage.origin
    if not _is_elsewhere(stage, trace):
        return shown
    assert stage.position is not None
    place = f"[{show_line(stage.position)}]"
    return f"{shown} {place}" if shown else place


def _is_elsewhere(stage: TraceStep, trace: Trace) -> bool:
    """Tell whether the stage comes from another file than the rule: an overlay."""
    return stage.position is not None and stage.position.file != trace.position.file


def _show(value: Any) -> str:
    shown = render_json(value)
    return " ".join(line.strip() for line in shown.split("\n"))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _in_colours(lines: Iterable[tuple[str, str]]) -> str:
    """Show the lines for a terminal: nothing is cut, a long line goes on below."""
    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, force_terminal=True)
    for line, style in lines:
        text = Text(line)
        text.stylize(style, 0, len(line) if style == "dim" else _end_of_name(line))
        console.print(text, soft_wrap=True)
    return out.getvalue().rstrip("\n")


def _end_of_name(line: str) -> int:
    return _NAME if line.startswith(" ") else line.find(" = ")

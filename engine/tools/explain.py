"""``explain``: how each field of the payload came to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Problem, SettingsError
from engine.json_text import render_json
from engine.masking import mask_text
from engine.suggest import suggest
from engine.tools import OK, STOPPED, Reply
from engine.tools.offline import add_arguments, run_offline

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from engine.mapping import Trace


def add_command(add: Any) -> None:
    """Add the command to the parser."""
    command = add("explain", run, "show how each field of the payload came to be")
    add_arguments(command)
    command.add_argument("field", nargs="?", metavar="FIELD")


def run(arguments: argparse.Namespace) -> Reply:
    """Map a document and show the way of every value, or of one field's."""
    result = run_offline(arguments).result
    chosen = _choose(result.traces, arguments.field)
    if arguments.json:
        return Reply(render_json([_trace(trace) for trace in chosen]))
    lines = [line for trace in chosen for line in _lines(trace)]
    return Reply("\n".join(lines), code=STOPPED if result.violations else OK)


def _choose(traces: Sequence[Trace], field: str | None) -> list[Trace]:
    if not field:
        return list(traces)
    below = (f"{field}.", f"{field}[")
    chosen = [t for t in traces if t.path == field or t.path.startswith(below)]
    if not chosen:
        guess = suggest(field, [trace.path for trace in traces])
        hint = f"did you mean {guess}?" if guess else None
        raise SettingsError([Problem("M603", f"no rule makes {field}", hint=hint)])
    return chosen


def _trace(trace: Trace) -> dict[str, Any]:
    return {
        "path": trace.path,
        "value": trace.value,
        "sent": trace.is_sent,
        "rule": str(trace.position),
        "stages": [
            {"stage": stage.name, "from": stage.origin, "value": stage.value}
            for stage in trace.stages
        ],
    }


def _lines(trace: Trace) -> list[str]:
    value = mask_text(render_json(trace.value)) if trace.is_sent else "left out"
    return [
        f"{trace.path} = {value}    {trace.position}",
        *(
            f"   {stage.name:<10} {stage.origin:<44} "
            f"{mask_text(render_json(stage.value))}"
            for stage in trace.stages
        ),
    ]

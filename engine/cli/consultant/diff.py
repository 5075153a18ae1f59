"""``diff``: what two versions of the rules make of the same recorded documents."""

from __future__ import annotations

import argparse
import gc
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.cli.consultant import Reply
from engine.cli.exit_codes import OK, STOPPED
from engine.cli.samples.compare_versions import (
    Comparer,
    Difference,
    iter_differences,
    open_version,
)
from engine.cli.samples.hide_personal import Mask
from engine.errors import Problem, SettingsError
from engine.json_text import render_json
from engine.masking import mask_text
from engine.project.project import load_project

EXAMPLES: Final = 3


@dataclass(slots=True)
class Summary:
    """All documents together."""

    documents: int = 0
    changed: int = 0
    fails_now: list[str] = field(default_factory=list)
    is_fine_now: list[str] = field(default_factory=list)
    fields: Counter[str] = field(default_factory=Counter)
    new_errors: Counter[str] = field(default_factory=Counter)
    gone_errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)  # by error

    def add(self, found: Difference) -> None:
        self.documents += 1
        self.changed += found.is_any
        if found.fails_now:
            self.fails_now.append(found.label)
        if found.is_fine_now:
            self.is_fine_now.append(found.label)
        self.fields.update({name for name, _, _ in found.fields})
        for name, old, new in found.fields:
            shown = self.examples.setdefault(name, [])
            is_told = any(label == found.label for label, _, _ in shown)
            if len(shown) < EXAMPLES and not is_told:
                shown.append((found.label, old, new))
        for counter, errors in (
            (self.new_errors, found.new_errors),
            (self.gone_errors, found.gone_errors),
        ):
            counter.update(errors)
            for error in errors:
                self.labels.setdefault(error, []).append(found.label)


def add_command(add: Any) -> None:
    text = "show what two versions of the rules make of recorded documents"
    command = add("diff", run, text)
    command.add_argument("old", metavar="OLD", help="a git revision, or a folder")
    command.add_argument("new", metavar="NEW", help="the same; . is what is on disk")
    command.add_argument(
        "--documents", type=Path, required=True, metavar="FOLDER", help="of JSON files"
    )
    command.add_argument("--flow", metavar="NAME", help="default: the only one")
    command.add_argument("--mapping", metavar="NAME", help="default: what it sends")
    command.add_argument("--company", metavar="NAME", help="default: the first")
    command.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> Reply:
    """Map every document twice and tell what differs; 1 when anything does."""
    files = sorted(arguments.documents.glob("*.json"))
    if not files:
        said = f"there are no documents (*.json) in {arguments.documents}"
        raise SettingsError([Problem("M621", said)])
    with tempfile.TemporaryDirectory(prefix="siirto-") as name:
        roots = []
        for index, said in enumerate((arguments.old, arguments.new)):
            folder = Path(name) / str(index)
            folder.mkdir()
            roots.append(open_version(said, arguments.root, folder))
        comparer = Comparer(
            load_project(roots[0]),
            load_project(roots[1]),
            arguments.flow,
            arguments.mapping,
            arguments.company,
        )
        gc.freeze()  # the rules live as long as the process: no look at them again
        summary = Summary()
        for found in iter_differences(comparer, files):
            summary.add(found)
    code = STOPPED if summary.changed else OK
    if arguments.json:
        return Reply(_as_json(summary), code=code)
    return Reply(mask_text(_as_text(arguments, summary)), code=code)


def _as_text(arguments: argparse.Namespace, summary: Summary) -> str:
    total = summary.documents
    counts = (
        f"{total - summary.changed:,} the same",
        f"{summary.changed:,} changed",
        f"{len(summary.fails_now):,} newly failing",
        f"{len(summary.is_fine_now):,} newly fine",
    )
    between = f"{arguments.old}..{arguments.new}"
    lines = [f"diff {between} on {total:,} documents: {', '.join(counts)}"]
    for name, count in summary.fields.most_common():
        lines.append(f"   field {name}: {count:,} of {total:,} changed")
        examples = summary.examples[name]
        lines += [f"      {label}: {old} → {new}" for label, old, new in examples]
    for title, errors in (
        ("new error", summary.new_errors),
        ("error no more", summary.gone_errors),
    ):
        for error, count in errors.most_common():
            named = _some(summary.labels[error])
            lines.append(f"   {title} {error}: {count:,} documents ({named})")
    for title, labels in (
        ("newly failing", summary.fails_now),
        ("newly fine", summary.is_fine_now),
    ):
        if labels:
            lines.append(f"   {title}: {_some(labels)}")
    return "\n".join(lines)


def _some(labels: Sequence[str]) -> str:
    more = ", …" if len(labels) > EXAMPLES else ""
    return ", ".join(labels[:EXAMPLES]) + more


def _as_json(summary: Summary) -> str:
    return render_json(
        Mask().apply(
            {
                "documents": summary.documents,
                "changed": summary.changed,
                "fields": [
                    {
                        "field": name,
                        "changed": count,
                        "examples": [
                            {"document": label, "old": old, "new": new}
                            for label, old, new in summary.examples[name]
                        ],
                    }
                    for name, count in summary.fields.most_common()
                ],
                "new_errors": dict(summary.new_errors.most_common()),
                "gone_errors": dict(summary.gone_errors.most_common()),
                "newly_failing": summary.fails_now,
                "newly_fine": summary.is_fine_now,
            }
        )
    )

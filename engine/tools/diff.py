"""``diff``: what two versions of the rules make of the same recorded documents."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.changes import compare
from engine.errors import ConfigError, Problem, SettingsError
from engine.findings import without_indexes
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.json_text import render_json
from engine.project import load_project
from engine.tools import OK, STOPPED, Reply, pick_named
from engine.versions import open_version

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from engine.flow.offline import Offline
    from engine.project import Project

EXAMPLES: Final = 3
_ALONE: Final = 100  # documents that are not worth a second process
_WORKERS: Final = 4


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs for one document: fields as rules have them, with old and new."""

    label: str
    fields: tuple[tuple[str, str, str], ...] = ()
    new_errors: tuple[str, ...] = ()
    gone_errors: tuple[str, ...] = ()
    fails_now: bool = False
    is_fine_now: bool = False

    @property
    def is_any(self) -> bool:
        """Whether anything differs."""
        return bool(self.fields or self.new_errors or self.gone_errors)


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
        """Count one document."""
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
    """Add the command to the parser."""
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
    """Map every document twice and tell what differs; 1 when anything does.

    Raises:
        ConfigError: A version, a document or a name is not there, or rules are wrong.
    """
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
        summary = Summary()
        for found in iter_differences(comparer, files):
            summary.add(found)
    code = STOPPED if summary.changed else OK
    shown = _as_json(summary) if arguments.json else _as_text(arguments, summary)
    return Reply(shown, code=code)


@dataclass(frozen=True, slots=True)
class Comparer:
    """Both versions of the rules, loaded."""

    old: Project
    new: Project
    flow: str | None
    mapping: str | None
    company: str | None

    def compare(self, file: Path) -> Difference:
        """Map one document with both.

        Raises:
            SettingsError: It is no document, or something named is not there.
        """
        text = file.read_text("utf-8")
        # Read twice: the flow's derivations stand on the document's own items.
        before = self._map(self.old, read_document(text, file.name), file)
        after = self._map(self.new, read_document(text, file.name), file)
        old_errors, new_errors = _errors(before), _errors(after)
        fields: dict[str, tuple[str, str, str]] = {}
        for change in compare(before.result.payload, after.result.payload):
            fields.setdefault(change.field, (change.field, *change.pair))
        return Difference(
            file.stem,
            tuple(fields.values()),
            tuple(error for error in new_errors if error not in old_errors),
            tuple(error for error in old_errors if error not in new_errors),
            fails_now=bool(new_errors and not old_errors),
            is_fine_now=bool(old_errors and not new_errors),
        )

    def _map(self, project: Project, document: dict[str, Any], file: Path) -> Offline:
        name = self.company or next(iter(project.companies))
        company = pick_named(project.companies, name, "company")
        named = self.flow or self._guess_flow(document, file)
        pick_named(project.flows, named, "flow")
        flow = project.flow_for(company.name, named)
        mapping = pick_mapping(project, flow, self.mapping, company.name)
        return map_document(flow, mapping, document, company.settings)

    def _guess_flow(self, document: dict[str, Any], file: Path) -> str:
        """Find the one flow whose gathered document has all the names of this one."""
        store, names = self.new.schemas, set(document) - {"run"}
        fitting = []
        for name, flow in self.new.flows.items():
            send = flow.deliver.send if flow.deliver else None
            mapping = send.mapping if send is not None else None
            source = "" if mapping is None else mapping.source.partition("#")[0]
            known = store.field(source).properties if source in store else ()
            if flow.fetch.save in names and names <= set(known):
                fitting.append(name)
        if len(fitting) != 1:
            said = f"{file.name} does not say which flow it is of"
            hint = f"name it: --flow {' or '.join(self.new.flows)}"
            raise SettingsError([Problem("M622", said, hint=hint)])
        return fitting[0]


def _errors(offline: Offline) -> dict[str, None]:
    """Give the errors as lines without this document's values, in order."""
    return {
        f"{violation.code} {without_indexes(violation.field)}".rstrip(): None
        for violation in (*offline.stops, *offline.result.violations)
    }


def iter_differences(comparer: Comparer, files: Sequence[Path]) -> Iterator[Difference]:
    """Compare document by document, in several processes when there are many."""
    workers = min(os.cpu_count() or 1, _WORKERS)
    can_fork = "fork" in get_all_start_methods()
    if len(files) < _ALONE or workers == 1 or not can_fork:
        yield from map(comparer.compare, files)
        return
    yield comparer.compare(files[0])  # what is wrong with all of them is told here
    # A forked process has the rules already; to load them again takes long.
    context = get_context("fork")
    size = -(-len(files[1:]) // workers)
    shares = [files[start : start + size] for start in range(1, len(files), size)]
    pipes = [context.Pipe(duplex=False) for _ in shares]
    processes = [
        context.Process(target=_work, args=(comparer, share, sender), daemon=True)
        for share, (_, sender) in zip(shares, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    for (receiver, sender), process in zip(pipes, processes, strict=True):
        sender.close()
        found = receiver.recv()
        process.join()
        if isinstance(found, list) and found and isinstance(found[0], Problem):
            raise SettingsError(found)
        yield from found


def _work(comparer: Comparer, files: Sequence[Path], sender: Any) -> None:
    """Compare a share of the documents; send the differences, or what is wrong."""
    try:
        sender.send([comparer.compare(file) for file in files])
    except ConfigError as error:
        sender.send(list(error.problems))


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

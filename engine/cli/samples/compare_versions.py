"""Maps recorded documents by two versions of the rules, and says what differs.

A version is a folder as it is, or what a git revision holds: its rules are unpacked
into a folder of their own; the engine that reads them is the one that runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any, Final

from engine.cli.docs.editor_schemas import FOLDER
from engine.cli.named import pick_named
from engine.cli.samples.changes import list_changes
from engine.errors import Problem, SettingsError
from engine.flow.offline import (
    Offline,
    check_is_gathered,
    derive_document,
    pick_mapping,
    read_document,
)
from engine.language.leaves import without_indexes
from engine.mapping.apply import Mapping, apply_mapping
from engine.project.flow_spec import DeriveStep, Flow
from engine.project.project import Project

PARTS: Final = ("mappings", "schemas")
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
        return bool(self.fields or self.new_errors or self.gone_errors)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one version maps a document with."""

    flow: Flow
    mapping: Mapping
    settings: Any


@dataclass(frozen=True, slots=True)
class _Pair:
    old: Rules
    new: Rules
    derives_alike: bool


@dataclass(frozen=True, slots=True)
class Comparer:
    """Both versions of the rules, loaded."""

    old: Project
    new: Project
    flow: str | None
    mapping: str | None
    company: str | None
    _pairs: dict[str, _Pair] = field(default_factory=dict)  # by flow

    def compare(self, file: Path) -> Difference:
        """Map one document with both.

        Raises:
            SettingsError: It is no document, or something named is not there.
        """
        text = file.read_bytes()
        document = read_document(text, file.name)
        named = self.flow or self._guess_flow(document, file)
        pair = self._pairs.get(named) or self._load(named)
        old, new = pair.old, pair.new
        check_is_gathered(new.flow, document, file.name)
        scope, stops = derive_document(new.flow, document, new.settings)
        after = Offline(apply_mapping(new.mapping, scope), stops, (), scope)
        if not pair.derives_alike:
            document = read_document(text, file.name)
            scope, stops = derive_document(old.flow, document, old.settings)
        before = Offline(apply_mapping(old.mapping, scope), stops, (), scope)
        old_errors, new_errors = _errors(before), _errors(after)
        fields: dict[str, tuple[str, str, str]] = {}
        for change in list_changes(before.result.payload, after.result.payload):
            fields.setdefault(change.field, (change.field, *change.pair))
        return Difference(
            file.stem,
            tuple(fields.values()),
            tuple(error for error in new_errors if error not in old_errors),
            tuple(error for error in old_errors if error not in new_errors),
            fails_now=bool(new_errors and not old_errors),
            is_fine_now=bool(old_errors and not new_errors),
        )

    def _load(self, named: str) -> _Pair:
        old, new = self._rules(self.old, named), self._rules(self.new, named)
        alike = derive_alike(self.old.root, self.new.root, new)
        self._pairs[named] = pair = _Pair(old, new, alike)
        return pair

    def _rules(self, project: Project, named: str) -> Rules:
        name = self.company or next(iter(project.companies))
        company = pick_named(project.companies, name, "company")
        pick_named(project.flows, named, "flow")
        flow = project.flow_for(company.name, named)
        mapping = pick_mapping(project, flow, self.mapping, company.name)
        return Rules(flow, mapping, company.settings)

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


def derive_alike(old: Path, new: Path, rules: Rules) -> bool:
    """Tell whether two versions differ in nothing but the mapping that is compared.

    Then what a flow derives before is the same, and done once for both.
    """
    compared = rules.mapping.position.file
    steps = (*rules.flow.enrich, *rules.flow.require, *rules.flow.prepare)
    derived = {s.mapping.position.file for s in steps if isinstance(s, DeriveStep)}
    return compared not in derived and _files(old, compared) == _files(new, compared)


def _files(root: Path, compared: str) -> dict[str, bytes]:
    found = (path for part in PARTS for path in (root / part).rglob("*.*"))
    files = {path.relative_to(root).as_posix(): path for path in found}
    ours = {n: p for n, p in files.items() if not n.startswith(f"{FOLDER}/")}
    return {name: p.read_bytes() for name, p in ours.items() if name != compared}


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
    first, *others = files
    yield comparer.compare(first)  # what is wrong with all of them is told here
    # A forked process has the rules already; to load them again takes long.
    fork = get_context("fork")
    with ProcessPoolExecutor(workers, fork, _inherited.append, (comparer,)) as pool:
        share = -(-len(others) // workers)
        yield from pool.map(_compare, others, chunksize=share)


_inherited: list[Comparer] = []  # in a forked process: what it was forked with


def _compare(file: Path) -> Difference:
    return _inherited[0].compare(file)


# Versions -------------------------------------------------------------------


def open_version(said: str, root: Path, folder: Path) -> Path:
    """Give the project's folder of a version; a revision is unpacked into ``folder``.

    Args:
        said: A folder that holds ``mappings/``, or a git revision of ``root``.
        folder: An empty folder of the caller, who removes it.

    Raises:
        SettingsError: ``said`` is neither.
    """
    for path in (root / said, Path(said)):
        if (path / PARTS[0]).is_dir():
            return path.resolve()
    git = shutil.which("git")
    if git is None or _git(git, root, "rev-parse", "--git-dir") is None:
        message = f"{said} is no folder with {PARTS[0]}/, and {root} is in no git"
        hint = "name two folders that hold mappings/ and schemas/"
        raise SettingsError([Problem("M620", message, hint=hint)])
    commit = _git(git, root, "rev-parse", "--verify", "--quiet", f"{said}^{{commit}}")
    if commit is None:
        message = f"{said} is neither a folder with {PARTS[0]}/ nor a git revision"
        hint = "such as main, HEAD~1, a tag, or . for what is on disk"
        raise SettingsError([Problem("M620", message, hint=hint)])
    archive = folder / "version.tar"
    # The project may be a folder of the repository: HEAD:folder is its tree.
    prefix = (_git(git, root, "rev-parse", "--show-prefix") or "").strip("/")
    tree = f"{commit}:{prefix}" if prefix else commit
    found = _git(git, root, "archive", f"--output={archive}", tree, *PARTS, top=True)
    if found is None:
        message = f"{said} holds no {PARTS[0]}/ and {PARTS[1]}/"
        raise SettingsError([Problem("M620", message)])
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    archive.unlink()
    return folder


def _git(git: str, root: Path, *arguments: str, top: bool = False) -> str | None:
    """Run git in the project's folder, or the repository's; None if it says no."""
    where = root
    if top:
        found = _git(git, root, "rev-parse", "--show-toplevel")
        where = Path(found) if found else root
    # Fixed words and a checked revision; no shell.
    done = subprocess.run(  # noqa: S603
        [git, *arguments], cwd=where, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None

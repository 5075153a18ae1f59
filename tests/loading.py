"""Loads each project once for all tests of a process: the same files, the same project.

``load_project`` depends on nothing but the texts below ``mappings/`` and ``schemas/``,
so what it gave for these very texts is given again; a test that changes one file pays
for that file alone. A test that brings its own ``memo`` is about loading, and loads.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from unittest import mock

from engine.errors import Problem, RuleError
from engine.project.project import Project
from engine.project.project import load_project as load_anew
from engine.project.project_files import MAPPINGS, SCHEMAS, Memo, find_mapping_files

KEPT = 20  # projects; the shipped one is asked for all the time and stays

_projects: dict[str, Project | list[Problem]] = {}  # by contents; the last used, last
_parts: dict[str, Memo] = {}  # of the first project with these schemas


def load_once(
    root: Path,
    *,
    patches: Mapping[str, str | None] | None = None,
    memo: Memo | None = None,
    leaves_out: bool = False,
) -> Project:
    """Load a project, or give the one that these texts have made before.

    Raises:
        RuleError: With every problem of every file, as the engine tells them.
    """
    if memo is not None or not (root / MAPPINGS).is_dir():
        return load_anew(root, patches=patches, memo=memo, leaves_out=leaves_out)
    rules = {}
    for path in find_mapping_files(root):
        try:
            rules[path.relative_to(root).as_posix()] = path.read_bytes()
        except OSError:  # the test is about it
            return load_anew(root, patches=patches, leaves_out=leaves_out)
    for name, text in (patches or {}).items():
        rules.pop(name, None)
        if text is not None:
            rules[name] = text.encode()
    schemas = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / SCHEMAS).glob("*/*.json"))
    }
    around = _digest(schemas)
    key = f"{around} {_digest(rules)} {leaves_out}"
    made = _projects.pop(key, None)
    if made is None:
        parts = dict(_parts.get(around, {}))
        try:
            made = load_anew(root, patches=patches, memo=parts, leaves_out=leaves_out)
        except RuleError as error:
            made = list(error.problems)
        _parts.setdefault(around, parts)
    _projects[key] = made
    while len(_projects) > KEPT:
        _projects.pop(next(iter(_projects)))
    if isinstance(made, Project):
        return replace(made, root=root)
    raise RuleError(list(made))


def _digest(texts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


@contextlib.contextmanager
def loading_once() -> Iterator[None]:
    """Let every module of ours that has taken ``load_project`` take it from here."""
    with contextlib.ExitStack() as stack:
        for name, taker in list(sys.modules.items()):
            if (
                name.partition(".")[0] in {"engine", "runner", "tests"}
                and getattr(taker, "load_project", None) is load_anew
            ):
                stack.enter_context(mock.patch.object(taker, "load_project", load_once))
        yield

"""Two versions of the rules: a folder as it is, or what a git revision holds.

A revision's rules are unpacked into a folder of their own; the engine that reads them
is the one that runs.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from engine.errors import Problem, SettingsError

PARTS: Final = ("mappings", "schemas")


def open_version(said: str, root: Path, folder: Path) -> Path:
    """Give the project's folder of a version; a revision is unpacked into ``folder``.

    Args:
        said: A folder that holds ``mappings/``, or a git revision of ``root``.
        root: The project's folder.
        folder: An empty folder of the caller, who removes it.

    Raises:
        SettingsError: It is neither.
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

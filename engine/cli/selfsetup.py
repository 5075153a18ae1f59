"""Set the project up on a machine that has only ``python3`` and ``pip``.

For ``runner.py demo`` and ``runner.py test``; nothing else installs anything. It uses
the standard library only, because nothing else is there yet: a virtual environment
without pip (the ``venv`` extra package may be missing), filled by the machine's own pip
from the lock file, whose hashes pip checks. The lock's hash is stamped into the
environment, so that a second start costs nothing.

A new environment is made beside the old one, in a folder of its own name, and ``.venv``
becomes a link to it when it is whole. What fails leaves the old one at work.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from engine.cli.exit_codes import CANNOT_START, NOT_SET_UP

LOCK = ".ci/requirements.lock"
ENVIRONMENT = ".venv"
STAMP = "siirto-lock.sha256"
MINIMUM = (3, 11)
OLDER = (
    "going on with the environment from before, which is older than the lock file\n"
    "  do: python3 runner.py test makes the new one when the package index is reached"
)


class SetUpError(Exception):
    """There is no environment to run in; the text says what to do."""

    def __init__(self, text: str, exit_code: int = CANNOT_START) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def environment_python(root: Path) -> Path:
    """Name the interpreter of the project's environment, present or not."""
    return _python(root / ENVIRONMENT)


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def has_environment(root: Path) -> bool:
    """Tell whether the environment was filled from the lock as it is now."""
    stamp = root / ENVIRONMENT / STAMP
    return is_usable(root) and stamp.read_text(encoding="ascii") == _lock_digest(root)


def is_usable(root: Path) -> bool:
    """Tell whether there is a whole environment, of this lock or an older one."""
    return environment_python(root).exists() and (root / ENVIRONMENT / STAMP).exists()


def ensure_environment(root: Path) -> Path:
    """Give the environment's interpreter, and make the environment when it is missing.

    One that is older than the lock stays in use when no new one can be made; that is
    said.

    Raises:
        SetUpError: Python is too old, or pip is missing or failed, and there is no
            older environment.
    """
    if sys.version_info < MINIMUM:
        wanted = ".".join(map(str, MINIMUM))
        raise SetUpError(f"siirto needs Python {wanted} or newer, not {sys.version}")
    if has_environment(root):
        return environment_python(root)
    sys.stderr.write("setting up .venv from the lock file (first start only) ...\n")
    try:
        _swap(root, _build(root))
    except SetUpError as error:
        if not is_usable(root):
            raise
        sys.stderr.write(f"{error}\n{OLDER}\n")
    return environment_python(root)


def _build(root: Path) -> Path:
    """Make the lock's environment in a folder of its own; give the folder.

    Its name is the lock's and stays: the scripts inside name their interpreter.
    """
    folder = root / f"{ENVIRONMENT}-{_lock_digest(root)[:12]}"
    shutil.rmtree(folder, ignore_errors=True)  # what an interrupted set-up left
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    # The machine's pip fills the foreign environment: none has to be inside it.
    _run(
        [
            *(sys.executable, "-m", "pip", "--python", str(_python(folder))),
            *("install", "--quiet", "--no-deps", "--require-hashes"),
            *("--disable-pip-version-check", "--no-input"),
            *("--root-user-action=ignore", "-r", str(root / LOCK)),
        ]
    )
    (folder / STAMP).write_text(_lock_digest(root), encoding="ascii")
    return folder


def _swap(root: Path, folder: Path) -> None:
    """Let ``.venv`` be a link to the folder; the one before stays for who runs in it.

    Older ones go.
    """
    current = root / ENVIRONMENT
    before = current.resolve() if current.exists() else None
    if current.is_dir() and not current.is_symlink():
        before = current.rename(root / f"{ENVIRONMENT}-before")
    link = root / f"{ENVIRONMENT}-next"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    link.replace(current)
    for other in root.glob(f"{ENVIRONMENT}-*"):
        if other not in (folder, before):
            shutil.rmtree(other, ignore_errors=True)


def rerun_inside(root: Path, arguments: list[str], *, may_install: bool) -> int:
    """Run ``runner.py`` again inside the environment; give its exit code.

    Raises:
        SetUpError: There is no environment and none may be made.
    """
    if may_install:
        python = ensure_environment(root)
    elif is_usable(root):
        python = environment_python(root)
        if not has_environment(root):
            sys.stderr.write(f"{OLDER}\n")
    else:
        said = (
            "siirto is not set up here\n"
            "  do: python3 runner.py test sets it up, or install it from the lock file "
            f"{LOCK}"
        )
        raise SetUpError(said, NOT_SET_UP)
    command = [str(python), str(root / "runner.py"), *arguments]
    return subprocess.call(command)  # noqa: S603  # our own interpreter and file


def is_inside(root: Path) -> bool:
    """Tell whether this very process runs in the project's environment."""
    return os.path.realpath(sys.prefix) == os.path.realpath(root / ENVIRONMENT)


def is_installed() -> bool:
    """Tell whether this interpreter has what the other commands need."""
    return find_spec("jinja2") is not None and find_spec("httpx") is not None


def _lock_digest(root: Path) -> str:
    return hashlib.sha256((root / LOCK).read_bytes()).hexdigest()


def _run(command: list[str]) -> None:
    outcome = subprocess.run(command, check=False)  # noqa: S603  # fixed arguments
    if outcome.returncode:
        raise SetUpError(
            f"the set-up stopped at: {' '.join(command)}\n"
            "  do: see the lines above; pip must be installed and reach its package "
            "index, then start the same command again"
        )

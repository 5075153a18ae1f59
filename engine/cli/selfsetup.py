"""Set the project up on a machine that has only ``python3`` and ``pip``.

For ``runner.py demo`` and ``runner.py test``; nothing else installs anything. It uses
the standard library only, because nothing else is there yet: a virtual environment
without pip (the ``venv`` extra package may be missing), filled by the machine's own pip
from the lock file, whose hashes pip checks. The lock's hash is stamped into the
environment, so that a second start costs nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

LOCK = ".ci/requirements.lock"
ENVIRONMENT = ".venv"
STAMP = "siirto-lock.sha256"
MINIMUM = (3, 11)


def environment_python(root: Path) -> Path:
    """Name the interpreter of the project's environment, present or not."""
    if os.name == "nt":
        return root / ENVIRONMENT / "Scripts" / "python.exe"
    return root / ENVIRONMENT / "bin" / "python"


def has_environment(root: Path) -> bool:
    """Tell whether the environment was filled from the lock as it is now."""
    stamp = root / ENVIRONMENT / STAMP
    return (
        environment_python(root).exists()
        and stamp.exists()
        and stamp.read_text(encoding="ascii") == _lock_digest(root)
    )


def ensure_environment(root: Path) -> Path:
    """Give the environment's interpreter, and make the environment when it is missing.

    Raises:
        SystemExit: Python is too old, or pip is missing or failed; the text says what
            to do.
    """
    if sys.version_info < MINIMUM:
        wanted = ".".join(map(str, MINIMUM))
        raise SystemExit(f"siirto needs Python {wanted} or newer, not {sys.version}")
    if has_environment(root):
        return environment_python(root)
    sys.stderr.write("setting up .venv from the lock file (first start only) ...\n")
    shutil.rmtree(root / ENVIRONMENT, ignore_errors=True)
    _run([sys.executable, "-m", "venv", "--without-pip", str(root / ENVIRONMENT)])
    python = environment_python(root)
    # The machine's pip fills the foreign environment: none has to be inside it.
    _run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python)),
            *("install", "--quiet", "--no-deps", "--require-hashes"),
            *("--disable-pip-version-check", "--no-input"),
            *("--root-user-action=ignore", "-r", str(root / LOCK)),
        ]
    )
    stamp = root / ENVIRONMENT / STAMP
    stamp.write_text(_lock_digest(root), encoding="ascii")
    return python


def rerun_inside(root: Path, arguments: list[str], *, may_install: bool) -> int:
    """Run ``runner.py`` again inside the environment; give its exit code.

    Raises:
        SystemExit: There is no environment and none may be made.
    """
    if not may_install and not has_environment(root):
        raise SystemExit(
            "siirto is not set up here\n"
            "  do: python3 runner.py test sets it up, or install it from the lock file "
            f"{LOCK}"
        )
    python = ensure_environment(root)
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
        raise SystemExit(
            f"the set-up stopped at: {' '.join(command)}\n"
            "  do: see the lines above; pip must be installed and reach its package "
            "index, then start the same command again"
        )

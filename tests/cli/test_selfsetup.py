"""The set-up of ``demo`` and ``test``, without installing anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import selfsetup
from tests.places import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project that has a lock file and nothing else."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / selfsetup.LOCK).write_text("example==1.0\n")
    return tmp_path


def make_environment(root: Path) -> Path:
    """Put there what a set-up leaves: an interpreter and the lock's stamp."""
    python = selfsetup.environment_python(root)
    python.parent.mkdir(parents=True)
    python.write_text("")
    stamp = root / selfsetup.ENVIRONMENT / selfsetup.STAMP
    stamp.write_text(selfsetup._lock_digest(root))
    return python


def test_nothing_there_is_no_environment(root: Path):
    assert not selfsetup.has_environment(root)


def test_a_stamped_environment_counts(root: Path):
    make_environment(root)

    assert selfsetup.has_environment(root)


def test_a_changed_lock_asks_for_a_new_environment(root: Path):
    """An update of the lock reaches everybody at the next start."""
    make_environment(root)
    (root / selfsetup.LOCK).write_text("example==1.1\n")

    assert not selfsetup.has_environment(root)


def test_an_environment_without_stamp_does_not_count(root: Path):
    """A set-up that was interrupted is done again."""
    make_environment(root)
    (root / selfsetup.ENVIRONMENT / selfsetup.STAMP).unlink()

    assert not selfsetup.has_environment(root)


def test_an_environment_without_interpreter_does_not_count(root: Path):
    make_environment(root).unlink()

    assert not selfsetup.has_environment(root)


def test_a_present_environment_costs_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The second start runs no command and says nothing."""
    python = make_environment(root)
    commands: list[list[str]] = []
    monkeypatch.setattr(selfsetup, "_run", commands.append)

    assert python == selfsetup.ensure_environment(root)
    assert [] == commands
    assert ("", "") == capsys.readouterr()


def test_the_set_up_uses_the_machines_pip_and_checks_hashes(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """First an environment without pip, then the lock with hashes, the stamp last."""
    commands: list[list[str]] = []

    def note(command: list[str]) -> None:
        assert not selfsetup.has_environment(root)
        commands.append(command)
        selfsetup.environment_python(root).parent.mkdir(parents=True, exist_ok=True)
        selfsetup.environment_python(root).write_text("")

    monkeypatch.setattr(selfsetup, "_run", note)

    python = selfsetup.ensure_environment(root)

    assert selfsetup.environment_python(root) == python
    assert selfsetup.has_environment(root)
    make, fill = commands
    assert [sys.executable, "-m", "venv", "--without-pip"] == make[:4]
    assert [sys.executable, "-m", "pip", "--python", str(python)] == fill[:5]
    assert {"--require-hashes", "--no-deps"} <= set(fill)
    assert str(root / selfsetup.LOCK) == fill[-1]
    assert capsys.readouterr().err.startswith("setting up .venv")


def test_a_failed_command_leaves_no_stamp(root: Path, monkeypatch: pytest.MonkeyPatch):
    """The next start tries again, and the message says what to look at."""
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1)
    )

    with pytest.raises(SystemExit) as stopped:
        selfsetup.ensure_environment(root)

    assert "the set-up stopped at:" in str(stopped.value)
    assert "  do: " in str(stopped.value)
    assert not selfsetup.has_environment(root)


def test_an_old_python_is_told_which_one_is_needed(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    """Before anything is made or removed."""
    python = make_environment(root)
    monkeypatch.setattr(selfsetup, "MINIMUM", (3, 999))

    with pytest.raises(SystemExit) as stopped:
        selfsetup.ensure_environment(root)

    assert "siirto needs Python 3.999 or newer" in str(stopped.value)
    assert sys.version in str(stopped.value)
    assert python.exists()


def test_the_minimum_is_what_the_project_says():
    wanted = ".".join(map(str, selfsetup.MINIMUM))

    assert f'requires-python = ">={wanted}"' in (ROOT / "pyproject.toml").read_text()


def test_the_command_is_started_again_inside(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    """Same arguments, the environment's interpreter, its exit code."""
    python = make_environment(root)
    calls: list[list[str]] = []

    def call(command: list[str]) -> int:
        calls.append(command)
        return 7

    monkeypatch.setattr(subprocess, "call", call)

    assert 7 == selfsetup.rerun_inside(root, ["test", "-k", "money"], may_install=True)
    assert [[str(python), str(root / "runner.py"), "test", "-k", "money"]] == calls


def test_other_commands_never_install(root: Path, monkeypatch: pytest.MonkeyPatch):
    """``sync`` on a machine that is not set up says so, and installs nothing."""
    monkeypatch.setattr(subprocess, "call", lambda _: pytest.fail("nothing may start"))
    monkeypatch.setattr(subprocess, "run", lambda *_: pytest.fail("nothing may start"))

    with pytest.raises(SystemExit, match="is not set up here"):
        selfsetup.rerun_inside(root, ["sync"], may_install=False)


def test_inside_is_told_by_the_interpreters_own_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    """A link to the folder is the folder."""
    (root / selfsetup.ENVIRONMENT).mkdir()
    (root / "link").symlink_to(root / selfsetup.ENVIRONMENT)

    assert not selfsetup.is_inside(root)
    monkeypatch.setattr(sys, "prefix", str(root / "link"))
    assert selfsetup.is_inside(root)


def test_only_the_standard_library_is_imported():
    """It runs before anything is installed."""
    check = (
        "import sys; import engine.cli.selfsetup; "
        "print([n for n in sys.modules if n.split('.')[0] not in"
        " sys.stdlib_module_names and n.split('.')[0] not in ('engine', '__main__')"
        " and not n.startswith('_')])"
    )
    # -S: no site-packages, as on a bare machine.
    done = subprocess.run(
        [sys.executable, "-S", "-c", check],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "[]\n" == done.stdout

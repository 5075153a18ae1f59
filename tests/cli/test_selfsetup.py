"""The set-up of ``demo`` and ``test``, without installing anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import runner
from engine.cli import exit_codes, selfsetup
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
        build(command)

    monkeypatch.setattr(selfsetup, "_run", note)

    python = selfsetup.ensure_environment(root)

    assert selfsetup.environment_python(root) == python
    assert selfsetup.has_environment(root)
    make, fill = commands
    assert [sys.executable, "-m", "venv", "--without-pip"] == make[:4]
    built = python.parent.parent.resolve() / "bin" / "python"
    assert [sys.executable, "-m", "pip", "--python", str(built)] == fill[:5]
    assert {"--require-hashes", "--no-deps"} <= set(fill)
    assert str(root / selfsetup.LOCK) == fill[-1]
    assert capsys.readouterr().err.startswith("setting up .venv")


def build(command: list[str]) -> None:
    """Do what ``venv`` does, as far as it counts here."""
    if command[2] == "venv":
        python = Path(command[-1], "bin", "python")
        python.parent.mkdir(parents=True)
        python.write_text("")


def test_a_new_environment_is_made_beside_the_old_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    """While it is filled the old one stays; then a link changes, and nothing else."""
    old = make_environment(root)
    (root / selfsetup.LOCK).write_text("example==1.1\n")
    seen: list[bool] = []

    def run(command: list[str]) -> None:
        seen.append(old.exists() and not (root / ".venv").is_symlink())
        build(command)

    monkeypatch.setattr(selfsetup, "_run", run)
    selfsetup.ensure_environment(root)

    assert [True, True] == seen
    assert (root / ".venv").is_symlink()
    assert selfsetup.has_environment(root)
    # A run that is at work goes on in the folder that it began in.
    assert (root / ".venv-before" / "bin" / "python").exists()


def test_of_many_upgrades_the_last_two_stay(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(selfsetup, "_run", build)
    for number in range(4):
        (root / selfsetup.LOCK).write_text(f"example==1.{number}\n")
        selfsetup.ensure_environment(root)

    assert 2 == len(list(root.glob(".venv-*")))


def test_without_network_the_old_environment_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A failed upgrade leaves no dead installation, and is said at each start."""
    old = make_environment(root)
    (root / selfsetup.LOCK).write_text("example==1.1\n")
    done = subprocess.CompletedProcess
    monkeypatch.setattr(subprocess, "run", lambda command, **_: done(command, 1))
    monkeypatch.setattr(subprocess, "call", lambda _: 7)

    assert old == selfsetup.ensure_environment(root)
    assert "the set-up stopped at" in (said := capsys.readouterr().err)
    assert "going on with the environment from before" in said
    assert 7 == selfsetup.rerun_inside(root, ["sync"], may_install=False)
    assert "going on with the environment from before" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "is_python_old", "code"),
    [
        (["sync"], False, exit_codes.NOT_SET_UP),
        (["status"], False, exit_codes.NOT_SET_UP),
        (["demo"], False, exit_codes.CANNOT_START),
        (["test"], True, exit_codes.CANNOT_START),
    ],
)
def test_what_cannot_run_is_no_stopped_document(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    is_python_old: bool,
    code: int,
):
    """A service that passes over people's work must not pass over this."""
    monkeypatch.setattr(runner, "ROOT", root)
    monkeypatch.setattr(selfsetup, "is_installed", lambda: False)
    done = subprocess.CompletedProcess
    monkeypatch.setattr(subprocess, "run", lambda command, **_: done(command, 1))
    if is_python_old:
        monkeypatch.setattr(selfsetup, "MINIMUM", (3, 999))

    assert code == runner.main(given)
    assert capsys.readouterr().err.strip()


def test_a_library_that_is_missing_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """An installation that is not whole is not the unexpected, and not people's work."""

    def fail() -> None:
        raise ModuleNotFoundError("No module named 'cronsim'", name="cronsim")

    monkeypatch.setattr(runner, "_context", fail)
    monkeypatch.delenv("SIIRTO_DEBUG", raising=False)

    assert exit_codes.CANNOT_START == runner.main(["log"])
    assert "No module named 'cronsim'" in capsys.readouterr().err


def test_a_failed_command_leaves_no_stamp(root: Path, monkeypatch: pytest.MonkeyPatch):
    """The next start tries again, and the message says what to look at."""
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1)
    )

    with pytest.raises(selfsetup.SetUpError) as stopped:
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

    with pytest.raises(selfsetup.SetUpError) as stopped:
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

    with pytest.raises(selfsetup.SetUpError, match="is not set up here"):
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

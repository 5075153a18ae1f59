"""The demo: a small Finnish company's invoices move between two simulated systems.

Both systems listen on loopback; what runs against them is the real ``runner.py sync``,
in a process of its own, on a copy of the mappings whose company file has the simulated
addresses.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.simulators.demo import start_demo

FOLDER = ".demo"
LEDGER = "sqlite:///.demo/ledger.sqlite"


def run_demo(root: Path) -> int:
    """Show two runs and the log; give 0 when the second run moved nothing new."""
    os.chdir(root)
    project = _copy_project(root)
    with start_demo() as world:
        _write_addresses(project / "mappings/companies/demo.yaml", world.base_urls)
        environment = {**os.environ, **world.environment}
        _say(
            "Two simulated systems are up:",
            *(f"  {name:<11}{url}" for name, url in world.base_urls.items()),
            "",
            "First run: python runner.py sync",
        )
        first = _sync(project, environment)
        _say("", "Second run, right after it: nothing may move twice")
        second = _sync(project, environment)
    _say("", "The transfer log:", "")
    subprocess.run([sys.executable, "runner.py", "log", "--ledger", LEDGER], check=True)
    moved, again = first["transferred"], second["transferred"]
    _say(
        "",
        f"{moved} invoices were transferred, {first['stopped']} are stopped for the "
        f"reasons above; the second run transferred {again} more.",
        "Show this log again:",
        f"  .venv/bin/python runner.py log --ledger {LEDGER}",
    )
    return 0 if moved and not again else 1


def _copy_project(root: Path) -> Path:
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    project = root / FOLDER / "project"
    for name in ("mappings", "schemas"):
        shutil.copytree(root / name, project / name)
    for other in (project / "mappings/companies").glob("*.yaml"):
        if other.name != "demo.yaml":
            other.unlink()
    (root / FOLDER).chmod(0o700)
    return project


def _write_addresses(company: Path, addresses: dict[str, str]) -> None:
    lines = [company.read_text("utf-8").rstrip(), "systems:"]
    lines += [f"  {name}: {{base_url: '{url}'}}" for name, url in addresses.items()]
    company.write_text("\n".join(lines) + "\n", "utf-8")


def _sync(project: Path, environment: dict[str, str]) -> Counter[str]:
    command = [sys.executable, "runner.py", "sync", "--json"]
    command += ["--root", str(project), "--ledger", LEDGER]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"sync ended with exit code {done.returncode}")
    outcomes: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        for flow in json.loads(line)["flows"]:
            outcomes.update(flow["outcomes"])
            calls = ", ".join(
                f"{name} {sum(endpoints.values())}"
                for name, endpoints in flow["calls"].items()
            )
    counts = ", ".join(f"{number} {name}" for name, number in sorted(outcomes.items()))
    _say(f"  {counts or 'nothing to do'} (requests: {calls})")
    return outcomes


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)

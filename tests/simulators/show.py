"""The demo: the documents of two companies move between two simulated systems.

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

from tests.simulators.data_registers import COMPANY
from tests.simulators.demo import start_demo

COMPANIES = ("demo", "demo_se")
FOLDER = ".demo"
LEDGER = "sqlite:///.demo/ledger.sqlite"


def run_demo(root: Path) -> int:
    """Show two runs and the log; give 0 when the second run moved nothing new."""
    os.chdir(root)
    project = _copy_project(root)
    with start_demo(group=True) as world:
        for company in (project / "mappings/companies").glob("*.yaml"):
            _adapt(company, world.base_urls)
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
        f"{moved} documents were transferred, {first['stopped']} are stopped for the "
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
        if other.stem not in COMPANIES:
            other.unlink()
    (root / FOLDER).chmod(0o700)
    return project


def _adapt(company: Path, addresses: dict[str, str]) -> None:
    """Name the simulated addresses, and switch every flow on."""
    text = company.read_text("utf-8").replace("transfer: no", "transfer: yes")
    text = text.replace("enabled: no", "enabled: yes")
    if "\nunit:" not in text:  # two companies in one source are told by their units
        text = text.replace("\ncountry:", f"\nunit: {COMPANY}\ncountry:")
    lines = [text.rstrip(), "systems:"]
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
    requests: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        flows = json.loads(line)["flows"]
        for flow in flows:
            outcomes.update(flow["outcomes"])
        # The systems of a company count on over its flows: the last one has them all.
        for name, endpoints in flows[-1]["calls"].items():
            requests[name] += sum(endpoints.values())
    counts = ", ".join(f"{number} {name}" for name, number in sorted(outcomes.items()))
    asked = ", ".join(f"{name} {number}" for name, number in requests.items())
    _say(f"  {counts or 'nothing to do'} (requests: {asked})")
    return outcomes


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)

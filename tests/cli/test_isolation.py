"""One company's trouble stays its own: told, counted, left out; the others run."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from contextlib import closing
from dataclasses import replace as changed
from pathlib import Path
from threading import Thread

import pytest

from engine.cli import exit_codes
from engine.flow.companies import CompanyReport, WrongRunError, sync_companies
from engine.flow.services import Services
from engine.project.credentials import SecretPlaces
from engine.project.project import load_project
from tests.cli.operators import (
    FINE,
    Operator,
    created,
    keep_only,
    replace,
    requests,
)
from tests.places import ROOT, copy_rules, read_texts
from tests.simulators import DEMO_SECRETS
from tests.worlds import World

CASES = ROOT / "tests" / "cases" / "companies"
IBAN = "FI37 1590 3000 0007 76"


def add_company(operator: Operator, name: str) -> Path:
    """Put a company beside the demo's, on the same simulated systems."""
    text = operator.company_file.read_text("utf-8")
    text = text.replace("company: demo", f"company: {name}", 1)
    text = text.replace("demo: yes", "note: a copy", 1)
    text = text.replace("FI21 1234 5600 0007 85", IBAN, 1)
    path = operator.company_file.with_name(f"{name}.yaml")
    path.write_text(text, "utf-8")
    return path


def own_key(name: str, text: str, company: str) -> str:
    """Give each company a key of its own: two with one do not run (C204)."""
    return f"{text}-of-{company}" if name == "PROCOUNTOR_API_KEY" else text


def spoil(path: Path, case: dict[str, str]) -> None:
    """Make one company wrong, as the case says."""
    if case.get("kind") == "folder":
        path.unlink()
        path.mkdir()
    elif case.get("kind") == "bytes":
        path.write_bytes(b"company: \xff\xfe")
    elif case.get("kind") == "link":
        path.unlink()
        path.symlink_to("nowhere.yaml")
    elif "text" in case:
        replace(path, case["text"], case["by"])


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    "case", read_texts(CASES / "left_out.yaml"), ids=lambda case: case["name"]
)
def test_a_company_that_is_wrong_leaves_itself_out(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, case: dict[str, str]
):
    """Told with its place, counted, and exit 2; the other has run (R075)."""
    keep_only(operator, FINE)
    path = add_company(operator, "acme")
    if case.get("kind") != "secrets":
        for name, text in DEMO_SECRETS.items():
            monkeypatch.setenv(f"SIIRTO_ACME_{name}", own_key(name, text, "acme"))
    spoil(path, case)

    assert exit_codes.WRONG == operator.run("sync", "--json")
    done = {row["company"]: row for row in operator.lines()}

    assert {"transferred": 1} == done["demo"]["flows"][0]["outcomes"]
    assert 1 == len(created(operator))
    assert [] == done["acme"]["flows"]
    assert done["acme"]["left_out"]
    assert case["said"] in operator.err
    assert "left out 1 of 2 companies: acme" in operator.err


@pytest.mark.usefixtures("secrets")
def test_doctor_and_plan_leave_it_out_too(operator: Operator):
    spoil(add_company(operator, "acme"), {"text": "country: FI", "by": "country: XX"})

    assert exit_codes.WRONG == operator.run("doctor", "--json")
    rows = json.loads(operator.out)
    assert {"acme", "demo"} == {row["company"] for row in rows}
    assert {"company file"} == {r["label"] for r in rows if r["company"] == "acme"}
    assert exit_codes.WRONG == operator.run("plan")
    assert f"sales_invoice {FINE}: would go" in operator.out
    assert "XX" in operator.err


@pytest.mark.usefixtures("secrets")
def test_a_fault_that_all_share_stops_all_and_names_them(operator: Operator):
    add_company(operator, "acme")
    invoice = operator.root / "mappings/sales_invoice/invoice.yaml"
    replace(invoice, "limit: 28", "limt: 28")

    assert exit_codes.WRONG == operator.run("sync")
    assert "C113  nothing runs" in operator.err
    assert "it concerns acme, demo" in operator.err
    assert [] == requests(operator)


@pytest.mark.parametrize("path", ["bank_account", "unit"])
def test_of_two_that_clash_neither_runs(tmp_path: Path, path: str):
    """Nobody knows which one was copied from the other."""
    copy_rules(tmp_path)
    folder = tmp_path / "mappings" / "companies"
    demo = (folder / "demo.yaml").read_text("utf-8")
    demo = demo.replace("country: FI", "country: FI\nunit: Havukka Oy")
    (folder / "demo.yaml").write_text(demo, "utf-8")
    copied = demo.replace("company: demo", "company: acme")
    if path == "unit":
        copied = copied.replace("FI21 1234 5600 0007 85", IBAN)
    (folder / "acme.yaml").write_text(copied, "utf-8")

    project = load_project(tmp_path, leaves_out=True)

    assert {"acme", "demo"} == project.left_out.keys()
    assert ["demo_se"] == list(project.companies)


def test_a_copy_with_the_old_name_inside_takes_no_place(tmp_path: Path):
    copy_rules(tmp_path)
    folder = tmp_path / "mappings" / "companies"
    text = (folder / "demo.yaml").read_text("utf-8")
    text = text.replace("FI21 1234 5600 0007 85", IBAN)
    (folder / "acme.yaml").write_text(text, "utf-8")

    project = load_project(tmp_path, leaves_out=True)

    assert {"acme"} == project.left_out.keys()
    bank_account = project.companies["demo"].settings["bank_account"]
    assert "FI21 1234 5600 0007 85" == bank_account


@pytest.mark.parametrize(
    ("text", "moves"),
    [
        # The unit is read although the country is wrong: its documents stay its own.
        ("company: demo_se\ncountry: XX\nunit: Havukka Sverige AB\n", 0),
        # Nothing is known: what is not surely ours waits.
        ("company: demo_se\nunit: [\n", 0),
    ],
)
def test_documents_of_a_company_that_is_left_out_wait(
    tmp_path: Path, text: str, moves: int
):
    """Better late than in the wrong books: the company above does not take them."""
    copy_rules(tmp_path)
    file = tmp_path / "mappings" / "companies" / "demo_se.yaml"
    file.write_text(text, "utf-8")
    left_out = load_project(tmp_path, leaves_out=True)
    world = World(
        tmp_path, {"unit": "Havukka Konsultointi Oy"}, ["se_plain"], data="group"
    )
    companies = {"demo": world.project.companies["demo"]}
    world.project = changed(
        world.project, companies=companies, left_out=left_out.left_out
    )

    with pytest.raises(WrongRunError) as raised:
        world.run()

    (ours,) = [r for r in raised.value.reports if r.company == "demo"]
    assert (moves, 1) == (ours.outcomes["transferred"], ours.outcomes["left to others"])


def test_a_fault_of_the_program_in_one_company_stops_no_other(tmp_path: Path):
    world = World(tmp_path, data="group", others={"demo_se": {"enabled": True}})
    services = world.services()
    opened = Services.open

    def broken(self: Services, company: object, name: str) -> object:
        if getattr(company, "name", "") == "demo":
            raise RuntimeError("out of paper")
        return opened(self, company, name)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Services, "open", broken)
        first, second = sync_companies(services, world.open_ledger, flow=world.flow)

    assert "out of paper" == str(first.fault)
    assert second.outcomes["transferred"]


# --- the demo's company ---------------------------------------------------------------


def leave_live(operator: Operator, other: Path | None = None) -> None:
    """Let the demo's file be as shipped: without addresses on this machine.

    The simulated books know one account; it is the other company's then.
    """
    text = operator.company_file.read_text("utf-8")
    text = text.partition("systems:\n")[0].replace("FI21 1234 5600 0007 85", IBAN)
    operator.company_file.write_text(text, "utf-8")
    if other is not None:
        replace(other, IBAN, "FI21 1234 5600 0007 85")


def test_the_demo_is_no_part_of_a_live_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """It has no secrets and is not asked for any; by name it is."""
    copy_rules(tmp_path)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    operator = Operator(tmp_path, url, None, None, capsys)  # type: ignore[arg-type]

    assert exit_codes.OK == operator.run("sync")
    assert exit_codes.OK == operator.run("sync", "--due")
    assert exit_codes.WRONG == operator.run("sync", "--company", "demo")
    assert "SIIRTO_DEMO_SEVERA_CLIENT_ID" in operator.err


@pytest.mark.usefixtures("secrets")
def test_the_first_steps_of_the_readme_work_as_written(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Copy the file, write the name, take out `demo`, give the secrets, run."""
    keep_only(operator, FINE)
    readme = (ROOT / "README.md").read_text("utf-8")
    steps = readme.partition("## Set up a company")[2].partition("\n## ")[0]
    folder = operator.company_file.parent
    assert "Copy `mappings/companies/demo.yaml` to `mappings/companies/acme.yaml`" in (
        steps
    )
    assert "write `company: acme` in it, take out the line `demo: yes`" in steps
    text = operator.company_file.read_text("utf-8")
    leave_live(operator)
    text = text.replace("company: demo", "company: acme")
    text = "".join(x for x in text.splitlines(True) if not x.startswith("demo: yes"))
    (folder / "acme.yaml").write_text(text, "utf-8")
    secrets = tmp_path / ".secrets"
    secrets.mkdir()
    for name, value in DEMO_SECRETS.items():
        assert f"`SIIRTO_ACME_{name}`" in steps
        path = secrets / f"SIIRTO_ACME_{name}"
        path.touch(0o600)
        path.write_text(value)

    line = next(x for x in steps.splitlines() if "runner.py sync" in x)
    command = shlex.split(line.split("runner.py ")[1].split("`")[0])
    assert exit_codes.OK == operator.run(*command)
    assert 1 == len(created(operator))


def test_the_documented_due_line_works_as_written(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    """As cron runs it, with the shipped demo beside a company of one's own."""
    keep_only(operator, FINE)
    leave_live(operator, add_company(operator, "acme"))
    for name, value in DEMO_SECRETS.items():
        monkeypatch.setenv(f"SIIRTO_ACME_{name}", value)
    pages = (ROOT / "docs/operations.md").read_text("utf-8")
    line = next(x for x in pages.splitlines() if " sync --due" in x and "*/5" in x)
    command = shlex.split(line.partition("runner.py ")[2])
    command = command[: command.index("--ledger")]

    assert exit_codes.OK == operator.run(*command)
    assert 1 == len(created(operator))
    assert exit_codes.OK == operator.run(*command)


# --- several processes ----------------------------------------------------------------


def test_two_runs_share_fifty_companies(tmp_path: Path):
    """A3: each company passes once, whoever takes it; none waits for the other."""
    world = World(tmp_path, keep=[])
    demo = world.project.companies["demo"]
    companies = {}
    for number in range(50):
        name = f"c{number:02}"
        companies[name] = changed(demo, name=name)
    world.project = changed(world.project, companies=companies)
    secrets = {
        f"SIIRTO_{name.upper()}_{key}": own_key(key, text, name)
        for name in companies
        for key, text in DEMO_SECRETS.items()
    }
    reports: list[CompanyReport] = []

    def run() -> None:
        services = world.services(places=SecretPlaces(secrets))
        reports.extend(
            sync_companies(services, world.open_ledger, flow=world.flow, only_due=True)
        )

    runs = [Thread(target=run) for _ in range(2)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()

    passes = Counter(report.company for report in reports)
    assert set(companies) == set(passes)
    assert {1} == set(passes.values())
    with closing(world.open_ledger()) as ledger:
        assert all(ledger.runs.find_last(name).outcome == "ok" for name in companies)

"""Several companies: whose a document is, which flows run, when a run ends early."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.clock import Clock
from engine.errors import SettingsError
from engine.flow.companies import choose_work, is_company_due, sync_companies
from engine.flow.ownership import read_tree
from engine.flow.planning import plan_company
from engine.flow.preflight import examine_company
from engine.language.paths import compile_path
from engine.project.company import Switch
from engine.project.credentials import SecretPlaces
from engine.project.flow_spec import Belongs
from engine.rulefiles.reader import load_yaml
from tests.places import TESTS, read_texts
from tests.simulators import DEMO_SECRETS, number_of
from tests.worlds import World, merge, project, secret_places

CASES = TESTS / "cases" / "companies"
GROUP = {"unit": "Havukka Konsultointi Oy"}
SWEDISH = {"demo_se": {"enabled": True}}
WAITING = "Waiting for transfer to Procountor"
UNITS = (  # id, name, code, the one above
    ("u1", "Group", None, None),
    ("u2", "Finland", "FIN", "u1"),
    ("u3", "Sales", None, "u2"),
    ("u4", "Lab", None, "u2"),
    ("u5", "Cellar", None, "u4"),
    ("u6", "Sweden", None, "u1"),
    ("u7", "Stockholm", None, "u6"),
    ("u8", "Alone", None, None),
    ("u9", "Ring A", None, "u10"),
    ("u10", "Ring B", None, "u9"),
)


def read_cases(name):
    return read_texts(CASES / f"{name}.yaml")


def path(text):
    return compile_path(load_yaml(text, "flow.yaml"))


BELONGS = Belongs(
    to=path("company.unit"),
    reads=(),
    unit=path("unit"),
    units=path("run.units"),
    key=path("id"),
    parent=path("above"),
    names=(path("name"), path("code"), path("id")),
    code="UNIT_WITHOUT_COMPANY",
)


@pytest.mark.parametrize("case", read_cases("units"), ids=lambda case: case["name"])
def test_a_document_belongs_to_the_first_company_upwards(case):
    units = [
        dict(zip(("id", "name", "code", "above"), unit, strict=True)) for unit in UNITS
    ]
    companies = {
        name: {"unit": None if unit == "null" else unit}
        for name, unit in case["companies"].items()
    }
    ids = {name: key for key, name, *_ in UNITS}

    tree = read_tree(BELONGS, units, companies)

    found = {name: tree.find_owner(ids.get(name, name)) for name in case["owners"]}
    assert {n: None if o == "null" else o for n, o in case["owners"].items()} == found
    assert case.get("nested", []) == [list(found) for found in sorted(tree.nested())]


@pytest.mark.parametrize(
    "case", read_cases("switches"), ids=lambda case: " ".join(map(str, case.values()))
)
def test_what_is_switched_off_does_not_run(case):
    shipped = project()
    demo = shipped.companies["demo"]
    settings: dict[str, Any] = {"enabled": case["master"] == "yes"}
    for name, group in (
        ("sales", "sales"),
        ("travel", "travel"),
        ("purchase", "purchases"),
    ):
        own = dict(demo.settings[group] or {})
        if name in case:
            own["transfer"] = case[name] == "yes"
        settings[group] = own
    company = replace(demo, settings={**demo.settings, **settings})
    one = replace(shipped, companies={"demo": company})

    flows = [flow.name for _, flows in choose_work(one) for flow in flows]

    names = {"sales": "sales_invoice", "travel": "travel_invoice"}
    names["purchase"] = "purchase_invoice"
    wanted = {names[name] for name in case["runs"]}
    assert wanted == set(flows) & set(names.values())


# --- two companies that share one source ----------------------------------------------


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    """Two companies have run once on one source, into two targets."""
    folder = tmp_path_factory.mktemp("group")
    world = World(folder, GROUP, data="group", others=SWEDISH)
    return SimpleNamespace(world=world, reports=world.run_all())


def test_each_company_takes_its_own(group):
    """Told by number, by sender and by project; the unit below a company too."""
    finnish, swedish = group.reports
    expected = {case for case in group.world.data.numbers if case.startswith("se_")}
    stopped = {"se_customer_of_both"}
    others = {"se_paid_original"}  # not in the transfer status
    sales = {case for case in expected if not case.startswith(("se_travel", "se_pur"))}

    ledger = group.world.open_ledger()
    done = {t.label for t in ledger.transfers("demo_se") if t.state == "done"}
    held = {t.label for t in ledger.transfers("demo_se") if t.state == "held"}
    ledger.close()

    assert {str(number_of(case)) for case in sales - stopped - others} == done
    assert {str(number_of(case)) for case in stopped} == held
    assert (44, 9) == (finnish.outcomes["transferred"], swedish.outcomes["transferred"])


def test_nothing_leaks_between_companies(group):
    """No document, partner or product of one stands in the other's books or ledger."""
    books = group.world.data.procountor
    numbers = {
        name: {i.get("originalInvoiceNumber") for i in data.invoices.values()} - {None}
        for name, data in books.items()
    }
    ledger = group.world.open_ledger()
    keys = {name: {t.key for t in ledger.transfers(name)} for name in books}
    ledger.close()

    assert set() == numbers["demo"] & numbers["demo_se"]
    assert set() == keys["demo"] & keys["demo_se"]
    ours = [
        i for i in books["demo_se"].invoices.values() if "originalInvoiceNumber" in i
    ]
    assert {"SEK"} == {i["paymentInfo"]["currency"] for i in ours}


def test_an_invoice_without_company_is_logged_once(group):
    """By the first company by name; the other leaves it alone."""
    number = str(number_of("ee_no_company"))
    ledger = group.world.open_ledger()
    rows = [row for row in ledger.log() if row.label == number]
    ledger.close()

    assert [("demo", "stopped", "UNIT_WITHOUT_COMPANY")] == [
        (row.company, row.outcome, row.code) for row in rows
    ]
    assert "Havukka Eesti OÜ" in rows[0].advice


def test_a_plan_for_each_company_says_what_it_would_take(tmp_path):
    """A plan knows the other companies as a run does: no document is left to nobody."""
    world = World(tmp_path, GROUP, data="group", others=SWEDISH)
    services = world.reader()
    planned = {}
    for company, flows in choose_work(world.project):
        plan = plan_company(services, company, flows, ledger_url=world.ledger_url)
        planned[company.name] = {
            (d.flow, d.label) for d in plan.documents if d.outcome == "planned"
        }

    world.run_all()

    ledger = world.open_ledger()
    for name, documents in planned.items():
        moved = {(t.flow, t.label) for t in ledger.transfers(name) if t.state == "done"}
        closed = {r.label for r in ledger.log(name) if r.code == "CLOSED_FISCAL_PERIOD"}
        assert moved
        assert moved == {(f, label) for f, label in documents if label not in closed}
    ledger.close()


def test_a_second_run_moves_nothing(group):
    reports = group.world.run_all()

    assert [0, 0] == [report.outcomes["transferred"] for report in reports]


def test_an_invoice_that_gets_a_company_leaves_the_log_of_the_other(tmp_path):
    world = World(tmp_path, GROUP, ["ee_no_company"], data="group", others=SWEDISH)
    world.run_all()
    merge(world.project.companies["demo_se"].settings, {"unit": "Havukka Eesti OÜ"})

    world.clock.advance(600)
    world.run_all()

    ledger = world.open_ledger()
    states = {t.company: t.state for t in ledger.transfers()}
    ledger.close()
    assert "gone" == states["demo"]
    assert "demo_se" in states


def test_a_company_that_is_off_keeps_its_invoices_from_the_one_above(tmp_path):
    """Its unit is still its own: better late than in the wrong books."""
    world = World(tmp_path, GROUP, ["se_plain"], data="group")

    before = set(world.data.procountor["demo"].invoices)

    report = world.run()

    assert {"left to others": 1} == dict(report.outcomes)
    assert before == set(world.data.procountor["demo"].invoices)


def test_a_unit_that_does_not_exist_stops_the_company(tmp_path):
    world = World(tmp_path, {"unit": "Havuka"}, [], data="group")

    with pytest.raises(SettingsError) as raised:
        world.run()

    problem = raised.value.problems[0]
    assert "Havuka" in problem.message
    assert "Havukka Konsultointi Oy" in problem.hint


def test_without_unit_a_company_reads_no_hierarchy(tmp_path):
    """But for whose data the key opens, which is asked once."""
    world = World(tmp_path, keep=[20261001], data="group")

    report = world.run()

    assert 1 == report.outcomes["transferred"]
    assert 1 == report.flows[0].calls["severa"]["business_units"]


# --- the master switch, in mid-run ----------------------------------------------------


def test_a_run_stops_after_the_current_document(tmp_path):
    """What is begun is finished; the rest waits, and nothing is lost (R073)."""
    world = World(tmp_path, keep=[20261001, 20261002, 20261003])
    asked = iter((True, False))

    report = world.run(is_on=lambda: next(asked))

    assert {"transferred": 1} == dict(report.outcomes)
    assert report.flows[0].is_switched_off
    assert not report.has_unfinished
    assert 2 == world.run().outcomes["transferred"]


def test_the_company_file_is_looked_at_when_it_has_changed(tmp_path):
    file = tmp_path / "acme.yaml"
    file.write_text("company: acme\nenabled: yes\n", "utf-8")
    switch = Switch(tmp_path, "acme.yaml")
    said = [switch.is_on()]

    for number, text in enumerate(
        ("enabled: no\n", "enabled: [\n", "enabled: yes\n", "company: acme\n"), 1
    ):
        file.write_text(text, "utf-8")
        os.utime(file, ns=(number * 10**9, number * 10**9))
        said.append(switch.is_on())
    file.unlink()
    said.append(switch.is_on())

    # An unreadable or missing file changes nothing: somebody is writing it.
    assert [True, False, False, True, True, True] == said


# --- the schedule ---------------------------------------------------------------------


def test_only_companies_that_are_due_run(tmp_path):
    """One scheduler line serves all: each company has its own times."""
    world = World(tmp_path, {"schedule": "0 * * * *"}, [20261001])
    runs = []
    for _ in range(12):  # from 09:30 Finnish time on
        runs.append(len(world.run_all(only_due=True)))
        world.clock.advance(600)

    # The first call looks ten minutes back; then the full hours.
    assert [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0] == runs


def test_two_runs_that_both_found_it_due_run_it_once(tmp_path):
    """G7: asked again under the lock, by the last run's start in the ledger."""
    world = World(tmp_path, keep=[20261001])
    others = []

    def open_late():
        if len(others) == 1:  # the list of what is due is made
            others.append(world.run_all(only_due=True))
        others.append(None)
        return world.open_ledger()

    ours = sync_companies(world.services(), open_late, flow=world.flow, only_due=True)

    assert [1, 0] == [len(others[1]), len(ours)]


def test_a_run_begins_no_document_after_half_an_hour(tmp_path):
    """Protocol §8: it says so, and the next run goes on."""
    world = World(tmp_path, keep=[20261001, 20261002, 20261003])

    report = world.run(progress=lambda *_: world.clock.advance(1000))

    assert {"transferred": 2} == dict(report.outcomes)
    assert report.degraded.startswith("30 minutes are over")
    ledger = world.open_ledger()
    said = [row.message for row in ledger.log(latest_per_document=False)]
    ledger.close()
    assert report.degraded in said
    assert 1 == world.run().outcomes["transferred"]


def test_a_company_without_schedule_runs_every_ten_minutes(tmp_path):
    world = World(tmp_path, keep=[])
    company, clock = world.project.companies["demo"], world.clock
    ledger = world.open_ledger()

    assert is_company_due(company, ledger, as_clock(clock))
    ledger.close()
    world.run()
    ledger = world.open_ledger()
    assert not is_company_due(company, ledger, as_clock(clock))
    clock.advance(600)
    assert is_company_due(company, ledger, as_clock(clock))
    ledger.close()


def as_clock(clock: Any) -> Clock:
    return clock


def test_the_doctor_tells_of_a_company_inside_a_company(tmp_path):
    """It may be meant: the nearest company upwards wins (R076)."""
    world = World(tmp_path, GROUP, [], data="group", others=SWEDISH)
    work = {company.name: flows for company, flows in choose_work(world.project)}

    demo = world.project.companies["demo"]
    findings = examine_company(world.reader(), demo, work["demo"])

    found = [f for f in findings if f.code == "UNIT_INSIDE_COMPANY"]
    assert [("warning", "Havukka Sverige AB (demo_se)")] == [
        (f.state, f.shown) for f in found if f.flow == "sales_invoice"
    ]


def test_two_companies_with_one_key_do_not_run(tmp_path):
    """A copied key would write into the other's books; it is told, never shown."""
    world = World(tmp_path, GROUP, data="group", others=SWEDISH, flow="sales_invoice")
    key = DEMO_SECRETS["PROCOUNTOR_API_KEY"]
    known = secret_places().environment
    for copied in (key, f'"{key}"\n', f"\ufeff {key} "):
        environment = {**known, "SIIRTO_DEMO_SE_PROCOUNTOR_API_KEY": copied}

        with pytest.raises(SettingsError) as raised:
            world.run_all(places=SecretPlaces(environment))

        told = raised.value.problems
        assert ["C204", "C204"] == [problem.code for problem in told]
        assert "also the one of demo_se" in told[0].message
        assert key not in f"{told}"
    assert [] == world.requests()

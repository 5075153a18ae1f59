"""The key belongs to the company: with another's key nothing moves (A4, F11)."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from engine.flow.companies import choose_work
from engine.flow.preflight import examine_company
from tests.simulators import DEMO_SE_SECRETS, DEMO_SECRETS
from tests.worlds import World, merge, secret_places

FINE, OTHER = 20261001, 20261002
SWEDISH = DEMO_SE_SECRETS["PROCOUNTOR_API_KEY"]
CODE = "KEY_OF_OTHER_COMPANY"


def writes(world: World) -> list[str]:
    """Give what was sent since, beside sign-ins."""
    tokens = ("/oauth/token", "/v1/token")
    return [
        f"{name} {e.endpoint}"
        for name, e in world.requests()
        if not e.endpoint.startswith("GET ") and not e.endpoint.endswith(tokens)
    ]


def notes(world: World) -> list[Any]:
    with closing(world.open_ledger()) as ledger:
        rows = ledger.log(outcome="note", latest_per_document=False)
        return [row for row in rows if row.code == CODE]


def pull_back(world: World) -> None:
    """Let one document wait that came after the first run."""
    world.clock.advance(660)
    world.journal.clear()


def test_a_swapped_key_moves_nothing(tmp_path):
    """Both companies have run well; then their keys lie in each other's place."""
    world = World(
        tmp_path,
        {"unit": "Havukka Konsultointi Oy"},
        [FINE, OTHER, "se_plain"],
        data="group",
        others={"demo_se": {"enabled": True}},
    )
    invoices = world.data.severa.invoices
    (later,) = (invoice for invoice in invoices if invoice["number"] == OTHER)
    invoices.remove(later)
    world.run_all()
    invoices.append(later)
    pull_back(world)
    places = secret_places(PROCOUNTOR_API_KEY=SWEDISH)
    known = DEMO_SECRETS["PROCOUNTOR_API_KEY"]
    swapped = {**places.environment, "SIIRTO_DEMO_SE_PROCOUNTOR_API_KEY": known}

    reports = world.run_all(places=type(places)(swapped))

    assert [] == writes(world)
    assert any(report.is_key_refused for report in reports)
    (said,) = [row.message for row in notes(world)]
    assert "Havukka Sverige AB" in said
    assert "Havukka Konsultointi Oy" in said


def test_a_copied_key_moves_nothing(tmp_path):
    """A new company with the key of one that ran before: the ledger knows whose it is.

    While both run, neither does (C204).
    """
    world = World(
        tmp_path, {"unit": "Havukka Konsultointi Oy"}, [FINE, "se_plain"], data="group"
    )
    world.run_all()
    merge(world.project.companies["demo_se"].settings, {"enabled": True})
    merge(world.project.companies["demo"].settings, {"enabled": False})
    pull_back(world)
    places = secret_places()
    copied = {
        **places.environment,
        "SIIRTO_DEMO_SE_PROCOUNTOR_API_KEY": DEMO_SECRETS["PROCOUNTOR_API_KEY"],
    }

    (swedish,) = world.run_all(places=type(places)(copied))

    assert swedish.is_key_refused
    assert [] == writes(world)
    assert "which is of demo" in notes(world)[-1].message


@pytest.mark.parametrize(
    ("named", "goes"),
    [("Havukka Konsultointi Oy", 1), ("31042", 1), ("Toinen Oy", 0)],
)
def test_the_settings_name_the_company_before_the_first_run(tmp_path, named, goes):
    """By name or id; what is written there goes before what was learned."""
    settings = {"systems": {"procountor": {"company": named}}}
    world = World(tmp_path, settings, [FINE])

    report = world.run()

    assert goes == report.outcomes["transferred"]
    assert bool(goes) == bool(writes(world))
    assert goes == (not report.is_key_refused)


def test_the_sources_organisation_counts_too(tmp_path):
    world = World(tmp_path, keep=[FINE])
    with closing(world.open_ledger()) as ledger:
        ledger.identities.learn("demo", "severa", "another-guid", "Toinen Oy")

    report = world.run()

    assert report.is_key_refused
    assert [] == writes(world)
    assert "Toinen Oy" in report.degraded


def test_a_first_good_run_learns_whom_it_met(tmp_path):
    world = World(tmp_path, keep=[FINE])
    world.run()

    with closing(world.open_ledger()) as ledger:
        known = [
            ledger.identities.find("demo", name) for name in ("severa", "procountor")
        ]

    assert ["Havukka Konsultointi Oy"] * 2 == [one.name for one in known]
    assert "31042" == known[1].owner_id


def test_a_key_that_does_not_say_sends_nothing(tmp_path):
    """Nobody can tell whose it is, so it is as good as another's."""
    world = World(tmp_path, keep=[FINE])
    world.fault("procountor", "GET /sessioninfo", "status_5xx", status=403, times=None)

    world.run()

    assert [] == writes(world)


def test_it_is_asked_once_a_run_and_not_without_a_write(tmp_path):
    """Two requests of a run with documents, however many; none of a quiet one."""
    world = World(tmp_path, keep=[FINE, OTHER, 20261003])
    asked = []
    for _ in range(2):
        world.journal.clear()
        world.run()
        asked.append(
            [e.path.rpartition("/")[2] for _, e in world.requests()].count(
                "sessioninfo"
            )
        )
        world.clock.advance(660)

    assert [1, 0] == asked


def test_the_doctor_shows_both_sides(tmp_path):
    """The names before the first run, and the difference after it (R058, A17)."""
    world = World(tmp_path, keep=[FINE])
    ((company, flows),) = choose_work(world.project)
    world.run()

    def owners(**changed: Any) -> list[Any]:
        services = world.reader(**changed)
        found = examine_company(services, company, flows, world.ledger_url)
        return [f for f in found if f.label.startswith("company behind")]

    assert [("ok", "Havukka Konsultointi Oy")] * 2 == [
        (f.state, f.shown) for f in owners()
    ]
    with closing(world.open_ledger()) as ledger:
        ledger.identities.learn("other", "procountor", "1", "Muu Oy")
    world.procountor.data.company_id = 777
    _, target = owners()
    assert ("stop", CODE) == (target.state, target.code)
    assert "31042" in target.shown

"""The doctor finds each thing that would stop a transfer, and finds nothing else."""

from __future__ import annotations

import pytest

from engine.flow.companies import choose_work
from engine.flow.preflight import examine_company
from tests.worlds import World, secret_places


def examine(world, places=None):
    ((company, flows),) = choose_work(world.project)
    changed = {} if places is None else {"places": places}
    return examine_company(world.reader(**changed), company, flows)


def wrong(findings):
    return {(f.state, f.code, f.shown) for f in findings if f.state != "ok"}


def test_the_demo_company_is_well(tmp_path):
    """Everything is looked at with a handful of reads, and nothing is found."""
    world = World(tmp_path)

    findings = examine(world)

    assert set() == wrong(findings)
    assert len(findings) >= 15
    posts = {
        e.endpoint for _, e in world.requests() if not e.endpoint.startswith("GET")
    }
    assert {"POST /v1/token", "POST /oauth/token"} == posts
    assert [] == list(tmp_path.iterdir())


# R059: what the settings need is checked before anything moves.
CASES = [
    ({"sales": {"status_before": "Odottaa"}}, ("stop", "STATUS_BEFORE_UNKNOWN")),
    ({"sales": {"status_after": "Siirretty"}}, ("stop", "STATUS_AFTER_UNKNOWN")),
    ({"sales": {"status_before": "Draft"}}, ("warning", "STATUS_FLAGS_MISSING")),
    ({"bank_account": "FI49 5000 9420 0287 30"}, ("stop", "BANK_ACCOUNT_UNKNOWN")),
    ({"default_codes": {"product": "EIOLE"}}, ("stop", "DEFAULT_CODE_MISSING")),
    ({"default_codes": {"work_type": "EIOLE"}}, ("stop", "DEFAULT_CODE_MISSING")),
    ({"default_codes": {"travel": "EIOLE"}}, ("stop", "DEFAULT_CODE_MISSING")),
    ({"dimensions": {"projects": "Projekti"}}, ("stop", "DIMENSION_MISMATCH")),
    ({"dimensions": {"units": "Yksikot"}}, ("stop", "DIMENSION_MISMATCH")),
    ({"sales": {"vat_percents": ["24"]}}, ("stop", "VAT_NOT_IN_USE")),
]


@pytest.mark.parametrize(("settings", "expected"), CASES)
def test_a_wrong_setting_is_found(tmp_path, settings, expected):
    world = World(tmp_path, settings)

    findings = examine(world)

    assert {expected} == {(state, code) for state, code, _ in wrong(findings)}


def test_a_closed_period_is_found(tmp_path):
    world = World(tmp_path)
    for year in world.procountor.data.fiscal_years:
        for period in year["trackingPeriods"]:
            if period["startDate"] <= "2026-11-24" <= period["endDate"]:
                period["status"] = "CLOSED"

    assert {("stop", "PERIOD_CLOSED", "2026-11-24")} == wrong(examine(world))


def test_a_bad_account_is_masked(tmp_path):
    """A finding names the account by its last four characters only."""
    world = World(tmp_path, {"bank_account": "FI49 5000 9420 0287 30"})

    (finding,) = [f for f in examine(world) if f.state == "stop"]

    assert "5000" not in finding.shown + finding.advice


def test_a_wrong_key_is_found_and_the_rest_is_unknown(tmp_path):
    """Without a valid key nothing can move (R058)."""
    world = World(tmp_path)
    places = secret_places(PROCOUNTOR_API_KEY="revoked")

    findings = examine(world, places)

    assert ("stop", "KEY_REVOKED") in {(f.state, f.code) for f in findings}
    assert not any("revoked" in str(finding) for finding in findings)


def test_missing_secrets_come_first(tmp_path):
    world = World(tmp_path)
    places = secret_places(PROCOUNTOR_API_KEY=None)

    (finding,) = examine(world, places)

    assert ("stop", "C201") == (finding.state, finding.code)
    assert [] == world.requests()


# The demo's travellers and codes are not all well: some of its cases are about that.
TRAVEL_WARNINGS = {
    ("warning", "TRAVEL_CODE_ENDS", "5/8 (62 %): PVR, KM, OSPVR, ULK-SE, RUOKA"),
    ("warning", "PERSONAL_ID_MISSING", "1/9 (11 %): Ville Niemi"),
    ("warning", "IBAN_MISSING", "1/9 (11 %): Sari Åkerlund"),
}
TRAVEL_CASES = [
    ({}, None),
    ({"status_before": "Odottaa"}, ("STATUS_BEFORE_UNKNOWN", "")),
    ({"status_before": "Locked only"}, ("STATUS_FLAGS_MISSING", "Locked only")),
    ({"status_after": "Draft"}, ("STATUS_FLAGS_MISSING", "Draft")),
    ({"status_on_error": "Nowhere"}, ("STATUS_ON_ERROR_UNKNOWN", "Nowhere")),
    ({"advance_code": "KM25"}, ("TRAVEL_CODE_NOT_VALID", "KM25")),
]


@pytest.mark.parametrize(("settings", "expected"), TRAVEL_CASES)
def test_travel_settings_are_looked_at(tmp_path, settings, expected):
    """Codes that end with the year, and people who cannot be paid, are named (R026-R028, R048, R054)."""
    world = World(tmp_path, {"travel": settings}, flow="travel_invoice")

    found = wrong(f for f in examine(world) if f.flow == "travel_invoice")

    stops = set() if expected is None else {("stop", *expected)}
    assert TRAVEL_WARNINGS | stops == found


def accounts_told(world):
    """Give what the doctor says of sales accounts."""
    return [f.shown for f in examine(world) if f.code == "ACCOUNT_UNKNOWN"]


def test_a_sales_account_that_the_target_lacks_is_found(tmp_path):
    """R029: number and name, with its share of all; one out of use is not asked for."""
    world = World(tmp_path, data="flows")
    accounts = world.severa.data.salesaccounts
    new = {**accounts[0], "guid": accounts[0]["guid"][:-2] + "ff"}
    accounts.append({**new, "number": "9999", "name": "Väärä tili"})
    accounts.append({**new, "number": "9998", "name": "Vanha", "isActive": False})

    # The demo's own 3020 is not in the chart of accounts either.
    told = "2/3 (67 %): 3020 Matkojen veloitus, 9999 Väärä tili"
    assert [told] == accounts_told(world)


def test_a_sales_account_that_the_target_has_closed_is_found(tmp_path):
    """R029: it is in the chart of accounts, but not in use."""
    world = World(tmp_path, data="flows")
    for account in world.procountor.data.accounts:
        account["active"] = account["ledgerAccountCode"] != "3000"

    (told,) = accounts_told(world)

    assert "3000 Palvelumyynti" in told


@pytest.mark.parametrize("register", ["products", "worktypes", "travelexpensetypes"])
def test_what_would_go_with_a_default_code_is_listed(tmp_path, register):
    """R031: by name, with its share of the register."""
    world = World(tmp_path)
    records = [
        one
        for one in getattr(world.severa.data, register)
        if one.get("isActive") is not False
    ]
    for record in records[:2]:
        record["code"] = " " if record is records[0] else None
    names = ", ".join(record["name"] for record in records[:2])

    share = f"2/{len(records)} ({round(200 / len(records))} %)"
    assert {("warning", "CODE_MISSING", f"{share}: {names}")} == wrong(examine(world))


def test_a_missing_right_is_unknown_to_the_doctor(tmp_path):
    """X14: a run goes on without the register, the doctor says that it cannot look."""
    world = World(tmp_path)
    world.fault("procountor", "GET /fiscalyears", "status_5xx", status=403, times=None)

    states = {f.state for f in examine(world) if "fiscal" in f.label.lower()}

    assert {"unknown"} == states

"""How every company stands: as plain values for a monitor, and as lines for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.flow.companies import choose_work
from engine.flow.health import CompanyFacts, find_troubles
from engine.project.schedule import next_due, read_schedule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from engine.flow.health import Trouble
    from engine.flow.services import Services
    from engine.ledger.ledger import Ledger
    from engine.ledger.model import Identity
    from engine.project.company import Company


@dataclass(frozen=True, slots=True)
class CompanyStatus:
    """One company: what is known, and what is not well."""

    company: str
    state: str  # well, off, trouble
    facts: CompanyFacts
    troubles: list[Trouble]
    documents: dict[str, int]  # by state
    holder: str
    owners: dict[str, Identity]  # system -> whose data the key opens
    next_run: datetime | None


def gather_status(
    services: Services, ledger: Ledger, company: str | None
) -> list[CompanyStatus]:
    """Collect how each company of the project or of the ledger stands.

    Raises:
        SettingsError: There is no company of that name.
    """
    project, now = services.project, services.clock.now()
    flows = {c.name: found for c, found in choose_work(project, company=company)}
    documents: dict[str, Counter[str]] = {}
    for (name, _flow, state), count in ledger.count_states(company).items():
        documents.setdefault(name, Counter())[state] += count
    named = {*project.companies, *project.left_out, *documents}
    found = []
    for name in sorted(named if company is None else {company}):
        own = project.companies.get(name)
        left_out = project.left_out.get(name)
        problems = list(left_out.problems) if left_out else []
        if own and name in flows:
            problems = services.check_secrets(own, flows[name])
        holder = ledger.find_holder(name)
        facts = CompanyFacts(
            own.schedule if own else read_schedule(),
            is_enabled=bool(own and own.is_enabled),
            left_out="; ".join(problem.message for problem in problems[:2]),
            last=ledger.runs.find_last(name),
            last_good=ledger.runs.find_last_good(name),
            at_work_since=holder.since_at if holder else None,
            unfinished=list(ledger.unfinished(name)),
        )
        troubles = find_troubles(facts, project.advice, now)
        is_on = facts.is_enabled or facts.left_out
        systems = (ledger.identities.find(name, system) for system in project.systems)
        found.append(
            CompanyStatus(
                name,
                "trouble" if troubles else "well" if is_on else "off",
                facts,
                troubles,
                dict(documents.get(name, {})),
                str(holder) if holder else "",
                {one.system: one for one in systems if one},
                next_due(facts.schedule, now) if facts.is_enabled else None,
            )
        )
    return found


def status_to_json(
    status: CompanyStatus, services: Services, language: str | None
) -> dict[str, Any]:
    """Give a status as plain values; times are UTC."""
    facts, project = status.facts, services.project
    last, stuck = facts.last, facts.unfinished
    oldest = min(stuck, key=lambda t: t.first_seen_at, default=None)
    speaks = language or _language_of(project.companies.get(status.company))
    limits = {name: spec.limits for name, spec in project.systems.items()}
    return {
        "company": status.company,
        "state": status.state,
        "last_run": _utc(last.started_at if last else None),
        "last_outcome": (last.outcome or "running or killed") if last else None,
        "last_good_run": _utc(facts.last_good.started_at if facts.last_good else None),
        "next_run": _utc(status.next_run),
        "running": status.holder or None,
        "documents": status.documents,
        "stuck": len(stuck),
        "oldest_stuck": oldest.label if oldest else None,
        "oldest_since": _utc(oldest.first_seen_at if oldest else None),
        "keys_open": {name: one.shown for name, one in status.owners.items()},
        "calls": {
            name: {
                "last_run": number,
                "limit": limits[name].requests,
                "per_seconds": limits[name].per_seconds,
            }
            for name, number in (dict(last.calls) if last else {}).items()
            if name in limits
        },
        "troubles": [
            {
                "code": trouble.code,
                "kind": trouble.weight,
                "since": _utc(trouble.since),
                **dict(zip(("who", "meaning", "do"), said, strict=True)),
                **trouble.details,
            }
            for trouble in status.troubles
            for said in (explain_trouble(trouble, services, speaks),)
        ],
    }


def explain_trouble(
    trouble: Trouble, services: Services, language: str
) -> tuple[str, str, str]:
    """Give who must act, what is wrong, and what to do."""
    advice = services.project.advice.explain(trouble.code, language, trouble.details)
    if advice is None:
        return "operator", trouble.code, ""
    return advice.who, advice.meaning, advice.do


def _language_of(company: Company | None) -> str:
    """Give a company's language; English where it is not known."""
    return str(company.settings.get("language") or "en") if company else "en"


def iter_status_lines(
    found: list[CompanyStatus], services: Services, language: str | None
) -> Iterator[str]:
    """Give the status as lines: a company, and below it a line for each trouble.

    Times are those of the company's clock.
    """
    width = max((len(status.company) for status in found), default=0)
    for status in found:
        facts, name = status.facts, status.company
        zone = facts.schedule.zone
        said = [f"{name:<{width}}  {status.state}"]
        if facts.is_enabled and not facts.left_out:
            said.append(f"last good run {_local(facts.last_good, zone)}")
            said.append(f"next {_clock(status.next_run, zone)}")
        states = sorted(status.documents.items())
        said += [f"{number} {state}" for state, number in states]
        yield ", ".join(said)
        if status.holder:
            yield f"  at work now: {status.holder}"
        if status.owners:
            shown = ", ".join(f"{key} {o.name}" for key, o in status.owners.items())
            yield f"  keys open: {shown}"
        speaks = language or _language_of(services.project.companies.get(name))
        for trouble in status.troubles:
            who, meaning, do = explain_trouble(trouble, services, speaks)
            since = f" since {_clock(trouble.since, zone)}" if trouble.since else ""
            count, label = (trouble.details.get(key) for key in ("count", "label"))
            of = f" ({count} documents, the oldest {label})" if count else ""
            yield f"  {who}: {trouble.code}{since}{of}: {meaning} {do}".rstrip()
    if not found:
        yield "there is no company"


def _utc(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _local(run: Any, zone: tzinfo) -> str:
    return _clock(run.started_at, zone) if run else "never"


def _clock(at: datetime | None, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "never"

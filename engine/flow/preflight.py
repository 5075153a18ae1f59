"""Look before anything is moved: keys, settings and registers, all findings at once.

A flow says in its slot ``doctor`` (and in ``setup``) what must be so. A run stops at
the first thing that is wrong; the doctor goes on and lists everything.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from engine.errors import (
    KeyRefusedError,
    RefusedError,
    SettingsError,
    TransientError,
    ViolationError,
)
from engine.flow.identity import OTHER_OWNER, ask_owner, find_other
from engine.flow.ownership import Ownership
from engine.flow.reads import name_registers
from engine.flow.steps import SHOWN, holds, iter_items, iter_unmet
from engine.language.values import ValueFault
from engine.ledger.open import copy_ledger, open_ledger
from engine.masking import mask_text
from engine.project.flow_spec import RequireStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.flow.context import RunContext
    from engine.flow.services import Services, Session
    from engine.language.scope import Scope
    from engine.project.company import Company
    from engine.project.flow_spec import Flow
    from engine.systems.system import System

State = Literal["ok", "warning", "stop", "unknown"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at."""

    company: str
    flow: str  # "" for what all flows share
    label: str
    state: State  # unknown: it could not be looked at
    code: str = ""
    shown: str = ""  # the values that are meant
    advice: str = ""


def examine_company(
    services: Services,
    company: Company,
    flows: Iterable[Flow],
    ledger_url: str | None = None,
) -> list[CheckResult]:
    """Look at everything that a company's flows rely on; reads only, nothing raises.

    Secrets first; then the sign-in of each system; then what the flows say.

    Args:
        services: Read only; companies share them, and with them the rate limit.
        ledger_url: Knows whom each key has opened so far; it is copied, not changed.
    """
    flows = list(flows)
    missing = services.check_secrets(company, flows)
    if missing:
        name = company.name
        return [
            CheckResult(name, "", "secrets", "stop", p.code, p.message, p.hint or "")
            for p in missing
        ]
    with ExitStack() as stack:
        # Nothing is moved, so there is nothing to remember: a ledger to throw away.
        folder = stack.enter_context(TemporaryDirectory(prefix="siirto-doctor-"))
        if ledger_url is not None:
            copy_ledger(ledger_url, Path(folder, "ledger.sqlite"))
        ledger = open_ledger(f"sqlite:///{folder}/ledger.sqlite", services.clock)
        stack.callback(ledger.close)
        session = stack.enter_context(services.session(company, ledger, "doctor"))
        examiner = _Examiner(session)
        for name in dict.fromkeys(name for flow in flows for name in flow.systems):
            try:
                system = session.open(name)
            except SettingsError as error:
                examiner.add("", f"settings of {name}", "stop", shown=str(error))
            else:
                examiner.sign_in(name, system)
        for flow in flows:
            if all(name in session.systems for name in flow.systems):
                examiner.examine(flow)
        return examiner.findings


class _Examiner:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.findings: list[CheckResult] = []

    def add(
        self,
        flow: str,
        label: str,
        state: State,
        *,
        code: str = "",
        shown: str = "",
        system: str = "",
    ) -> None:
        language = str(self._session.company.settings.get("language") or "en")
        known = {"value": mask_text(shown), "system": system.capitalize()}
        details = {key: value for key, value in known.items() if value}
        book, masked = self._session.services.project.advice, mask_text(shown)
        advice = book.render(code, language, details, flow) if code else None
        where = (self._session.company.name, flow, label)
        self.findings.append(CheckResult(*where, state, code, masked, advice or ""))

    def sign_in(self, name: str, system: System) -> None:
        """Ask for a token, and whose data it opens: the key is right and our own."""
        label = f"sign-in to {name}"
        try:
            system.ensure_token()
        except KeyRefusedError as error:
            code, said = error.code, error.found or str(error)
            self.add("", label, "stop", code=code, shown=said, system=name)
            return
        except (TransientError, RefusedError) as error:
            said = str(error)
            self.add("", label, "stop", code="SYSTEM_DOWN", shown=said, system=name)
            return
        self.add("", label, "ok")
        self._examine_owner(name, system)

    def _examine_owner(self, name: str, system: System) -> None:
        label = f"company behind the key of {name}"
        session = self._session
        try:
            owner = ask_owner(system)
        except (TransientError, RefusedError) as error:
            self.add("", label, "unknown", shown=str(error))
            return
        if owner is None:
            return
        wanted = find_other(system, owner, session.company, session.ledger.identities)
        if wanted is None:
            self.add("", label, "ok", shown=str(owner))
            return
        said = f"{owner}; expected: {wanted}"
        self.add("", label, "stop", code=OTHER_OWNER, shown=said, system=name)

    def examine(self, flow: Flow) -> None:
        """Take the steps of ``setup`` and ``doctor``, one by one."""
        run = self._session.make_context(flow)
        steps = (*flow.setup, *flow.doctor)
        name_registers(steps, run, is_examined=True)
        for step in steps:
            if isinstance(step, RequireStep):
                self._require(step, run)
        self._check_units(run)

    def _check_units(self, run: RunContext) -> None:
        """Tell of companies inside companies, where several share one source (R076)."""
        label = "companies in the hierarchy of units"
        ownership = Ownership(run)
        try:
            nested = ownership.tree().nested() if ownership.is_used else None
        except (TransientError, RefusedError, ValueFault, ViolationError) as error:
            self.add(run.flow.name, label, "unknown", shown=str(error))
            return
        if nested is None:
            return
        shown = [f"{unit} ({inner})" for inner, unit, outer in nested]
        state: State = "warning" if shown else "ok"
        code = "UNIT_INSIDE_COMPANY" if shown else ""
        self.add(run.flow.name, label, state, code=code, shown=", ".join(shown))

    def _require(self, step: RequireStep, run: RunContext) -> None:
        try:
            scope = run.scope({})
            failing = [_shown(unmet) for unmet in iter_unmet(step, scope)]
            share = _share(len(failing), step, scope)
        except (TransientError, RefusedError, ValueFault, ViolationError) as error:
            self.add(run.flow.name, step.label, "unknown", shown=str(error))
        else:
            if not failing:
                self.add(run.flow.name, step.label, "ok")
                return
            more = f" and {len(failing) - SHOWN} more" if len(failing) > SHOWN else ""
            shown = share + ", ".join(filter(None, failing[:SHOWN])) + more
            state: State = "warning" if step.is_warning else "stop"
            self.add(run.flow.name, step.label, state, code=step.code, shown=shown)


def _share(count: int, step: RequireStep, scope: Scope) -> str:
    """Say of how many items a warning is: "3/20 (15 %): "."""
    if step.each is None or not step.is_warning or not count:
        return ""
    items = iter_items(step.each, scope)
    total = sum(holds(step.when, item) for item in items)
    return f"{count}/{total} ({round(100 * count / total)} %): "


def _shown(details: dict[str, str]) -> str:
    """Say what is meant by an item that does not meet a requirement."""
    value = details.get("value", "")
    if "choices" in details:
        return f"{value} (there are: {details['choices']})"
    return value

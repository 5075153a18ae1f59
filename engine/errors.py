"""What can go wrong, as data; the sentences are made in ``engine.cli.report``.

Three families, by who must act:

    EngineError
    ├── ConfigError       a consultant or operator: rules, settings → nothing runs
    │   ├── RuleError         a file in ``mappings/`` or ``schemas/``
    │   └── SettingsError     a company file, a secret, a register the rules rely on
    │       └── CannotStartError  the ledger or the installation cannot be used
    ├── RecordError       a bookkeeper: this document's data → stopped, others go on
    │   ├── ViolationError    the document breaks rules of a mapping or schema
    │   ├── StoppedError      a ``require``, ``match`` or proof stopped it; has a code
    │   └── RefusedError      the other system said no; its code, field and text
    └── TransientError    nobody: network, rate limit, lag → waits, the next run retries
        ├── NotAppliedError   the request surely had no effect
        ├── DoubtError        the request may have had its effect (a write in doubt)
        └── SystemDownError   the system does not answer; the run ends "degraded"
            └── KeyRefusedError   the key is refused, or another company's

Errors carry fields. This module imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1, in characters."""

    file: str  # relative to the project's root, with forward slashes
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in a file: where, which rule, what, and one way out."""

    code: str  # stable, by family: M1 file, M2 paths, M3 formulas, M4 target, M5 logic,
    #            S systems, F flows, C companies and secrets
    message: str  # lower case, one sentence, no full stop
    position: Position | None = None
    hint: str | None = None  # the way out, as a change: "did you mean limit?"
    length: int = 1  # characters to underline from the position
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why a document cannot go, in the words of the person who must act."""

    code: str
    message: str
    field: str = ""  # payload path, dotted, rows counted from 0: "invoiceRows[2].unit"
    value: str = ""  # shown shortly; "" when empty or secret
    position: Position | None = None  # the YAML line that demanded it


FIELD_JOINT = ", "  # between the fields of one event that lack the same


class EngineError(Exception):
    """The root; never raised itself."""


class ConfigError(EngineError):
    """Files or settings are wrong: nothing runs. Carries every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(p.message for p in problems[:3]))
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[ConfigError], tuple[list[Problem]]]:
        # Or another process would get the sentence for the list of problems.
        return type(self), (list(self.problems),)


class RuleError(ConfigError):
    """Problems in the rules."""


class SettingsError(ConfigError):
    """Problems in a company's settings or secrets."""


class CannotStartError(SettingsError):
    """What every run stands on cannot be used: the ledger, the installation."""


class RecordError(EngineError):
    """A document cannot go as it is; it is stopped and the others go on."""


class ViolationError(RecordError):
    """The document breaks rules; carries all of them."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.message}" for v in violations[:3]))
        self.violations = tuple(violations)


class StoppedError(RecordError):
    """A rule of the flow stopped the document, with an advice code."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        position: Position | None = None,
        details: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.position = position
        self.details = dict(details or {})


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line of an error answer: the system's own code or sentence, and its field."""

    message: str
    field: str = ""
    value: str = ""  # the beginning of the text that we sent there, masked
    length: int = 0  # characters of that text


class RefusedError(RecordError):
    """The other system refused the request with an error body (4xx)."""

    def __init__(
        self, system: str, endpoint: str, status: int, refusals: list[Refusal]
    ) -> None:
        super().__init__(
            f"{system} refused {endpoint} with {status}: "
            + "; ".join(r.message for r in refusals[:3])
        )
        self.system = system
        self.endpoint = endpoint
        self.status = status
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What may be said about a request: no header, no body, no query."""

    system: str
    endpoint: str
    status: int | None = None
    detail: str = field(default="")


class TransientError(EngineError):
    """It may pass by itself; the next run tries again."""

    def __init__(
        self, facts: RequestFacts, *, retry_after: float | None = None
    ) -> None:
        said = f" answered {facts.status}" if facts.status else ""
        detail = f": {facts.detail}" if facts.detail else ""
        super().__init__(f"{facts.system}{said} at {facts.endpoint}{detail}")
        self.facts = facts
        self.retry_after = retry_after  # seconds, as the server asked


class NotAppliedError(TransientError):
    """The request surely had no effect: refused connection, 429, 401."""


class DoubtError(TransientError):
    """The request may have had its effect: time-out, cut answer, 5xx."""


class SystemDownError(TransientError):
    """The system does not answer; the company's run ends."""


class KeyRefusedError(SystemDownError):
    """The system refuses the key, its scope or its rights: somebody must act."""

    def __init__(
        self, facts: RequestFacts, code: str, found: str = "", *, ends_run: bool = True
    ) -> None:
        super().__init__(facts)
        self.code = code  # of the advice
        self.found = found  # what words it: a scope, the names of two companies
        self.ends_run = ends_run  # False: other documents may need less

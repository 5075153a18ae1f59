"""The consultant's commands, one module each: no network, no secret, no ledger.

A module has ``add_command`` (its arguments) and ``run``, which gives a ``Reply`` and
raises a ``ConfigError`` when rules, samples or names are wrong; ``engine.__main__``
lists the modules and prints. May import samples, docs and every
room; knows nothing of the operator's commands.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.cli.exit_codes import OK


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command says: for the output, for the error output, its exit code."""

    out: str = ""
    err: str = ""
    code: int = OK

"""Every finding by its code: what it does, why it matters, example, what to write.

The texts stand in ``findings_index.yaml`` beside this module. A code belongs to one
family (``M1`` file, ``M2`` source paths, ``M3`` formulas, ``M4`` target, ``M5`` logic
and overlays, ``M6`` commands and samples, ``S`` systems, ``F`` flows, ``C`` companies)
and is never used again for something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.rulefiles.nodes import entries_at, text_at
from engine.rulefiles.reader import load_yaml

FILE: Final = Path(__file__).with_suffix(".yaml")
_ABOUT: Final = """\
`python -m engine check` prints them; `python -m engine rule CODE` explains
one.
What the transfer log says about documents is in [errors.md](errors.md)."""
FAMILIES: Final[Mapping[str, str]] = {
    "M1": "The file",
    "M2": "Source paths",
    "M3": "Formulas",
    "M4": "The target",
    "M5": "Logic and overlays",
    "M6": "Commands and samples",
    "S": "Systems",
    "F": "Flows, advice and mails",
    "C": "Companies, secrets and the ledger",
}


@dataclass(frozen=True, slots=True)
class FindingText:
    """What is said about one code."""

    code: str
    title: str
    what: str
    why: str
    example: str
    instead: str

    @property
    def family(self) -> str:
        return next(name for name in FAMILIES if self.code.startswith(name))


def load_findings() -> dict[str, FindingText]:
    """Read all texts, in the order of the file.

    Raises:
        RuleError: The file is wrong.
    """
    node = load_yaml(FILE.read_bytes(), FILE.name)
    names = ("title", "what", "why", "example", "instead")
    return {
        key.text: FindingText(
            key.text, **{name: text_at(value, name).rstrip("\n") for name in names}
        )
        for key, value in entries_at(node, "findings")
    }


def render_finding(text: FindingText) -> str:
    """Render one code for a terminal."""
    return "\n".join(
        [
            f"{text.code}  {text.title}",
            "",
            f"  {text.what}",
            f"  {text.why}",
            "",
            "  example",
            *(f"    {line}" for line in text.example.splitlines()),
            "  instead",
            *(f"    {line}" for line in text.instead.splitlines()),
        ]
    )


def render_findings(texts: Iterable[FindingText], made: str) -> str:
    """Render the page of all codes, family by family."""
    blocks = [
        "# Findings: what is said about the rules, and what to write instead",
        made,
        _ABOUT,
    ]
    family = ""
    for text in texts:
        if text.family != family:
            family = text.family
            blocks.append(f"## {FAMILIES[family]}")
        blocks += [f"### {text.code} {text.title}", f"{text.what} {text.why}"]
        blocks += [_yaml(text.example), "Instead:", _yaml(text.instead)]
    return "\n\n".join(blocks) + "\n"


def _yaml(text: str) -> str:
    return f"```yaml\n{text}\n```"

"""The YAML of a sample: its keys, and its words as they are typed.

``no`` and ``012`` in a document are texts, ``true`` is a truth; numbers keep their
digits. In a company's settings ``yes`` and ``no`` are truths, as in its own file.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import yaml

from engine.errors import Position, Problem, SettingsError
from engine.problems import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

KEYS: Final = frozenset(
    [
        "about",
        "base",
        "mapping",
        "item",
        "for",
        "company",
        "change",
        "change_derived",
        "leaves",
        "off_schema",
    ]
)


class _Word(str):
    """A word that YAML takes for a truth; where it stands decides whether it is."""

    __slots__ = ()


class SampleYaml(yaml.SafeLoader):
    """YAML whose numbers keep their digits and whose texts stay as typed."""


def _whole_number(_: Any, node: Any) -> Any:
    plain = re.fullmatch(r"-?(0|[1-9]\d*)", node.value)
    return int(node.value) if plain else node.value


def _number(_: Any, node: Any) -> Any:
    plain = re.fullmatch(r"-?\d+\.\d+", node.value)
    return Decimal(node.value) if plain else node.value


SampleYaml.add_constructor("tag:yaml.org,2002:float", _number)
SampleYaml.add_constructor("tag:yaml.org,2002:int", _whole_number)
SampleYaml.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
SampleYaml.add_constructor("tag:yaml.org,2002:bool", lambda _, node: _Word(node.value))


def read_sample_file(path: Path, file: str) -> dict[str, Any]:
    """Read a sample's keys; ``file`` is how findings name it.

    Raises:
        SettingsError: It is no YAML, or has a key that no sample has.
    """
    try:
        # The loader makes plain data only: it is the safe one.
        said = yaml.load(path.read_text("utf-8"), SampleYaml)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        place = Position(file, line, column)
        said = f"this is no YAML: {error.problem}"
        raise SettingsError([Problem("M610", said, place)]) from error
    if not isinstance(said, dict):
        raise sample_fault("M610", file, "a sample has keys such as about: and change:")
    unknown = [key for key in said if key not in KEYS]
    if unknown:
        message = f"{unknown[0]} is no key of a sample"
        raise sample_fault("M610", file, message, str(unknown[0]), KEYS)
    return said


def as_typed(value: Any) -> Any:
    """Make ``true`` and ``false`` truths, and leave ``yes`` and ``no`` texts."""
    if isinstance(value, _Word):
        return {"true": True, "false": False}.get(value, str(value))
    if isinstance(value, dict):
        return {str(key): as_typed(item) for key, item in value.items()}
    return [as_typed(item) for item in value] if isinstance(value, list) else value


def as_truth(value: Any) -> Any:
    """Read ``yes`` and ``no`` as a company file does."""
    if isinstance(value, _Word):
        return value.lower() in {"yes", "true", "on"}
    if isinstance(value, dict):
        return {str(key): as_truth(item) for key, item in value.items()}
    return [as_truth(item) for item in value] if isinstance(value, list) else value


def sample_fault(
    code: str, file: str, message: str, word: str = "", known: Any = ()
) -> SettingsError:
    """Make a finding about a sample; ``word`` is looked for among what is ``known``."""
    hint = did_you_mean(word, known) if word else None
    return SettingsError([Problem(code, message, Position(file, 1, 1), hint)])

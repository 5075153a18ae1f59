"""The YAML of a sample: its keys, and its values as they are typed.

``no``, ``012`` and what stands in quotes are texts, ``true`` is a truth, nothing and
``null`` are null; numbers keep their digits. In a company's settings ``yes`` and ``no``
are truths, as in its own file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.errors import Position, Problem, SettingsError
from engine.problems import did_you_mean, problem_at
from engine.rulefiles.nodes import YES_NO, ListNode, MapNode, Node, Scalar
from engine.rulefiles.reader import load_yaml

KEYS: Final = (
    *("about", "base", "mapping", "item", "for", "company"),
    *("change", "change_derived", "leaves", "off_schema"),
)
_WORDS: Final[Mapping[str, Any]] = {
    "true": True,
    "false": False,
    **dict.fromkeys(("", "~", "null")),
}
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d*)")
_DECIMAL: Final = re.compile(r"-?\d+\.\d+")


def read_sample_file(path: Path, file: str) -> dict[str, Any]:
    """Read a sample's keys; ``file`` is how findings name it.

    Raises:
        RuleError: It is no YAML.
        SettingsError: It has a key that no sample has.
    """
    node = load_yaml(path.read_bytes(), file, may_escape=True)
    if not isinstance(node, MapNode):
        raise sample_fault("M610", file, "a sample has keys such as about: and change:")
    for name in node:
        if name not in KEYS:
            said, hint = f"{name} is no key of a sample", did_you_mean(name, KEYS)
            raise SettingsError([problem_at("M610", said, node.key(name), hint)])
    settings = {**_WORDS, **YES_NO}
    return {
        key.text: _value(value, settings if key.text == "company" else _WORDS)
        for key, value in node.items()
    }


def _value(node: Node, words: Mapping[str, Any]) -> Any:
    if isinstance(node, MapNode):
        return {key.text: _value(item, words) for key, item in node.items()}
    if isinstance(node, ListNode):
        return [_value(item, words) for item in node.items]
    return _scalar(node, words)


def _scalar(scalar: Scalar, words: Mapping[str, Any]) -> Any:
    text = scalar.text
    if scalar.style != "plain":
        return text
    if text in words:
        return words[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def sample_fault(
    code: str, file: str, message: str, word: str = "", known: Any = ()
) -> SettingsError:
    """Make a finding about a sample; ``word`` is looked for among what is ``known``."""
    hint = did_you_mean(word, known) if word else None
    return SettingsError([Problem(code, message, Position(file, 1, 1), hint)])

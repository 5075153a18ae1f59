"""The sentences for what a grammar schema does not allow.

``engine.rulefiles.grammar`` finds; this module words, with the place of the key or
value to change and one way out. Imports errors, problems and reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import Position, Problem
from engine.kinds import PHRASES
from engine.problems import (
    MOST_LISTED,
    did_you_mean,
    either,
    list_words,
    nearest,
    problem_at,
    shorten,
)
from engine.rulefiles.nodes import ListNode, MapNode, Node, Scalar

_KINDS: Final = {**PHRASES, "object": "a map of keys"}
_JOINED_KEY = re.compile(r"([A-Za-z_][\w.]*):(\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GrammarError:
    """One thing that a schema refuses, with the node it is about."""

    kind: str  # the schema's keyword: type, required, enum …
    wanted: Any  # its value
    schema: Mapping[str, Any]  # the schema that has the keyword
    node: Node
    key: Scalar | None  # the key that holds the node
    name: str  # its nearest key, "" at the top
    is_item: bool  # it stands in the list that the name holds
    position: Position
    bad_key: str | None  # the key's text, when the key itself has the wrong form

    @property
    def title(self) -> str:
        """Say what the node is: "a field rule"."""
        title = str(self.schema.get("title", "")) or self.name
        if not title:
            return "this file"
        title = f"{title[0].lower()}{title[1:]}"
        if title.endswith("s") and not title.endswith("ss"):
            return title
        return f"{'an' if title[0] in 'aeio' else 'a'} {title}"

    @property
    def example(self) -> str | None:
        """Show how the key and its value may look."""
        example = _example(self.schema)
        if not example or not self.name:
            return None
        lead = "- " if self.is_item else f"{self.name}: "
        return f"for example {lead}{example}"

    @property
    def label(self) -> str:
        """Name the node by the key that holds it."""
        if self.is_item:
            return f"an item of {self.name}" if self.name else "an item of the list"
        return self.name or "the file"


def word_finding(finding: GrammarError) -> list[Problem]:
    """Give the problems that one finding stands for; unknown keys are one each."""
    if finding.bad_key is not None:
        return _word_bad_key(finding)
    return _WORDERS.get(finding.kind, _word_other)(finding)


def _word_other(finding: GrammarError) -> list[Problem]:
    return [_at_value(finding, "M107", f"{finding.label} is not allowed like this")]


def _at_value(
    finding: GrammarError, code: str, message: str, hint: str | None = None
) -> Problem:
    node = finding.node
    if isinstance(node, Scalar) and not node.is_missing:
        return problem_at(code, message, node, hint)
    # A map or list is underlined by its key: the whole of it would be no place.
    return problem_at(code, message, finding.key or finding.position, hint)


def _word_unknown(finding: GrammarError) -> list[Problem]:
    node = finding.node
    if not isinstance(node, MapNode):
        return []
    known = list(finding.schema.get("properties", {}))
    patterns = finding.schema.get("patternProperties", {})
    instead = finding.schema.get("x-instead", {})
    elsewhere = finding.schema.get("x-elsewhere", {})
    unknown = [
        key
        for key, _ in node.items()
        if key.text not in known and not any(re.search(p, key.text) for p in patterns)
    ]
    if (
        "fields" in known
        and unknown
        and len(unknown) == len(node)
        and not any(
            nearest(key.text, known) or key.text in {**instead, **elsewhere}
            for key in unknown
        )
    ):
        message = f"the fields of the group {finding.label} stand without fields:"
        way_out = "write fields: above them and indent them below it"
        return [problem_at("M105", message, unknown[0], way_out)]
    problems = []
    for key in unknown:
        guess = instead.get(key.text) or nearest(
            key.text, [k for k in known if k not in node]
        )
        hint = f"did you mean {guess}?" if guess else list_words(known, "known are:")
        hint = elsewhere.get(key.text, hint)
        shown = shorten(key.text) or "an empty text"
        message = f"{shown} is not a key of {finding.title}"
        problems.append(problem_at("M101", message, key, hint))
    return problems


def _word_required(finding: GrammarError) -> list[Problem]:
    node = finding.node
    if not isinstance(node, MapNode):
        return []
    missing = [name for name in finding.wanted if name not in node]
    properties = finding.schema.get("properties", {})
    return [
        _at_value(
            finding,
            "M102",
            f"{finding.title} needs the key {name}",
            f"add {name}: {_example(properties.get(name, {}))}".rstrip(),
        )
        for name in missing
    ]


def _word_type(finding: GrammarError) -> list[Problem]:
    node = finding.node
    types = [finding.wanted] if isinstance(finding.wanted, str) else finding.wanted
    # Every scalar is a text: "a text, a number or yes or no" would say nothing more.
    named = [k for k in types if k in ("string", "object", "array")] or types
    wanted = either([_KINDS[kind] for kind in named])
    if isinstance(node, Scalar) and node.is_missing:
        return [_missing(finding)]
    if isinstance(node, Scalar):
        joined = _JOINED_KEY.match(node.text)
        if joined and "object" in types:
            name, rest = joined.groups()
            said, hint = "a blank is missing after the colon", f"write {name}: "
            return [Problem("M103", said, node.at(len(name)), hint + shorten(rest))]
        found = f'"{shorten(node.text)}"'
    else:
        found = "a list" if isinstance(node, ListNode) else "a map of keys"
    message = f"{finding.label} takes {wanted}, not {found}"
    return [_at_value(finding, "M103", message, finding.example)]


def _missing(finding: GrammarError) -> Problem:
    hint, message = finding.example or "write one", f"{finding.label} has no value"
    return problem_at("M103", message, finding.key or finding.position, hint)


def _word_value(finding: GrammarError) -> list[Problem]:
    node = finding.node
    allowed = finding.wanted if finding.kind == "enum" else [finding.wanted]
    texts = _allowed_texts(allowed)
    if not isinstance(node, Scalar):
        message = f"{finding.label} takes {either(texts[:MOST_LISTED])}"
        return [_at_value(finding, "M103", message)]
    if node.is_missing:
        return [_missing(finding)]
    hint = did_you_mean(node.text, texts) or _write(texts)
    why = finding.schema.get("x-why")
    message = f'"{shorten(node.text)}" is not allowed for {finding.label}'
    message += f": {why}" if why else ""
    return [_at_value(finding, "M104", message, hint)]


def _word_form(finding: GrammarError) -> list[Problem]:
    node = finding.node
    text = node.text if isinstance(node, Scalar) else ""
    if isinstance(node, Scalar) and node.is_missing:
        return [_missing(finding)]
    form = finding.schema.get("x-form")
    example = _example(finding.schema)
    hint = f"write {form}" if form else f"for example {example}" if example else None
    message = f'"{shorten(text)}" does not have the form of {finding.label}'
    return [_at_value(finding, "M104", message, hint)]


def _word_bad_key(finding: GrammarError) -> list[Problem]:
    node = finding.node
    text = finding.bad_key or ""
    form = finding.schema.get("x-form")
    message = f'"{shorten(text)}" cannot be a key of {finding.label}'
    hint = f"write {form}" if form else None
    at = isinstance(node, MapNode) and text in node and node.key(text)
    return [problem_at("M104", message, at or finding.position, hint)]


def _word_length(finding: GrammarError) -> list[Problem]:
    node = finding.node
    if finding.kind in ("minItems", "minProperties", "minLength"):
        if isinstance(node, Scalar):
            return [_missing(finding)]
        if finding.wanted > 1:
            message = f"{finding.label} needs at least {finding.wanted} entries"
            return [_at_value(finding, "M103", message)]
        return [_at_value(finding, "M103", f"{finding.label} is empty", "fill it")]
    kind = "characters" if isinstance(node, Scalar) else "entries"
    message = f"{finding.label} has more than {finding.wanted} {kind}"
    return [_at_value(finding, "M104", message, "shorten it")]


def _word_range(finding: GrammarError) -> list[Problem]:
    text = finding.node.text if isinstance(finding.node, Scalar) else ""
    side = "at least" if finding.kind == "minimum" else "at most"
    message = f"{finding.label} must be {side} {finding.wanted}, not {text}"
    return [_at_value(finding, "M104", message)]


def _word_choice(finding: GrammarError) -> list[Problem]:
    """Word "exactly one of these keys"."""
    node = finding.node
    required = (name for part in finding.wanted for name in part.get("required", ()))
    names = list(dict.fromkeys(required))
    if not isinstance(node, MapNode) or not names:
        return _word_other(finding)
    known = finding.schema.get("properties", ())
    is_closed = finding.schema.get("additionalProperties") is False
    if is_closed and len(node) and not any(key in known for key in node):
        return []  # told as unknown keys
    present = [name for name in names if name in node]
    if not present:
        for key in node:
            guess = nearest(key, names)
            if guess and key not in known:
                said = f"{shorten(key)} is not a key of {finding.title}"
                hint = f"did you mean {guess}?"
                return [problem_at("M101", said, node.key(key), hint)]
        message = f"{finding.title} needs one of {either(names)}"
        hint = f"add {names[0]}:"
        return [_at_value(finding, "M105", message, hint)]
    ordered = [key for key in node if key in present]
    if len(ordered) < 2:
        return _word_other(finding)
    message = f"{ordered[1]} and {ordered[0]} cannot stand together in {finding.title}"
    hint = f"keep one of {either(ordered)}"
    return [problem_at("M105", message, node.key(ordered[1]), hint)]


def _word_dependent(finding: GrammarError) -> list[Problem]:
    node = finding.node
    if not isinstance(node, MapNode):
        return []
    return [
        problem_at(
            "M105",
            f"{name} stands without {needed}",
            node.key(name),
            f"add {needed}:, or take {name} out",
        )
        for name, others in finding.wanted.items()
        if name in node
        for needed in others
        if needed not in node
    ]


_WORDERS: Mapping[str, Callable[[GrammarError], list[Problem]]] = {
    "additionalProperties": _word_unknown,
    "unevaluatedProperties": _word_unknown,
    "required": _word_required,
    "type": _word_type,
    "enum": _word_value,
    "const": _word_value,
    "pattern": _word_form,
    "minLength": _word_length,
    "maxLength": _word_length,
    "minItems": _word_length,
    "maxItems": _word_length,
    "minProperties": _word_length,
    "maxProperties": _word_length,
    "minimum": _word_range,
    "maximum": _word_range,
    "oneOf": _word_choice,
    "anyOf": _word_choice,
    "dependentRequired": _word_dependent,
}


# Small words ------------------------------------------------------------------------


def _allowed_texts(allowed: Iterable[Any]) -> list[str]:
    words = {True: "yes", False: "no"}
    texts = (words[v] if isinstance(v, bool) else str(v) for v in allowed)
    return list(dict.fromkeys(texts))


def _example(schema: Mapping[str, Any]) -> str:
    examples = schema.get("examples", [])
    if schema.get("const") is not None:
        examples = [schema["const"]]
    first = examples[0] if examples else ""
    if isinstance(first, bool):
        return "yes" if first else "no"
    return str(first) if isinstance(first, str | int | float) else ""


def _write(texts: list[str]) -> str | None:
    if len(texts) > MOST_LISTED:
        return list_words(texts, "write")
    return f"write {either(texts)}" if texts else None

"""Decide what to do with a register entry: link, create, update, reject or leave.

The rules stand in ``*.match.yaml``. They are tried from top to bottom; a rule whose
formula speaks of ``candidate`` holds as soon as it holds for one candidate. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from engine.language.formulas import compile_condition
from engine.language.scope import Scope
from engine.language.symbols import SymbolTable
from engine.problems import Problems
from engine.rulefiles.nodes import ListNode, MapNode, maps_at, scalar_at, text_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.errors import Position
    from engine.language.formulas import Condition
    from engine.rulefiles.nodes import Node

Action = Literal["link", "update", "create", "reject", "leave"]
ACTIONS: tuple[Action, ...] = get_args(Action)
OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class MatchRule:
    """One row of a match file; ``condition`` is None for ``otherwise``."""

    action: Action
    condition: Condition | None
    compares: bool  # the formula speaks of a candidate
    when: Condition | None
    code: str
    warn: str
    note: str
    position: Position


@dataclass(frozen=True, slots=True)
class MatchRules:
    """A match file."""

    name: str
    rules: tuple[MatchRule, ...]


@dataclass(frozen=True, slots=True)
class MatchDecision:
    """What to do, with which candidate (link, update, reject), by which rule."""

    rule: MatchRule
    candidate: Any = None

    @property
    def action(self) -> Action:
        """Name what to do."""
        return self.rule.action


def load_match_rules(node: Node, types: SymbolTable | None = None) -> MatchRules:
    """Read a match file that the grammar accepts.

    Args:
        node: The file.
        types: What is known of the record that it is used on, to check names.

    Raises:
        RuleError: Formulas are wrong, or the last rule does not always hold; all
            problems at once.
    """
    types = (types or SymbolTable()).with_extra("candidate", "reference")
    problems = Problems()
    entries = maps_at(node, "rules")
    rules = [_load_rule(entry, types, problems) for entry in entries]
    sound = tuple(rule for rule in rules if rule is not None)
    listed = node.get("rules") if isinstance(node, MapNode) else None
    is_whole = isinstance(listed, ListNode) and listed.is_whole
    if is_whole and len(sound) == len(entries):
        _check_order(sound, problems)
    problems.raise_if_any()
    return MatchRules(text_at(node, "name"), sound)


def _load_rule(
    entry: MapNode, types: SymbolTable, problems: Problems
) -> MatchRule | None:
    action = next((action for action in ACTIONS if action in entry), None)
    formula = None if action is None else scalar_at(entry, action)
    if action is None or formula is None:
        return None  # the grammar has said so
    before = len(problems)
    condition = applies = None
    if formula.text != OTHERWISE:
        condition = problems.attempt(compile_condition, formula, types)
    if when := scalar_at(entry, "when"):
        applies = problems.attempt(compile_condition, when, types)
    if len(problems) > before:
        return None
    return MatchRule(
        action,
        condition,
        condition is not None and "candidate" in condition.formula.names,
        applies,
        text_at(entry, "code"),
        text_at(entry, "warn"),
        text_at(entry, "note"),
        formula.position,
    )


def _check_order(rules: Sequence[MatchRule], problems: Problems) -> None:
    """Find rules that are never reached, and a list that may decide nothing."""
    ends = [n for n, rule in enumerate(rules) if not rule.condition and not rule.when]
    for rule in rules[ends[0] + 1 :] if ends else ():
        said = "this rule is never reached: otherwise stands above it"
        problems.add("M514", said, rule.position, "move it above otherwise")
    seen: dict[tuple[str, ...], int] = {}
    for rule in rules:
        texts = (one.text if one else OTHERWISE for one in (rule.condition, rule.when))
        key = tuple(" ".join(text.split()) for text in texts)
        if rule.condition is not None and key in seen:
            said = f"this rule is never reached: line {seen[key]} has its condition"
            problems.add("M514", said, rule.position, "leave one of them out")
        seen.setdefault(key, rule.position.line)
    if rules and not ends:
        hint = "end with a rule such as create: otherwise, without when:"
        said = "the last rule must always hold"
        problems.add("M513", said, rules[-1].position, hint)


def decide_match(
    rules: MatchRules, scope: Scope, candidates: Sequence[Any]
) -> MatchDecision:
    """Choose what to do: the first rule that holds, with the first candidate it does.

    Args:
        rules: They end with one that always holds.
        scope: The record's scope; ``candidate`` is added to its roots.
        candidates: What the target returned, in its order; may be empty.

    Raises:
        ViolationError: A formula cannot be calculated on this record.
    """
    for rule in rules.rules:
        decision = _try_rule(rule, scope, candidates)
        if decision is not None:
            return decision
    raise AssertionError(f"{rules.name}: the last rule always holds")


def find_link(
    rules: MatchRules, scope: Scope, candidates: Sequence[Any]
) -> MatchDecision | None:
    """Give a decision that no further search can change: a link or an update."""
    for rule in rules.rules:
        if rule.action in ("link", "update") and rule.compares:
            decision = _try_rule(rule, scope, candidates)
            if decision is not None:
                return decision
    return None


def _try_rule(
    rule: MatchRule, scope: Scope, candidates: Sequence[Any]
) -> MatchDecision | None:
    if rule.when is not None and not rule.when.evaluate(scope):
        return None
    if rule.condition is None:
        return MatchDecision(rule)
    if not rule.compares:
        return MatchDecision(rule) if rule.condition.evaluate(scope) else None
    if not candidates:
        return None
    roots = dict(scope.roots)  # one candidate after the other takes its place in them
    seen = Scope(scope.item, roots, scope.is_exact)
    for candidate in candidates:
        roots["candidate"] = candidate
        if rule.condition.evaluate(seen):
            return MatchDecision(rule, candidate)
    return None

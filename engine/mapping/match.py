"""Decide what to do with a register entry: link, create, update, reject or leave.

The rules stand in ``*.match.yaml``. They are tried from top to bottom; a rule whose
formula speaks of ``candidate`` holds as soon as it holds for one candidate. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from engine.errors import Problem, RuleError
from engine.language.formulas import compile_condition
from engine.language.symbols import SymbolTable
from engine.rulefiles.node_parts import text_at
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.errors import Position
    from engine.language.formulas import Condition
    from engine.language.scope import Scope
    from engine.rulefiles.reader import Node

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
        RuleError: Formulas are wrong, ``reject`` has no code, or the last rule does not
            always hold; all problems at once.
    """
    types = (types or SymbolTable()).with_extra("candidate", "reference")
    problems: list[Problem] = []
    rules: list[MatchRule] = []
    listed = node.get("rules") if isinstance(node, MapNode) else None
    for entry in listed.items if isinstance(listed, ListNode) else ():
        if isinstance(entry, MapNode):
            rule = _load_rule(entry, types, problems)
            if rule is not None:
                rules.append(rule)
    items = listed if isinstance(listed, ListNode) else ListNode((), node.position)
    if items.is_whole and len(rules) == len(items.items):
        problems += _check_order(rules)
    if problems:
        raise RuleError(problems)
    return MatchRules(text_at(node, "name"), tuple(rules))


def _check_order(rules: Sequence[MatchRule]) -> list[Problem]:
    """Find rules that are never reached, and a list that may decide nothing."""
    ends = [n for n, rule in enumerate(rules) if not rule.condition and not rule.when]
    problems = [
        Problem(
            "M514",
            "this rule is never reached: otherwise stands above it",
            rule.position,
            "move it above otherwise",
        )
        for rule in (rules[ends[0] + 1 :] if ends else ())
    ]
    if rules and not ends:
        hint = "end with a rule such as create: otherwise, without when:"
        said = "the last rule must always hold"
        problems.append(Problem("M513", said, rules[-1].position, hint))
    return problems


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
    for candidate in candidates:
        if rule.condition.evaluate(scope.with_roots(candidate=candidate)):
            return MatchDecision(rule, candidate)
    return None


def _load_rule(
    entry: MapNode, types: SymbolTable, problems: list[Problem]
) -> MatchRule | None:
    found = [action for action in ACTIONS if action in entry]
    if len(found) != 1:
        problems.append(
            Problem(
                "M511",
                "a match rule says exactly one of " + ", ".join(ACTIONS),
                entry.position,
            )
        )
        return None
    action = found[0]
    formula = entry.get(action)
    if not isinstance(formula, Scalar):
        return None  # the grammar has said so
    when = entry.get("when")
    try:
        condition = (
            None if formula.text == OTHERWISE else compile_condition(formula, types)
        )
        applies = compile_condition(when, types) if isinstance(when, Scalar) else None
    except RuleError as error:
        problems.extend(error.problems)
        return None
    rule = MatchRule(
        action,
        condition,
        condition is not None and "candidate" in condition.formula.names,
        applies,
        text_at(entry, "code"),
        text_at(entry, "warn"),
        text_at(entry, "note"),
        formula.position,
    )
    if action == "reject" and not rule.code:
        problems.append(
            Problem(
                "M512",
                "reject needs a code",
                formula.position,
                "add code: and its entry in advice.yaml",
            )
        )
    return rule

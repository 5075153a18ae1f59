"""Paths: JMESPath expressions that pick, checked at load and bounded at run time.

The first name of a path is looked up in the scope (item field or root). Inside a filter
``[?…]`` names are fields of the element. Numbers are Decimal-safe; nothing is computed
in floats. A path is at most 500 characters and 30 levels, its result at most 200,000
values: doubling tricks end there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jmespath.exceptions import JMESPathError, JMESPathTypeError

from engine.language.jmespath_exact import Interpreter, Tree, View, item_of
from engine.language.path_check import PathChecker
from engine.language.symbols import Symbol, SymbolTable
from engine.language.values import ValueFault, plain

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.language.scope import Scope
    from engine.rulefiles.reader import Scalar


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path.

    ``keys`` is set when it is just names joined by points, ``listed`` when it is a list
    of such, as ``[vars.project]`` and ``[@]``: they need no interpreter.
    """

    text: str
    position: Position
    tree: Tree
    keys: tuple[str, ...] | None
    listed: tuple[tuple[str, ...], ...] | None
    shape: Symbol  # what it gives, as far as the source schema tells

    def evaluate(self, scope: Scope) -> Any:
        """Pick the value; None when there is none.

        Raises:
            ValueFault: A function or comparison met a value it cannot use.
        """
        if self.keys is not None:
            value = scope.follow(self.keys)
            return plain(value) if isinstance(value, float) else value
        if self.listed is not None:
            found = [scope.follow(keys) for keys in self.listed]
            return [plain(one) if isinstance(one, float) else one for one in found]
        try:
            value = Interpreter().visit(self.tree, View(scope))
        except (JMESPathError, TypeError, ValueError, ArithmeticError) as error:
            said = _explain(error)
            raise ValueFault("PATH", f"{self.text} cannot be read: {said}") from error
        except RecursionError:
            raise ValueFault("PATH", f"{self.text} is nested too deeply") from None
        return plain(item_of(value))


def compile_path(scalar: Scalar, types: SymbolTable | None = None) -> Path:
    """Compile a path and check every name in it that the source schema speaks of.

    Raises:
        RuleError: M201 unknown field, M202 not a path, M203 unknown function, M204
            wrong number of values in a function, M205 unknown variable, M206 too long,
            M207 unknown setting, M209 unknown register, M309 a value that the field
            beside it never has.
    """
    checker = PathChecker(scalar, types or SymbolTable())
    tree = checker.parse()
    shape = checker.admit(tree)
    keys, listed = _simple_keys(tree), _simple_list(tree)
    return Path(scalar.text.strip(), scalar.position, tree, keys, listed, shape)


def _explain(error: Exception) -> str:
    """Say in the consultant's words why a path met a value it cannot use."""
    if isinstance(error, JMESPathTypeError):
        kind = {"null": "an empty value"}.get(
            error.actual_type, f"a {error.actual_type}"
        )
        return f"{error.function_name}() cannot use {kind}"
    said = str(error).splitlines()[0] if str(error) else ""
    if "not supported between" in said:
        return "it compares a text with a number"
    return said or "a value of the wrong kind"


def _simple_keys(tree: Tree) -> tuple[str, ...] | None:
    nodes = tree["children"] if tree["type"] == "subexpression" else [tree]
    if all(node["type"] == "field" for node in nodes):
        return tuple(node["value"] for node in nodes)
    return None


def _simple_list(tree: Tree) -> tuple[tuple[str, ...], ...] | None:
    if tree["type"] != "multi_select_list":
        return None
    found = [
        () if node["type"] == "current" else _simple_keys(node)
        for node in tree["children"]
    ]
    simple = tuple(keys for keys in found if keys is not None)
    return simple if len(simple) == len(found) else None

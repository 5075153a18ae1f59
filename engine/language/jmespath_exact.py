"""The JMESPath library as we use it: places kept, numbers exact, work bounded.

Only :mod:`engine.language.paths` imports this. The base classes are taken as Any
because the library's type stubs know only what it calls public.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from jmespath import functions
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter

from engine.language.values import MAX_TEXT, name_kind, plain, spell_number

if TYPE_CHECKING:
    from engine.language.scope import Scope

Tree = dict[str, Any]
MAX_STEPS: Final = 200_000  # nodes looked at in one evaluation

_ParserBase: Any = Parser
FunctionsBase: Any = functions.Functions
_InterpreterBase: Any = TreeInterpreter
_signature: Any = functions.signature


class PlaceParser(_ParserBase):  # type: ignore[misc]
    """The parser, noting where each name stands (the tree itself keeps no places)."""

    def parse(self, expression: str) -> Any:
        """Parse without the library's shared cache: its trees carry no places."""
        return self._do_parse(expression)

    def _token_nud_unquoted_identifier(self, token: Tree) -> Tree:
        return _placed(super()._token_nud_unquoted_identifier(token), token)

    def _token_nud_quoted_identifier(self, token: Tree) -> Tree:
        return _placed(super()._token_nud_quoted_identifier(token), token)

    def _token_nud_literal(self, token: Tree) -> Tree:
        node: Tree = super()._token_nud_literal(token)
        node["value"] = plain(node["value"])
        node["start"] = token["start"]
        return node

    def _token_led_lparen(self, left: Tree) -> Tree:
        node: Tree = super()._token_led_lparen(left)
        node["start"] = left.get("start", 0)
        return node

    def _began(self) -> int:
        """Give the place of the sign that was just read."""
        return int(self._lookahead_token(-1)["start"])

    def _parse_index_expression(self) -> Tree:
        return {"start": self._began(), **super()._parse_index_expression()}

    def _token_led_lbracket(self, left: Tree) -> Tree:
        return {"start": self._began(), **super()._token_led_lbracket(left)}

    def _token_nud_lbracket(self, token: Tree) -> Tree:
        return {"start": token["start"], **super()._token_nud_lbracket(token)}

    def _token_led_filter(self, left: Tree) -> Tree:
        return {"start": self._began(), **super()._token_led_filter(left)}

    def _token_led_dot(self, left: Tree) -> Tree:
        return {"start": self._began(), **super()._token_led_dot(left)}

    def _token_led_flatten(self, left: Tree) -> Tree:
        start, node = self._began(), super()._token_led_flatten(left)
        node["children"][0]["start"] = start
        return dict(node)

    def _parse_comparator(self, left: Tree, comparator: str) -> Tree:
        return {"start": self._began(), **super()._parse_comparator(left, comparator)}


def _placed(node: Tree, token: Tree) -> Tree:
    node["start"] = token["start"]
    node["quoted"] = token["type"] == "quoted_identifier"
    return node


class View:
    """The scope as a path sees it: names by ``get``, all fields by ``values``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.item = scope.item

    def get(self, name: str) -> Any:
        """Give a root or a field."""
        return self._scope.lookup(name)


class Functions(FunctionsBase):  # type: ignore[misc]
    """The standard functions, for exact numbers and with bounded results."""

    def _get_allowed_pytypes(self, types: list[str]) -> Any:
        allowed, subtypes = super()._get_allowed_pytypes(types)
        subtypes = [(*s, "Decimal") if "int" in s else s for s in subtypes]
        if "int" in allowed:
            allowed = [*allowed, "Decimal"]
        return allowed, subtypes

    def _convert_to_jmespath_type(self, pyobject: str) -> Any:
        return "number" if pyobject == "Decimal" else functions.TYPES_MAP.get(pyobject)

    @_signature({"types": []})  # type: ignore[untyped-decorator]
    def _func_type(self, value: Any) -> Any:
        return self._convert_to_jmespath_type(type(value).__name__) or "unknown"

    @_signature({"types": ["array-number"]})  # type: ignore[untyped-decorator]
    def _func_avg(self, values: list[Any]) -> Any:
        if not values:
            return None
        return sum((Decimal(str(v)) for v in values), Decimal(0)) / len(values)

    @_signature({"types": ["array-number"]})  # type: ignore[untyped-decorator]
    def _func_sum(self, values: list[Any]) -> Any:
        return sum(plain(values))

    @_signature({"types": []})  # type: ignore[untyped-decorator]
    def _func_to_number(self, value: Any) -> Any:
        if isinstance(value, bool | list | dict) or value is None:
            return None
        try:
            number = Decimal(str(value).strip())
        except ArithmeticError:
            return None
        return number if number.is_finite() else None

    @_signature({"types": []})  # type: ignore[untyped-decorator]
    def _func_to_string(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, Decimal):
            return spell_number(value)
        if isinstance(value, bool | int) or value is None:
            return json.dumps(value)
        raise TypeError(f"to_string cannot write {name_kind(value)} as text")

    @_signature({"types": ["string"]}, {"types": ["array-string"]})  # type: ignore[untyped-decorator]
    def _func_join(self, separator: str, values: list[str]) -> str:
        size = sum(map(len, values)) + len(separator) * len(values)
        if size > MAX_TEXT:
            raise TypeError(f"join makes over {MAX_TEXT} characters")
        return separator.join(values)


_OPTIONS: Final = Options(custom_functions=Functions())  # holds no state


class Interpreter(_InterpreterBase):  # type: ignore[misc]
    """One evaluation: exact, and counted, so that no path can run away."""

    def __init__(self) -> None:
        super().__init__(_OPTIONS)
        self._steps = 0

    def visit(self, node: Tree, *args: Any, **kwargs: Any) -> Any:
        """Evaluate one node, and count it."""
        self._spend(1)
        return super().visit(node, *args, **kwargs)

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TypeError(f"it looks at over {MAX_STEPS} values")

    def visit_field(self, node: Tree, value: Any) -> Any:
        """Read a field; numbers come out exact."""
        # Mappings only: an object's own get() or attributes are never asked.
        if isinstance(value, dict | View | Mapping):
            found = value.get(node["value"])
            return plain(found) if isinstance(found, float) else found
        return None

    def visit_current(self, node: Tree, value: Any) -> Any:
        """Give the element, or the item when nothing was entered yet."""
        del node
        return item_of(value)

    def visit_identity(self, node: Tree, value: Any) -> Any:
        """Give what stands here."""
        return self.visit_current(node, value)

    def visit_index(self, node: Tree, value: Any) -> Any:
        """Give a list's item."""
        return super().visit_index(node, item_of(value))

    def visit_slice(self, node: Tree, value: Any) -> Any:
        """Give part of a list."""
        return super().visit_slice(node, item_of(value))

    def visit_flatten(self, node: Tree, value: Any) -> Any:
        """Flatten a list, counting what that makes."""
        merged = super().visit_flatten(node, value)
        self._spend(len(merged or ()))
        return merged

    def visit_value_projection(self, node: Tree, value: Any) -> Any:
        """Look at every field of a group."""
        return super().visit_value_projection(node, item_of(value))


EQUALS: Final = _InterpreterBase.COMPARATOR_FUNC["eq"]


def item_of(value: Any) -> Any:
    """Give the current item where nothing was entered yet, else the value itself."""
    return value.item if isinstance(value, View) else value

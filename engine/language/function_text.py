"""A function being written: its lines, and the values that these name.

Rules become Python functions. What a rule file says enters a function as a value, or
quoted by ``repr``: no word of a file is ever code. A function of a *heard* rule has
lines beside the others that say what it does.
"""

from __future__ import annotations

import builtins
import re
from contextlib import contextmanager
from keyword import kwlist
from types import MethodType
from typing import TYPE_CHECKING, Any, Final

from engine.errors import ViolationError
from engine.language.scope import Scope
from engine.language.values import (
    EXACT,
    NUMBERS,
    ValueFault,
    decimal_of,
    field_in,
    fields_in,
    is_empty,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.language.cell_function import CellFunction

# What every function may name.
_KNOWN: Final[dict[str, Any]] = {
    "EXACT": EXACT,
    "NUMBERS": NUMBERS,
    "FAULTS": (ValueFault, ViolationError),
    "Scope": Scope,
    "ValueFault": ValueFault,
    "decimal_of": decimal_of,
    "field_in": field_in,
    "fields_in": fields_in,
    "is_empty": is_empty,
    "plain": plain,
}
_LITERALS: Final = (str, int, bool, type(None))
_TAKEN: Final = {*_KNOWN, *dir(builtins), *kwlist, "payload", "log", "step", "fault"}
# What a function finds in its scope, where it asks for it; each needs those below.
_HEADS: Final = {
    "known": 'known = getattr(variables, "known", ())',  # what was computed already
    "variables": 'variables = roots.get("vars")',
    "roots": "roots = scope.roots",
    "fields": "fields = item if type(item) is dict else fields_in(item)",
    "item": "item = scope.item",
    "scope": "scope = step.scope",
}


class FunctionText:
    """The text of one function of a scope.

    Attributes:
        is_heard: It says what it does, to ``step``.
        item: What names the current item.
        bound: Roots that stand in names of the function, such as ``parent`` of a row.
        step: What gives the step of the rule; "" where nobody is told of cuts.
        filled: Names of values that are known to be filled.
        texts, tidy: … to be texts, numbers as they are sent.
    """

    def __init__(self, *, is_heard: bool = False, step: str = "") -> None:
        self.is_heard = is_heard
        self.item, self._fields = "item", "fields"
        self._roots, self._scope = "roots", "scope"
        self.variables, self._known = "variables", "known"
        self.bound: dict[str, str] = {}
        self.step = step
        self.filled: set[str] = set()
        self.texts: set[str] = set()
        self.tidy: set[str] = set()
        self.held: dict[str, Any] = {}
        self._quoted: set[str] = set()
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0

    def add(self, line: str) -> None:
        """Write a line."""
        self._lines.append("    " * self._depth + line)

    def hear(self, line: str) -> None:
        """Write a line for whoever listens."""
        if self.is_heard:
            self.add(line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a block below its head."""
        self.add(head)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.add("pass")
        self._depth -= 1

    @contextmanager
    def within(self, item: str = "", **bound: str) -> Iterator[None]:
        """Write what sees another item, or further roots."""
        names = ("item", "_fields", "_roots", "_scope", "variables", "_known", "bound")
        before = {name: getattr(self, name) for name in names}
        if item:
            self._fields = self.new(
                f"{item} if type({item}) is dict else fields_in({item})"
            )
            self.item = item
        self.bound = {**self.bound, **bound}
        yield
        for name, said in before.items():
            setattr(self, name, said)

    def enter(self, scope: str) -> None:
        """Write what sees another scope of the same item from here on."""
        self._scope, self.bound = self.new(scope), {}
        self._roots = self.new(f"{self._scope}.roots")
        self.variables = self.new(f'{self._roots}["vars"]')
        self._known = self.new(f"{self.variables}.known")

    def name(self) -> str:
        """Give a name that nothing has yet."""
        self._count += 1
        return f"v{self._count}"

    def new(self, expression: str) -> str:
        """Give an expression's value a name of its own."""
        name = self.name()
        self.add(f"{name} = {expression}")
        return name

    def own(self, cell: CellFunction) -> str:
        """Write a cell; give a name of its own that its value has."""
        before = self._count
        found = cell.write(self)
        is_own = found[0] == "v" and found[1:].isdigit() and int(found[1:]) > before
        return found if is_own else self.new(found)

    def keep(self, expression: str) -> str:
        """Give what may be written more than once: a name, or a constant as it is."""
        is_short = expression.isidentifier() or expression in self._quoted
        return expression if is_short else self.new(expression)

    def hold(self, value: Any, word: str) -> str:
        """Give what names a value of a rule: a literal, or a name like ``word``."""
        if type(value) in _LITERALS:
            quoted = repr(value)
            self._quoted.add(quoted)
            return quoted
        name, count = word, 1
        while name in _TAKEN or name in _HEADS or not self._is(name, value):
            count += 1
            name = f"{word}_{count}"
        self.held[name] = value
        return name

    def _is(self, name: str, value: Any) -> bool:
        held = self.held.get(name, value)
        return held is value or (type(held) is MethodType and held == value)

    def read(self, name: str) -> str:
        """Read a name: a root, or a field of the current item."""
        if name in self.bound:
            return self.bound[name]
        at_root = f"{self._roots}[{name!r}] if {name!r} in {self._roots}"
        return f"{at_root} else {self._fields}.get({name!r})"

    def follow(self, keys: tuple[str, ...], *, is_exact: bool = False) -> str:
        """Follow names, one in the other; no name is the item.

        Args:
            keys: The first is a root or a field of the item.
            is_exact: A float at the end comes out as the decimal that it prints.
        """
        first, *others = keys or ("this",)
        if first == "this":
            found, is_exact = self.item, is_exact and bool(others)
        elif first == "vars" and others:
            name = repr(others.pop(0))
            ask = self.hold(variable, "variable")
            unknown = f"{ask}({self.variables}, {name})"
            found = f"{self._known}[{name}] if {name} in {self._known} else {unknown}"
        else:
            found = self.read(first)
        for key in others:
            found = self.field(self.keep(found), key)
        if is_exact:
            found = self.new(found)
            found = f"decimal_of({found}) if type({found}) is float else {found}"
        return found

    def field(self, group: str, name: str) -> str:
        """Read a field of a group."""
        at_once = f"{group}.get({name!r}) if type({group}) is dict"
        return f"{at_once} else field_in({group}, {name!r})"

    @property
    def scope(self) -> str:
        """Give what makes the scope as it is here."""
        if not self.bound:
            return self._scope
        more = "".join(f", {name!r}: {said}" for name, said in self.bound.items())
        return f"Scope({self.item}, {{**{self._roots}{more}}}, scope.is_exact)"

    def empty(self, name: str) -> str:
        """Ask whether a value is empty."""
        if name in self.filled:
            return "False"
        if not name.isidentifier():
            return f"is_empty({name})"
        is_nothing = f"{name} is None or not {name} and type({name}) not in NUMBERS"
        return f"({is_nothing} or type({name}) is str and {name}.isspace())"

    def make(self, head: str = "scope") -> Callable[..., Any]:
        """Give the function; ``head`` are its parameters."""
        space = {**_KNOWN, **self.held}
        exec(compile(self.show(head), "<rule>", "exec"), space)  # noqa: S102 - see above
        made: Callable[..., Any] = space["run"]
        return made

    def show(self, head: str = "scope") -> str:
        """Give the text of the function."""
        lines = self._lines
        for name, line in _HEADS.items():
            is_given = name in head.split(", ")
            if not is_given and any(_has_word(said, name) for said in lines):
                lines = ["    " + line, *lines]
        return "\n".join([f"def run({head}):", *lines, ""])


def variable(variables: Any, name: str) -> Any:
    """Give a variable that nobody has asked for yet."""
    ask = getattr(variables, "get", None)
    return None if ask is None else ask(name)


def _has_word(line: str, name: str) -> bool:
    return name in line and re.search(rf"\b{name}\b", line) is not None

"""The cells of a flow: paths, formulas, endpoints, arguments, names of files and codes.

``engine.project.flow_load`` reads the slots; each cell is compiled and checked here,
and every problem is kept.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import Problem, RuleError
from engine.language import (
    SymbolTable,
    compile_condition,
    compile_formula,
    compile_path,
)
from engine.language.scope import ROOTS
from engine.language.values import sent_text
from engine.mapping.match import load_match_rules
from engine.mapping.rule_check import Target
from engine.mapping.rule_load import RuleLoader
from engine.mapping.rule_types import rule_shape
from engine.problems import nearest
from engine.project.flow_spec import EndpointCall
from engine.project.flow_types import FlowTypes, find_endpoint
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Dictionary

    from engine.language import Condition, Formula, Path
    from engine.language.types import Type
    from engine.mapping.apply import Mapping, Rule
    from engine.mapping.match import MatchRules
    from engine.project.system_spec import EndpointSpec, ParamSpec, SystemSpec
    from engine.rulefiles.reader import Node

_SHOWN = 8


class Cells:
    """Compiles a flow's cells against what is known where they stand."""

    def __init__(
        self,
        systems: Dictionary[str, SystemSpec],
        mappings: Dictionary[str, Mapping],
        matches: Dictionary[str, MapNode],
        around: FlowTypes,
    ) -> None:
        self.systems = systems
        self.mappings = mappings
        self.matches = matches
        self.around = around
        self.types = SymbolTable()
        self.problems: list[Problem] = []

    @contextmanager
    def seeing(self, types: SymbolTable) -> Iterator[None]:
        """Check cells in another scope for a while."""
        outer, self.types = self.types, types
        try:
            yield
        finally:
            self.types = outer

    def on(self, field: Type | None, label: str) -> SymbolTable:
        """Give the scope of a record, seen from here."""
        return replace(self.types, item=field, parent=self.types.item, label=label)

    # Names ---------------------------------------------------------------------------

    def request(self, node: MapNode, key: str) -> EndpointCall | None:
        """Read an endpoint with its arguments."""
        named = node.get(key)
        if not isinstance(named, Scalar):
            return None
        known = self._endpoint(named)
        given = node.get("with")
        arguments = []
        for name, value in given.items() if isinstance(given, MapNode) else ():
            rule = self.rule(value)
            if known is not None and name.text not in known.arguments:
                said = f"{named.text} takes no argument {name.text}"
                self.unknown(name, "F203", said, name.text, known.arguments)
            elif rule is not None:
                arguments.append((name.text, rule))
                if known is not None:
                    self._check_values(value, rule, known.params[name.text])
        if known is None:
            return None
        present = set(given) if isinstance(given, MapNode) else set()
        for wanted, param in known.params.items():
            if param.is_required and param.fixed is None and wanted not in present:
                said = f"{named.text} needs the argument {wanted}"
                self.find("F204", said, named, f"add {wanted}: under with")
        system, _, endpoint = named.text.partition(".")
        return EndpointCall(system, endpoint, tuple(arguments), named.position)

    def _check_values(self, cell: Node, rule: Rule, param: ParamSpec) -> None:
        """Find a cell none of whose values the argument takes."""
        shape = rule_shape(rule)
        given = None if shape is None else shape.enum
        if not param.values or given is None:
            return
        # Nothing is sent for null, and a condition may leave some of the values out.
        wrong = [sent_text(value) for value in given if value is not None]
        literal = cell.get("fixed") if isinstance(cell, MapNode) else cell
        if not wrong or set(wrong) & set(param.values):
            return
        if not isinstance(literal, Scalar):
            return
        said = f"{wrong[0]} is no value of the argument {param.name}"
        close = nearest(wrong[0], param.values)
        hint = (
            f"did you mean {close}?" if close else f"one of {', '.join(param.values)}"
        )
        self.find("F222", said, literal, hint)

    def _endpoint(self, named: Scalar) -> EndpointSpec | None:
        system_name, _, endpoint = named.text.partition(".")
        system = self.systems.get(system_name)
        if system is None:
            if system_name not in self.around.broken:
                said = f"there is no system {system_name}"
                known = [*self.systems, *self._broken_systems()]
                self.unknown(named, "F201", said, system_name, known)
            return None
        if endpoint not in system.endpoints:
            said = f"{system_name} has no endpoint {endpoint}"
            offset = len(system_name) + 1
            self.unknown(named, "F202", said, endpoint, system.endpoints, offset)
            return None
        return system.endpoints[endpoint]

    def _broken_systems(self) -> list[str]:
        return sorted(n for n in self.around.broken if not n.endswith(".yaml"))

    def endpoint_of(self, request: EndpointCall | None) -> EndpointSpec | None:
        """Give the endpoint that a request asks."""
        if request is None:
            return None
        return find_endpoint(self.systems, f"{request.system}.{request.endpoint}")

    def file(self, node: Node | None, known: Dictionary[str, Any]) -> Any:
        """Give the mapping or match file of a name; None when it is not sound."""
        if not isinstance(node, Scalar):
            return None
        if node.text not in known and node.text not in self.around.broken:
            said = f"there is no file {node.text} beside this one"
            is_match = known is self.matches
            broken = [n for n in self.around.broken if n.endswith(".yaml")]
            ours = [n for n in broken if n.endswith(".match.yaml") == is_match]
            self.unknown(node, "F205", said, node.text, [*known, *ours])
        return known.get(node.text)

    def match(self, node: Node) -> MatchRules | None:
        """Read a match file as it is used here; ``candidate`` is known to the types."""
        found = self.file(node, self.matches)
        if found is None:
            return None
        listed = found.get("rules")
        for entry in maps(listed):
            self.code(entry.get("code"))
            self.code(entry.get("warn"))
        try:
            return load_match_rules(found, self.types)
        except RuleError as error:
            self.problems.extend(error.problems)
            return None

    def code(self, node: Node | None) -> None:
        """Find a code that has no advice: nobody would know what to do."""
        codes = self.around.codes
        if not isinstance(node, Scalar) or codes is None or node.text in codes:
            return
        close = nearest(node.text, codes)
        hint = f"did you mean {close}?" if close else "add it to advice.yaml"
        self.find("F213", f"there is no advice for {node.text}", node, hint)

    def saved(self, name: Node | None, owner: Type | None, what: str) -> None:
        """Find a name under which nothing can be kept: the schema has no such field."""
        if not isinstance(name, Scalar):
            return
        if name.text in ROOTS:
            said = f"{name.text} has a meaning of its own"
            self.find("F215", said, name, "choose another name")
            return
        is_known = owner is not None and owner.properties and not owner.is_open
        if owner is not None and is_known and owner.child(name.text) is None:
            said = f"{what} has no field {name.text}"
            self.unknown(name, "F214", said, name.text, owner.properties)

    def find(self, code: str, said: str, at: Scalar, hint: str | None = None) -> None:
        """Keep a finding about a whole cell."""
        length = max(len(at.text), 1)
        self.problems.append(Problem(code, said, at.at(0), hint, length))

    def unknown(
        self,
        at: Scalar,
        code: str,
        message: str,
        word: str,
        known: Iterable[str],
        offset: int = 0,
    ) -> None:
        """Keep a finding about a name that is not among those that are known."""
        names = list(known)
        guess = nearest(word, names)
        listed = ", ".join(sorted(names)[:_SHOWN])
        more = ", …" if len(names) > _SHOWN else ""
        hint = f"known are: {listed}{more}" if names else None
        hint = f"did you mean {guess}?" if guess else hint
        self.problems.append(
            Problem(code, message, at.at(offset), hint, length=len(word))
        )

    # Cells ---------------------------------------------------------------------------

    def variables(self, node: Node | None) -> dict[str, Rule]:
        """Read the flow's variables; from here on the scope knows what each is."""
        loader = RuleLoader(self.around.tables)
        found, self.types = loader.variables(node, self.types)
        self.problems.extend(loader.problems)
        return found

    def rule(self, node: Node) -> Rule | None:
        """Read a cell that may be a whole rule."""
        loader = RuleLoader(self.around.tables)
        found = loader.rule(node, Target(), self.types)
        self.problems.extend(loader.problems)
        return None if loader.problems else found

    def rules(self, node: Node | None) -> list[tuple[str, Rule]]:
        """Read a map of rules."""
        cells = node.items() if isinstance(node, MapNode) else ()
        found = [(key.text, self.rule(value)) for key, value in cells]
        return [(name, rule) for name, rule in found if rule is not None]

    def path(self, node: Node | None) -> Path | None:
        """Read a path."""
        found: Path | None = self._collect(compile_path, node)
        return found

    def paths(self, node: Node | None) -> tuple[Path, ...]:
        """Read a list of paths."""
        items = node.items if isinstance(node, ListNode) else ()
        found = (self.path(item) for item in items)
        return tuple(path for path in found if path is not None)

    def formula(self, node: Node | None) -> Formula | None:
        """Read a formula."""
        found: Formula | None = self._collect(compile_formula, node)
        return found

    def condition(self, node: Node | None) -> Condition | None:
        """Read a formula that is true or false."""
        found: Condition | None = self._collect(compile_condition, node)
        return found

    def _collect(self, compile_cell: Any, node: Node | None) -> Any:
        if not isinstance(node, Scalar):
            return None
        try:
            return compile_cell(node, types=self.types)
        except RuleError as error:
            self.problems.extend(error.problems)
            return None


def submap(node: MapNode, key: str) -> MapNode | None:
    """Give a map below a key."""
    value = node.get(key)
    return value if isinstance(value, MapNode) else None


def maps(node: Node | None) -> list[MapNode]:
    """Give the maps of a list."""
    items = node.items if isinstance(node, ListNode) else ()
    return [item for item in items if isinstance(item, MapNode)]


def text_at(node: MapNode, key: str) -> str:
    """Give the text below a key; "" when there is none."""
    value = node.get(key)
    return value.text if isinstance(value, Scalar) else ""


def number_at(node: MapNode, key: str, default: int = 0) -> int:
    """Give the whole number below a key; the grammar has judged its form."""
    text = text_at(node, key)
    return int(text) if text.isdecimal() else default

"""Formulas: Jinja expressions behind a gate, computed exactly.

Three fences, each enough alone for what it guards:

1. the gate reads the syntax tree at load and admits only names, constants, fields,
   named filters and tests, comparisons, and/or/not, ``+ - * / ~``, inline if, lists;
2. every admitted operation is rewritten to a function of ours, so that no Python
   operator, attribute or method is ever reached, and user names never enter the code;
3. what is left runs in an immutable sandbox with strict undefined.

An empty value prints nothing in ``~``; arithmetic or order with an empty value is a
fault that names the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from engine.errors import Problem, RuleError
from engine.language import operators
from engine.language.filters.registry import FILTERS, call_filter
from engine.language.filters.registry import TESTS as FORMULA_TESTS
from engine.language.formula_check import FormulaChecker, tokens_of
from engine.language.formula_eval import Lowering
from engine.language.symbols import Symbol, SymbolTable
from engine.language.values import MAX_TEXT, ValueFault, is_empty, plain, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.errors import Position
    from engine.language.scope import Scope
    from engine.rulefiles.reader import Scalar

_PLAIN: Final = (str, bool, int, Decimal, list, dict, type(None))


@dataclass(frozen=True, slots=True)
class Formula:
    """A compiled formula: its text, where it stands, and what it gives."""

    text: str
    position: Position
    names: tuple[str, ...]  # bare names it reads
    paths: tuple[str, ...]  # the same with the fields behind them, for traces
    kind: str  # "text", "number", "truth", "list", "group" or "any"
    _run: Callable[[Scope], Any]
    shape: Symbol  # what it gives, as far as the schemas tell

    def evaluate(self, scope: Scope) -> Any:
        """Compute; an empty result is None.

        Raises:
            ValueFault: A value does not fit; the message names the field.
        """
        return self._run(scope)


@dataclass(frozen=True, slots=True)
class Condition:
    """A formula that gives true or false."""

    formula: Formula

    @property
    def text(self) -> str:
        """The formula as typed."""
        return self.formula.text

    @property
    def position(self) -> Position:
        """Where it stands."""
        return self.formula.position

    def evaluate(self, scope: Scope) -> bool:
        """Decide. An empty yes/no field counts as no.

        Raises:
            ValueFault: The value is neither yes nor no, or cannot be compared.
        """
        return operators.truth(self.formula.evaluate(scope), self.formula.text)


@dataclass(frozen=True, slots=True)
class Template:
    """Running text with ``{{ formula }}`` parts."""

    text: str
    position: Position
    parts: tuple[str | Formula, ...]

    def evaluate(self, scope: Scope) -> str | None:
        """Write the text; empty parts print nothing, blanks at both ends go.

        When every part is empty the whole text is: words around nothing say nothing.
        """
        values = [p if isinstance(p, str) else p.evaluate(scope) for p in self.parts]
        formulas = [
            value
            for part, value in zip(self.parts, values, strict=True)
            if isinstance(part, Formula)
        ]
        if formulas and all(is_empty(value) for value in formulas):
            return None
        written = (  # a blank between two parts is meant
            part if isinstance(part, str) else text_of(value)
            for part, value in zip(self.parts, values, strict=True)
        )
        text = "".join(written).strip()
        if len(text) > MAX_TEXT:
            raise ValueFault("FORMULA", f"this text has over {MAX_TEXT} characters")
        return text


def compile_formula(scalar: Scalar, types: SymbolTable | None = None) -> Formula:
    """Compile a formula; ``"{{ … }}"`` around one expression means the same.

    Raises:
        RuleError: M301 cannot be read, M302 not allowed, M303 unknown filter, M304
            unknown test, M305 too long or deep, M308 wrong values for a filter, M201
            unknown field, M205 unknown variable.
    """
    text, shift = scalar.text, 0
    stripped = text.strip()
    if stripped.startswith("{{") and stripped.endswith("}}"):
        shift = text.index("{{") + 2
        text = stripped[2:-2]
    return _compile(scalar, text, shift, types or SymbolTable())


def compile_condition(scalar: Scalar, types: SymbolTable | None = None) -> Condition:
    """Compile a formula that must give true or false.

    Raises:
        RuleError: As compile_formula; M306 when it plainly gives something else, M311
            when it reads no field.
    """
    formula = compile_formula(scalar, types)
    if not formula.names:
        at = scalar.at(len(scalar.text) - len(scalar.text.lstrip()))
        said = f"{formula.text} reads no field, so it is the same for every document"
        size = len(formula.text)
        raise RuleError([Problem("M311", said, at, "leave it out", size)])
    if formula.kind not in {"truth", "any"}:
        what = {"text": "a text", "number": "a number"}.get(formula.kind, "no yes/no")
        raise RuleError(
            [
                Problem(
                    "M306",
                    f"a condition is true or false; {formula.text} is {what}",
                    scalar.at(len(scalar.text) - len(scalar.text.lstrip())),
                    f"write {formula.text} is filled",
                    len(formula.text),
                )
            ]
        )
    return Condition(formula)


def compile_template(scalar: Scalar, types: SymbolTable | None = None) -> Template:
    """Compile running text with ``{{ formula }}`` parts.

    Raises:
        RuleError: As compile_formula; M307 for anything in braces but a formula.
    """
    parts: list[str | Formula] = []
    problems: list[Problem] = []
    for kind, start, text in _split_template(scalar):
        if kind == "data":
            parts.append(text)
            continue
        try:
            parts.append(_compile(scalar, text, start, types or SymbolTable()))
        except RuleError as error:
            problems.extend(error.problems)
    if problems:
        raise RuleError(problems)
    return Template(scalar.text, scalar.position, tuple(parts))


def _split_template(scalar: Scalar) -> Iterator[tuple[str, int, str]]:
    """Cut a template into plain text and the inside of its braces, with places."""
    text, offset = scalar.text, 0
    while offset < len(text):
        start = text.find("{{", offset)
        plain_end = len(text) if start < 0 else start
        for sign in ("{%", "{#", "}}"):
            found = text.find(sign, offset, plain_end)
            if found >= 0:
                said = f"{sign} has no meaning in text:"
                hint = "only {{ formula }} parts; conditions go into when: or choose:"
                raise RuleError([Problem("M307", said, scalar.at(found), hint, 2)])
        if plain_end > offset:
            yield "data", offset, text[offset:plain_end]
        if start < 0:
            return
        end = _find_end(text, start + 2)
        if end < 0:
            said = "this {{ is not closed"
            raise RuleError([Problem("M307", said, scalar.at(start), "add }}", 2)])
        yield "formula", start + 2, text[start + 2 : end]
        offset = end + 2


def _find_end(text: str, offset: int) -> int:
    """Find the closing braces, not those inside a quoted text."""
    quote = ""
    while offset < len(text):
        character = text[offset]
        if quote:
            if character == "\\":
                offset += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif text.startswith("}}", offset):
            return offset
        offset += 1
    return -1


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with our operations only, and token places as line numbers.

    Jinja's nodes carry nothing but a line number; a formula is one line to us, so the
    number is the token's offset instead. That gives findings their exact column.
    """

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=False, optimized=False, cache_size=0
        )
        self.globals.clear()
        self.filters.clear()
        self.tests.clear()
        self.filters.update(operators.OPERATIONS)
        for prefix, table in (("filter", FILTERS), ("test", FORMULA_TESTS)):
            for name, spec in table.items():
                self.filters[f"{prefix}:{name}"] = partial(_call, spec)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse every attribute: plain data is read by our own operations."""
        del obj, attr, value
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        """Refuse every call."""
        del obj
        return False

    def _tokenize(
        self,
        source: str,
        name: str | None,
        filename: str | None = None,
        state: str | None = None,
    ) -> TokenStream:
        raw = list(tokens_of(self, source, state))
        # Decimals by their digits, not through a float.
        exact = iter([Decimal(t.replace("_", "")) for _, k, t in raw if k == "float"])
        wrapped = self.lexer.wrap(raw, name, filename)
        tokens = (
            Token(t.lineno, t.type, next(exact)) if t.type == "float" else t  # type: ignore[arg-type]
            for t in wrapped
        )
        return TokenStream(tokens, name, filename)


class _Context:
    """What compiled code asks of a context; making the library's takes longer."""

    __slots__ = ("_values", "exported_vars", "vars")

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self.vars: dict[str, Any] = {}
        self.exported_vars: set[str] = set()

    def resolve_or_missing(self, name: str) -> Any:
        """Give a name's value."""
        return self._values.get(name, missing)


def _call(spec: Any, value: Any, *args: Any, **named: Any) -> Any:
    return call_filter(spec, value, args, named)


def _compile(scalar: Scalar, text: str, shift: int, types: SymbolTable) -> Formula:
    gate = FormulaChecker(scalar, text, shift, types)
    gate.check_length()
    environment = _Environment()
    try:
        parser = Parser(environment, text, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise gate.misread(parser.stream.current.lineno)
    except TemplateSyntaxError as error:
        raise gate.misread(error.lineno, error.message or "") from None
    except RecursionError:
        raise gate.too_deep() from None
    shape = gate.admit(tree)
    lowering = Lowering()
    lowered = lowering.expression(tree)
    lowered.set_environment(environment)
    body: list[nodes.Node] = [
        nodes.Assign(nodes.Name("result", "store"), lowered, lineno=1)
    ]
    symbols, constants = lowering.names, lowering.constants
    made: list[Any] = []  # the code, when it is first run: a check runs none

    def run(scope: Scope) -> Any:
        values = {s: scope.lookup(name) for name, s in symbols.items()}
        values.update(constants)
        context = _Context(values)
        if not made:
            template = environment.from_string(nodes.Template(body, lineno=1))
            made.append(template.root_render_func)
        for _ in made[0](context):
            pass
        result = context.vars["result"]
        if not isinstance(result, dict):  # a group is the document's own
            result = plain(result)
        if not isinstance(result, _PLAIN):
            raise ValueFault("FORMULA", f"{text.strip()} gives no plain data")
        return result

    return Formula(
        text.strip(),
        scalar.position,
        tuple(symbols),
        tuple(dict.fromkeys(gate.paths)),
        shape.kind,
        run,
        shape,
    )

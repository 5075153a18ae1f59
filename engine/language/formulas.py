"""Formulas: Jinja expressions, checked at load and computed exactly.

Jinja is the parser and nothing else. Two fences, each enough alone for what it guards:

1. the checker reads the syntax tree at load and admits only names, constants, fields,
   named filters and tests, comparisons, and/or/not, ``+ - * / ~``, inline if, lists;
2. every admitted node is written as a call of a function of ours on values; a word of
   the formula enters that text quoted, so that no attribute or method is ever reached.

An empty value prints nothing in ``~``; arithmetic or order with an empty value is a
fault that names the field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.kinds import PHRASES
from engine.language.cell_function import CellFunction
from engine.language.cell_problems import CellProblems
from engine.language.formula_check import FormulaChecker
from engine.language.formula_parse import FormulaProblems, parse_formula
from engine.language.formula_write import (
    decided,
    gives_truth,
    write_formula,
    written_by,
)
from engine.language.meant import AS_TEXT
from engine.language.symbols import Symbol, SymbolTable
from engine.language.values import limited_text
from engine.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import nodes

    from engine.errors import Position
    from engine.language.function_text import FunctionText
    from engine.rulefiles.nodes import Scalar


@dataclass(frozen=True, slots=True)
class Formula(CellFunction):
    """A checked formula: its text, where it stands, and what it gives.

    An empty result is None.
    """

    text: str
    position: Position
    paths: tuple[str, ...]  # what it reads, fields joined by points, for traces
    shape: Symbol  # what it gives, as far as the schemas tell
    tree: nodes.Expr = field(repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The bare names it reads."""
        return tuple(dict.fromkeys(path.partition(".")[0] for path in self.paths))

    def write(self, out: FunctionText) -> str:
        """Write what computes it."""
        return write_formula(out, self.tree, self.text)


@dataclass(frozen=True, slots=True)
class Condition(CellFunction):
    """A formula that gives true or false; an empty yes/no field counts as no.

    ``evaluate`` raises a ValueFault for a value that is neither.
    """

    formula: Formula

    @property
    def text(self) -> str:
        """The formula as typed."""
        return self.formula.text

    @property
    def position(self) -> Position:
        """Where it stands."""
        return self.formula.position

    def write(self, out: FunctionText) -> str:
        """Write what decides."""
        found = self.formula.write(out)
        is_truth = gives_truth(self.formula.tree)
        return found if is_truth else decided(out, found, self.text)


@dataclass(frozen=True, slots=True)
class Template(CellFunction):
    """Running text with ``{{ formula }}`` parts; blanks at both ends go.

    Empty parts print nothing. When every part is empty the whole text is: words around
    nothing say nothing.
    """

    text: str
    position: Position
    parts: tuple[str | Formula, ...]

    def write(self, out: FunctionText) -> str:
        """Write what makes the text."""
        listed, said = [], []
        for part in self.parts:
            if isinstance(part, str):
                listed.append(repr(part))
            else:
                said.append(out.own(part))
                by = written_by(part.tree)
                write = out.hold(by, by.__name__)
                listed.append(f"{write}({said[-1]}, {part.text!r})")
        name = out.hold(limited_text, "limited_text")
        whole = f"{name}(({' + '.join(listed) or repr('')}).strip())"
        if not said:
            return whole
        return f"None if {' and '.join(map(out.empty, said))} else {whole}"


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
    text = formula.text
    problems = CellProblems(scalar, len(scalar.text) - len(scalar.text.lstrip()))
    if not formula.names:
        said = f"{text} reads no field, so it is the same for every document"
        raise problems.refusal("M311", said, 0, text, "leave it out")
    if formula.shape.kind not in {"truth", "any"}:
        said = f"a condition is true or false; {text} is {PHRASES[formula.shape.kind]}"
        raise problems.refusal("M306", said, 0, text, f"write {text} is filled")
    return Condition(formula)


def compile_template(scalar: Scalar, types: SymbolTable | None = None) -> Template:
    """Compile running text with ``{{ formula }}`` parts.

    Raises:
        RuleError: As compile_formula; M307 for anything in braces but a formula.
    """
    parts: list[str | Formula | None] = []
    problems = Problems()
    for kind, start, text in _split_template(scalar):
        if kind == "data":
            parts.append(text)
        else:
            known = types or SymbolTable()
            part = problems.attempt(_compile, scalar, text, start, known)
            if part is not None and (way_out := AS_TEXT.get(part.shape.kind)):
                said = f"{PHRASES[part.shape.kind]} cannot be written as text"
                at = start + len(text) - len(text.lstrip())
                problems.at_word("M302", said, scalar, at, part.text, way_out)
            parts.append(part)
    problems.raise_if_any()
    filled = tuple(part for part in parts if part is not None)
    return Template(scalar.text, scalar.position, filled)


def _split_template(scalar: Scalar) -> Iterator[tuple[str, int, str]]:
    """Cut a template into plain text and the inside of its braces, with places."""
    text, offset = scalar.text, 0
    problems = CellProblems(scalar, 0)
    while offset < len(text):
        start = text.find("{{", offset)
        plain_end = len(text) if start < 0 else start
        for sign in ("{%", "{#", "}}"):
            found = text.find(sign, offset, plain_end)
            if found >= 0:
                said = f"{sign} has no meaning in text:"
                hint = "only {{ formula }} parts; conditions go into when: or choose:"
                raise problems.refusal("M307", said, found, sign, hint)
        if plain_end > offset:
            yield "data", offset, text[offset:plain_end]
        if start < 0:
            return
        end = _find_end(text, start + 2)
        if end < 0:
            said = "this {{ is not closed"
            raise problems.refusal("M307", said, start, "{{", "add }}")
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


def _compile(scalar: Scalar, text: str, shift: int, types: SymbolTable) -> Formula:
    problems = FormulaProblems(scalar, text, shift)
    tree = parse_formula(problems)
    checker = FormulaChecker(problems, types)
    shape = checker.admit(tree)
    return Formula(
        text.strip(),
        scalar.position,
        tuple(dict.fromkeys(checker.paths)),
        shape,
        tree,
    )

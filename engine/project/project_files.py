"""The rule files of a project: their bytes, their nodes, and what was made of them.

What is loaded of a file is kept in a memo under everything that it depends on, so that
an editor, or a test of a thousand slips, loads again only what has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import Position
from engine.problems import Problems
from engine.rulefiles.csv_table import Columns, read_csv_table
from engine.rulefiles.grammar import check_grammar, prune
from engine.rulefiles.grammar_fast import compile_grammar
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.nodes import MapNode, Node
from engine.rulefiles.reader import load_yaml

MAPPINGS = "mappings"
SCHEMAS = "schemas"
FLOW_FILE = "flow.yaml"
MATCH_SUFFIX = ".match.yaml"
CSV = ".csv"

Memo = dict[Any, tuple[Any, "Problems"]]
T = TypeVar("T")


def find_mapping_files(root: Path) -> list[Path]:
    """List every YAML file below ``mappings/``, sorted."""
    return sorted((root / MAPPINGS).rglob("*.yaml"))


def file_kind(file: str) -> str:
    """Tell the kind of a file by its place: ``mappings/tables/units.yaml`` → table."""
    _, _, below = file.partition(f"{MAPPINGS}/")
    folder, _, name = below.rpartition("/")
    kinds = {"systems": "system", "tables": "table", "companies": "company"}
    if folder in kinds:
        return kinds[folder]
    if below in ("advice.yaml", "notices.yaml"):
        return below.removesuffix(".yaml")
    if name == FLOW_FILE:
        return "flow"
    return "match" if name.endswith(MATCH_SUFFIX) else "mapping"


class ProjectFiles:
    """Reads the files of one project; ``problems`` holds every finding, warnings too.

    Args:
        patches: Texts that stand in the place of files, by name: what an editor has not
            saved yet. None takes a file away.
        memo: Keeps what was loaded from one call to the next; a part is loaded again
            only when something that it depends on has changed.
    """

    def __init__(
        self,
        root: Path,
        patches: Dictionary[str, str | None] | None = None,
        memo: Memo | None = None,
    ) -> None:
        self.root = root
        self.problems = Problems()
        self._patches = patches or {}
        self._memo: Memo = {} if memo is None else memo
        self.texts: dict[str, bytes] = {}
        self.nodes: dict[str, MapNode] = {}
        self.accepted: dict[str, MapNode] = {}
        self.columns: dict[str, Columns] = {}  # of tables that are CSV files
        self.broken: set[str] = set()  # files with an error of their own
        self.ungrammatical: set[str] = set()  # their grammar refuses something
        self._grammars = load_grammars(root)

    def sources(self) -> list[tuple[str, bytes]]:
        """Give every rule file with its bytes, sorted by name."""
        found = {
            path.relative_to(self.root).as_posix(): path
            for path in find_mapping_files(self.root)
        }
        for others in ("*.yml", f"*{CSV}"):
            odd = (self.root / MAPPINGS).rglob(others)
            found |= {path.relative_to(self.root).as_posix(): path for path in odd}
        texts: dict[str, bytes] = {}
        for file in sorted({*found, *self._patches}):
            patch = self._patches.get(file)
            if patch is not None:
                texts[file] = patch.encode()
            elif file not in self._patches:
                try:
                    texts[file] = found[file].read_bytes()
                except OSError as error:
                    said = f"the file cannot be read: {error.strerror}"
                    hint = "check what it is and who may read it"
                    self.problems.add("M106", said, Position(file, 1, 1), hint)
        return list(texts.items())

    def read(self, file: str, text: bytes) -> None:
        """Read a file into nodes and hold it against its grammar."""
        if file.endswith(".yml"):
            what = f"{file.rpartition('/')[2]} is not read: rule files end with .yaml"
            hint = f"rename it to {file.removesuffix('.yml').rpartition('/')[2]}.yaml"
            self.problems.add("C111", what, Position(file, 1, 1), hint)
            return
        if file.endswith(CSV):
            self._read_table(file, text)
            return
        self.texts[file] = text
        (node, accepted), found = self.once(
            (file, text), lambda new: self._node(file, text, new)
        )
        self.problems.extend(found)
        said = [p for p in found if not p.is_warning]
        if said or not isinstance(node, MapNode):
            self.broken.add(file)
        if isinstance(node, MapNode):
            self.nodes[file] = node
            if isinstance(accepted, MapNode):
                self.accepted[file] = accepted
            if said:
                self.ungrammatical.add(file)

    def _read_table(self, file: str, text: bytes) -> None:
        if file_kind(file) != "table":
            said = f"{file.rpartition('/')[2]} is not read: tables stand in tables/"
            self.problems.add("C111", said, Position(file, 1, 1), "move it there")
            return
        self.texts[file] = text
        self.columns[file] = self.make("csv", file, partial(read_csv_table, text, file))

    def _node(
        self, file: str, text: bytes, problems: Problems
    ) -> tuple[Node | None, Node | None]:
        """Give a file's tree as it stands, and what its grammar accepts of it."""
        node = problems.attempt(load_yaml, text, file, problems.found)
        if node is None:
            return None, None
        kind = file_kind(file)
        grammar = self.grammar(kind)
        fast, _ = self.once(("grammar", kind), lambda _: compile_grammar(grammar))
        wrong = check_grammar(node, grammar, file=file, fast=fast)
        problems.extend(wrong)
        return node, prune(node, grammar) if wrong else node

    def grammar(self, kind: str) -> dict[str, Any]:
        return self._grammars[kind]

    def once(self, key: Any, make: Callable[[Problems], T]) -> tuple[T, Problems]:
        """Make something, or take what was made of the same before."""
        if key not in self._memo:
            problems = Problems()
            self._memo[key] = (make(problems), problems)
        return self._memo[key]

    def of(self, kind: str) -> list[tuple[str, MapNode]]:
        """Give all files of a kind, as far as their grammar accepts them."""
        return [(f, node) for f, node in self.accepted.items() if file_kind(f) == kind]

    def make(
        self, what: str, file: str, load: Callable[[Problems], T], *depends: Any
    ) -> T:
        """Make something of a file, or take what was made of the same before.

        ``load`` gives its findings to what it gets; ``depends`` is what the result
        depends on, beside the file's own text.
        """
        key = (what, file, self.texts[file], depends)
        made, found = self.once(key, load)
        self.problems.extend(found)
        if any(not problem.is_warning for problem in found):
            self.broken.add(file)
        return made

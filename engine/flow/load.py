"""Read a flow from YAML into ``spec``; every problem of all its files at once.

The grammar schema has accepted the file's shape; here its cells are compiled, its
endpoints looked up, and the mapping and match files it names are loaded.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.errors import Position, Problem, RuleError
from engine.expressions import (
    Shape,
    Types,
    compile_condition,
    compile_formula,
    compile_path,
)
from engine.flow.spec import (
    Acknowledge,
    Again,
    Batch,
    CheckFilesStep,
    Deliver,
    DeriveStep,
    Expand,
    Fetch,
    Find,
    Flow,
    Join,
    JoinStep,
    MergeFilesStep,
    ReadStep,
    Request,
    RequireStep,
    Same,
    Send,
    Step,
    Window,
    WriteStep,
)
from engine.mapping import load_rule
from engine.matching import load_match_rules
from engine.suggest import suggest
from engine.yamlfile import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dictionary

    from engine.expressions import Condition, Formula, Path
    from engine.mapping import Mapping, Rule
    from engine.matching import MatchRules
    from engine.schemas import SchemaField
    from engine.systems import SystemSpec
    from engine.yamlfile import Node

SLOTS = ("setup", "enrich", "require", "prepare", "follow", "release", "vanished")
_YES = ("yes", "true")


def load_flow(
    node: MapNode,
    *,
    systems: Dictionary[str, SystemSpec],
    mappings: Dictionary[str, Mapping],
    matches: Dictionary[str, MapNode],
    document: SchemaField | None,
    texts: Dictionary[str, bytes],
) -> Flow:
    """Read a flow.

    Args:
        node: A ``flow.yaml`` that the grammar accepts.
        systems: All systems by name.
        mappings: The mapping files of the flow's folder, by file name.
        matches: Its match files, by file name; each is checked where it is used.
        document: The schema of the gathered document, to check paths against.
        texts: The bytes of every file of the folder, by name, for the digest.

    Raises:
        RuleError: All problems found, in file order.
    """
    loader = _Loader(systems, mappings, matches, document)
    flow = loader.load(node, _digest(texts))
    if loader.problems:
        raise RuleError(loader.problems)
    assert flow is not None
    return flow


def _digest(texts: Dictionary[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{len(texts[name])}\0".encode())
        digest.update(texts[name])
    return digest.hexdigest()


class _Loader:
    def __init__(
        self,
        systems: Dictionary[str, SystemSpec],
        mappings: Dictionary[str, Mapping],
        matches: Dictionary[str, MapNode],
        document: SchemaField | None,
    ) -> None:
        self.systems = systems
        self.mappings = mappings
        self.matches = matches
        self.document = document
        self.types = Types()
        self.problems: list[Problem] = []

    def load(self, node: MapNode, digest: str) -> Flow | None:
        given = node.get("vars")
        names = tuple(given) if isinstance(given, MapNode) else ()
        known = Types(
            item=self.document,
            document=self.document,
            variables=frozenset(names),
            extra_roots=frozenset({"reference", "since"}),
        )
        self.types = known
        variables = tuple(self._rules(given))
        slots: dict[str, tuple[Step, ...]] = {
            name: self._steps(node.get(name)) for name in SLOTS
        }
        fetch = self._fetch(_map(node, "fetch"))
        deliver = self._deliver(_map(node, "deliver"))
        acknowledge = self._acknowledge(_map(node, "acknowledge"))
        result = self._path(node.get("result"))
        self._check_ends(node)
        if fetch is None:
            return None
        return Flow(
            name=_text(node, "flow"),
            note=_text(node, "note"),
            file=node.position.file,
            switch=self._path(node.get("switch")),
            variables=variables,
            setup=slots["setup"],
            fetch=fetch,
            enrich=slots["enrich"],
            require=slots["require"],
            prepare=slots["prepare"],
            deliver=deliver,
            follow=slots["follow"],
            release=slots["release"],
            acknowledge=acknowledge,
            expand=self._expand(_map(node, "expand")),
            result=result,
            vanished=slots["vanished"],
            digest=digest,
        )

    @contextmanager
    def _seeing(self, types: Types) -> Iterator[None]:
        outer, self.types = self.types, types
        try:
            yield
        finally:
            self.types = outer

    # Slots ---------------------------------------------------------------------------

    def _fetch(self, node: MapNode | None) -> Fetch | None:
        if node is None:
            return None
        request = self._request(node, "from")
        # The key, the label and the reference are read off the listed record itself.
        listed = self.types.name(_text(node, "as"))
        record = listed.field if isinstance(listed, Shape) else None
        with self._seeing(replace(self.types, item=record, label=_text(node, "as"))):
            key, label = self._path(node.get("key")), self._path(node.get("label"))
            reference = self._path(node.get("reference"))
            again = _map(node, "again")
            same = () if again is None else self._paths(again.get("same"))
        if request is None or key is None or label is None or reference is None:
            return None
        repeated = None if again is None else self._request(again, "from")
        return Fetch(
            request=request,
            save=_text(node, "as"),
            key=key,
            label=label,
            reference=reference,
            reference_limit=int(_text(node, "reference_limit") or 40),
            again=None if repeated is None else Again(repeated, same),
            window=_window(_map(node, "changed_since")),
        )

    def _check_ends(self, node: MapNode) -> None:
        """See that the flow says what becomes of a document, and how it is known."""
        if "deliver" not in node and "result" not in node:
            self.problems.append(
                Problem(
                    "F210",
                    "the flow creates no document and names no result",
                    node.key("flow").position,
                    "add deliver:, or result: with the path of the id in the target",
                )
            )
        if "acknowledge" not in node and "deliver" in node and "fetch" in node:
            fetch = _map(node, "fetch")
            if fetch is not None and "changed_since" not in fetch:
                self.problems.append(
                    Problem(
                        "F211",
                        "nothing moves the source's status, so the same is listed again"
                        " and again",
                        node.key("fetch").position,
                        "add acknowledge:, or changed_since: under fetch",
                    )
                )

    def _expand(self, node: MapNode | None) -> Expand | None:
        if node is None:
            return None
        each = self._path(node.get("each"))
        if each is None:
            return None
        with self._seeing(self.types.row(each.shape.item())):
            key, label = self._path(node.get("key")), self._path(node.get("label"))
            reference = self._path(node.get("reference"))
        if key is None or label is None or reference is None:
            return None
        return Expand(each, _text(node, "as"), key, label, reference)

    def _deliver(self, node: MapNode | None) -> Deliver | None:
        if node is None:
            return None
        with self._seeing(self.types.with_extra("candidate", "payload")):
            where = self._condition(node.get("where"))
            same = tuple(self._same(entry) for entry in _maps(node.get("same")))
        read_node = _map(node, "read")
        read = None if read_node is None else self._request(read_node, "from")
        send = self._send(node)
        with self._seeing(Types()):  # read off the answer
            target_id = self._path(node.get("id") or _literal("id", node.position))
            number = self._path(node.get("number"))
            answer = self._path(node.get("answer"))
        if where is None or read is None or send is None or target_id is None:
            return None
        return Deliver(
            name=_text(node, "write"),
            finds=self._finds(node.get("find")),
            where=where,
            same=tuple(entry for entry in same if entry is not None),
            send=send,
            answer=answer,
            target_id=target_id,
            target_number=number,
            read=read,
            save=_text(node, "save") or "target",
        )

    def _same(self, node: MapNode) -> Same | None:
        theirs, ours = (
            self._formula(node.get("theirs")),
            self._formula(node.get("ours")),
        )
        if theirs is None or ours is None:
            return None
        name = _text(node, "name") or _text(node, "ours").rpartition(".")[2]
        code = _text(node, "stop") or "SAME_NUMBER_OTHER_CONTENT"
        return Same(name, theirs, ours, code)

    def _acknowledge(self, node: MapNode | None) -> Acknowledge | None:
        if node is None:
            return None
        send = self._send(node)
        with self._seeing(self.types.with_extra("answer")):
            verify = self._formula(node.get("verify"))
        if send is None or verify is None:
            return None
        return Acknowledge(send, verify)

    # Steps ---------------------------------------------------------------------------

    def _steps(self, node: Node | None) -> tuple[Step, ...]:
        steps = (self._step(entry) for entry in _maps(node))
        return tuple(step for step in steps if step is not None)

    def _step(self, node: MapNode) -> Step | None:
        """Read one step; below ``each``, bare names are fields of the item."""
        outer = self.types
        each = self._path(node.get("each"))
        if each is not None:
            self.types = outer.row(each.shape.item())
        try:
            return self._step_of(node, each)
        finally:
            self.types = outer

    def _step_of(self, node: MapNode, each: Path | None) -> Step | None:
        if "read" in node:
            return self._read(node, each)
        if "require" in node:
            return self._require(node, each)
        if "derive" in node:
            mapping = self._file(node.get("derive"), self.mappings)
            if mapping is None:
                return None
            return DeriveStep(mapping, each, self._condition(node.get("when")))
        if "check_files" in node:
            files = self._path(node.get("check_files"))
            formats = node.get("formats")
            listed = formats.items if isinstance(formats, ListNode) else ()
            if files is None:
                return None
            return CheckFilesStep(
                files,
                tuple(item.text for item in listed if isinstance(item, Scalar)),
                int(_text(node, "max_bytes")),
            )
        if "merge_files" in node:
            return self._merge(node)
        if "join" in node:
            source, join = self._path(node.get("join")), self._join(node)
            if source is None or join is None:
                return None
            return JoinStep(source, join, self._condition(node.get("when")))
        return self._write(node, each)

    def _read(self, node: MapNode, each: Path | None) -> ReadStep | None:
        request = self._request(node, "from")
        if request is None:
            return None
        join, batch = _map(node, "join"), _map(node, "batch")
        with self._seeing(Types()):
            order_by = self._path(node.get("order_by"))
        return ReadStep(
            name=_text(node, "read"),
            request=request,
            when=self._condition(node.get("when")),
            each=each,
            is_cached=_text(node, "cache") == "run",
            batch=None if batch is None else self._batch(batch),
            order_by=order_by,
            join=None if join is None else self._join(join),
        )

    def _batch(self, node: MapNode) -> Batch | None:
        with self._seeing(Types()):
            key = self._path(node.get("key"))
        if key is None:
            return None
        return Batch(_text(node, "argument"), key, int(_text(node, "size")))

    def _join(self, node: MapNode) -> Join | None:
        to = self._path(node.get("to"))
        left = right = None
        match = _map(node, "match")
        if match is not None:
            with self._seeing(Types()):  # left on the item, right on the record
                for key, value in match.items():
                    left, right = self._path(key), self._path(value)
        if to is None:
            return None
        return Join(to, left, right, _text(node, "as"), _text(node, "first") in _YES)

    def _require(self, node: MapNode, each: Path | None) -> RequireStep | None:
        unless = self._condition(node.get("unless"))
        if unless is None:
            return None
        return RequireStep(
            label=_text(node, "require"),
            unless=unless,
            code=_text(node, "stop") or _text(node, "skip"),
            is_skip="skip" in node,
            when=self._condition(node.get("when")),
            each=each,
            show=self._path(node.get("show")),
            choices=self._path(node.get("choices")),
            position=node.position,
        )

    def _write(self, node: MapNode, each: Path | None) -> WriteStep | None:
        key = self._formula(node.get("key"))
        match_file = node.get("match")
        match = None if match_file is None else self._match(match_file)
        create, update = _map(node, "create"), _map(node, "update")
        if key is None:
            return None
        return WriteStep(
            name=_text(node, "write"),
            each=each,
            when=self._condition(node.get("when")),
            key=key,
            finds=self._finds(node.get("find")),
            match=match,
            create=None if create is None else self._send(create),
            update=None if update is None else self._send(update),
            save=_text(node, "save"),
            position=node.position,
        )

    def _merge(self, node: MapNode) -> MergeFilesStep | None:
        files = self._path(node.get("merge_files"))
        named = node.get("name")
        name = None if named is None else self._rule(named)
        if files is None or name is None:
            return None
        return MergeFilesStep(files, _text(node, "as"), name)

    def _finds(self, node: Node | None) -> tuple[Find, ...]:
        finds = []
        for entry in _maps(node):
            when = self._condition(entry.get("when"))
            if "in" in entry:
                finds.append(Find(None, self._path(entry.get("in")), when))
            else:
                finds.append(Find(self._request(entry, "from"), None, when))
        return tuple(finds)

    def _send(self, node: MapNode) -> Send | None:
        request = self._request(node, "send")
        named = node.get("mapping")
        mapping = None if named is None else self._file(named, self.mappings)
        changes = tuple(self._rules(node.get("change")))
        if request is None:
            return None
        return Send(request, mapping, changes, self._path(node.get("file")))

    # Cells ---------------------------------------------------------------------------

    def _request(self, node: MapNode, key: str) -> Request | None:
        named = node.get(key)
        if not isinstance(named, Scalar):
            return None
        system_name, _, endpoint = named.text.partition(".")
        system = self.systems.get(system_name)
        if system is None:
            self._unknown(
                named,
                "F201",
                f"there is no system {system_name}",
                system_name,
                self.systems,
            )
            return None
        if endpoint not in system.endpoints:
            self._unknown(
                named,
                "F202",
                f"{system_name} has no endpoint {endpoint}",
                endpoint,
                system.endpoints,
                len(system_name) + 1,
            )
            return None
        known = system.endpoints[endpoint]
        arguments = []
        given = node.get("with")
        if isinstance(given, MapNode):
            for name, value in given.items():
                if name.text not in known.arguments:
                    self._unknown(
                        name,
                        "F203",
                        f"{named.text} takes no argument {name.text}",
                        name.text,
                        known.arguments,
                    )
                    continue
                rule = self._rule(value)
                if rule is not None:
                    arguments.append((name.text, rule))
        present = {name for name, _ in arguments}
        for wanted, param in known.params.items():
            if param.is_required and param.fixed is None and wanted not in present:
                self.problems.append(
                    Problem(
                        "F204",
                        f"{named.text} needs the argument {wanted}",
                        named.position,
                        f"add {wanted}: under with",
                        length=len(named.text),
                    )
                )
        return Request(system_name, endpoint, tuple(arguments), named.position)

    def _file(self, node: Node | None, known: Dictionary[str, Any]) -> Any:
        if not isinstance(node, Scalar):
            return None
        if node.text not in known:
            self._unknown(
                node,
                "F205",
                f"there is no file {node.text} beside this one",
                node.text,
                known,
            )
            return None
        return known[node.text]

    def _match(self, node: Node) -> MatchRules | None:
        found = self._file(node, self.matches)
        return self._collect_match(found) if found is not None else None

    def _collect_match(self, node: MapNode) -> MatchRules | None:
        try:
            return load_match_rules(node, self.types)
        except RuleError as error:
            self.problems.extend(error.problems)
            return None

    def _unknown(
        self,
        at: Scalar,
        code: str,
        message: str,
        word: str,
        known: Any,
        offset: int = 0,
    ) -> None:
        guess = suggest(word, known)
        hint = (
            f"did you mean {guess}?"
            if guess
            else ("known are: " + ", ".join(sorted(known)[:8]))
        )
        self.problems.append(
            Problem(code, message, at.at(offset), hint, length=len(word))
        )

    def _rules(self, node: Node | None) -> list[tuple[str, Rule]]:
        found = []
        if isinstance(node, MapNode):
            for key, value in node.items():
                rule = self._rule(value)
                if rule is not None:
                    found.append((key.text, rule))
        return found

    def _rule(self, node: Node) -> Rule | None:
        found: Rule | None = self._collect(load_rule, node, self.types)
        return found

    def _path(self, node: Node | None) -> Path | None:
        found: Path | None = self._collect(compile_path, node, self.types)
        return found

    def _paths(self, node: Node | None) -> tuple[Path, ...]:
        items = node.items if isinstance(node, ListNode) else ()
        found = (self._path(item) for item in items)
        return tuple(path for path in found if path is not None)

    def _formula(self, node: Node | None) -> Formula | None:
        found: Formula | None = self._collect(compile_formula, node, self.types)
        return found

    def _condition(self, node: Node | None) -> Condition | None:
        found: Condition | None = self._collect(compile_condition, node, self.types)
        return found

    def _collect(self, compile_cell: Any, node: Node | None, types: Types) -> Any:
        if node is None or (
            compile_cell is not load_rule and not isinstance(node, Scalar)
        ):
            return None
        try:
            return compile_cell(node, types=types)
        except RuleError as error:
            self.problems.extend(error.problems)
            return None


def _window(node: MapNode | None) -> Window | None:
    if node is None:
        return None
    first, full = _text(node, "first_days"), _text(node, "full_every_hours")
    return Window(
        timedelta(hours=int(_text(node, "overlap_hours"))),
        timedelta(days=int(first)) if first else None,
        timedelta(hours=int(full)) if full else None,
    )


def _literal(text: str, position: Position) -> Scalar:
    return Scalar(text, position, "plain")


def _map(node: MapNode, key: str) -> MapNode | None:
    value = node.get(key)
    return value if isinstance(value, MapNode) else None


def _maps(node: Node | None) -> list[MapNode]:
    items = node.items if isinstance(node, ListNode) else ()
    return [item for item in items if isinstance(item, MapNode)]


def _text(node: MapNode, key: str) -> str:
    value = node.get(key)
    return value.text if isinstance(value, Scalar) else ""

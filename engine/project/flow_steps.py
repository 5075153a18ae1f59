"""The steps of a flow: reads, joins, requirements, derivations, file checks, writes.

Each becomes its part of ``spec``; names, files, codes and actions are checked against
what is known around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Problem
from engine.language import Symbol, SymbolTable
from engine.language.types import common_type
from engine.project.flow_cells import Cells, maps, number_at, submap, text_at
from engine.project.flow_spec import (
    Batch,
    CheckFilesStep,
    DeriveStep,
    EndpointCall,
    Find,
    JoinRecords,
    JoinStep,
    MergeFilesStep,
    ReadStep,
    RequireStep,
    Send,
    Step,
    WriteStep,
)
from engine.rulefiles.reader import YES_NO, ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from engine.language import Path
    from engine.language.types import Type
    from engine.mapping.apply import Mapping
    from engine.mapping.match import MatchRules
    from engine.project.system_spec import EndpointSpec
    from engine.rulefiles.reader import Node

_ENDS = ("stop", "skip", "warn")  # what a requirement that does not hold leads to


class Steps(Cells):
    """Reads the steps of a slot."""

    def steps(
        self, node: Node | None, *, is_register: bool = False
    ) -> tuple[Step, ...]:
        """Read all steps of a slot."""
        steps = [self._step(entry, is_register=is_register) for entry in maps(node)]
        return tuple(step for step in steps if step is not None)

    def row(self, node: MapNode, each: Path | None) -> SymbolTable:
        """Give the scope below ``each``: bare names are fields of the item."""
        if "each" not in node:
            return self.types
        shape = Symbol(None, "this[]") if each is None else each.shape.item()
        return self.types.row(shape)

    def _step(self, node: MapNode, *, is_register: bool) -> Step | None:
        each = self.path(node.get("each"))
        with self.seeing(self.row(node, each)):
            if "read" in node:
                return self._read(node, each, is_register=is_register)
            if "require" in node:
                return self._require(node, each)
            if "derive" in node:
                mapping = self.file(node.get("derive"), self.mappings)
                when = self.condition(node.get("when"))
                self._check_source(node.get("derive"), mapping)
                return None if mapping is None else DeriveStep(mapping, each, when)
            if "check_files" in node:
                return self._check_files(node)
            if "merge_files" in node:
                return self._merge(node)
            if "join" in node:
                return self._join_step(node)
            return self._write(node, each) if "write" in node else None

    def _read(
        self, node: MapNode, each: Path | None, *, is_register: bool
    ) -> ReadStep | None:
        request = self.request(node, "from")
        name = text_at(node, "read")
        if not is_register:
            owner = "the document" if each is None else each.text
            self.saved(node.get("read"), self.types.item, owner)
        when = self.condition(node.get("when"))
        join, batch = submap(node, "join"), submap(node, "batch")
        record = self.record(request, name)
        with self.seeing(self.on(record, f"{name}[]")):
            order_by = self.path(node.get("order_by"))
            key = None if batch is None else self.path(batch.get("key"))
        if batch is not None:
            self._check_batch(batch, request)
        joined = None if join is None else self._join(join, record)
        if request is None:
            return None
        return ReadStep(
            name=name,
            request=request,
            when=when,
            each=each,
            is_cached=text_at(node, "cache") == "run",
            batch=None
            if batch is None or key is None
            else Batch(text_at(batch, "argument"), key, number_at(batch, "size", 1)),
            order_by=order_by,
            join=joined,
        )

    def _check_batch(self, node: MapNode, request: EndpointCall | None) -> None:
        named, endpoint = node.get("argument"), self.endpoint_of(request)
        if endpoint is None or not isinstance(named, Scalar):
            return
        if named.text not in endpoint.arguments:
            said = f"{endpoint.name} takes no argument {named.text}"
            self.unknown(named, "F203", said, named.text, endpoint.arguments)

    def record(self, request: EndpointCall | None, name: str) -> Type | None:
        """Say what one record of a read is: by its endpoint, or by where it goes."""
        endpoint = self.endpoint_of(request)
        known = self._record_at(endpoint)
        if known is not None:
            return known
        kept = None if self.types.item is None else self.types.item.child(name)
        if kept is None:
            return None
        return kept.item() if "array" in kept.types else kept

    def _record_at(self, endpoint: EndpointSpec | None) -> Type | None:
        return None if endpoint is None else self.around.record(endpoint)

    def _join_step(self, node: MapNode) -> JoinStep | None:
        source = self.path(node.get("join"))
        record = None if source is None else source.shape.item().field
        join, when = self._join(node, record), self.condition(node.get("when"))
        if source is None or join is None:
            return None
        return JoinStep(source, join, when)

    def _join(self, node: MapNode, record: Type | None) -> JoinRecords | None:
        to = self.path(node.get("to"))
        item = Symbol(None, "") if to is None else to.shape.item()
        left = right = None
        match = submap(node, "match")
        for key, value in match.items() if match is not None else ():
            with self.seeing(self.on(item.field, item.label)):
                left = self.path(key)
            with self.seeing(self.on(record, "record")):
                right = self.path(value)
        self.saved(node.get("as"), item.field, item.label)
        if to is None:
            return None
        takes_first = YES_NO.get(text_at(node, "first"), False)
        return JoinRecords(to, left, right, text_at(node, "as"), takes_first)

    def _require(self, node: MapNode, each: Path | None) -> RequireStep | None:
        unless, when = (
            self.condition(node.get("unless")),
            self.condition(node.get("when")),
        )
        show, choices = self.path(node.get("show")), self.path(node.get("choices"))
        self.code(node.get("stop"))
        self.code(node.get("skip"))
        self.code(node.get("warn"))
        if unless is None:
            return None
        return RequireStep(
            label=text_at(node, "require"),
            unless=unless,
            code=next(filter(None, (text_at(node, key) for key in _ENDS)), ""),
            is_skip="skip" in node,
            is_warning="warn" in node,
            when=when,
            each=each,
            show=show,
            choices=choices,
            position=node.position,
        )

    def _check_files(self, node: MapNode) -> CheckFilesStep | None:
        files = self.path(node.get("check_files"))
        formats = node.get("formats")
        listed = formats.items if isinstance(formats, ListNode) else ()
        if files is None:
            return None
        names = tuple(item.text for item in listed if isinstance(item, Scalar))
        return CheckFilesStep(files, names, number_at(node, "max_bytes"))

    def _merge(self, node: MapNode) -> MergeFilesStep | None:
        files = self.path(node.get("merge_files"))
        named = node.get("name")
        name = None if named is None else self.rule(named)
        self.saved(node.get("as"), self.types.item, "the document")
        if files is None or name is None:
            return None
        return MergeFilesStep(files, text_at(node, "as"), name)

    def _write(self, node: MapNode, each: Path | None) -> WriteStep | None:
        key, when = self.formula(node.get("key")), self.condition(node.get("when"))
        finds, candidate = self.finds(node.get("find"))
        match_file = node.get("match")
        with self.seeing(self.types.with_roots(candidate=candidate)):
            match = None if match_file is None else self.match(match_file)
            create, update = submap(node, "create"), submap(node, "update")
            created = None if create is None else self.send(create)
            updated = None if update is None else self.send(update)
        if "save" in node:
            owner = "the document" if each is None else each.text
            self.saved(node.get("save"), self.types.item, owner)
        if match is not None and isinstance(match_file, Scalar):
            self._check_actions(node, match_file, match)
        if key is None:
            return None
        return WriteStep(
            name=text_at(node, "write"),
            each=each,
            when=when,
            key=key,
            finds=finds,
            match=match,
            create=created,
            update=updated,
            save=text_at(node, "save"),
            position=node.position,
        )

    def _check_actions(self, node: MapNode, file: Scalar, match: MatchRules) -> None:
        """See that every action of the match rules can be done, and is needed."""
        actions = {rule.action for rule in match.rules}
        for action in ("create", "update"):
            if action in actions and action not in node:
                said = f"{file.text} may say {action}, but this step has no {action}:"
                self.find("F217", said, file, f"add {action}:, or change the rules")
            elif action in node and action not in actions:
                key = node.key(action)
                said = f"{file.text} never says {action}"
                problem = Problem("F218", said, key.position, None, len(action), True)
                self.problems.append(problem)

    def finds(self, node: Node | None) -> tuple[tuple[Find, ...], Type | None]:
        """Read where candidates come from, and say what a candidate is."""
        finds: list[Find] = []
        shapes: list[Type | None] = []
        for entry in maps(node):
            when = self.condition(entry.get("when"))
            if "in" in entry:
                path = self.path(entry.get("in"))
                finds.append(Find(None, path, when))
                shapes.append(None if path is None else _one_of(path.shape))
            else:
                request = self.request(entry, "from")
                endpoint = self.endpoint_of(request)
                finds.append(Find(request, None, when))
                shapes.append(self._record_at(endpoint))
        return tuple(finds), common_type(shapes)

    def send(self, node: MapNode) -> Send | None:
        """Read a write request: its body, its changes, its file."""
        request = self.request(node, "send")
        named = node.get("mapping")
        mapping = None if named is None else self.file(named, self.mappings)
        self._check_source(named, mapping)
        change = node.get("change")
        changes = tuple(self.rules(change))
        for key, _ in change.items() if isinstance(change, MapNode) else ():
            self._check_pointer(key, request)
        file = self.path(node.get("file"))
        if request is None:
            return None
        return Send(request, mapping, changes, file)

    def _check_source(self, named: Node | None, mapping: Mapping | None) -> None:
        """See that a mapping reads what stands here: the document, or the item."""
        here = self.types.item
        if mapping is None or here is None or not isinstance(named, Scalar):
            return
        wanted = self.around.place(mapping.source)
        if wanted is not None and wanted.properties != here.properties:
            where = self.types.label or "the document"
            said = f"{named.text} is made for {mapping.source}, but here is {where}"
            hint = "change its from:, or each: of this step"
            self.find("F219", said, named, hint)

    def _check_pointer(self, key: Scalar, request: EndpointCall | None) -> None:
        """Find a change of a field that the record does not have."""
        endpoint = self.endpoint_of(request)
        shape = Symbol(self._record_at(endpoint), "")
        offset = 1
        for part in key.text.split("/")[1:]:
            found = shape.child(part)
            if not isinstance(found, Symbol):
                said = f"the record has no field {key.text}"
                self.unknown(key, "F220", said, part, found.choices, offset)
                return
            shape = found
            offset += len(part) + 1


def _one_of(shape: Symbol) -> Type | None:
    """Say what one candidate is: an item of a list, or the one thing that is there."""
    return shape.field if shape.kind == "group" else shape.item().field

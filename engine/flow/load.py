"""Read a flow from YAML into ``spec``; every problem of all its files at once.

The grammar schema has accepted the file's shape; here its cells are compiled, its
endpoints looked up, and the mapping and match files it names are loaded.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.errors import Problem, RuleError
from engine.expressions import Shape, Types
from engine.flow.cells import Cells, maps, number_at, submap, text_at
from engine.flow.known import Surroundings, find_registers
from engine.flow.spec import (
    Acknowledge,
    Again,
    Batch,
    Belongs,
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
    OnStop,
    ReadStep,
    Request,
    RequireStep,
    Same,
    Send,
    Step,
    Window,
    WriteStep,
)
from engine.shapes import TEXT, either
from engine.yamlfile import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping as Dictionary

    from engine.errors import Position
    from engine.expressions import Path
    from engine.mapping import Mapping
    from engine.matching import MatchRules
    from engine.shapes import Field
    from engine.systems.spec import EndpointSpec, SystemSpec
    from engine.yamlfile import Node

SLOTS = (
    *("setup", "enrich", "require", "prepare", "follow", "release", "vanished"),
    "doctor",
)
_YES = ("yes", "true")
_ENDS = ("stop", "skip", "warn")  # what a requirement that does not hold leads to


def load_flow(
    node: MapNode,
    *,
    systems: Dictionary[str, SystemSpec],
    mappings: Dictionary[str, Mapping],
    matches: Dictionary[str, MapNode],
    around: Surroundings,
    texts: Dictionary[str, bytes],
) -> Flow:
    """Read a flow.

    Args:
        node: A ``flow.yaml`` that the grammar accepts.
        systems: All systems by name.
        mappings: The mapping files of the flow's folder, by file name.
        matches: Its match files, by file name; each is checked where it is used.
        around: What its cells are checked against.
        texts: The bytes of every file of the folder, by name, for the digest.

    Raises:
        RuleError: All problems found.
    """
    loader = _Loader(systems, mappings, matches, around)
    flow = loader.load(node, _digest(texts))
    if loader.problems or flow is None:
        raise RuleError(loader.problems)
    return flow


def _digest(texts: Dictionary[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{len(texts[name])}\0".encode())
        digest.update(texts[name])
    return digest.hexdigest()


class _Loader(Cells):
    """Reads the slots of one flow."""

    def load(self, node: MapNode, digest: str) -> Flow | None:
        document = self.around.document
        self.types = Types(
            item=document,
            document=document,
            variables=frozenset(),
            roots={
                "company": self.around.company,
                "run": find_registers(node, self.systems, self.around),
                "reference": TEXT,
                "since": TEXT,
                "today": TEXT,
            },
        )
        variables = tuple(self.variables(node.get("vars")).items())
        slots: dict[str, tuple[Step, ...]] = {
            name: self._steps(node.get(name), is_register=name in ("setup", "doctor"))
            for name in SLOTS
        }
        fetch = self._fetch(submap(node, "fetch"))
        deliver = self._deliver(submap(node, "deliver"))
        acknowledge = self._acknowledge(submap(node, "acknowledge"))
        on_stop = self._on_stop(submap(node, "on_stop"))
        result = self.path(node.get("result"))
        expand = self._expand(submap(node, "expand"))
        switch = self.path(node.get("switch"))
        self._check_ends(node)
        if fetch is None:
            return None
        return Flow(
            name=text_at(node, "flow"),
            note=text_at(node, "note"),
            file=node.position.file,
            switch=switch,
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
            expand=expand,
            result=result,
            vanished=slots["vanished"],
            doctor=slots["doctor"],
            digest=digest,
            on_stop=on_stop,
        )

    # Slots ---------------------------------------------------------------------------

    def _fetch(self, node: MapNode | None) -> Fetch | None:
        if node is None:
            return None
        request = self.request(node, "from")
        name = text_at(node, "as")
        self.saved(node.get("as"), self.types.item, "the document")
        # The key, the label and the reference are read off the listed record itself.
        with self.seeing(self.on(self._record(request, name), name)):
            key, label = self.path(node.get("key")), self.path(node.get("label"))
            reference = self.path(node.get("reference"))
            again = submap(node, "again")
            same = () if again is None else self.paths(again.get("same"))
        repeated = None if again is None else self.request(again, "from")
        belongs = self._belongs(submap(node, "belongs"))
        if request is None or key is None or label is None or reference is None:
            return None
        return Fetch(
            request=request,
            save=name,
            key=key,
            label=label,
            reference=reference,
            reference_limit=number_at(node, "reference_limit", 40),
            again=None if repeated is None else Again(repeated, same),
            window=_window(submap(node, "changed_since")),
            belongs=belongs,
        )

    def _belongs(self, node: MapNode | None) -> Belongs | None:
        if node is None:
            return None
        steps = self._steps(node.get("read"))
        reads = tuple(step for step in steps if isinstance(step, ReadStep))
        to, unit = self.path(node.get("to")), self.path(node.get("unit"))
        units = self.path(node.get("units"))
        with self.seeing(self.on(units.shape.item().field if units else None, "unit")):
            key, parent = self.path(node.get("key")), self.path(node.get("parent"))
            names = self.paths(node.get("names"))
        self.code(node.get("stop"))
        if to is None or unit is None or units is None or key is None or parent is None:
            return None
        code = text_at(node, "stop")
        return Belongs(to, reads, unit, units, key, parent, names, code)

    def _check_ends(self, node: MapNode) -> None:
        """See that the flow says what becomes of a document, and how it is known."""
        if "deliver" not in node and "result" not in node and "flow" in node:
            self.problems.append(
                Problem(
                    "F210",
                    "the flow creates no document and names no result",
                    node.key("flow").position,
                    "add deliver:, or result: with the path of the id in the target",
                    len("flow"),
                )
            )
        if "acknowledge" not in node and "deliver" in node and "fetch" in node:
            fetch = submap(node, "fetch")
            if fetch is not None and "changed_since" not in fetch:
                self.problems.append(
                    Problem(
                        "F211",
                        "nothing moves the source's status, so the same is listed again"
                        " and again",
                        node.key("fetch").position,
                        "add acknowledge:, or changed_since: under fetch",
                        len("fetch"),
                    )
                )

    def _expand(self, node: MapNode | None) -> Expand | None:
        if node is None:
            return None
        each = self.path(node.get("each"))
        with self.seeing(self._row(node, each)):
            key, label = self.path(node.get("key")), self.path(node.get("label"))
            reference = self.path(node.get("reference"))
        self.saved(node.get("as"), self.types.item, "the document")
        if each is None or key is None or label is None or reference is None:
            return None
        return Expand(each, text_at(node, "as"), key, label, reference)

    def _deliver(self, node: MapNode | None) -> Deliver | None:
        if node is None:
            return None
        finds, candidate = self._finds(node.get("find"))
        send = self._send(node)
        mapping = None if send is None else send.mapping
        payload = self.around.place(mapping.target) if mapping else None
        with self.seeing(self.types.with_roots(candidate=candidate, payload=payload)):
            where = self.condition(node.get("where"))
            same = tuple(self._same(entry) for entry in maps(node.get("same")))
        read_node = submap(node, "read")
        read = None if read_node is None else self.request(read_node, "from")
        if "save" in node:
            self.saved(node.get("save"), self.types.item, "the document")
        endpoint = self.endpoint_of(send.request if send else None)
        created = None if endpoint is None else self.around.answer(endpoint)
        with self.seeing(self.on(created, "answer")):
            answer = self.path(node.get("answer"))
        if answer is not None:
            created = answer.shape.field
        with self.seeing(self.on(created, "answer")):
            target_id = self.path(node.get("id") or _literal("id", node.position))
            number = self.path(node.get("number"))
        if where is None or read is None or send is None or target_id is None:
            return None
        return Deliver(
            name=text_at(node, "write"),
            finds=finds,
            where=where,
            same=tuple(entry for entry in same if entry is not None),
            send=send,
            answer=answer,
            target_id=target_id,
            target_number=number,
            read=read,
            save=text_at(node, "save") or "target",
        )

    def _same(self, node: MapNode) -> Same | None:
        theirs, ours = self.formula(node.get("theirs")), self.formula(node.get("ours"))
        self.code(node.get("stop"))
        if theirs is None or ours is None:
            return None
        name = text_at(node, "name") or text_at(node, "ours").rpartition(".")[2]
        code = text_at(node, "stop") or "SAME_NUMBER_OTHER_CONTENT"
        return Same(name, theirs, ours, code)

    def _acknowledge(self, node: MapNode | None) -> Acknowledge | None:
        if node is None:
            return None
        send = self._send(node)
        endpoint = self.endpoint_of(send.request if send else None)
        answer = None if endpoint is None else self.around.answer(endpoint)
        with self.seeing(self.types.with_roots(answer=answer)):
            verify = self.formula(node.get("verify"))
        if send is None or verify is None:
            return None
        return Acknowledge(send, verify)

    def _on_stop(self, node: MapNode | None) -> OnStop | None:
        move = self._acknowledge(node)
        if node is None or move is None:
            return None
        return OnStop(self.condition(node.get("when")), move)

    # Steps ---------------------------------------------------------------------------

    def _steps(
        self, node: Node | None, *, is_register: bool = False
    ) -> tuple[Step, ...]:
        steps = [self._step(entry, is_register=is_register) for entry in maps(node)]
        return tuple(step for step in steps if step is not None)

    def _row(self, node: MapNode, each: Path | None) -> Types:
        """Give the scope below ``each``: bare names are fields of the item."""
        if "each" not in node:
            return self.types
        shape = Shape(None, "this[]") if each is None else each.shape.item()
        return self.types.row(shape)

    def _step(self, node: MapNode, *, is_register: bool) -> Step | None:
        each = self.path(node.get("each"))
        with self.seeing(self._row(node, each)):
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
        record = self._record(request, name)
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

    def _check_batch(self, node: MapNode, request: Request | None) -> None:
        named, endpoint = node.get("argument"), self.endpoint_of(request)
        if endpoint is None or not isinstance(named, Scalar):
            return
        if named.text not in endpoint.arguments:
            said = f"{endpoint.name} takes no argument {named.text}"
            self.unknown(named, "F203", said, named.text, endpoint.arguments)

    def _record(self, request: Request | None, name: str) -> Field | None:
        """Say what one record of a read is: by its endpoint, or by where it goes."""
        endpoint = self.endpoint_of(request)
        known = self._record_at(endpoint)
        if known is not None:
            return known
        kept = None if self.types.item is None else self.types.item.child(name)
        if kept is None:
            return None
        return kept.item() if "array" in kept.types else kept

    def _record_at(self, endpoint: EndpointSpec | None) -> Field | None:
        return None if endpoint is None else self.around.record(endpoint)

    def _join_step(self, node: MapNode) -> JoinStep | None:
        source = self.path(node.get("join"))
        record = None if source is None else source.shape.item().field
        join, when = self._join(node, record), self.condition(node.get("when"))
        if source is None or join is None:
            return None
        return JoinStep(source, join, when)

    def _join(self, node: MapNode, record: Field | None) -> Join | None:
        to = self.path(node.get("to"))
        item = Shape(None, "") if to is None else to.shape.item()
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
        takes_first = text_at(node, "first") in _YES
        return Join(to, left, right, text_at(node, "as"), takes_first)

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
        finds, candidate = self._finds(node.get("find"))
        match_file = node.get("match")
        with self.seeing(self.types.with_roots(candidate=candidate)):
            match = None if match_file is None else self.match(match_file)
            create, update = submap(node, "create"), submap(node, "update")
            created = None if create is None else self._send(create)
            updated = None if update is None else self._send(update)
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

    def _finds(self, node: Node | None) -> tuple[tuple[Find, ...], Field | None]:
        """Read where candidates come from, and say what a candidate is."""
        finds: list[Find] = []
        shapes: list[Field | None] = []
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
        return tuple(finds), either(shapes)

    def _send(self, node: MapNode) -> Send | None:
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

    def _check_pointer(self, key: Scalar, request: Request | None) -> None:
        """Find a change of a field that the record does not have."""
        endpoint = self.endpoint_of(request)
        shape = Shape(self._record_at(endpoint), "")
        offset = 1
        for part in key.text.split("/")[1:]:
            found = shape.child(part)
            if not isinstance(found, Shape):
                said = f"the record has no field {key.text}"
                self.unknown(key, "F220", said, part, found.choices, offset)
                return
            shape = found
            offset += len(part) + 1


def _one_of(shape: Shape) -> Field | None:
    """Say what one candidate is: an item of a list, or the one thing that is there."""
    return shape.field if shape.kind == "group" else shape.item().field


def _window(node: MapNode | None) -> Window | None:
    if node is None:
        return None
    first, full = text_at(node, "first_days"), text_at(node, "full_every_hours")
    return Window(
        timedelta(hours=number_at(node, "overlap_hours")),
        timedelta(days=int(first)) if first.isdecimal() else None,
        timedelta(hours=int(full)) if full.isdecimal() else None,
    )


def _literal(text: str, position: Position) -> Scalar:
    return Scalar(text, position, "plain")

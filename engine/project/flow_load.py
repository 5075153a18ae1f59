"""Read a flow from YAML into ``spec``; every problem of all its files at once.

The grammar schema has accepted the file's shape; here its cells are compiled, its
endpoints looked up, and the mapping and match files it names are loaded.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.errors import Problem, RuleError
from engine.language import SymbolTable
from engine.project.flow_cells import maps, number_at, submap, text_at
from engine.project.flow_spec import (
    Acknowledge,
    Belongs,
    Deliver,
    Expand,
    Fetch,
    Flow,
    OnStop,
    ReadStep,
    Reread,
    SameCheck,
    Step,
    Window,
)
from engine.project.flow_steps import Steps
from engine.project.flow_types import FlowTypes, find_registers, flow_roots
from engine.rulefiles.reader import MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping as Dictionary

    from engine.errors import Position
    from engine.mapping.apply import Mapping
    from engine.project.system_spec import SystemSpec

SLOTS = (
    *("setup", "enrich", "require", "prepare", "follow", "release", "vanished"),
    "doctor",
)


def load_flow(
    node: MapNode,
    *,
    systems: Dictionary[str, SystemSpec],
    mappings: Dictionary[str, Mapping],
    matches: Dictionary[str, MapNode],
    around: FlowTypes,
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
    loader = FlowLoader(systems, mappings, matches, around)
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


class FlowLoader(Steps):
    """Reads the slots of one flow."""

    def load(self, node: MapNode, digest: str) -> Flow | None:
        """Give the flow; None when a fault leaves nothing to run."""
        document = self.around.document
        self.types = SymbolTable(
            item=document,
            document=document,
            variables=frozenset(),
            roots=flow_roots(
                self.around.company, find_registers(node, self.systems, self.around)
            ),
        )
        variables = tuple(self.variables(node.get("vars")).items())
        slots: dict[str, tuple[Step, ...]] = {
            name: self.steps(node.get(name), is_register=name in ("setup", "doctor"))
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
        with self.seeing(self.on(self.record(request, name), name)):
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
            again=None if repeated is None else Reread(repeated, same),
            window=_window(submap(node, "changed_since")),
            belongs=belongs,
        )

    def _belongs(self, node: MapNode | None) -> Belongs | None:
        if node is None:
            return None
        steps = self.steps(node.get("read"))
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
        with self.seeing(self.row(node, each)):
            key, label = self.path(node.get("key")), self.path(node.get("label"))
            reference = self.path(node.get("reference"))
        self.saved(node.get("as"), self.types.item, "the document")
        if each is None or key is None or label is None or reference is None:
            return None
        return Expand(each, text_at(node, "as"), key, label, reference)

    def _deliver(self, node: MapNode | None) -> Deliver | None:
        if node is None:
            return None
        finds, candidate = self.finds(node.get("find"))
        send = self.send(node)
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

    def _same(self, node: MapNode) -> SameCheck | None:
        theirs, ours = self.formula(node.get("theirs")), self.formula(node.get("ours"))
        self.code(node.get("stop"))
        if theirs is None or ours is None:
            return None
        name = text_at(node, "name") or text_at(node, "ours").rpartition(".")[2]
        code = text_at(node, "stop") or "SAME_NUMBER_OTHER_CONTENT"
        return SameCheck(name, theirs, ours, code)

    def _acknowledge(self, node: MapNode | None) -> Acknowledge | None:
        if node is None:
            return None
        send = self.send(node)
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

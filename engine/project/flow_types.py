"""What is known around a flow before any document is read.

The settings of a company, the registers that ``setup`` reads, the schemas of answers,
the codes of the advice file: each is what paths and formulas are checked against.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.language.symbols import Symbol, UnknownName
from engine.language.types import TEXT, group_of, list_of
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.schema import SchemaStore
    from engine.language.types import Type
    from engine.mapping.rule_load import Tables
    from engine.project.system_spec import EndpointSpec, SystemSpec
    from engine.rulefiles.reader import Node

LIST = "[]"  # after a schema's name: the answer is a list of these


@dataclass(frozen=True, slots=True)
class FlowTypes:
    """What a flow's cells are checked against; nothing is checked that is not known."""

    store: SchemaStore | None = None
    document: Type | None = None  # what the flow gathers
    company: Type | None = None  # a company's settings
    codes: frozenset[str] | None = None  # codes and aliases of the advice file
    tables: Tables = field(default_factory=dict)
    broken: frozenset[str] = frozenset()  # files and systems that have findings

    def place(self, name: str) -> Type | None:
        """Give what a schema's name means: ``system/invoice``, ``system/all#rows``."""
        return None if self.store is None else find_place(self.store, name)

    def answer(self, endpoint: EndpointSpec) -> Type | None:
        """Say what an endpoint answers, all pages together."""
        if endpoint.schema is None:
            return None
        record = self.place(endpoint.schema.removesuffix(LIST))
        is_list = endpoint.paging or endpoint.items or endpoint.schema.endswith(LIST)
        return list_of(record) if is_list else record

    def record(self, endpoint: EndpointSpec) -> Type | None:
        """Say what one record of an endpoint's answer is."""
        if endpoint.schema is None:
            return None
        return self.place(endpoint.schema.removesuffix(LIST))


def find_place(store: SchemaStore, name: str) -> Type | None:
    """Step from ``document#rows[].marks`` to one item of what stands there."""
    document, _, fragment = name.partition("#")
    if document not in store:
        return None
    shape = Symbol(store.field(document), "")
    for part in fragment.split(".") if fragment else ():
        found = shape.child(part.removesuffix(LIST))
        if isinstance(found, UnknownName):
            return None
        shape = found.item() if part.endswith(LIST) else found
    return shape.item().field if shape.kind == "list" else shape.field


def find_registers(
    flow: Node, systems: Mapping[str, SystemSpec], around: FlowTypes
) -> Type:
    """Give what ``run`` holds: a field for each register of ``setup``, ``doctor``."""
    slots = [flow.get("setup"), flow.get("doctor")] if isinstance(flow, MapNode) else []
    steps = [step for s in slots if isinstance(s, ListNode) for step in s.items]
    found: dict[str, Type | None] = {}
    for step in steps:
        name = step.get("read") if isinstance(step, MapNode) else None
        named = step.get("from") if isinstance(step, MapNode) else None
        if isinstance(name, Scalar):
            text = named.text if isinstance(named, Scalar) else ""
            endpoint = find_endpoint(systems, text)
            found[name.text] = None if endpoint is None else around.answer(endpoint)
    return group_of(found)


def find_endpoint(systems: Mapping[str, SystemSpec], text: str) -> EndpointSpec | None:
    """Find what ``system.endpoint`` names."""
    system, _, endpoint = text.partition(".")
    spec = systems.get(system)
    return None if spec is None else spec.endpoints.get(endpoint)


def flow_roots(company: Type | None, registers: Type | None) -> dict[str, Type | None]:
    """Give the roots that a flow's cells and mappings see around its document."""
    return {
        "company": company,
        "run": registers,
        "reference": TEXT,
        "since": TEXT,
        "today": TEXT,
    }

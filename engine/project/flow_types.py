"""What is known around a flow before any document is read.

The systems and files it may name, the settings of a company, the registers that
``setup`` reads, the schemas of answers, the codes of the advice file: each is what
paths, formulas and names are checked against.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field

from engine.language.schema import SchemaStore
from engine.language.symbols import UnknownName, item_at
from engine.language.types import ANYTHING, TEXT, Type, group_of, list_of
from engine.mapping.apply import Mapping
from engine.mapping.rule_load import Tables
from engine.project.system_spec import EndpointSpec, SystemSpec
from engine.rulefiles.nodes import ListNode, MapNode, maps_at, text_at

LIST = "[]"  # after a schema's name: the answer is a list of these


@dataclass(frozen=True, slots=True)
class FlowTypes:
    """What a flow's cells are checked against; nothing is checked that is not known."""

    store: SchemaStore
    company: Type  # a company's settings
    codes: frozenset[str] | None  # codes and aliases of the advice file
    tables: Tables
    systems: Dictionary[str, SystemSpec]
    document: Type | None = None  # what the flow gathers
    mappings: Dictionary[str, Mapping] = field(default_factory=dict)  # of the folder
    matches: Dictionary[str, MapNode] = field(default_factory=dict)  # of the folder
    broken: frozenset[str] = frozenset()  # files and systems that have findings

    def place(self, name: str) -> Type | None:
        """Give what a schema's name means: ``system/invoice``, ``system/all#rows``."""
        return find_type(self.store, name)

    def endpoint(self, text: str) -> EndpointSpec | None:
        """Find what ``system.endpoint`` names."""
        system, _, endpoint = text.partition(".")
        spec = self.systems.get(system)
        return None if spec is None else spec.endpoints.get(endpoint)

    def answer(self, endpoint: EndpointSpec | None) -> Type | None:
        """Say what an endpoint answers, all pages together."""
        record = self.record(endpoint)
        if endpoint is None or endpoint.schema is None:
            return None
        is_list = endpoint.paging or endpoint.items or endpoint.schema.endswith(LIST)
        return list_of(record) if is_list else record

    def record(self, endpoint: EndpointSpec | None) -> Type | None:
        """Say what one record of an endpoint's answer is."""
        if endpoint is None or endpoint.schema is None:
            return None
        return self.place(endpoint.schema.removesuffix(LIST))

    def registers(self, flow: MapNode) -> Type:
        """Give what ``run`` holds: a field for each register of setup and doctor."""
        lists = [flow.get(key) for key in ("setup", "doctor")]
        if not all(node.is_whole for node in lists if isinstance(node, ListNode)):
            return ANYTHING  # a step was refused: nobody knows which register it reads
        steps = [*maps_at(flow, "setup"), *maps_at(flow, "doctor")]
        return group_of(
            {
                text_at(step, "read"): self.answer(self.endpoint(text_at(step, "from")))
                for step in steps
                if text_at(step, "read")
            }
        )


def find_type(store: SchemaStore, name: str) -> Type | None:
    """Step from ``document#rows[].marks`` to one item of what stands there."""
    document, _, address = name.partition("#")
    if document not in store:
        return None
    found = item_at(store.field(document), address)
    return None if isinstance(found, UnknownName) else found


def flow_roots(company: Type | None, registers: Type | None) -> dict[str, Type | None]:
    """Give the roots that a flow's cells and mappings see around its document."""
    return {
        "company": company,
        "run": registers,
        "reference": TEXT,
        "since": TEXT,
        "today": TEXT,
    }

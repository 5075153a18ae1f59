"""Simulated systems, written by hand from their public documentation.

Nothing here imports the engine or reads its YAML: a mistake in a rule must not be
able to repeat itself in the system that judges it.
"""

from tests.simulators.base import Exchange, Simulator
from tests.simulators.clock import OtherClock, StillClock, WallClock
from tests.simulators.data import (
    DEMO_NOW,
    DEMO_SE_SECRETS,
    DEMO_SECRETS,
    demo_data,
    invoice_number_of,
)
from tests.simulators.data_world import (
    WorldData,
    flows_data,
    group_data,
    number_of,
)
from tests.simulators.faults import Fault
from tests.simulators.procountor import Procountor
from tests.simulators.server import Server, serve
from tests.simulators.severa import Severa
from tests.simulators.transport import InProcessTransport

__all__ = [
    "DEMO_NOW",
    "DEMO_SECRETS",
    "DEMO_SE_SECRETS",
    "Exchange",
    "Fault",
    "InProcessTransport",
    "OtherClock",
    "Procountor",
    "Server",
    "Severa",
    "Simulator",
    "StillClock",
    "WallClock",
    "WorldData",
    "demo_data",
    "flows_data",
    "group_data",
    "invoice_number_of",
    "number_of",
    "serve",
]

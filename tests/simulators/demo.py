"""The demo's world: both systems on loopback, with the machine's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from tests.simulators.clock import Clock, WallClock
from tests.simulators.data import DEMO_SE_SECRETS, DEMO_SECRETS, demo_data
from tests.simulators.data_world import WorldData, group_data
from tests.simulators.procountor import Procountor
from tests.simulators.server import Server, serve
from tests.simulators.severa import Severa


@dataclass(slots=True)
class DemoWorld:
    """Both simulators, listening. ``base_urls`` is by system name."""

    severa: Severa
    procountor: Procountor
    base_urls: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)

    def close(self) -> None:
        """Stop both servers."""
        for server in self.servers:
            server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start_demo(clock: Clock | None = None, *, group: bool = False) -> DemoWorld:
    """Serve the demo's data on two free ports of loopback.

    With ``group`` all flows of two companies; one address per system serves both, and
    the environment has the secrets of both (``SIIRTO_DEMO_``, ``SIIRTO_DEMO_SE_``).
    """
    time = clock or WallClock()
    if group:
        data = group_data()
    else:
        severa_data, procountor_data = demo_data()
        data = WorldData(severa_data, {"demo": procountor_data})
    first, *others = data.procountor.values()
    world = DemoWorld(Severa(data.severa, time), Procountor(first, time, others=others))
    for name, app in (("severa", world.severa), ("procountor", world.procountor)):
        server = serve(app)
        world.servers.append(server)
        world.base_urls[name] = server.url
    secrets = {"DEMO": DEMO_SECRETS} | ({"DEMO_SE": DEMO_SE_SECRETS} if group else {})
    world.environment = {
        f"SIIRTO_{company}_{name}": value
        for company, names in secrets.items()
        for name, value in names.items()
    }
    return world

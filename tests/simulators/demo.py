"""The demo's world: both systems on loopback, with the machine's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from tests.simulators.clock import Clock, WallClock
from tests.simulators.data import DEMO_SECRETS, demo_data
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


def start_demo(clock: Clock | None = None) -> DemoWorld:
    """Serve the demo's data on two free ports of loopback."""
    time = clock or WallClock()
    severa_data, procountor_data = demo_data()
    world = DemoWorld(Severa(severa_data, time), Procountor(procountor_data, time))
    for name, app in (("severa", world.severa), ("procountor", world.procountor)):
        server = serve(app)
        world.servers.append(server)
        world.base_urls[name] = server.url
    world.environment = {
        f"SIIRTO_DEMO_{name}": value for name, value in DEMO_SECRETS.items()
    }
    return world

"""The same with real processes: killed by the kernel, or two on one ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.places import ROOT
from tests.simulators import serve
from tests.simulators.faults import RequestLost
from tests.worlds import World

NUMBER = 20261040
RUNS = 6


class Gate:
    """Stands before a simulator: may kill the process that asks, or let it wait."""

    def __init__(self, app, world):
        self.app = app
        self.world = world
        self.clock = app.clock
        self.base_path = app.base_path

    def __call__(self, environ, start_response):
        world = self.world
        world.asked += 1
        is_meant = world.asked == world.meant
        if is_meant and world.when == "before":
            world.kill()
        if is_meant and world.when == "wait":
            world.first_is_in.set()
            world.second_is_out.wait(60)
        answer = self.app(environ, start_response)
        if is_meant and world.when == "after":
            world.kill()
        return answer


class ServedWorld(World):
    """A world whose simulators listen on loopback for a child."""

    asked, meant, when = 0, 0, ""

    @contextmanager
    def served(self):
        """Listen; give the command that starts a child."""
        for app in (self.severa, self.procountor):
            app.rate.limit = None  # their clock stands while the child asks
        servers = [serve(Gate(app, self)) for app in (self.severa, self.procountor)]
        folder = self.ledger_url.removeprefix("sqlite:///").rpartition("/")[0]
        urls = [server.url for server in servers]
        try:
            yield [sys.executable, "-m", "tests.harness.child", folder, *urls]
        finally:
            for server in servers:
                server.close()

    def start(self, command):
        self.child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        return self.child

    def kill(self):
        """End the child as the kernel does; its request gets no answer."""
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()
        raise RequestLost


@pytest.mark.parametrize(
    ("when", "meant"), [("before", 19), ("after", 19), ("after", 21), ("after", 24)]
)
def test_a_run_that_the_kernel_ends(tmp_path, when, meant):
    world = ServedWorld(tmp_path, keep=[NUMBER])
    world.when, world.meant = when, meant
    with world.served() as command:
        child = world.start(command)
        child.communicate()
    assert -signal.SIGKILL == child.returncode
    world.meant = 0
    for _ in range(RUNS):
        world.clock.advance(600)
        world.run()
    assert 1 == len(world.procountor.found(NUMBER))
    [invoice] = world.procountor.found(NUMBER)
    assert 1 == len(invoice["attachments"])
    assert "Transferred to Procountor" == world.severa.status_of(NUMBER)


def test_two_processes_on_one_ledger(tmp_path):
    world = ServedWorld(tmp_path, keep=[NUMBER])
    world.when, world.meant = "wait", 5
    world.first_is_in, world.second_is_out = threading.Event(), threading.Event()
    with world.served() as command:
        first = world.start(command)
        assert world.first_is_in.wait(60)
        second = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        )
        world.second_is_out.set()
        said, _ = first.communicate()
    assert "locked\n" == second.stdout
    assert "{'transferred': 1}\n" == said
    assert 1 == len(world.procountor.found(NUMBER))

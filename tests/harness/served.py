"""A company whose simulators are servers, and a child process that the kernel ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

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
        """Start a child."""
        self.child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        return self.child

    def kill(self):
        """End the child as the kernel does; its request gets no answer."""
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()
        raise RequestLost


def kill_at_request(folder, when, meant):
    """End a child before or after its nth request; None when it asks no more so often.

    Gives what is wrong after six further runs.
    """
    world = ServedWorld(folder, keep=[NUMBER])
    world.when, world.meant = when, meant
    with world.served() as command:
        world.start(command).communicate()
    return None if world.child.returncode == 0 else end_well(world)


def kill_at_commit(folder, when, meant):
    """End a child before or after its nth commit; the same."""
    world = ServedWorld(folder, keep=[NUMBER])
    with world.served() as command:
        world.start([*command, when, str(meant)]).communicate()
    return None if world.child.returncode == 0 else end_well(world)


def end_well(world):
    """Run on after a kill; give what does not hold in the end."""
    assert -signal.SIGKILL == world.child.returncode
    world.meant = 0
    for _ in range(RUNS):
        world.clock.advance(600)
        world.run()
    found = world.procountor.found(NUMBER)
    wrong = []
    if len(found) != 1:
        wrong.append(f"{len(found)} invoices")
    wrong += [f"files: {i['attachments']}" for i in found if len(i["attachments"]) != 1]
    status = world.severa.status_of(NUMBER)
    if status != "Transferred to Procountor":
        wrong.append(status)
    return wrong


def sweep_real_kills(say):
    """End a child at every request and every commit, before and after; count faults."""
    failed = 0
    for kill in (kill_at_request, kill_at_commit):
        for when in ("before", "after"):
            meant, wrong = 0, []
            while wrong is not None:
                meant += 1
                with tempfile.TemporaryDirectory() as folder:
                    wrong = kill(Path(folder), when, meant)
                if wrong:
                    failed += 1
                    say(f"{kill.__name__} {when} {meant}: {wrong}")
            say(f"{kill.__name__} {when}: {meant - 1} places")
    return failed

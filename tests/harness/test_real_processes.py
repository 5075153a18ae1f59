"""The same with real processes: killed by the kernel, or two on one ledger.

Every place: `python -m tests.harness real`.
"""

from __future__ import annotations

import subprocess
import threading

import pytest

from tests.harness.served import NUMBER, ServedWorld, kill_at_commit, kill_at_request
from tests.places import ROOT


@pytest.mark.parametrize(
    ("kill", "when", "meant"),
    [
        (kill_at_request, "before", 19),
        (kill_at_request, "after", 21),
        (kill_at_request, "after", 24),
        (kill_at_commit, "before", 9),
        (kill_at_commit, "after", 9),
    ],
)
def test_a_run_that_the_kernel_ends(tmp_path, kill, when, meant):
    assert [] == kill(tmp_path, when, meant)


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

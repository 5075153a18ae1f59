"""`python -m tests.harness`: campaigns, replays and seeded bugs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.harness.campaign import Asked, run_campaign
from tests.harness.kept import describe, kept_plan, kept_words
from tests.harness.plan import Plan, make_plan
from tests.harness.schedule import play
from tests.harness.sweeps import (
    sweep_disk,
    sweep_kills,
    sweep_pairs,
    sweep_real,
    sweep_variants,
)

SWEEPS = {
    "pairs": sweep_pairs,
    "kills": sweep_kills,
    "disk": sweep_disk,
    "real": sweep_real,
    "variants": sweep_variants,
}


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.harness")
    commands = parser.add_subparsers(dest="command", required=True)
    campaign = commands.add_parser("campaign")
    campaign.add_argument("--schedules", type=int, default=1000)
    campaign.add_argument("--seed", type=int, default=1)
    campaign.add_argument("--runners", type=int, default=1)
    campaign.add_argument("--jobs", type=int, default=1)
    campaign.add_argument("--without", default="")
    campaign.add_argument("--record", type=Path, help="a file; its parts count")
    replay = commands.add_parser("replay")
    replay.add_argument("seed", type=int)
    replay.add_argument("--runners", type=int, default=1)
    replay.add_argument("--without", default="")
    replay.add_argument(
        "--kept", action="store_true", help="of the kept ones, by place"
    )
    keep = commands.add_parser("keep", help="a seed's schedule as data, for kept.yaml")
    keep.add_argument("seed", type=int)
    keep.add_argument("--runners", type=int, default=1)
    for name in SWEEPS:
        commands.add_parser(name)
    asked = parser.parse_args()
    if asked.command in SWEEPS:
        return SWEEPS[asked.command]()
    if asked.command == "keep":
        sys.stdout.write(describe(asked.seed, asked.runners, "what was seen"))
        return 0
    if asked.command == "replay":
        if asked.kept:
            return replay_plan(kept_plan(kept_words()[asked.seed - 1]), asked.without)
        return replay_plan(make_plan(asked.seed, asked.runners), asked.without)
    wanted = Asked(asked.schedules, asked.seed, asked.runners, asked.without)
    return run_campaign(wanted, asked.jobs, asked.record)


def replay_plan(plan: Plan, without: str) -> int:
    """Play one schedule and say everything that happens in it."""
    sys.stdout.write(f"{plan}\n")
    played = play(plan, print, without)
    for row in played.game.log():
        sys.stdout.write(
            f"log {row['at']} {row['label']} {row['outcome']} {row['code']}"
            f" {row['message']}\n"
        )
    sys.stdout.write(f"{played.verdicts}\n")
    return bool(played.verdicts)


if __name__ == "__main__":
    sys.exit(main())

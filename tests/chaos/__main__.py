"""`scripts/chaos`: rounds of attacks on the real programs, and a verdict."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import replicas
from tests.chaos.attacks import ATTACKS, QUICK, Attack
from tests.chaos.rounds import drawn, play
from tests.servers.process import TOOLS

ROUND_SECONDS = 600.0
"""Of a long run; each round has a seed and a system of its own."""
REPLICAS_SECONDS = 180.0
"""The same of several exporters."""


def main() -> int:
    """Play rounds until the time is over and return 1 if one of them found something."""
    options = _parser().parse_args()
    os.environ["PATH"] = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    attacks: tuple[Attack, ...] = tuple(ATTACKS.values())
    if options.only:
        attacks = tuple(ATTACKS[name] for name in options.only.split(","))
    seed = random.randrange(10_000) if options.seed is None else options.seed
    ends, rounds, failed = time.monotonic() + options.minutes * 60, 0, 0
    while not rounds or time.monotonic() < ends:
        folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
        left = min(ROUND_SECONDS, ends - time.monotonic())
        # The short round, and attacks that were named, are played once and whole.
        once = QUICK if options.short else attacks if options.only else None
        if options.replicas:
            problems = asyncio.run(
                replicas.play(
                    folder,
                    seed,
                    options.replicas,
                    seconds=min(left, REPLICAS_SECONDS),
                    database=options.postgresql,
                    say=say,
                )
            )
        else:
            problems = asyncio.run(
                play(folder, seed, once or drawn(seed, attacks, seconds=left), say=say)
            )
        for problem in problems:
            say(f"WRONG: {problem}")
        again = "".join(f" {argument}" for argument in _again(options))
        say(
            f"seed {seed}: {len(problems)} wrong; logs are in {folder}; again: "
            f"scripts/chaos --seed {seed}{again}"
            if problems
            else f"seed {seed}: all that has to hold holds"
        )
        rounds, failed, seed = rounds + 1, failed + bool(problems), seed + 1
        if once:
            break
    say(f"{rounds} rounds, {failed} of them failed")
    return int(failed > 0)


def _again(options: argparse.Namespace) -> list[str]:
    """The arguments by which a round is repeated, beside its seed."""
    found = ["--short"] if options.short else []
    if options.only:
        found += ["--only", options.only]
    if options.replicas:
        found += ["--replicas", str(options.replicas)]
    if options.postgresql:
        found += ["--postgresql"]
    return found


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of every choice; drawn unless it is given")
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--short", action="store_true", help="the short round of CI")
    parser.add_argument(
        "--replicas", type=int, default=0, metavar="N", help="attack N exporters that share a state"
    )
    parser.add_argument(
        "--postgresql", action="store_true", help="with --replicas: which is in a PostgreSQL"
    )
    parser.add_argument("--only", help=f"these attacks, once: {','.join(ATTACKS)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())

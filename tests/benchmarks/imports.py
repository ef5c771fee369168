"""How long it takes to import the core and to be told how a command is used, in fresh processes."""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys

from .effort import Effort
from .result import Result

PROGRAM = """
from time import process_time
start = process_time()
import {module}
print(process_time() - start)
"""


def measure(effort: Effort) -> list[Result]:
    ours = peer = float("inf")
    for _ in range(2 * effort.runs):
        ours = min(ours, _seconds("store_exporter"))
        peer = min(peer, _seconds("prometheus_client"))
    commands = [
        Result(
            f"store-exporter {command}",
            "s",
            min(_processor(command) for _ in range(2 * effort.runs)),
            target=0.1,
        )
        for command in ("serve --help", "operations")
    ]
    return [
        *commands,
        Result("import store_exporter", "s", ours, target=0.1),
        Result("import, against prometheus_client", "s", ours, peer),
    ]


def _processor(command: str) -> float:
    """Return the seconds of processor time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    python = os.environ.get("BENCH_EXPORTER", sys.executable)
    program = [python, "-m", "store_exporter", *command.split()]
    done = subprocess.run(program, check=False, capture_output=True)
    if done.returncode:
        return math.inf  # what it needs is not installed here
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(module: str) -> float:
    program = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    return float(done.stdout)

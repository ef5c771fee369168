"""How long it takes to import the core and to be told how a command is used, in fresh processes."""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
from tempfile import TemporaryDirectory

from . import apart
from .effort import Effort
from .result import Result

PROGRAM = """
from time import process_time
start = process_time()
import {module}
print(process_time() - start)
"""


def measure(effort: Effort) -> list[Result]:
    with TemporaryDirectory() as folder:
        # Compiled, as pip leaves what it installs; the first run of each compiles.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return _measure(2 * effort.runs, environment)


def _measure(runs: int, environment: dict[str, str]) -> list[Result]:
    ours = peer = math.inf
    for _ in range(runs):
        ours = min(ours, _seconds("store_exporter", environment))
        peer = min(peer, _seconds("prometheus_client", environment))
    commands = [
        Result(
            f"store-exporter {command}",
            "s",
            min(_processor(command, environment) for _ in range(runs)),
            target=0.1,
        )
        for command in ("serve --help", "operations")
    ]
    return [
        *commands,
        Result("import store_exporter", "s", ours, target=0.1),
        Result("import, against prometheus_client", "s", ours, peer),
    ]


def _processor(command: str, environment: dict[str, str]) -> float:
    """Return the seconds of processor time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = [apart.python(), "-m", "store_exporter", *command.split()]
    done = subprocess.run(program, check=False, capture_output=True, env=environment)
    if done.returncode:
        return math.inf  # what it needs is not installed here
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(module: str, environment: dict[str, str]) -> float:
    program = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(program, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout)

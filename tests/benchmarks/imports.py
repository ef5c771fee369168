"""How long it takes to import the core, in fresh processes."""

from __future__ import annotations

import subprocess
import sys

from .effort import Effort
from .result import Result

PROGRAM = """
from time import perf_counter
start = perf_counter()
import {module}
print(perf_counter() - start)
"""


def measure(effort: Effort) -> list[Result]:
    ours = peer = float("inf")
    for _ in range(2 * effort.runs):
        ours = min(ours, _seconds("store_exporter"))
        peer = min(peer, _seconds("prometheus_client"))
    return [
        Result("import store_exporter", "s", ours, target=0.1),
        Result("import, against prometheus_client", "s", ours, peer),
    ]


def _seconds(module: str) -> float:
    program = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    return float(done.stdout)

"""Liveness probes one after another, eight at a time, by what the exporter runs them with.

    python -m tests.benchmarks.probes PORT CA_FILE    reads a number from each line of its input,
                                                      runs as many probes, and prints what they took

Only the scheduler is left out, so that a machine that is busy with other things cannot make the
exporter leave runs out.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable

from .serve import DOMAIN, look_up

STORES = 100
AT_ONCE = 8

Probe = Callable[[int], Awaitable[bool]]
"""Asks the store of a number; returns whether it answered."""


async def in_rounds(probe: Probe) -> None:
    """Make as many probes as each line of the input says, and print what they took."""

    async def work(waiting: list[int]) -> int:
        """Make probes until none waits; returns how many succeeded."""
        good = 0
        while waiting:
            good += await probe(waiting.pop() % STORES)
        return good

    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        waiting = list(range(int(line)))
        began = time.process_time()
        good = sum(await asyncio.gather(*(work(waiting) for _ in range(AT_ONCE))))
        spent = time.process_time() - began
        sys.stdout.write(json.dumps({"seconds": spent, "good": good}) + "\n")
        sys.stdout.flush()


async def main(port: str, ca_file: str) -> None:
    from store_exporter.metrics.recorder import Recorder
    from store_exporter.platforms import base
    from store_exporter.probing.jobs import Job
    from store_exporter.probing.results.result import Result
    from store_exporter.probing.runner import Runner
    from store_exporter.probing.transport import Transport
    from store_exporter.server.process.garbage import rare_collections
    from store_exporter.stores.model import Schedule, Secret, Store

    # Others have their windows in between, which takes longer than the exporter keeps a connection.
    transport = Transport(keepalive=300.0)
    runner = Runner(Recorder(), transport)
    liveness = base.load("woocommerce").probes["liveness"]
    secrets = {
        "consumer_key": Secret("ck_" + "a" * 40),
        "consumer_secret": Secret("cs_" + "b" * 40),
    }
    jobs = [
        Job(
            Store(
                "acme",
                f"shop{number}{DOMAIN}",
                "woocommerce",
                f"https://shop{number}{DOMAIN}:{port}",
                credentials=secrets,
                requests_per_hour=10_000_000,
                ca_file=ca_file,
            ),
            liveness,
            Schedule(60.0, 30.0),
        )
        for number in range(STORES)
    ]
    for job in jobs:
        runner.expect(job.store, [job])

    async def probe(number: int) -> bool:
        outcome = await runner.run(jobs[number])
        return isinstance(outcome, Result) and outcome.ok

    with rare_collections():
        await in_rounds(probe)
    await transport.close()


if __name__ == "__main__":
    socket.getaddrinfo = look_up
    asyncio.run(main(sys.argv[1], sys.argv[2]))

"""The end of the process waits for the last spans, but not for a receiver that takes none."""

from __future__ import annotations

import subprocess
import sys

STUCK = """
import asyncio, threading
from store_exporter.server.process import spans

class Stuck:
    def shutdown(self):
        threading.Event().wait()

async def trace():
    async with spans.tracing("store-exporter"):
        pass

spans.is_requested, spans._provider, spans._END_SECONDS = lambda _: True, lambda _: Stuck(), 0.1
asyncio.run(trace())
"""


def test_spans_that_nobody_takes_do_not_keep_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=90, check=True
    )
    assert done.stderr == "the last spans were not accepted in time\n"

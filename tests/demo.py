"""The demo, started once for all tests that need it running, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar
from unittest.mock import patch

from store_demo.scene import CHECK
from store_demo.slack import SlackReceiver
from store_demo.stack import Stack, running
from tests.servers import tool

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo, at the pace of `scripts/demo --check`.

    Attributes:
        stack: what runs.
        slack: the receiver of the messages.
    """

    stack: Stack
    slack: SlackReceiver
    _loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the demo runs, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def demo(directory: Path) -> Iterator[Demo]:
    """Run the demo; skips the test when its servers are missing.

    Raises:
        StartError: a part did not start.
    """
    folders = {str(Path(tool(name)).parent) for name in ("prometheus", "alertmanager")}
    with patch.dict(os.environ, PATH=os.pathsep.join([*folders, os.environ["PATH"]])):
        started: Future[tuple[Demo, asyncio.Event]] = Future()
        thread = Thread(target=asyncio.run, args=(_serve(directory, started),))
        thread.start()
        running_demo, end = started.result()
    try:
        yield running_demo
    finally:
        running_demo._loop.call_soon_threadsafe(end.set)
        thread.join()


async def _serve(directory: Path, started: Future[tuple[Demo, asyncio.Event]]) -> None:
    slack, end = SlackReceiver(), asyncio.Event()
    try:
        async with running(CHECK, directory, slack) as stack:
            started.set_result((Demo(stack, slack, asyncio.get_running_loop()), end))
            await end.wait()
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)

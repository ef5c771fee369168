"""The signals that end the process, and those that reload its configuration."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


@contextmanager
def reloading(reload: Callable[[], object]) -> Iterator[None]:
    """Call a function at each SIGHUP until the block ends; before and after, it is blocked."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reload)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
        loop.remove_signal_handler(signal.SIGHUP)


@contextmanager
def ending() -> Iterator[asyncio.Event]:
    """Handle SIGTERM and SIGINT until the block ends; yields what they set."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, ended, number)
    try:
        yield ended
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _end(ended: asyncio.Event, number: signal.Signals) -> None:
    log.info("shutting down", extra={"signal": signal.Signals(number).name})
    ended.set()


async def unless(ended: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what some work returns; None if the process has to end before, which interrupts it."""
    working = asyncio.create_task(work)
    waiting = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if not working.done():
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        return None
    return working.result()

"""Resolving names without letting a dead name server delay other stores.

`getaddrinfo` blocks for as long as the system's resolver pleases and cannot be interrupted. In
asyncio's default thread pool a handful of dead domains would hold up every other look-up, and the
end of the program with it. Here each look-up has a daemon thread of its own, within a limit, and
the same name is never looked up twice at the same time.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

LOOKUPS = 128
"""Names that are looked up at the same time; further ones wait."""

# No IPv6 addresses on a machine that has no IPv6, and the reverse.
_FLAGS = socket.AI_ADDRCONFIG

AddressInfo = tuple[Any, Any, int, str, Any]
Lookup = Callable[..., list[AddressInfo]]


class Resolving:
    """When the look-up of one connection began and ended, by `time.perf_counter`."""

    __slots__ = ("began", "ended")

    def __init__(self) -> None:
        self.began: float | None = None
        self.ended: float | None = None


watched: ContextVar[Resolving | None] = ContextVar("watched_resolving", default=None)
"""Set before connecting, it receives the times of the look-up that the connection needs."""


class Resolver(AbstractResolver):
    """Looks names up in threads of its own, without a cache.

    Args:
        lookup: `socket.getaddrinfo`, or a stand-in for tests.
    """

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._slots = asyncio.Semaphore(LOOKUPS)
        self._running: dict[tuple[str, int, int], asyncio.Future[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            OSError: there are none; a `socket.gaierror` as a rule.
        """
        resolving = watched.get() or Resolving()
        resolving.began = time.perf_counter()
        key = (host, port, family)
        running = self._running.get(key)
        if running is None:
            await self._slots.acquire()
            running = self._running.get(key)
            if running is None:
                running = self._start(key)
            else:
                self._slots.release()
        # A caller that gives up leaves the look-up to the others that wait for it.
        found = await asyncio.shield(running)
        resolving.ended = time.perf_counter()
        return found

    def _start(self, key: tuple[str, int, int]) -> asyncio.Future[list[ResolveResult]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[ResolveResult]] = loop.create_future()

        def settle(result: list[ResolveResult] | Exception) -> None:
            del self._running[key]
            self._slots.release()
            if isinstance(result, Exception):
                future.set_exception(result)
                future.exception()  # Whoever waited may have gone; that is no cause for a warning.
            else:
                future.set_result(result)

        def work() -> None:
            result: list[ResolveResult] | Exception
            try:
                result = self._look_up(*key)
            except Exception as error:  # noqa: BLE001 - handed to whoever waits, all of it
                result = error
            # The program may have ended while the name server was thinking.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result)

        self._running[key] = future
        threading.Thread(target=work, name=f"resolve {key[0]}", daemon=True).start()
        return future

    def _look_up(self, host: str, port: int, family: int) -> list[ResolveResult]:
        infos = self._lookup(host, port, type=socket.SOCK_STREAM, family=family, flags=_FLAGS)
        found: list[ResolveResult] = []
        for own_family, _, proto, _, address in infos:
            if own_family not in (socket.AF_INET, socket.AF_INET6):
                continue
            found.append(
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=address[1],
                    family=own_family,
                    proto=proto,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        if not found:
            raise OSError(None, "the name has no address")
        return found

    async def close(self) -> None:
        """Do nothing: threads that still look a name up end by themselves."""

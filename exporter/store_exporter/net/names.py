"""Resolving names without letting a dead name server delay other stores.

`getaddrinfo` blocks for as long as the system's resolver pleases and cannot be interrupted. In
asyncio's default thread pool a handful of dead domains would hold up every other look-up, and the
end of the program with it. Here each look-up has a daemon thread to itself, within a limit, and the
same name is never looked up twice at the same time.
"""

from __future__ import annotations

import asyncio
import errno
import math
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, NamedTuple

from ..errors import StoreError
from . import name_servers, reach
from .daemons import Daemons

LOOKUPS = 128
"""Names that are looked up at the same time; further ones wait."""

_PATIENCE = 3.0
"""Seconds of a look-up after which this machine's own name servers are examined."""
_UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104 - nothing listens there
"""Where filters of names lead to that block one, such as Pi-hole; connections to it end here."""
# No IPv6 addresses on a machine that has no IPv6, and the reverse.
_FLAGS = socket.AI_ADDRCONFIG
_threads = Daemons("resolve")
UNSERVED = "its own name servers do not respond"
"""What this machine lacks where it looks names up in vain."""


class Address(NamedTuple):
    """One address of a name: the IP address as text, and what a socket to it needs."""

    host: str
    port: int
    family: int
    proto: int


Lookup = Callable[..., list[tuple[Any, Any, int, str, Any]]]
"""What `socket.getaddrinfo` is."""

_Key = tuple[str, int, int]
"""Host, port and family."""


class Resolving:
    """When the look-up of one connection began and ended, by `time.perf_counter`.

    Attributes:
        waited: seconds until fewer names were looked up; infinite while it waits for that.
    """

    __slots__ = ("began", "ended", "waited")

    def __init__(self) -> None:
        self.began: float | None = None
        self.ended: float | None = None
        self.waited = 0.0


watched: ContextVar[Resolving | None] = ContextVar("watched_resolving", default=None)
"""Set before connecting, it receives the times of the look-up that the connection needs."""


class Names:
    """Looks names up in threads of their own, without a cache; for use within one event loop.

    Args:
        lookup: `socket.getaddrinfo`, or a stand-in for tests.
        patience: seconds of a look-up after which this machine's own name servers are examined.
    """

    def __init__(self, lookup: Lookup = socket.getaddrinfo, *, patience: float = _PATIENCE) -> None:
        self._lookup = lookup
        self._patience = patience
        self._slots = asyncio.Semaphore(LOOKUPS)
        self._running: dict[_Key, asyncio.Future[list[Address]]] = {}
        self._examination: asyncio.Task[bool] | None = None

    async def addresses(
        self, host: str, port: int, family: int = socket.AF_UNSPEC
    ) -> list[Address]:
        """Return the addresses of a name that `reach.permitted` lets through, at least one.

        Raises:
            OSError: there are none, or they cannot be found out: a `socket.gaierror`, unless this
                machine has no descriptor, memory, thread or name server for it.
            StoreError: dns, it has addresses, and none of them may be connected to.
            UnicodeError: it cannot be a host's name.
        """
        resolving = watched.get() or Resolving()
        requested = resolving.began = time.perf_counter()
        key = (host, port, family)
        running = self._running.get(key)
        if running is None:
            resolving.waited = math.inf
            await self._slots.acquire()
            resolving.began = time.perf_counter()
            resolving.waited = resolving.began - requested
            running = self._running.get(key)
            if running is None:
                running = self._start(key)
            else:
                self._slots.release()
        found = await self._wait(running)
        resolving.ended = time.perf_counter()
        refuse_unspecified(host, [address.host for address in found])
        permits = reach.permitted.get()
        if permits is None:
            return found
        public = [address for address in found if permits(address.host)]
        if not public:
            raise reach.refusal(host, found[0].host)
        return public

    async def _wait(self, running: asyncio.Future[list[Address]]) -> list[Address]:
        """Wait for a look-up, and find out whose fault it is that it takes long or fails.

        Raises:
            OSError: as `addresses` does.
        """
        # A caller that stops waiting leaves the look-up to the others that wait for it.
        await asyncio.wait((running,), timeout=self._patience)
        # It may end while they are examined, and then it has the last word.
        if _is_unsure(running) and not await self._are_served() and _is_unsure(running):
            raise OSError(errno.ENETDOWN, UNSERVED)
        return await asyncio.shield(running)

    async def _are_served(self) -> bool:
        """Whether a name server responds; all that want to know it at a time wait for one look."""
        if self._examination is None or self._examination.done():
            self._examination = asyncio.create_task(name_servers.resolve())
        return await asyncio.shield(self._examination)

    def _start(self, key: _Key) -> asyncio.Future[list[Address]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Address]] = loop.create_future()

        def settle(result: list[Address] | Exception) -> None:
            del self._running[key]
            self._slots.release()
            if isinstance(result, Exception):
                future.set_exception(result)
                future.exception()  # Whoever waited may have gone; that is no cause for a warning.
            else:
                future.set_result(result)

        def work() -> None:
            result: list[Address] | Exception
            try:
                result = self._look_up(*key)
            except Exception as error:  # noqa: BLE001 - handed to whoever waits, all of it
                result = error
            # The program may have ended while the name server was thinking.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result)

        try:
            _threads.begin(work)
        except RuntimeError as error:
            self._slots.release()
            raise OSError(errno.ENOMEM, "no thread to look a name up") from error
        self._running[key] = future
        return future

    def _look_up(self, host: str, port: int, family: int) -> list[Address]:
        try:
            entries = self._lookup(host, port, type=socket.SOCK_STREAM, family=family, flags=_FLAGS)
        except socket.gaierror as error:
            blame_this_machine(error)
            raise
        found = [
            Address(str(address[0]), port, own_family, proto)
            for own_family, _, proto, _, address in entries
            if own_family in (socket.AF_INET, socket.AF_INET6)
        ]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
        return found


def refuse_unspecified(host: str, addresses: Sequence[str]) -> None:
    """Refuse a name that leads to the address of nothing.

    Raises:
        StoreError: dns, as the message says.
    """
    if all(address in _UNSPECIFIED for address in addresses) and host not in _UNSPECIFIED:
        message = (
            f"the name {host} leads to {addresses[0]}, which is the address of nothing: a filter "
            "of names may block it"
        )
        raise StoreError("dns", message)


def _is_unsure(running: asyncio.Future[list[Address]]) -> bool:
    """Whether a look-up goes on, or failed in a way that need not be the store's fault."""
    if not running.done():
        return True
    failed = running.exception()
    return isinstance(failed, socket.gaierror) and failed.errno == socket.EAI_AGAIN


def blame_this_machine(error: socket.gaierror) -> None:
    """Say so where a look-up failed for want of memory or descriptors.

    The C library calls a socket that it cannot have a temporary failure of the name server.

    Raises:
        OSError: the reason is this machine.
    """
    if error.errno == socket.EAI_MEMORY:
        raise OSError(errno.ENOMEM, "no memory to look a name up") from error
    if error.errno in (socket.EAI_AGAIN, socket.EAI_SYSTEM):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()

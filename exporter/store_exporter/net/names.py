"""Resolving names without letting a dead name server delay other stores.

Each look-up, which blocks and cannot be interrupted, has its own daemon thread, up to a limit, and
the same name is never looked up twice at the same time.
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
"""The most names that are looked up at the same time; further ones wait."""

_PATIENCE = 3.0
"""Seconds of a look-up after which this machine's own name servers are examined."""
_UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104 - nothing listens there
"""Addresses that DNS filters such as Pi-hole return for a blocked name. They reach no store."""
# No IPv6 addresses on a machine without IPv6, and no IPv4 addresses on one without IPv4.
_FLAGS = socket.AI_ADDRCONFIG
_threads = Daemons("resolve")
UNSERVED = "its own name servers do not respond"
"""The reason why this machine cannot look up names."""


class Address(NamedTuple):
    """An address of a name: the IP address as text, and the values that a socket to it needs."""

    host: str
    port: int
    family: int
    proto: int


Lookup = Callable[..., list[tuple[Any, Any, int, str, Any]]]
"""A function like `socket.getaddrinfo`."""

_Key = tuple[str, int, int]
"""Host, port and family."""


class Resolving:
    """When the look-up of one connection began and ended, by `time.perf_counter`.

    Attributes:
        waited: seconds that it waited because too many names were being looked up; infinite while
            it still waits.
    """

    __slots__ = ("began", "ended", "waited")

    def __init__(self) -> None:
        self.began: float | None = None
        self.ended: float | None = None
        self.waited = 0.0


watched: ContextVar[Resolving | None] = ContextVar("watched_resolving", default=None)
"""Set it before connecting; it receives the times of the look-up that the connection needs."""


class Names:
    """Looks up each name in its own thread, without a cache; for use within one event loop.

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
            OSError: the name has no addresses, or they cannot be looked up: a `socket.gaierror`,
                unless this machine has no descriptor, memory, thread or name server for it.
            StoreError: dns, the name has addresses, but connecting to them is not permitted.
            UnicodeError: it is not a valid host name.
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
        """Wait for a look-up; if it is slow or fails, examine whether this machine is the cause."""
        # If a caller stops waiting, the look-up continues for the others that wait for it.
        await asyncio.wait((running,), timeout=self._patience)
        # The look-up may end during the examination; then its result decides.
        if _is_unsure(running) and not await self._are_served() and _is_unsure(running):
            raise OSError(errno.ENETDOWN, UNSERVED)
        return await asyncio.shield(running)

    async def _are_served(self) -> bool:
        """Whether a name server responds; concurrent callers share one examination."""
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
                future.exception()  # No caller may be left, which is no reason for a warning.
            else:
                future.set_result(result)

        def work() -> None:
            result: list[Address] | Exception
            try:
                result = self._look_up(*key)
            except Exception as error:  # noqa: BLE001 - passed on to the callers
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
    """Refuse a name that has only unspecified addresses (0.0.0.0 or ::).

    Raises:
        StoreError: dns, the name has no other address.
    """
    if all(address in _UNSPECIFIED for address in addresses) and host not in _UNSPECIFIED:
        message = (
            f"the name {host} resolves to {addresses[0]}, which is no host's address: a DNS filter "
            "may block it"
        )
        raise StoreError("dns", message)


def _is_unsure(running: asyncio.Future[list[Address]]) -> bool:
    """Whether a look-up is still running, or failed for a reason that may not be the store's."""
    if not running.done():
        return True
    failed = running.exception()
    return isinstance(failed, socket.gaierror) and failed.errno == socket.EAI_AGAIN


def blame_this_machine(error: socket.gaierror) -> None:
    """Raise an error that names this machine if it lacked memory or descriptors for a look-up.

    If the C library cannot open a socket, it reports a temporary failure of the name server.

    Raises:
        OSError: the reason is this machine.
    """
    if error.errno == socket.EAI_MEMORY:
        raise OSError(errno.ENOMEM, "no memory to look a name up") from error
    if error.errno in (socket.EAI_AGAIN, socket.EAI_SYSTEM):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()

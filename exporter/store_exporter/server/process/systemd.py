"""The protocols of systemd: passed sockets, and notifications of the process's state.

Both are small protocols of environment variables, described in sd_listen_fds(3) and sd_notify(3).
Without the variables, as under any other supervisor, nothing happens.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager, suppress

log = logging.getLogger(__name__)

_FIRST_DESCRIPTOR = 3


class Notifier:
    """Notifies the service manager of the process's state; never fails.

    Args:
        environ: names the manager's socket and the interval of its watchdog.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        interval = environ.get("WATCHDOG_USEC", "")
        self._watchdog = int(interval) / 1e6 if meant and interval.isdecimal() else 0.0

    def ready(self) -> None:
        """Notify that the service is ready, at first and after each reload."""
        self._notify("READY=1")

    def reloading(self) -> None:
        """Notify that the configuration is being reloaded."""
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Notify that the service stops."""
        self._notify("STOPPING=1")

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Notify twice in each interval that the event loop is running, until the block ends."""
        task = asyncio.create_task(self._ping()) if self._watchdog else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()

    async def _ping(self) -> None:
        while True:
            self._notify("WATCHDOG=1")
            await asyncio.sleep(self._watchdog / 2)

    def _notify(self, state: str) -> None:
        if not self._address:
            return
        # A leading @ is written for the null byte of Linux' abstract addresses.
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(state.encode(), address)
            except OSError as error:
                log.warning("the service manager could not be notified: %s", error.strerror)


def activated(environ: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """Take over the listening sockets that systemd opened for this process.

    Args:
        environ: has their number; these variables are removed, as sockets can be taken once.

    Raises:
        OSError: there are none, or one of them is not a listening socket.
    """
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal() or count == "0":
        raise OSError("--web.systemd-socket: systemd has handed no sockets to this process")
    sockets: list[socket.socket] = []
    try:
        for descriptor in range(_FIRST_DESCRIPTOR, _FIRST_DESCRIPTOR + int(count)):
            os.set_inheritable(descriptor, False)
            sockets.append(_listener(descriptor))
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


def _listener(descriptor: int) -> socket.socket:
    found = socket.socket(fileno=descriptor)
    listens = False
    with suppress(OSError):
        listens = bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    if not listens or found.type != socket.SOCK_STREAM:
        found.detach()
        raise OSError(f"--web.systemd-socket: descriptor {descriptor} is not a listening socket")
    return found

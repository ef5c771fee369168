"""A command that is forked from a process that has imported what it needs; see `tests/forks.py`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class Forked:
    """A command's process, with what tests use of `asyncio.subprocess.Process`.

    Attributes:
        pid: its number.
        stderr: what it writes there; its other streams lead nowhere.
        returncode: how it ended, once it has.
    """

    def __init__(self, pid: int, stderr: asyncio.StreamReader, end: Awaitable[int]) -> None:
        self.pid = pid
        self.stderr = stderr
        self.returncode: int | None = None
        self._ended = asyncio.ensure_future(self._end(end))

    async def _end(self, end: Awaitable[int]) -> int:
        self.returncode = await end
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end; return how it ended."""
        return await asyncio.shield(self._ended)

    async def communicate(self) -> tuple[bytes, bytes]:
        """Wait for its end; return its output, which is nothing, and what is left of `stderr`."""
        rest = await self.stderr.read()
        await self.wait()
        return b"", rest


async def fork(
    address: str, folder: Path, arguments: Sequence[str], environ: Mapping[str, str]
) -> Forked:
    """Start a command.

    Args:
        address: of the process that forks it.
        folder: where it runs.
        arguments: the command and what follows it.
        environ: its variables.
    """
    wanted = {"folder": str(folder), "arguments": arguments, "environ": environ}
    ours, theirs = os.pipe()
    nowhere = os.open(os.devnull, os.O_RDWR)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{address}")
        socket.send_fds(connection, [json.dumps(wanted).encode()], [nowhere, nowhere, theirs])
        connection.shutdown(socket.SHUT_WR)
        os.close(nowhere)
        os.close(theirs)
        told, asking = await asyncio.open_unix_connection(sock=connection.dup())
    stderr = asyncio.StreamReader(2**20)
    protocol = asyncio.StreamReaderProtocol(stderr)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(ours, "rb", 0))

    async def number() -> int:
        return int(await told.readline())

    async def end() -> int:
        try:
            return await number()
        finally:
            asking.close()

    return Forked(await number(), stderr, end())

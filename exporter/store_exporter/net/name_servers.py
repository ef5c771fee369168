"""Checks whether this machine's own name servers resolve anything at all.

The C library reports the same error, or none within a probe's time, for a store whose name servers
fail and for a machine whose own name servers do not respond. Only the first is the store's fault.
So the own name servers are asked for a name that each of them knows itself: that of 127.0.0.1 (RFC
6303). A server that only forwards, and whose upstream server is gone, fails to resolve it.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from contextlib import suppress
from pathlib import Path

_FILE = "/etc/resolv.conf"
_PORT = 53
_SECONDS = 1.0
"""Seconds that a name server may take for a name that it knows."""
_MOST = 3
"""Name servers that the C library uses (resolv.conf(5), MAXNS)."""
_RECURSE, _FAILED, _CODE = 0x0100, 2, 0x0F
"""Bits of a message's flags, and SERVFAIL: RFC 1035, 4.1.1."""
_QUESTION = b"\x011\x010\x010\x03127\x07in-addr\x04arpa\0" + struct.pack(">HH", 12, 1)
"""The name (PTR, IN) of 127.0.0.1."""


async def resolve(file: str = _FILE, port: int = _PORT) -> bool:
    """Return whether any of the name servers responds without a failure.

    True if none is known, as on a system that configures them elsewhere.

    Args:
        file: lists them in the format of resolv.conf(5).
        port: the port on which they listen.
    """
    found = _listed(file)
    return not found or any(await asyncio.gather(*(_responds(one, port) for one in found)))


def _listed(file: str) -> list[str]:
    try:
        lines = Path(file).read_text(errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"][:_MOST]


class _Reply(asyncio.DatagramProtocol):
    def __init__(self, number: int) -> None:
        self._number = number
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        if len(data) < 12 or self.code.done():
            return
        number, flags = struct.unpack_from(">HH", data)
        if number == self._number:
            self.code.set_result(flags & _CODE)

    def error_received(self, exc: Exception) -> None:
        del exc
        if not self.code.done():
            self.code.set_result(_FAILED)


async def _responds(address: str, port: int) -> bool:
    number = secrets.randbits(16)
    with suppress(OSError, TimeoutError):
        transport, reply = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Reply(number), remote_addr=(address, port)
        )
        try:
            transport.sendto(struct.pack(">HHHHHH", number, _RECURSE, 1, 0, 0, 0) + _QUESTION)
            async with asyncio.timeout(_SECONDS):
                return await reply.code != _FAILED
        finally:
            transport.close()
    return False

"""Whether this machine's own name servers resolve anything at all.

The C library reports a store whose name servers fail and a machine whose own ones keep silent by
the same error, or by none within the time that a probe has, and only the first is the store's
fault. So they are requested for a name that every one of them knows by itself: the name of
127.0.0.1 (RFC 6303). One that only forwards, and whose own one is gone, fails to find it.
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
"""How long a name server may take for what it knows."""
_MOST = 3
"""Name servers that the C library uses (resolv.conf(5), MAXNS)."""
_RECURSE, _FAILED, _CODE = 0x0100, 2, 0x0F
"""Bits of a message's flags, and SERVFAIL: RFC 1035, 4.1.1."""
_QUESTION = b"\x011\x010\x010\x03127\x07in-addr\x04arpa\0" + struct.pack(">HH", 12, 1)
"""The name (PTR, IN) of 127.0.0.1."""


async def resolve(file: str = _FILE, port: int = _PORT) -> bool:
    """Return whether any of the name servers responds with more than that it failed.

    True where none is known, as on a system that keeps them elsewhere.

    Args:
        file: that lists them, as resolv.conf(5) has it.
        port: where they listen.
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

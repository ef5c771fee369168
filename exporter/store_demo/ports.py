"""Free ports on loopback, for programs that need to know theirs before they start."""

from __future__ import annotations

import errno
import socket
from random import SystemRandom

# Below what systems hand out for outgoing connections and for port 0, one of which could take a
# port between its being chosen and its being listened on.
_PORTS = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Choose that many free ports on loopback for programs that need to know them, or OSError."""
    found: list[int] = []
    # Processes that have seeded their random numbers alike would choose the same at the same time.
    for port in SystemRandom().sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            return found
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    message = f"there are no {count} free ports from {_PORTS.start} to {_PORTS.stop - 1}"
    raise OSError(errno.EADDRINUSE, message)

"""The limit of open files and connections of this process, and its division."""

from __future__ import annotations

import resource
from contextlib import suppress
from dataclasses import dataclass

_ENOUGH = 65_536
"""More than this process can use, and less than some systems fail to handle."""
SCARCE = 1024
"""Below this the shares are smaller than a thousand stores need."""
_OWN = 48
"""What this process has open without any connection, with room for files and name servers."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The division of the limit. The rest is for files, name servers, and our own requests.

    Attributes:
        runs: runs at the same time, each of which uses one connection to its store.
        lasting: connections to stores that may be kept between runs.
        server: connections to this server that may be open at the same time.
    """

    runs: int = 512
    lasting: int = 10_000
    server: int = 512


def raise_limit() -> int:
    """Raise the soft limit of open files as far as allowed and useful; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Some systems refuse the limit that they report as allowed.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _ENOUGH if soft == resource.RLIM_INFINITY else soft


def shares(limit: int) -> Shares:
    """Divide a limit of open files, so that the server's connections never take the stores'.

    Each has a quarter of it, or less where the process itself needs more than a quarter. What the
    others do not need of theirs may be kept between runs.
    """
    most, own = Shares(), max(limit // 4, _OWN)
    share = max((limit - own) // 3, 1)
    runs, server = min(most.runs, share), min(most.server, share)
    return Shares(runs, min(most.lasting, max(limit - own - runs - server, 0)), server)

"""The limit of open files and connections of this process, and its division."""

from __future__ import annotations

import resource
from contextlib import suppress
from dataclasses import dataclass

_ENOUGH = 65_536
"""More than this process can use, and less than some systems fail to handle."""
SCARCE = 1024
"""Below this the shares are smaller than a thousand stores need."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The division of the limit. The rest is for files, name servers, and our own requests.

    Attributes:
        probes: connections to stores that may be in use at the same time.
        lasting: connections to stores that may be kept between runs.
        server: connections to this server that may be open at the same time.
    """

    probes: int = 1000
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
    """Divide a limit of open files, so that the server's connections never take the probes'.

    Each has a quarter of it. What the others do not need of theirs may be kept between runs.
    """
    most, share = Shares(), limit // 4
    probes, server = min(most.probes, share), min(most.server, share)
    return Shares(probes, min(most.lasting, limit - share - probes - server), server)

"""`store-exporter`, in whose process the names of the benchmark's stores are this machine's.

    python -m tests.benchmarks.serve serve --config.file FILE …

Names are looked up as ever, by `getaddrinfo` in a thread of its own; what is asked for differs.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

DOMAIN = ".example.test"

_look_up = socket.getaddrinfo


def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
    """Look a name up, or in place of a store's the address of the stand-in."""
    is_store = isinstance(host, str) and host.endswith(DOMAIN)
    return _look_up("127.0.0.1" if is_store else host, *args, **kwargs)


if __name__ == "__main__":
    socket.getaddrinfo = look_up
    from store_exporter.cli import main

    sys.exit(main())

"""Messages for a server that a command needs and cannot reach, or that is another than it seems."""

from __future__ import annotations

import re
from typing import Any

import httpx

_NUMBER = re.compile(r"^\[Errno -?\d+\] ")


def json_of(response: httpx.Response) -> Any:
    """Return the JSON document of a response; None where it has none, or one that is too deep."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def message(error: Exception, url: str, server: str, option: str) -> str:
    """Return the message that a server did not respond, with what may be wrong.

    Args:
        error: what httpx raised.
        url: the requested address.
        server: what should be there, such as `Alertmanager`.
        option: by which another address is set.
    """
    reason = _NUMBER.sub("", str(error)) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.InvalidURL | httpx.UnsupportedProtocol):
        return f"{url}: {reason}; does {server} run there? {option} gives another address"
    return f"{url}: {reason}"

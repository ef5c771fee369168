"""What a failed request says of itself."""

from __future__ import annotations

import errno

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from store_exporter.net.failures import transport_error


@pytest.mark.parametrize(
    "said", ["No route to host", "Connect call failed ('2001:db8::1', 443, 0, 0)"]
)
def test_a_connection_that_was_never_made_was_not_closed(said: str) -> None:
    key = ConnectionKey("shop.example.com", 443, False, True, None, None, None)
    raised = aiohttp.ClientConnectorError(key, OSError(errno.EHOSTUNREACH, said))
    failure = transport_error(raised, "shop.example.com", sent=False)
    assert failure is not None
    assert failure.error_type == "connection"
    assert failure.message == "shop.example.com could not be connected to: No route to host"

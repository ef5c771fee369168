"""A request through a proxy: aiohttp's options for it, and what its exceptions mean."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
import yarl

from ..net.failures import transport_error
from ..net.plans import TransportError
from ..net.proxy import authorization, no_response, no_tunnel, unreachable
from ..stores.model import Proxy
from .exchange import Exchange

_PROXY_SECONDS = 5.0
"""Seconds within which a proxy must accept a connection."""


def options(proxy: Proxy | None, deadline: float) -> dict[str, Any]:
    """Return aiohttp's options for a proxy."""
    if proxy is None:
        return {}
    left = max(deadline - asyncio.get_running_loop().time(), 0.0)
    # Distinguishes a proxy that accepts no connection from a store that sends no response through
    # it.
    patience = min(_PROXY_SECONDS, left / 2)
    return {
        "proxy": proxy.url,
        # Requests through a tunnel are not addressed to the proxy.
        "proxy_headers": authorization(proxy),
        "timeout": aiohttp.ClientTimeout(total=None, sock_connect=patience),
    }


def login(proxy: Proxy | None, address: yarl.URL) -> dict[str, str]:
    """Return the proxy's authentication header for a request without a tunnel."""
    return authorization(proxy) if proxy is not None and address.scheme == "http" else {}


def failure(
    error: BaseException, proxy: Proxy | None, address: yarl.URL, exchange: Exchange
) -> TransportError | None:
    """Return what an exception says about the proxy; None if it says nothing."""
    if proxy is None:
        return None
    host = address.host or ""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return no_tunnel(proxy.url, host, error.status, error.message)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return unreachable(proxy.url, host, "has a name that does not resolve")
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        # asyncio puts its own message in the place of the operating system's.
        reason = os.strerror(error.os_error.errno or 0)
        return unreachable(proxy.url, host, f"cannot be reached: {reason}")
    if isinstance(error, aiohttp.ConnectionTimeoutError) and not exchange.secured:
        return unreachable(proxy.url, host, "does not accept the connection")
    through = address.scheme != "https" or exchange.kept or exchange.secured
    return None if through else no_response(proxy.url, host, transport_error(error, host))

"""Decides which requests to a store go through its proxy, and classifies a proxy's own failures.

A proxy that cannot be reached, or that refuses, is a problem of this side and says nothing about
the store. A proxy that sends 5xx instead of opening a tunnel tried and could not reach the store.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from ..errors import ErrorName
from ..stores.model import Proxy, Store
from .marks import GENERIC
from .plans import TransportError

_AUTHENTICATION_REQUIRED = 407
_LONGEST_PHRASE = 80
_SIGNATURES = (
    ("x-squid-error", ""),
    ("server", "tinyproxy"),
    # The date of all of Privoxy's own pages.
    ("last-modified", "Wed, 08 Jun 1955"),
)
"""Headers of proxies' own responses, with the beginnings of their values."""
_NO_RESPONSE: dict[ErrorName, str] = {
    "connection": "ends the connection instead of making a tunnel",
    "invalid_response": "does not respond as an HTTP proxy does",
    "response_too_large": "responds with headers that are too large",
}
"""Descriptions of a proxy that opens no tunnel and does not say why, by the kind of failure."""


def proxy_for(store: Store, url: str) -> Proxy | None:
    """Return the proxy for a request to a store; None if the request goes there directly."""
    if store.proxy is None or _exempt(urlsplit(url).hostname or "", store.proxy.no_proxy):
        return None
    return store.proxy


def authorization(proxy: Proxy) -> dict[str, str]:
    """Return the header that authenticates to a proxy, if it needs one."""
    if proxy.password is None:
        return {}
    login = f"{proxy.username}:{proxy.password.reveal()}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}


def address_of(proxy: Proxy) -> str:
    """Return a proxy's address with user and password; it must be kept secret."""
    if proxy.password is None:
        return proxy.url
    login = f"{quote(proxy.username, safe='')}:{quote(proxy.password.reveal(), safe='')}"
    return proxy.url.replace("://", f"://{login}@", 1)


def _exempt(host: str, exemptions: tuple[str, ...]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return any(_names(exemption, host) for exemption in exemptions)
    return any(each == "*" or _holds(each, address) for each in exemptions)


def _names(exemption: str, host: str) -> bool:
    if exemption in ("*", host):
        return True
    return host.endswith(exemption if exemption.startswith(".") else f".{exemption}")


def _holds(exemption: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(exemption)
    except ValueError:
        return False


def unreachable(proxy: str, host: str, reason: str) -> TransportError:
    """Return the error of a proxy that accepts no connection.

    Args:
        proxy: address of the proxy; "" if it is not known.
        host: the store's host.
        reason: what the proxy does, such as `refused the connection`.
    """
    named = f"the proxy {proxy} for {host}" if proxy else f"the proxy for {host}"
    return TransportError("local_failure", f"{named} {reason}", sent=False)


def no_tunnel(proxy: str, host: str, status: int, phrase: str) -> TransportError:
    """Return the error of a proxy that responded to CONNECT but opened no tunnel.

    Args:
        proxy: address of the proxy.
        host: the store's host.
        status: status of its response.
        phrase: reason phrase of its response.
    """
    # Bytes that are not UTF-8 arrive as lone surrogates, which cannot be written.
    text = phrase.encode(errors="surrogateescape").decode(errors="replace")
    said = f"{status} {GENERIC.redact.line(text, _LONGEST_PHRASE)}".strip()
    if status >= 500:
        kind: ErrorName = "timeout" if status == 504 else "connection"
        return TransportError(kind, f"the proxy {proxy} could not reach {host}: {said}", sent=False)
    return unreachable(proxy, host, f"refuses: {said}{_advice(status)}")


def no_response(proxy: str, host: str, failure: TransportError | None) -> TransportError | None:
    """Return the error of a proxy whose response to CONNECT cannot be read.

    Args:
        proxy: address of the proxy.
        host: the store's host.
        failure: the failure if the store had responded so; a timeout may be the store's fault.
    """
    reason = None if failure is None else _NO_RESPONSE.get(failure.error_type)
    return None if reason is None else unreachable(proxy, host, reason)


def refuse_own(proxy: str, host: str, status: int, headers: Mapping[str, str]) -> None:
    """Refuse a response to a request by plain http that the proxy itself wrote.

    Squid, tinyproxy and Privoxy mark their responses. Those of other proxies count as the store's,
    except 407, which only proxies send.

    Args:
        proxy: address of the proxy; "" if it is not known.
        host: the store's host.
        status: status of the response.
        headers: headers of the response, with names in lower case.

    Raises:
        TransportError: the proxy did not pass the request on.
    """
    signed = any(name in headers and headers[name].startswith(value) for name, value in _SIGNATURES)
    if status == _AUTHENTICATION_REQUIRED or (signed and 400 <= status < 500):
        raise unreachable(proxy, host, f"refuses: {status}{_advice(status)}")
    if signed and status >= 500:
        named = f"the proxy {proxy or f'for {host}'}"
        kind: ErrorName = "timeout" if status == 504 else "connection"
        # The proxy may have lost the store after it forwarded the request.
        raise TransportError(kind, f"{named} could not reach {host}: {status}", sent=True)


def _advice(status: int) -> str:
    wrong = status == _AUTHENTICATION_REQUIRED
    return "; see proxy_username and proxy_password" if wrong else ""

"""The addresses that stores of a source may have: public hosts, and those that are configured.

Whoever controls a source chooses names, and whoever controls a name chooses its addresses, again at
each look-up. So names are checked when they are found, and addresses at each connection.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection
from contextvars import ContextVar
from functools import lru_cache

from ..errors import StoreError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# The last label by which a host is taken for an IPv4 address, in decimal, octal or hexadecimal
# (WHATWG's URL standard, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL = ("localhost", "local", "internal")
"""Domains that are not public (RFC 6761, RFC 6762; ICANN reserves the last for private use)."""
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""The only IPv6 addresses that are public (RFC 4291, section 2.4, as IANA has assigned them)."""
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "2001::/23",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
"""Networks in IANA's registries of special-purpose addresses that versions of Python call public:
for protocols, DNS sinks, tunnels (6to4, Teredo) and documentation. No shop is there, and the
nearest router may serve such an address itself."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Prefixes of IPv6 addresses that stand for IPv4 ones in a network without IPv4 (RFC 6052)."""

permitted: ContextVar[Callable[[str], bool] | None] = ContextVar("permitted_address", default=None)
"""Set before connecting: the addresses that the connection may have; None for all."""


def suffix_of(domain: str, suffixes: Collection[str]) -> str:
    """Return the longest suffix that a domain equals or is below; "" if there is none."""
    while domain not in suffixes:
        _, dot, domain = domain.partition(".")
        if not dot:
            return ""
    return domain


def name_problem(domain: str, suffix: str = "") -> str:
    """Return why a found host name is refused, as the end of a sentence; "" if it is not.

    Args:
        domain: a host name in lower case.
        suffix: the suffix with which the configuration allows it, which is trusted; "" without.
    """
    if domain == suffix:
        return ""
    labels = domain.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return "is an IP address"
    if not suffix and (len(labels) == 1 or labels[-1] in _LOCAL):
        return "is a name only for this machine or network"
    own = domain.removesuffix(f".{suffix}").split(".") if suffix else labels
    if any(label.startswith("xn--") for label in own):
        return "is an internationalized name, which may look like another"
    return ""


def is_public(address: str) -> bool:
    """Return whether an IP address is public.

    Loopback, private and shared ranges, link-local, multicast, reserved and unspecified addresses
    are not, nor are IPv6 addresses that stand for such an IPv4 address, nor those in `_SPECIAL`.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = _mapped_address(found)
    if isinstance(found, ipaddress.IPv6Address) and found not in _UNICAST:
        return False
    if any(found in network for network in _SPECIAL):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _mapped_address(address: IpAddress) -> IpAddress:
    """Return the IPv4 address for which an IPv6 address stands, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


@lru_cache(maxsize=256)
def address_filter(networks: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a function that tells whether an address is public or in one of these networks."""
    allowed = tuple(ipaddress.ip_network(network) for network in networks)

    def permits(address: str) -> bool:
        if is_public(address):
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(_mapped_address(found) in network for network in allowed)

    return permits


def limit_to(networks: tuple[str, ...] | None) -> None:
    """Limit connections in this context to public addresses and these networks.

    Args:
        networks: networks for a store of a source; None for other stores, without a limit.
    """
    permitted.set(None if networks is None else address_filter(networks))


def refusal(host: str, address: str) -> StoreError:
    """Return the error of a name with an address that is not allowed."""
    return StoreError(
        "dns",
        f"the name {host} resolves to {address}, which is not public; a store from a source may be "
        "there only if `networks` of the source allows it",
    )

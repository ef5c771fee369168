"""Readers of the values of configuration keys: durations, names, addresses.

Each reader takes a value of the file and returns the checked one, or raises `ValueError`. The
message names the right form and never repeats the value, which may be a misplaced secret.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...net.url import normal

MAX_DURATION = 366 * 86400.0
"""Seconds; a longer duration is taken for a mistake."""

_DURATION = re.compile(
    r"(?:(\d{1,4})w)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,8})s)?(?:(\d{1,9})ms)?",
    re.ASCII,
)
_UNITS = (7 * 86400.0, 86400.0, 3600.0, 60.0, 1.0, 0.001)
_GO_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_GO_PART = re.compile(r"(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(ns|us|µs|ms|s|m|h)", re.ASCII)
_GO_DURATION = re.compile(rf"0|(?:{_GO_PART.pattern})+", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_ORG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def comparable(name: str) -> str:
    """Return the form in which the names of errors are compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def duration(value: Any) -> float:
    """Read a duration in Prometheus' format, above zero, and return seconds.

    Raises:
        ValueError: it is no duration, is zero or exceeds `MAX_DURATION`.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError("a duration needs a unit, such as 30s, 5m or 1h30m")
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("is not a duration, such as 30s, 5m or 1h30m")
    parts = zip(match.groups(), _UNITS, strict=True)
    seconds = sum(int(number) * unit for number, unit in parts if number)
    if not 0 < seconds <= MAX_DURATION:
        raise ValueError("must be a duration above zero and at most 366d")
    return seconds


def go_duration(value: Any) -> float:
    """Read a duration as Go's `time.ParseDuration` does, and return seconds; it may be zero.

    Raises:
        ValueError: it is no duration, or exceeds `MAX_DURATION`.
    """
    if value == 0 and type(value) is int:
        return 0.0
    if not isinstance(value, str) or not _GO_DURATION.fullmatch(value):
        raise ValueError("is not a duration, such as 500ms or 1m30s")
    parts = _GO_PART.findall(value)
    seconds = sum(float(number) * _GO_UNITS[unit] for number, unit in parts)
    if seconds > MAX_DURATION:
        raise ValueError("must be a duration of at most 366d")
    return seconds


def moment(value: Any) -> float:
    """Read a date and time with its zone in the format of RFC 3339, and return Unix time.

    Raises:
        ValueError: it is no date and time, or has no zone.
    """
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not isinstance(value, str) or len(value) < 16:
        raise ValueError("is not a date and time with its zone, such as 2026-03-01T02:00:00+01:00")
    return found.timestamp()


def domain(value: Any) -> str:
    """Read a store's host name, in lower case, without a port.

    Raises:
        ValueError: it is an address, has a port, or is no host name in lower case.
    """
    if not isinstance(value, str) or not _DOMAIN.fullmatch(value):
        _refuse_beyond_ascii(value)
        raise ValueError(
            "is not a host name in lower case, such as shop.example.com, without https:// or port"
        )
    return value


def network(value: Any) -> str:
    """Read a network of IP addresses and return it in its normal form, such as `10.0.0.0/8`.

    Raises:
        ValueError: it is no network, or its host bits are not zero.
    """
    try:
        if not isinstance(value, str):
            raise ValueError("not text")
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("is not a network, such as 10.0.0.0/8 or fd00::/8") from None


def org(value: Any) -> str:
    """Read the name of a tenant, which is safe in labels, addresses and file names.

    Raises:
        ValueError: it has characters that are not safe in labels, addresses and file names.
    """
    if not isinstance(value, str) or not is_org(value):
        raise ValueError(
            "is not an org name: letters, digits, '_', '.' and '-', at most 63; quote a number"
        )
    return value


def is_org(name: str) -> bool:
    """Return whether a string can be an org's name."""
    return _ORG.fullmatch(name) is not None


def url(value: Any) -> str:
    """Read a base address and return it in its normal form, without a trailing slash.

    It is absolute and http(s), and has no credentials, query or fragment.

    Raises:
        ValueError: it is not absolute, not http(s), or has credentials, a query or a fragment.
    """
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,2000}", value):
        _refuse_beyond_ascii(value)
        raise ValueError("is not an address, such as https://shop.example.com")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address, such as https://shop.example.com") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("must begin with https:// or http:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain credentials; put them under `credentials`")
    if "?" in value or "#" in value:
        raise ValueError("must not have a query or fragment; it is a base address")
    if not _is_host(parts.hostname):
        raise ValueError("its host is neither a host name nor an IP address")
    return normal(value)


DIRECT = "direct"
"""The value that stands for no proxy."""


def proxy_url(value: Any) -> str:
    """Read the address of a proxy, without credentials, or `direct`.

    Raises:
        ValueError: it is neither, or contains credentials; the message omits the value.
    """
    if value == DIRECT:
        return DIRECT
    if isinstance(value, str) and "@" in value:
        raise ValueError("must not contain credentials; see proxy_username and proxy_password")
    address = url(value)
    if not address.startswith("http://") or urlsplit(address).path:
        raise ValueError("must be http://HOST:PORT, or direct; other kinds are not supported")
    return address


def proxy_exemption(value: Any) -> str:
    """Read a target reached without the proxy: host, `.domain`, IP address, network or `*`.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(value, str) and (value == "*" or _DOMAIN.fullmatch(value.removeprefix("."))):
        return value
    try:
        return str(ipaddress.ip_network(value)) if isinstance(value, str) else domain(value)
    except ValueError:
        raise ValueError(
            "is not a host, .domain, IP address, network such as 10.0.0.0/8, or *"
        ) from None


def database_url(value: Any) -> str:
    """Read the address of a PostgreSQL database, which must not contain the password.

    Raises:
        ValueError: it is another kind of address, or contains a password; the message omits the
            value.
    """
    if not isinstance(value, str) or not re.fullmatch(r"postgres(ql)?://[!-~]{1,2000}", value):
        raise ValueError("is not an address such as postgresql://user@host/database")
    try:
        parts = urlsplit(value)
        secret = parts.password is not None or "password" in parse_qs(parts.query)
    except ValueError:
        raise ValueError("is not an address such as postgresql://user@host/database") from None
    if secret:
        raise ValueError("must not contain the password; give `password` as a reference")
    return value


def url_template(value: Any) -> str:
    """Read the base address of the stores that a source finds, with `{domain}` once in its host.

    Raises:
        ValueError: `url` refuses it, or `{domain}` is not once in its host.
    """
    message = "must have {domain} once, in its host, such as https://{domain}/shop"
    if not isinstance(value, str) or value.count("{domain}") != 1:
        raise ValueError(message)
    stand_in = "domain-that-is-found"
    read = url(value.replace("{domain}", stand_in))
    host = urlsplit(read).hostname or ""
    if stand_in not in host:
        raise ValueError(message)
    return read.replace(stand_in, "{domain}")


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _DOMAIN.fullmatch(host) is not None
    return True


def _refuse_beyond_ascii(value: Any) -> None:
    """Refuse a name with letters beyond ASCII, with a message about the right form."""
    if isinstance(value, str) and value and not value.isascii():
        raise ValueError(
            "has letters beyond ASCII: write the host as in DNS, such as xn--bcher-kva.example"
        )


def duration_text(seconds: float) -> str:
    """Write seconds as the shortest duration, such as `1h30m`."""
    milliseconds = round(seconds * 1000)
    text = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"

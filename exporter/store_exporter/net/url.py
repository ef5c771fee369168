"""The normal form of a store's address. No I/O."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


def normal(url: str) -> str:
    """Return an http or https address in the form in which addresses are compared and signed.

    Scheme and host are in lower case, and the host is in the form of DNS (see `host_name`). The
    scheme's default port and trailing slashes are left out. Signatures use this form (RFC 5849,
    section 3.4.1.2), and its first characters decide whether a connection uses TLS.

    Raises:
        ValueError: it is not an http or https address, or contains credentials.
    """
    parts = urlsplit(url)
    default = _PORTS.get(parts.scheme)
    if default is None or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an http or https address")
    host = host_name(parts.hostname)
    host = f"[{host}]" if ":" in host else host
    if parts.port not in (None, default):
        host = f"{host}:{parts.port}"
    return urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment)).rstrip("/")


def host_name(host: str) -> str:
    """Return a host in the form of DNS: in lower case and ASCII, without a dot at its end.

    A name with other letters is encoded by IDNA 2008, as in browsers (where `ß` is a separate
    letter). An invalid name is returned unchanged, because no look-up will find it.
    """
    host = host.lower().rstrip(".")
    if host.isascii():
        return host
    try:
        # Needed for few names, and brought by httpx and by aiohttp.
        import idna
    except ModuleNotFoundError:
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host

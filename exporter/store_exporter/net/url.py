"""The address of a store in its one normal form. No I/O."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


def normal(url: str) -> str:
    """Return an http or https address in the form in which addresses are compared and signed.

    Scheme and host are in lower case, the host as DNS knows it (see `host_name`), the scheme's own
    port and trailing slashes are left out. A
    signature is made over this form (RFC 5849, section 3.4.1.2), and whether a connection is to be
    secure is decided by its first characters.

    Raises:
        ValueError: it is no http or https address, or it has credentials in it.
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

    A name with other letters is written as IDNA 2008 has it, as browsers do (`ß` is a letter of its
    own there). What is no such name is returned as it is: no look-up will find it.
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

"""The address of a store in its one normal form. No I/O."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


def normal(url: str) -> str:
    """Return an http or https address as everything that compares or signs addresses wants it.

    Scheme and host are in lower case, the scheme's own port and trailing slashes are left out. A
    signature is made over this form (RFC 5849, section 3.4.1.2), and whether a connection is to be
    secure is decided by its first characters.

    Raises:
        ValueError: it is no http or https address, or it has credentials in it.
    """
    parts = urlsplit(url)
    default = _PORTS.get(parts.scheme)
    if default is None or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an http or https address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.port not in (None, default):
        host = f"{host}:{parts.port}"
    return urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment)).rstrip("/")

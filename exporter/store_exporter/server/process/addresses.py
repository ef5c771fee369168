"""Parses addresses to listen on, and the path prefix of the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class WebPaths:
    """The path prefix: for this server, and for clients behind a proxy.

    Attributes:
        prefix: the prefix of the paths of all requests that arrive; "" for none.
        home: the path of the landing page as a browser sees it.
    """

    prefix: str = ""
    home: str = "/"


def web_paths(external_url: str = "", route_prefix: str | None = None) -> WebPaths:
    """Read `--web.external-url` and `--web.route-prefix`, which mean what they mean to Prometheus.

    Args:
        external_url: the address under which others reach the server, or its path alone.
        route_prefix: the path prefix of requests that arrive; the path of `external_url` if None.

    Raises:
        ValueError: one of them is no address or path.
    """
    address = urlsplit(external_url)
    absolute = address.scheme in ("http", "https") and bool(address.hostname)
    relative = not address.scheme and not address.netloc
    if not (absolute or relative) or address.query or address.fragment:
        raise ValueError("the external URL must be http://HOST/PATH, https://HOST/PATH or a path")
    outside = _path(address.path)
    inside = outside if route_prefix is None else _path(route_prefix)
    return WebPaths(inside, f"{outside or inside}/")


def _path(text: str) -> str:
    """Return a path with a slash before it and none behind it; "" for the root."""
    path = f"/{text.strip('/')}".rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ValueError(
            f"{text[:80]!r} must be a path of letters, digits and -._~ such as /stores"
        )
    return path


def parse_address(text: str) -> tuple[str | None, int]:
    """Read `HOST:PORT`, `[IPV6]:PORT` or `:PORT`; no host means every interface.

    Raises:
        ValueError: it is none of these.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be HOST:PORT, [IPV6]:PORT or :PORT, and PORT at most 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("an IPv6 address needs brackets, such as [::1]:10847")
    return host or None, int(port)

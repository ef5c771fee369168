"""TLS for probes: verification, the duration of the handshake, and the certificate's expiry.

The time comes from a documented hook of the standard library: `SSLContext.sslobject_class` is what
asyncio (and uvloop) drive through the handshake, so a subclass sees it begin and end, whichever
HTTP library opened the connection. See docs/architecture/probing.md for what else was tried.
"""

from __future__ import annotations

import asyncio
import ssl
import stat
import time
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi

from ..errors import StoreError
from .key_exchange import CheckedContext, CheckedSSLObject


class Handshake:
    """The times of one TLS handshake, and the certificate's expiry.

    Attributes:
        began: when it began, by `time.perf_counter`; None before that.
        ended: when it succeeded; None before that, and if it failed.
        expiry: Unix time at which the verified certificate expires.
    """

    __slots__ = ("began", "ended", "expiry")

    def __init__(self) -> None:
        self.began: float | None = None
        self.ended: float | None = None
        self.expiry: float | None = None


watched: ContextVar[Handshake | None] = ContextVar("watched_handshake", default=None)
"""Set it before connecting; it receives the times of the connection's handshake."""


class _TimedSSLObject(CheckedSSLObject):
    """An `SSLObject` that reports itself to the `Handshake` of its context."""

    def do_handshake(self) -> None:
        """Continue the handshake; called repeatedly until it is complete."""
        handshake = watched.get()
        if handshake is None:
            super().do_handshake()
            return
        if handshake.began is None:
            handshake.began = time.perf_counter()
        super().do_handshake()
        handshake.ended = time.perf_counter()
        if certificate := super().getpeercert(binary_form=True):
            handshake.expiry = _known_expiry(certificate)

    def getpeercert(self, binary_form: bool = False) -> Any:
        """Return the certificate as bytes; return no dictionary.

        asyncio reads and keeps the dictionary of each connection, which takes two kilobytes.
        """
        return super().getpeercert(binary_form=True) if binary_form else {}


class _TimedContext(CheckedContext):
    sslobject_class = _TimedSSLObject


def like_browsers(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a client's context after changing it to refuse what browsers refuse.

    Names must be among a certificate's alternative names (RFC 9525, 6.3). A key exchange by
    finite-field Diffie-Hellman (`DHE`) uses numbers that the server chooses. OpenSSL accepts
    numbers of 10,000 bits, which occupy a client, and so its event loop, for more than a second;
    `key_exchange` is about TLS 1.3. With renegotiation, a server can repeat a handshake at will.
    """
    context.hostname_checks_common_name = False
    context.options |= ssl.OP_NO_RENEGOTIATION
    known = context.get_ciphers()
    context.set_ciphers(":".join(one["name"] for one in known if one["kea"] != "kx-dhe"))
    return context


@lru_cache(maxsize=64)
def context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return a verifying client context; loading certificates is slow, so it is shared.

    It trusts the system's issuers if there are any (also by `SSL_CERT_FILE` and `SSL_CERT_DIR`),
    otherwise those of certifi, and in addition those in `ca_file`; see `trusting`.

    Raises:
        StoreError: tls_untrusted, `ca_file` cannot be read or holds no certificates.
    """
    made = like_browsers(_TimedContext(ssl.PROTOCOL_TLS_CLIENT))
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    if _system_trusts_somebody():
        made.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        made.load_verify_locations(cafile=certifi.where())
    return trusting(made, ca_file)


def trusting(context: ssl.SSLContext, ca_file: str | None) -> ssl.SSLContext:
    """Return the context, which from now on trusts the issuers in a file as well, if any.

    If the file cannot be read or holds no certificates, that is tls_untrusted.

    Raises:
        StoreError: tls_untrusted, the file cannot be read or holds no certificates.
    """
    if ca_file is None:
        return context
    try:
        mode = Path(ca_file).stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            # Opening a pipe would block until somebody writes into it.
            raise StoreError("tls_untrusted", "ca_file is unusable: it is no regular file")
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:
        is_read = isinstance(error, ssl.SSLError)
        why = "it holds no certificate in PEM format" if is_read else error.strerror
        raise StoreError("tls_untrusted", f"ca_file is unusable: {why}") from error
    return context


def _system_trusts_somebody() -> bool:
    file, folder, *_ = ssl.get_default_verify_paths()
    # Each is None if it does not exist, which the declared types do not show.
    return bool(file) or (bool(folder) and any(Path(folder).iterdir()))


@lru_cache(maxsize=1)
def _unverified() -> ssl.SSLContext:
    made = like_browsers(CheckedContext(ssl.PROTOCOL_TLS_CLIENT))
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


async def presented_expiry(address: str, port: int, name: str) -> float | None:
    """Return the expiry of the certificate that a server presents, even if it cannot be trusted.

    Only the handshake takes place: nothing is sent, and nothing received is trusted. Connections
    for requests are verified as always.

    Args:
        address: the server's IP address.
        port: the port on which it listens.
        name: the requested host.

    Returns:
        Unix time in seconds, or None if no certificate can be obtained.
    """
    try:
        _, writer = await asyncio.open_connection(
            address, port, ssl=_unverified(), server_hostname=name
        )
    except (OSError, UnicodeError):
        return None
    try:
        ssl_object: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate = ssl_object.getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    try:
        return expiry(certificate) if certificate else None
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _known_expiry(certificate: bytes) -> float | None:
    """Return the expiry of a verified certificate, which is the same at each connection."""
    with suppress(ValueError):
        return expiry(certificate)
    return None


# ASN.1 tags in the path to the date: see RFC 5280, section 4.1.
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


def expiry(certificate: bytes) -> float:
    """Return the expiry of a DER certificate, in Unix time.

    The standard library decodes only certificates that it has verified.

    Raises:
        ValueError: it is not an X.509 certificate.
    """
    _, whole, _ = _element(certificate, _SEQUENCE)
    _, signed, _ = _element(whole, _SEQUENCE)
    tag, _, rest = _element(signed)
    if tag == _VERSION:
        _, _, rest = _element(rest)
    _, _, rest = _element(rest, _SEQUENCE)  # algorithm; the serial number came before it
    _, _, rest = _element(rest, _SEQUENCE)  # issuer
    _, validity, _ = _element(rest, _SEQUENCE)
    _, _, rest = _element(validity)
    tag, ends, _ = _element(rest)
    digits = ends.decode("ascii")
    if tag == _UTC_TIME:
        digits = ("20" if digits[:2] < "50" else "19") + digits
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not a date")
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _element(data: bytes, expected: int | None = None) -> tuple[int, bytes, bytes]:
    """Split off the first element: return its tag, its content and the data after it."""
    if len(data) < 2:
        raise ValueError("too short")
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if (expected is not None and tag != expected) or start + length > len(data):
        raise ValueError("not a certificate")
    return tag, data[start : start + length], data[start + length :]

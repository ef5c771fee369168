"""Which error type a failed exchange has: the one place where exceptions of others become ours."""

from __future__ import annotations

import asyncio
import socket
import ssl

import aiohttp
from aiohttp import http_exceptions

from ..errors import StoreError

# OpenSSL's X509_V_ERR_ codes for an issuer that is not known or not trusted here, as against a
# certificate that is wrong in itself (expired, revoked, for another name).
_UNTRUSTED = frozenset({2, 18, 19, 20, 21, 24, 27})


def certificate_error_type(error: ssl.SSLCertVerificationError) -> str:
    """Return tls_untrusted where the issuer is unknown here, tls where the certificate is wrong."""
    return "tls_untrusted" if error.verify_code in _UNTRUSTED else "tls"


def transport_error(error: BaseException, host: str) -> StoreError | None:
    """Return what a failed exchange with a store means.

    The causes of an exception are looked at as well, the innermost known one decides: it knows
    best. The message names no address but the host's, and nothing that was sent.

    Returns:
        None for what is not a failure of the exchange, such as a bug.
    """
    if isinstance(error, aiohttp.InvalidURL):
        return StoreError("invalid_request", f"not an address: {host}")
    chain = list(_causes(error))
    for one in reversed(chain):
        found = _classified(one, host)
        if found is not None:
            return found
    return None


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _classified(error: BaseException, host: str) -> StoreError | None:
    for kinds, judge in _JUDGES:
        if isinstance(error, kinds):
            return judge(error, host)
    return None


def _certificate(error: BaseException, host: str) -> StoreError:
    assert isinstance(error, ssl.SSLCertVerificationError)  # noqa: S101 - for the type checker
    message = f"the certificate of {host} is not accepted: {error.verify_message}"
    return StoreError(certificate_error_type(error), message)


def _tls(error: BaseException, host: str) -> StoreError:
    reason = getattr(error, "reason", None) or "the server ended it"
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        reason = f"{reason} (is this a plain HTTP port?)"
    return StoreError("tls", f"the TLS handshake with {host} failed: {reason}")


def _dns(error: BaseException, host: str) -> StoreError:
    del error
    return StoreError("dns", f"the name {host} does not resolve")


def _timeout(error: BaseException, host: str) -> StoreError:
    del error
    return StoreError("timeout", f"{host} did not answer in time")


def _too_long(error: BaseException, host: str) -> StoreError:
    del error
    return StoreError("response_too_large", f"the headers that {host} sends are too large")


def _malformed(error: BaseException, host: str) -> StoreError:
    if isinstance(error, http_exceptions.BadHttpMessage) and "Too many headers" in str(error):
        return _too_long(error, host)
    return StoreError("connection", f"what {host} answers is not HTTP")


def _early(error: BaseException, host: str) -> StoreError:
    del error
    return StoreError("connection", f"{host} closed the connection before its answer was complete")


def _connection(error: BaseException, host: str) -> StoreError:
    what = "could not be connected to"
    if isinstance(error, ConnectionRefusedError):
        what = "refused the connection"
    elif isinstance(error, ConnectionResetError):
        what = "reset the connection"
    elif isinstance(error, (ConnectionAbortedError, BrokenPipeError)):
        what = "closed the connection"
    elif isinstance(error, OSError) and error.strerror:
        what += f": {error.strerror[:80]}"
    return StoreError("connection", f"{host} {what}")


# In this sequence, because some are subclasses of others.
_JUDGES = (
    ((ssl.SSLCertVerificationError, ssl.CertificateError), _certificate),
    ((ssl.SSLError, aiohttp.ClientConnectorSSLError), _tls),
    ((socket.gaierror, UnicodeError, aiohttp.ClientConnectorDNSError), _dns),
    ((TimeoutError, asyncio.TimeoutError), _timeout),
    ((http_exceptions.LineTooLong,), _too_long),
    ((http_exceptions.BadHttpMessage, aiohttp.ClientResponseError), _malformed),
    ((aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError), _early),
    ((OSError, aiohttp.ClientError), _connection),
)

"""Which error type a failed exchange over httpx has: where its exceptions become ours."""

from __future__ import annotations

import socket
import ssl

import httpx

from .plans import TransportError


def transport_error(error: Exception, host: str) -> TransportError:
    """Turn what httpx raised into an error of ours."""
    sent = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    if isinstance(error, httpx.PoolTimeout):
        return TransportError("pool_timeout", "no connection of the pool became free", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return TransportError("timeout", f"{host} did not answer in time", sent=sent)
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)):
        return TransportError("invalid_request", f"not a request: {error}", sent=False)
    if isinstance(error, (httpx.DecodingError, httpx.RemoteProtocolError)):
        message = f"{host} ended the connection early or does not speak HTTP"
        return TransportError("connection", message, sent=True)
    return _connection_error(error, host, sent=sent)


def _connection_error(error: Exception, host: str, *, sent: bool) -> TransportError:
    """Find out from the chain of causes whether it was the name, TLS or the connection."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate_error(cause, host)
        if isinstance(cause, ssl.SSLError):
            reason = cause.reason or "no reason given"
            return TransportError("tls", f"TLS with {host} failed: {reason}", sent=sent)
        if isinstance(cause, socket.gaierror):
            return TransportError("dns", f"the name {host} does not resolve", sent=False)
        cause = cause.__cause__ or cause.__context__
    verb = "broke off" if sent else "failed"
    return TransportError("connection", f"the connection to {host} {verb}", sent=sent)


# OpenSSL's X509_V_ERR_ codes for an issuer that is unknown here, as against a certificate that is
# wrong in itself (expired, for another name).
_UNTRUSTED = (2, 18, 19, 20, 21, 24, 27)


def _certificate_error(error: ssl.SSLCertVerificationError, host: str) -> TransportError:
    kind = "tls_untrusted" if error.verify_code in _UNTRUSTED else "tls"
    message = f"the certificate of {host} is not accepted: {error.verify_message}"
    return TransportError(kind, message, sent=False)

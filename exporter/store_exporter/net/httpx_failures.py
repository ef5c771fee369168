"""What a failed exchange over httpx means: where its exceptions become ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx

from .classify import classify
from .plans import TransportError

_MESSAGES = {
    "pool_timeout": "no connection of the client's pool became free for {host}",
    "timeout": "{host} did not answer in time",
    "dns": "the name {host} does not resolve",
    "tls": "TLS with {host} failed: {reason}",
    "tls_untrusted": "the certificate of {host} is not trusted here: {reason}",
    "invalid_request": "this is not a request that can be sent to {host}",
}
_CONNECTION = ("the connection to {host} failed", "{host} closed the connection early")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL)


def transport_error(error: Exception, host: str) -> TransportError:
    """Return what an exception of httpx means; its own message, which may quote, is left out."""
    kind = classify(error)
    sent = not isinstance(error, _NEVER_SENT) and kind != "invalid_request"
    message = _MESSAGES.get(kind, _CONNECTION[sent])
    return TransportError(kind, message.format(host=host, reason=_reason(error)), sent=sent)


def _reason(error: Exception) -> str:
    """Return what OpenSSL says, if this is about TLS."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return cause.reason
    return "no reason given"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

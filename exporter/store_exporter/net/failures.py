"""The messages of failed exchanges; they add what a driver sees to the error type of `classify`.

Every driver, with whatever library, converts the library's exceptions into `TransportError` here.
Messages of libraries are omitted, because they quote what was sent and received. Only the reasons
of OpenSSL and of the operating system are repeated, and the name of a header that is invalid.
"""

from __future__ import annotations

import os
import re
import ssl

from ..errors import ErrorName
from .classify import chain, classify
from .marks import GENERIC
from .plans import TransportError

_NAME = 40
"""The most characters of a header's name."""

_TLS: tuple[ErrorName, ...] = ("tls", "tls_untrusted")
_MESSAGES: dict[ErrorName, str] = {
    "local_failure": "this machine could not send a request to {host}: {reason}",
    "pool_timeout": "no connection of the client's own pool became free for {host}",
    "timeout": "{host} took too long{stage}",
    "dns": "the name {host} does not resolve{reason}",
    "tls": "the TLS handshake with {host} failed: {reason}",
    "tls_untrusted": "the certificate of {host} is not trusted here: {reason}",
    "connection": "{host} {reason}",
    "response_too_large": "the response headers of {host} are too large",
    "invalid_response": "the response of {host} is not HTTP{reason}",
    "invalid_request": "the request to {host} is not valid",
    "redirect": "{host} redirects endlessly, or to something that is not an address",
}

# The reason why a connection failed, by the innermost error that has one.
_CONNECTIONS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "refused the connection"),
    (ConnectionResetError, "reset the connection"),
    (ConnectionAbortedError, "closed the connection"),
    (BrokenPipeError, "closed the connection"),
)
_MEANT = {
    **dict.fromkeys(
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLSV1_ALERT_NO_CERTIFICATE"),
        "it requires a client certificate",
    ),
    **dict.fromkeys(
        ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"),
        "is this a plain HTTP port?",
    ),
    **dict.fromkeys(
        ("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"),
        "it does not support TLS 1.2 or later",
    ),
    **dict.fromkeys(
        ("unable to get local issuer certificate", "unable to verify the first certificate"),
        "does the server send its intermediate certificate? Browsers do without",
    ),
    "TLSV1_UNRECOGNIZED_NAME": "it has no site of this name",
    "UNEXPECTED_EOF_WHILE_READING": "the server ended it",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it and we have no cipher in common, or it wants a "
    "client's certificate",
}
"""What OpenSSL's unclear reasons may mean."""
_HEADER = re.compile(
    r"header (?:line|token|value)\b.{0,20}?\bb(?P<quote>['\"])"
    r"(?P<name>(?:(?!(?P=quote))[^:\n]){1,200})",
    re.DOTALL,
)
"""The beginning of the invalid header line that h11 and aiohttp quote."""


def transport_error(
    error: BaseException, host: str, *, sent: bool = True, secure: bool = True, stage: str = ""
) -> TransportError | None:
    """Convert an exception of an HTTP library; None if the exchange did not fail, as with a bug.

    Args:
        error: the exception.
        host: of the request.
        sent: whether the store may have received the request.
        secure: whether the connection was to use TLS.
        stage: the stage of the exchange, such as `while it was to respond`; "" if not known.
    """
    kind = classify(error)
    if kind == "tls" and not secure:
        kind = "connection"
    message = _MESSAGES.get(kind)
    if message is None:
        return None
    errors = list(chain(error))
    if kind in _TLS:
        reason = _openssl(errors)
    elif kind == "local_failure":
        reason = _system_message(errors) or "the operating system refuses"
    elif kind == "dns":
        # A name that does not exist differs from a name server that fails or does not respond.
        said = _system_message(errors)
        reason = f" ({said})" if said else ""
    elif kind == "invalid_response":
        reason = _invalid_header(errors)
    else:
        reason = _connection(errors, sent)
    text = message.format(host=host, reason=reason, stage=stage and f" {stage}")
    return TransportError(kind, text, sent=sent and kind != "invalid_request")


def _openssl(errors: list[BaseException]) -> str:
    # aiohttp's own subclass of ssl.SSLError has neither of these attributes.
    tls = [error for error in errors if isinstance(error, ssl.SSLError)]
    said = [getattr(error, name, None) for name in ("verify_message", "reason") for error in tls]
    reason: str = next((text for text in said if isinstance(text, str) and text), "")
    if reason in _MEANT:
        return f"{reason} ({_MEANT[reason]})"
    return reason or "the server ended it"


def _invalid_header(errors: list[BaseException]) -> str:
    """Return which header is invalid; "" if something else is, or the library does not say."""
    for error in errors:
        if found := _HEADER.search(str(getattr(error, "message", error))):
            name = GENERIC.redact.line(found["name"], _NAME)
            return f": its header {name!r} is invalid, though browsers may ignore that"
    return ""


def _connection(errors: list[BaseException], sent: bool) -> str:
    for one in errors:
        for kind, words in _CONNECTIONS:
            if isinstance(one, kind):
                return words
    if sent:
        return "closed the connection before its response was complete"
    said = _system_message(errors)
    return f"could not be connected to{f': {said}' if said else ''}"


def _system_message(errors: list[BaseException]) -> str:
    """Return the operating system's own words for the failure, if it has any."""
    for error in errors:
        if isinstance(error, OSError) and error.strerror:
            # asyncio has words of its own, which quote an address.
            own = error.strerror.startswith("Connect call failed")
            return (os.strerror(error.errno or 0) if own else error.strerror)[:80]
    return ""

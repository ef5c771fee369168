"""Foreign exceptions by name, so that no library is imported for the sake of its exceptions.

A name is the top-level package and the class: libraries move classes between their modules, but
not out of the package. Each stands for an error type, or for a rule that looks closer. Facts were
read in httpx 0.28, httpcore 1.0, aiohttp 3.14, requests 2.34, urllib3 2.8 and CPython 3.11.
"""

from __future__ import annotations

from enum import Enum


class Rule(Enum):
    """How to look closer at an exception whose class alone does not decide."""

    STATUS = "by the HTTP status it carries; else invalid_response"
    CAUSE = "what caused it, where that says more; else connection"
    TLS_CAUSE = "what caused it, where that says more; else tls"
    RETRIES = "what urllib3 says it met too often: redirects, or a status; else server_error"
    ERRNO = "by the operating system's error number; else what caused it; else exception"
    CERTIFICATE = "by OpenSSL's verification result: tls_untrusted or tls"


_BY_PACKAGE: dict[str, dict[str | Rule, str]] = {
    "builtins": {
        "cancelled": "GeneratorExit KeyboardInterrupt SystemExit",
        "timeout": "TimeoutError",
        "connection": "ConnectionError",
        Rule.ERRNO: "OSError",
    },
    "asyncio": {"cancelled": "CancelledError", "connection": "IncompleteReadError"},
    "concurrent": {"cancelled": "CancelledError"},
    "socket": {"dns": "gaierror herror"},
    "ssl": {
        "tls": "SSLError",
        "connection": "SSLEOFError SSLZeroReturnError SSLSyscallError",
        Rule.CERTIFICATE: "SSLCertVerificationError",
    },
    "json": {"invalid_response": "JSONDecodeError"},
    "http": {
        "invalid_response": "HTTPException",
        "connection": "RemoteDisconnected IncompleteRead",
        "invalid_request": "InvalidURL",
    },
    "urllib": {
        Rule.STATUS: "HTTPError",
        Rule.CAUSE: "URLError",
        "connection": "ContentTooShortError",
    },
    "httpx": {
        "timeout": "TimeoutException",
        "pool_timeout": "PoolTimeout",
        Rule.CAUSE: "TransportError",
        "connection": "RemoteProtocolError",
        "invalid_response": "DecodingError",
        "invalid_request": "UnsupportedProtocol LocalProtocolError InvalidURL",
        "redirect": "TooManyRedirects",
        Rule.STATUS: "HTTPStatusError",
    },
    "httpcore": {
        "timeout": "TimeoutException",
        "pool_timeout": "PoolTimeout",
        Rule.CAUSE: "NetworkError ProxyError",
        "connection": "RemoteProtocolError",
        "invalid_request": "UnsupportedProtocol LocalProtocolError",
    },
    "aiohttp": {
        Rule.STATUS: "ClientResponseError",
        "invalid_response": "ContentTypeError HttpProcessingError",
        "redirect": "TooManyRedirects RedirectClientError",
        "invalid_request": "InvalidURL NonHttpUrlClientError",
        Rule.CAUSE: "ClientConnectionError ClientHttpProxyError",
        "dns": "ClientConnectorDNSError",
        "timeout": "ServerTimeoutError",
        "connection": "ServerDisconnectedError ClientPayloadError",
        "tls": "ServerFingerprintMismatch",
        Rule.TLS_CAUSE: "ClientSSLError ClientConnectorCertificateError",
    },
    "requests": {
        "timeout": "Timeout ConnectTimeout",
        Rule.CAUSE: "ConnectionError RetryError",
        Rule.TLS_CAUSE: "SSLError",
        Rule.STATUS: "HTTPError",
        "redirect": "TooManyRedirects",
        "connection": "ChunkedEncodingError",
        "invalid_response": "ContentDecodingError InvalidJSONError",
        "invalid_request": "URLRequired MissingSchema InvalidSchema InvalidURL InvalidHeader",
    },
    "urllib3": {
        "timeout": "TimeoutError",
        "pool_timeout": "EmptyPoolError",
        Rule.CAUSE: "MaxRetryError NewConnectionError ProtocolError ProxyError",
        Rule.TLS_CAUSE: "SSLError",
        "dns": "NameResolutionError",
        "connection": "IncompleteRead InvalidChunkLength",
        "invalid_response": "DecodeError HeaderParsingError",
        Rule.RETRIES: "ResponseError",
        "invalid_request": "LocationValueError",
    },
    "anyio": {"connection": "BrokenResourceError ClosedResourceError EndOfStream IncompleteRead"},
    "trio": {
        "cancelled": "Cancelled",
        "timeout": "TooSlowError",
        "connection": "BrokenResourceError ClosedResourceError",
    },
    "gevent": {"timeout": "Timeout"},
    "greenlet": {"cancelled": "GreenletExit"},
    "billiard": {"timeout": "SoftTimeLimitExceeded"},
}

EXCEPTIONS: dict[str, str | Rule] = {
    f"{package}.{name}": outcome
    for package, outcomes in _BY_PACKAGE.items()
    for outcome, names in outcomes.items()
    for name in names.split()
}
"""Error type or rule by `package.Class`. Subclasses take it over unless they have their own."""

STATUSES: dict[int, str] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    409: "invalid_state",
    410: "not_found",
    429: "rate_limited",
}
"""Error type by HTTP status, where the class of the status does not decide."""

UNTRUSTED = frozenset({2, 18, 19, 20, 21, 24, 27})
"""OpenSSL's X509_V_ERR codes that mean: the issuer is not known here (x509_vfy.h). The others
mean that the certificate is wrong in itself: expired (10), for another name (62), …"""

"""Other libraries' exceptions by name, so that no library is imported for its exceptions.

A name is the top-level package and the class: libraries move classes between their modules, but not
out of the package. Each name has an error type, or a rule that examines the exception. The facts
are from httpx 0.28, httpcore 1.0, h11 0.16, aiohttp 3.14, requests 2.34, urllib3 2.8 and CPython
3.11; tests/net/test_broken_answers.py tests what each of them raises. Those of niquests 3.21,
pyactiveresource 2.2, gql 4.4, httpx2 2.6, curl_cffi 0.17, pycurl 7.49, tornado 6.6, httplib2 0.32,
aiosonic 1.3, geventhttpclient 2.6, primp 2.0, python-socks 3.2, oauthlib 4.0, simplejson 4.3, ujson
6.1 and msgspec 0.22 were compared with what they raise.
"""

from __future__ import annotations

from .outcomes import FromCause, Outcome, Phrase, Rule, by_status

_TUNNEL = Phrase(
    (("500", "connection"), ("502", "connection"), ("503", "connection"), ("504", "timeout")),
    "local_failure",
)
"""A proxy's response without a tunnel: 5xx if it could not reach the store, else a refusal."""

_SOCKS: dict[Outcome, str] = {
    "local_failure": "ProxyConnectionError ProxyTimeoutError",
    Phrase(
        (("unreachable", "connection"), ("refused", "connection"), ("TTL", "connection")),
        "local_failure",
    ): "ProxyError",
}
"""A proxy that cannot be used is a matter of this machine; what it reports may be the store's."""

_REQUESTS: dict[Outcome, str] = {
    "timeout": "Timeout ConnectTimeout",
    FromCause("connection"): "ConnectionError RetryError ChunkedEncodingError",
    FromCause("tls"): "SSLError",
    Rule.STATUS: "HTTPError",
    Rule.DOCUMENT: "JSONDecodeError",
    "redirect": "TooManyRedirects",
    "invalid_response": "ContentDecodingError InvalidJSONError",
    "invalid_request": "URLRequired MissingSchema InvalidSchema InvalidURL",
    # Also raised for a header of the response.
    FromCause("invalid_request"): "InvalidHeader",
}

_HTTPX: dict[Outcome, str] = {
    "timeout": "TimeoutException",
    "pool_timeout": "PoolTimeout",
    FromCause("connection"): "TransportError",
    _TUNNEL: "ProxyError",
    Rule.CONNECTING: "ConnectError",
    Phrase((("location header", "redirect"),), FromCause("connection")): "RemoteProtocolError",
    "invalid_response": "DecodingError",
    "invalid_request": "UnsupportedProtocol LocalProtocolError InvalidURL",
    "redirect": "TooManyRedirects",
    Rule.STATUS: "HTTPStatusError",
}

_HTTPCORE: dict[Outcome, str] = {
    "timeout": "TimeoutException",
    "pool_timeout": "PoolTimeout",
    FromCause("connection"): "NetworkError",
    _TUNNEL: "ProxyError",
    Rule.CONNECTING: "ConnectError",
    Phrase(
        (("_SWITCH_", "invalid_response"), ("HTTP", "invalid_response")),
        FromCause("connection"),
    ): "RemoteProtocolError",
    "invalid_request": "UnsupportedProtocol LocalProtocolError",
}

_BY_PACKAGE: dict[str, dict[Outcome, str]] = {
    "builtins": {
        "cancelled": "GeneratorExit KeyboardInterrupt SystemExit",
        "timeout": "TimeoutError",
        "connection": "ConnectionError",
        Rule.ERRNO: "OSError",
        # Python's own look-ups of names encode them first (RFC 3490); 3.12 names no codec.
        Phrase((("'idna' codec", "dns"), ("label empty or too long", "dns")), None): "UnicodeError",
        # httpx and aiohttp decode a body before they parse it.
        "invalid_response": "UnicodeDecodeError",
    },
    "asyncio": {"cancelled": "CancelledError", "connection": "IncompleteReadError"},
    "concurrent": {"cancelled": "CancelledError"},
    "socket": {"dns": "gaierror herror"},
    "ssl": {
        "tls": "SSLError",
        "connection": "SSLEOFError SSLZeroReturnError SSLSyscallError",
        Rule.CERTIFICATE: "SSLCertVerificationError",
    },
    "json": {Rule.DOCUMENT: "JSONDecodeError"},
    "simplejson": {Rule.DOCUMENT: "JSONDecodeError"},
    "ujson": {"invalid_response": "JSONDecodeError"},
    "msgspec": {"invalid_response": "DecodeError"},
    "http": {
        Phrase((("got more than", "response_too_large"),), "invalid_response"): "HTTPException",
        "connection": "RemoteDisconnected IncompleteRead",
        "invalid_request": "InvalidURL",
    },
    "urllib": {
        Rule.STATUS: "HTTPError",
        FromCause("connection"): "URLError",
        "connection": "ContentTooShortError",
    },
    "h11": {
        Phrase(
            (("closed connection", "connection"), ("buffer too long", "response_too_large")),
            "invalid_response",
        ): "RemoteProtocolError"
    },
    "httpx": _HTTPX,
    "httpx2": _HTTPX,
    "httpcore": _HTTPCORE,
    "httpcore2": _HTTPCORE,
    "aiohttp": {
        Rule.STATUS: "ClientResponseError ContentTypeError",
        Phrase((("Too many headers", "response_too_large"),), "invalid_response"): "BadHttpMessage",
        "invalid_response": "ContentEncodingError",
        "response_too_large": "LineTooLong",
        Phrase((("Not enough data", "connection"),), "invalid_response"): "TransferEncodingError",
        "redirect": "TooManyRedirects RedirectClientError InvalidUrlRedirectClientError "
        "NonHttpUrlRedirectClientError",
        "invalid_request": "InvalidURL NonHttpUrlClientError",
        FromCause("connection"): "ClientConnectionError ClientPayloadError",
        _TUNNEL: "ClientHttpProxyError",
        "local_failure": "ClientProxyConnectionError",
        Rule.CONNECTING: "ClientConnectorError",
        FromCause("invalid_response"): "HttpProcessingError",
        FromCause("dns"): "ClientConnectorDNSError",
        "timeout": "ServerTimeoutError",
        "connection": "ServerDisconnectedError ContentLengthError",
        "tls": "ServerFingerprintMismatch",
        FromCause("tls"): "ClientSSLError ClientConnectorCertificateError",
    },
    "requests": _REQUESTS,
    # Its names are those of requests.
    "niquests": _REQUESTS,
    "urllib3": {
        "timeout": "TimeoutError",
        "pool_timeout": "EmptyPoolError",
        FromCause("connection"): "MaxRetryError NewConnectionError ProtocolError ProxyError",
        FromCause("tls"): "SSLError",
        "dns": "NameResolutionError",
        "connection": "IncompleteRead",
        "invalid_response": "DecodeError HeaderParsingError InvalidChunkLength InvalidHeader",
        Rule.RETRIES: "ResponseError",
        "invalid_request": "LocationValueError",
    },
    # A client of resources by REST, on which a platform's own library is built.
    "pyactiveresource": {
        FromCause("connection"): "Error",
        Rule.STATUS: "ConnectionError ServerError",
    },
    "gql": {
        # Codes and words of the errors in a response of GraphQL.
        Phrase(
            (
                ("THROTTLED", "rate_limited"),
                ("ACCESS_DENIED", "forbidden"),
                ("INTERNAL_SERVER_ERROR", "server_error"),
                ("SHOP_INACTIVE", "maintenance"),
                ("'Timeout", "timeout"),
                # The text of a refusal by a status, which gql takes for a list of errors.
                ("Invalid API key or access token", "unauthorized"),
                ("merchant approval", "forbidden"),
                ("Unavailable Shop", "maintenance"),
                ("shop is unavailable", "maintenance"),
                ("store is unavailable", "maintenance"),
                ("calls per second", "rate_limited"),
                ("Throttled", "rate_limited"),
                ("Not Found", "not_found"),
                ("Internal Server Error", "server_error"),
            ),
            None,
            "errors",
        ): "TransportQueryError",
        "invalid_response": "TransportProtocolError",
        FromCause("connection"): "TransportConnectionFailed",
    },
    "curl_cffi": {
        "timeout": "Timeout ConnectTimeout",
        "dns": "DNSError",
        "tls": "SSLError",
        "local_failure": "ProxyError",
        "connection": "ConnectionError ChunkedEncodingError IncompleteRead",
        "redirect": "TooManyRedirects",
        Rule.STATUS: "HTTPError",
        Rule.DOCUMENT: "JSONDecodeError",
        "invalid_response": "ContentDecodingError InvalidJSONError",
        "invalid_request": "URLRequired MissingSchema InvalidSchema InvalidURL InvalidHeader",
    },
    "pycurl": {
        # A number of libcurl stands before the message.
        Phrase(
            (
                ("(3,", "invalid_request"),
                ("(5,", "local_failure"),
                ("(6,", "dns"),
                ("(28,", "timeout"),
                ("(35,", "tls"),
                ("(47,", "redirect"),
                ("(60,", "tls_untrusted"),
                ("(61,", "invalid_response"),
                *by_status("returned error: "),
            ),
            "connection",
        ): "error",
    },
    "tornado": {
        Rule.STATUS: "HTTPClientError",
        "timeout": "HTTPTimeoutError",
        "connection": "HTTPStreamClosedError",
    },
    "httplib2": {
        "dns": "ServerNotFoundError",
        "redirect": "RedirectLimit RedirectMissingLocation",
        "invalid_response": "FailedToDecompressContent MalformedHeader",
        "invalid_request": "RelativeURIError",
    },
    "aiosonic": {
        "timeout": "BaseTimeout TimeoutException",
        "pool_timeout": "ConnectionPoolAcquireTimeout",
        "connection": "ConnectionDisconnected",
        "redirect": "MaxRedirects",
        Rule.STATUS: "HTTPStatusError",
        "invalid_response": "HttpParsingError DecompressionError",
    },
    "geventhttpclient": {
        Phrase((("timed out", "timeout"),), FromCause("connection")): "ConnectionError",
        "connection": "HTTPConnectionClosed",
        Rule.STATUS: "BadStatusCode",
    },
    "primp": {
        "timeout": "TimeoutError",
        "dns": "DNSError",
        "connection": "RequestError",
        "redirect": "RedirectError",
        "invalid_response": "DecodeError",
        "invalid_request": "BuilderError",
        Phrase(by_status("HTTP "), "invalid_response"): "StatusError",
    },
    "aiohttp_socks": _SOCKS,
    "python_socks": _SOCKS,
    "oauthlib": {
        "unauthorized": "InvalidClientError InvalidGrantError TokenExpiredError "
        "UnauthorizedClientError",
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
    "rq": {"timeout": "BaseTimeoutException"},
    "dramatiq": {"timeout": "TimeLimitExceeded", "cancelled": "Shutdown"},
}

EXCEPTIONS: dict[str, Outcome] = {
    f"{package}.{name}": outcome
    for package, outcomes in _BY_PACKAGE.items()
    for outcome, names in outcomes.items()
    for name in names.split()
}
"""Outcome by `package.Class`. Subclasses inherit it unless they have their own."""

CARRIER = "celery.Retry"
"""It has the exception for which a task is repeated among its arguments, behind itself."""

BROKEN_OFF = frozenset(
    {
        "builtins.ConnectionResetError",
        "builtins.ConnectionAbortedError",
        "builtins.BrokenPipeError",
        "ssl.SSLEOFError",
        "ssl.SSLZeroReturnError",
        "anyio.BrokenResourceError",
        "anyio.EndOfStream",
    }
)
"""The other side ended an established connection. During connecting, this is the TLS handshake:
TCP's own handshake mostly fails as refused, unreachable or timed out, and servers also refuse a TLS
version or name in this way, without an alert. Plain HTTP has no handshake: a server, or a filter in
front of it, resets the connection as soon as it is established."""

UNTRUSTED = frozenset({2, 18, 19, 20, 21, 24, 27})
"""OpenSSL's X509_V_ERR codes for an issuer that is unknown here (x509_vfy.h). The other codes mean
that the certificate itself is wrong: expired (10), for another name (62), …"""

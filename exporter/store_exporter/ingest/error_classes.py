"""Maps the error names of other systems to the closed list.

These are looked up in this order: the configuration's table, the platform's own codes, the HTTP
status, the table below. The status comes before that table because it says more than a name: axios
calls every refusal `ERR_BAD_REQUEST`.

Names are compared without case and punctuation, so that `TimeoutError`, `timeout_error` and
`TIMEOUT-ERROR` are one. The codes of Node are from its documentation of errors (20), those of its
`fetch` from undici 6, the others from axios 1 and node-fetch 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from ..config.model.values import comparable
from ..errors import ERROR_TYPES, ErrorName
from ..net import evidence

CLASSES: Mapping[ErrorName, str] = {
    "timeout": "Timeout TimeoutError ETIMEDOUT ESOCKETTIMEDOUT ECONNABORTED RequestTimeout "
    "UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT",
    "dns": "ENOTFOUND EAI_AGAIN ENODATA DNS DNSError",
    "connection": "Network NetworkError Connection ConnectionError ConnectException ECONNREFUSED "
    "ECONNRESET EPIPE EHOSTUNREACH ERR_NETWORK UND_ERR_SOCKET http_request_failed",
    "tls": "TLS SSL SSLError CERT_HAS_EXPIRED CERT_NOT_YET_VALID ERR_TLS_CERT_ALTNAME_INVALID "
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "tls_untrusted": "DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN "
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "redirect": "ERR_FR_TOO_MANY_REDIRECTS TooManyRedirects max_redirect",
    "invalid_response": "Parse ParseError SyntaxError JSONError invalid_json "
    "UND_ERR_RESPONSE_STATUS_CODE HPE_INVALID_CONSTANT",
    "server_error": "Server ServerError InternalServerError BadGateway ServiceUnavailable",
    "rate_limited": "RateLimit RateLimitError TooManyRequests",
    "unauthorized": "Auth AuthError Authentication AuthenticationError Unauthorized "
    "UnauthorizedError",
    "forbidden": "Forbidden ForbiddenError Permission PermissionError",
    "not_found": "NotFound NotFoundError",
    "invalid_input": "Validation ValidationError InvalidInput",
    "invalid_coupon": "CouponError InvalidCoupon",
    "out_of_stock": "OutOfStock OutOfStockError",
    "maintenance": "Maintenance MaintenanceError",
    "local_failure": "EMFILE ENFILE EACCES EPERM EADDRNOTAVAIL ENETUNREACH ENETDOWN ENOMEM",
    "cancelled": "AbortError CanceledError CancelledError ERR_CANCELED UND_ERR_ABORTED Cancelled",
    "exception": "Error TypeError ReferenceError RangeError Exception Unknown UnknownError",
}


def _comparable_names(codes: Mapping[str, str]) -> Mapping[str, str]:
    return {comparable(name): error_type for name, error_type in codes.items()}


_KNOWN = _comparable_names(
    {n: error_type for error_type, names in CLASSES.items() for n in names.split()}
)


class ErrorClasses:
    """Looks up error names in the configuration's table, the platforms' and the one above.

    `own` are error types by the names of an application's own classes; `codes` returns those of a
    platform by its own codes.
    """

    def __init__(self, own: Mapping[str, str], codes: Callable[[str], Mapping[str, str]]) -> None:
        self._own = _comparable_names(own)
        self._of_platform = cache(lambda platform: _comparable_names(codes(platform)))

    def error_type(self, name: str | None, status: int | None, platform: str) -> str | None:
        """Return the error type by a name or an HTTP status; None if neither is known."""
        name = "" if name is None else comparable(name)
        if found := self._own.get(name) or (name and self._of_platform(platform).get(name)):
            return found
        if status is not None and not 200 <= status < 300:
            return evidence.of_status(status)
        return _KNOWN.get(name)

    def named(self, name: str, platform: str) -> str | None:
        """Return the error type that a name is, or that it stands for; None if it is unknown."""
        return name if name in ERROR_TYPES else self.error_type(name, None, platform)

"""From the names that other systems give to errors to the closed list.

What is looked up, in this order: the configuration's table, the HTTP status, the table below. A
status goes before a name because it says more: axios calls every refusal `ERR_BAD_REQUEST`.

Names are compared without case and punctuation, so that `TimeoutError`, `timeout_error` and
`TIMEOUT-ERROR` are one. The codes of Node are from its documentation of errors (20), those of its
`fetch` from undici 6, the others from axios 1, node-fetch 3, and WooCommerce's REST API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..net import evidence

CLASSES: Mapping[str, str] = {
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
    "rate_limited": "RateLimit RateLimitError TooManyRequests THROTTLED",
    "unauthorized": "Auth AuthError Authentication AuthenticationError Unauthorized "
    "UnauthorizedError woocommerce_rest_authentication_error",
    "forbidden": "Forbidden ForbiddenError Permission PermissionError ACCESS_DENIED "
    "woocommerce_rest_cannot_view woocommerce_rest_cannot_create woocommerce_rest_cannot_edit",
    "api_not_found": "rest_no_route",
    "not_found": "NotFound NotFoundError",
    "invalid_input": "Validation ValidationError InvalidInput rest_invalid_param",
    "invalid_coupon": "CouponError InvalidCoupon woocommerce_rest_invalid_coupon",
    "out_of_stock": "OutOfStock OutOfStockError woocommerce_rest_product_out_of_stock",
    "maintenance": "Maintenance MaintenanceError",
    "local_failure": "EMFILE ENFILE EACCES EPERM EADDRNOTAVAIL ENETUNREACH ENETDOWN ENOMEM",
    "cancelled": "AbortError CanceledError CancelledError ERR_CANCELED UND_ERR_ABORTED Cancelled",
    "exception": "Error TypeError ReferenceError RangeError Exception Unknown UnknownError",
}


def plain(name: str) -> str:
    """Return a name as it is compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


_KNOWN = {
    plain(name): error_type for error_type, names in CLASSES.items() for name in names.split()
}


class ErrorClasses:
    """The table of one configuration.

    Args:
        own: error types by the names of an application's own classes.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = {plain(name): error_type for name, error_type in own.items()}

    def error_type(self, name: str | None, status: int | None) -> str | None:
        """Return the error type of an error.

        Args:
            name: its class or code, if that is known.
            status: the HTTP status that it came with, if there was one.

        Returns:
            None when neither says anything.
        """
        name = "" if name is None else plain(name)
        if found := self._own.get(name):
            return found
        if status is not None and not 200 <= status < 300:
            return evidence.of_status(status)
        return _KNOWN.get(name)

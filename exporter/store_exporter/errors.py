"""The closed list of error types, each with its fault: who must act.

Every failure that this project records has an `error_type` from `ERROR_TYPES`, which determines its
`Fault`. Neither ever contains an exception's message: both are metric labels and must stay bounded.

`store_exporter.operations` maps foreign exceptions to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class Fault(StrEnum):
    """Who must act on an error. Success rates and alerts leave `CUSTOMER` out."""

    CUSTOMER = "customer"
    """Nobody: an expected refusal, such as a product that is out of stock."""
    STORE = "store"
    """The shop or its hosting: it is slow, broken or unreachable."""
    CONFIG = "config"
    """Whoever configured the access: credentials, permissions, TLS trust, API switched off."""
    APP = "app"
    """The developers of the calling application: a bug."""
    CANCELLED = "cancelled"
    """Nobody: the caller went away before the response came."""


@dataclass(frozen=True, slots=True)
class ErrorType:
    """An entry of the closed list: its label value, who must act, what it means, and what to do."""

    name: ErrorName
    fault: Fault
    meaning: str
    advice: str


_ENTRIES = (
    ErrorType(
        "out_of_stock",
        Fault.CUSTOMER,
        "The product is not in stock in this quantity.",
        "Nothing; restock if the rate is high.",
    ),
    ErrorType(
        "invalid_coupon",
        Fault.CUSTOMER,
        "The coupon is unknown, expired or not applicable.",
        "Nothing; a sudden rise may come from a wrongly announced code.",
    ),
    ErrorType(
        "not_found",
        Fault.CUSTOMER,
        "The requested product, order or customer does not exist.",
        "Nothing; check links and feeds if it is frequent.",
    ),
    ErrorType(
        "invalid_input",
        Fault.CUSTOMER,
        "The store refused a value from the shopper.",
        "Nothing; validate earlier if it is frequent.",
    ),
    ErrorType(
        "invalid_state",
        Fault.CUSTOMER,
        "The state of the order or cart does not allow it.",
        "Nothing; a completed order cannot be cancelled, for example.",
    ),
    ErrorType(
        "timeout",
        Fault.STORE,
        "The store did not respond in time.",
        "Check the store's load and its hosting.",
    ),
    ErrorType(
        "dns",
        Fault.STORE,
        "The store's host name does not resolve.",
        "Check the domain's registration and its DNS records.",
    ),
    ErrorType(
        "connection",
        Fault.STORE,
        "The connection was refused, reset or closed early.",
        "Check that the store's web server runs and is reachable.",
    ),
    ErrorType(
        "tls",
        Fault.STORE,
        "The TLS handshake failed: the certificate has expired or is for another name, or the "
        "port does not use TLS.",
        "Renew or correct the store's certificate, or correct its url if that is a plain http "
        "port.",
    ),
    ErrorType(
        "server_error",
        Fault.STORE,
        "The store responded with a server error (HTTP 5xx).",
        "Read the store's PHP or application log at that time.",
    ),
    ErrorType(
        "maintenance",
        Fault.STORE,
        "The store is in maintenance mode.",
        "Wait, or end the maintenance if it was forgotten.",
    ),
    ErrorType(
        "rate_limited",
        Fault.STORE,
        "The store or its host refuses more requests for now.",
        "Lower the request budget or raise the store's limit.",
    ),
    ErrorType(
        "blocked",
        Fault.STORE,
        "A firewall, a CDN or a plugin refused the request instead of the store.",
        "Allow the exporter's address and user agent there; the message says who refused.",
    ),
    ErrorType(
        "invalid_response",
        Fault.STORE,
        "The response is not what the API specifies.",
        "Exclude the store's API from caching if the message names a cache; otherwise a plugin or "
        "theme may print into the API's responses: read the start of the body.",
    ),
    ErrorType(
        "response_too_large",
        Fault.STORE,
        "The response exceeds the size limit.",
        "Find the plugin that inflates it, or raise max_body_bytes, if the message names bytes.",
    ),
    ErrorType(
        "redirect",
        Fault.STORE,
        "The API redirects in a loop, to another host or to a login page.",
        "If the target is the store, set the store's url, or the setting that the message names, "
        "to it. If it is a login page, an installation or a notice of the hosting company, repair "
        "the site first.",
    ),
    ErrorType(
        "unauthorized",
        Fault.CONFIG,
        "The store does not accept the credentials.",
        "Check that the configured key can be read and is valid, or create a new API key.",
    ),
    ErrorType(
        "forbidden",
        Fault.CONFIG,
        "The credentials lack a permission.",
        "Grant the key the permission or scope that the operation needs.",
    ),
    ErrorType(
        "tls_untrusted",
        Fault.CONFIG,
        "The certificate's issuer is not trusted here.",
        "Make the server send its whole chain of certificates; if the issuer is your own, set "
        "ca_file to its certificate.",
    ),
    ErrorType(
        "api_not_found",
        Fault.CONFIG,
        "The API itself was not found.",
        "Activate the plugin, set permalinks other than plain, or correct the url or API version.",
    ),
    ErrorType(
        "invalid_request",
        Fault.APP,
        "The caller built an invalid request.",
        "Correct the calling code; the message names the parameter.",
    ),
    ErrorType(
        "unsupported_operation",
        Fault.APP,
        "The platform cannot do this operation.",
        "See docs/operations.md for what each platform can do.",
    ),
    ErrorType(
        "pool_timeout",
        Fault.APP,
        "No connection of the client's pool became free.",
        "Raise the client's connection limit or lower its concurrency.",
    ),
    ErrorType(
        "local_failure",
        Fault.APP,
        "This machine or process failed: no descriptor, memory, port or network is left, it may "
        "not connect, or it stalled.",
        "Check this machine and its network; the store is not the cause.",
    ),
    ErrorType(
        "exception",
        Fault.APP,
        "The operation raised an exception of an unknown type.",
        "Read its traceback in the application's log; register its type if it is expected.",
    ),
    ErrorType(
        "cancelled",
        Fault.CANCELLED,
        "The caller cancelled before the operation finished.",
        "Nothing; a rise may mean impatient clients or a deadline that is too short.",
    ),
)

ErrorName = Literal[
    "out_of_stock",
    "invalid_coupon",
    "not_found",
    "invalid_input",
    "invalid_state",
    "timeout",
    "dns",
    "connection",
    "tls",
    "server_error",
    "maintenance",
    "rate_limited",
    "blocked",
    "invalid_response",
    "response_too_large",
    "redirect",
    "unauthorized",
    "forbidden",
    "tls_untrusted",
    "api_not_found",
    "invalid_request",
    "unsupported_operation",
    "pool_timeout",
    "local_failure",
    "exception",
    "cancelled",
]
"""The closed list for type checkers: the values that `Operation.fail` accepts."""

ERROR_TYPES: dict[str, ErrorType] = {entry.name: entry for entry in _ENTRIES}
"""The closed list: error type by its label value."""

REFUSALS: tuple[ErrorName, ...] = ("unauthorized", "forbidden")
"""The error types of a store that refuses our credentials."""


class StoreError(Exception):
    """A failure of a store, classified.

    Args:
        error_type: a key of `ERROR_TYPES`.
        message: what happened, for a person; free of secrets.
        status: the HTTP status, if there was one.
        code: the platform's own error code, if there was one.

    Attributes:
        certificate_expiry: for a failed request of a probe over https, the Unix time at which the
            certificate expires that was accepted before; None if there was none.

    Raises:
        ValueError: at construction, when `error_type` is not in the closed list.
    """

    def __init__(
        self,
        error_type: ErrorName,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        if error_type not in ERROR_TYPES:
            known = ", ".join(ERROR_TYPES)
            raise ValueError(f"unknown error_type {error_type!r}; it is one of: {known}")
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.status = status
        self.code = code
        self.certificate_expiry: float | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is otherwise made again from its `args`, which are not those of each class
        # here. A pool of processes breaks on an exception that it cannot make again.
        return _without_init, (type(self), self.args), self.__dict__

    @property
    def fault(self) -> Fault:
        """Who must act."""
        return ERROR_TYPES[self.error_type].fault


def _without_init(kind: type[StoreError], arguments: tuple[Any, ...]) -> StoreError:
    return kind.__new__(kind, *arguments)


class UnsupportedOperationError(StoreError):
    """The platform cannot do this operation."""

    def __init__(self, operation: str, platform: str, reason: str) -> None:
        super().__init__("unsupported_operation", f"{platform} cannot do {operation}: {reason}")

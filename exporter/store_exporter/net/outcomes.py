"""How to find the error type of a library's exception: the entries of `tables`. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..errors import ErrorName
from .refusals import FIREWALLS


class Rule(Enum):
    """How to examine an exception whose class alone does not decide."""

    STATUS = "by the HTTP response that it carries, or by the error that it was raised from"
    DOCUMENT = "by the text that is no JSON"
    CONNECTING = "what caused it; tls for a connection that broke off while it was made"
    RETRIES = "what urllib3 says it met too often: redirects, or a status; else server_error"
    ERRNO = "by the operating system's error number: this machine's or the other side's refusal"
    CERTIFICATE = "by OpenSSL's verification result: tls_untrusted or tls"


@dataclass(frozen=True, slots=True)
class FromCause:
    """Classify the exception's cause; if that decides nothing, use this error type."""

    otherwise: ErrorName


@dataclass(frozen=True, slots=True)
class Phrase:
    """Look for a phrase, for libraries that distinguish some failures only by their message.

    Attributes:
        phrases: phrases of the message, with the error type of each.
        otherwise: the error type for any other message; None to classify the exception's cause.
        member: a member of the exception that is searched besides, for a message that lacks it.
    """

    phrases: tuple[tuple[str, ErrorName], ...]
    otherwise: ErrorName | FromCause | None
    member: str = ""


Outcome = ErrorName | Rule | FromCause | Phrase
"""The entry of an exception class: an error type, or a rule that examines the exception."""

STATUSES: dict[int, ErrorName] = {
    304: "invalid_response",
    401: "unauthorized",
    402: "maintenance",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    409: "invalid_state",
    410: "not_found",
    429: "rate_limited",
    511: "blocked",
    **dict.fromkeys(FIREWALLS, "blocked"),
}
"""Error type by HTTP status, if the class of the status does not decide."""


def by_status(before: str) -> tuple[tuple[str, ErrorName], ...]:
    """Return the phrases of a library whose messages have the HTTP status after these words."""
    known = [(f"{before}{status}", error_type) for status, error_type in STATUSES.items()]
    return (*known, (f"{before}4", "invalid_request"), (f"{before}5", "server_error"))

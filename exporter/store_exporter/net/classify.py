"""From an exception to its error type: the only place where foreign exceptions are classified.

The error type is, in this order: that of a `StoreError`; that of the nearest class in the
exception's ancestry that the application registered or that is in `tables`; for unknown classes,
that of the exception it was raised from, or of the response that it carries; otherwise `exception`.

Probes, our clients and `track` all use it, so the same broken response has the same error type
everywhere. `failures` adds what only a driver can see.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from ..errors import ERROR_TYPES, ErrorName, StoreError
from . import evidence
from .outcomes import FromCause, Outcome, Phrase, Rule
from .tables import BROKEN_OFF, CARRIER, EXCEPTIONS, UNTRUSTED

DEPTH = 6
"""Maximum length of a chain of causes; the longest of a known library has four."""

_CONNECTION_ERRNOS = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENOTCONN,
        errno.EPIPE,
    }
)
_LOCAL_ERRNOS = frozenset(
    {
        errno.EACCES,
        errno.EADDRNOTAVAIL,
        errno.EMFILE,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EPERM,
    }
)
"""Errors by which this machine itself refuses a connection before anything is sent. EACCES and
EPERM come from a firewall on it; a router's refusal is EHOSTUNREACH. socket(2), connect(2)"""
_ERRNOS: dict[int, ErrorName] = {
    **dict.fromkeys(_CONNECTION_ERRNOS, "connection"),
    **dict.fromkeys(_LOCAL_ERRNOS, "local_failure"),
}

_SAY_LITTLE: tuple[ErrorName, ...] = ("connection", "cancelled")
_MOST_CLASSES = 1024
"""Exception classes remembered. Limited, because an application may create classes at run time."""

_registered: dict[type[BaseException], ErrorName] = {}
_found: dict[type[BaseException], Outcome | None] = {}


def register_error(exception: type[BaseException], error_type: ErrorName) -> None:
    """Record an exception of the application, and its subclasses, as this error type.

    Args:
        exception: the class.
        error_type: a key of `ERROR_TYPES`; it also decides the fault.

    Raises:
        TypeError: `exception` is not an exception class.
        ValueError: `error_type` is not in the closed list.
    """
    if BaseException not in getattr(exception, "__mro__", ()):
        raise TypeError(f"register_error() takes an exception class, not {exception!r}")
    if error_type not in ERROR_TYPES:
        known = ", ".join(ERROR_TYPES)
        raise ValueError(f"unknown error_type {error_type!r}; it is one of: {known}")
    _registered[exception] = error_type
    _found.clear()


def classify(error: BaseException) -> ErrorName:
    """Return the error type of an exception, a key of `ERROR_TYPES`."""
    # Most errors need no further call: they contain their type, or their class is remembered.
    if isinstance(error, StoreError):
        return error.error_type if error.error_type in ERROR_TYPES else "exception"
    found = _found.get(type(error))
    return found if isinstance(found, str) else _known(error, DEPTH) or "exception"


def chain(error: BaseException, depth: int = DEPTH) -> Iterator[BaseException]:
    """Yield an error and those that libraries wrap in it, from the outermost inwards."""
    yield error
    if depth:
        for inner in _wrapped(error):
            yield from chain(inner, depth - 1)


def _wrapped(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that a library wraps in its own.

    This excludes `__context__`, which may be the error of an earlier attempt, of another kind.
    """
    candidates = (
        error.__cause__,
        getattr(error, "certificate_error", None),  # aiohttp
        getattr(error, "os_error", None),  # aiohttp
        getattr(error, "reason", None),  # urllib, urllib3
        *error.args[:2],  # requests, urllib3, httpcore
    )
    for candidate in candidates:
        if isinstance(candidate, BaseExceptionGroup):
            yield from candidate.exceptions
        elif isinstance(candidate, BaseException):
            yield candidate


def _known(error: BaseException, depth: int) -> ErrorName | None:
    if isinstance(error, StoreError):
        return error.error_type if error.error_type in ERROR_TYPES else None
    found = _find(type(error))
    if isinstance(found, Phrase):
        found = _by_phrase(found, error)
    if isinstance(found, str) or depth == 0:
        return found if isinstance(found, str) else None
    if isinstance(found, Rule):
        return _by_rule(found, error, depth - 1)
    if isinstance(found, FromCause):
        return _most_specific(error, depth - 1, found.otherwise)
    if isinstance(error, BaseExceptionGroup):
        return _of_group(error, depth - 1)
    return _known_cause(error, depth - 1) or evidence.of_unknown(error)


def _known_cause(error: BaseException, depth: int) -> ErrorName | None:
    cause = error.__cause__
    if _name(type(error)) == CARRIER:
        cause = next((one for one in error.args[1:] if isinstance(one, BaseException)), cause)
    return None if cause is None else _known(cause, depth)


def _find(exception: type[BaseException]) -> Outcome | None:
    try:
        return _found[exception]
    except KeyError:
        found = _search(exception)
    if len(_found) >= _MOST_CLASSES:
        _found.clear()
    _found[exception] = found
    return found


def _search(exception: type[BaseException]) -> Outcome | None:
    for ancestor in exception.__mro__:
        if ancestor in _registered:
            return _registered[ancestor]
        found = EXCEPTIONS.get(_name(ancestor))
        if found is not None:
            return found
    return None


def _name(exception: type[BaseException]) -> str:
    return f"{exception.__module__.partition('.')[0]}.{exception.__qualname__}"


def _by_phrase(says: Phrase, error: BaseException) -> ErrorName | FromCause | None:
    text = f"{error} {getattr(error, says.member, '') if says.member else ''}"
    return next((kind for phrase, kind in says.phrases if phrase in text), says.otherwise)


def _by_rule(rule: Rule, error: BaseException, depth: int) -> ErrorName | None:
    match rule:
        case Rule.STATUS:
            # aiohttp's own parsing errors have a status that no server sent.
            return _known_cause(error, depth) or evidence.of_error(error)
        case Rule.DOCUMENT:
            return evidence.of_document(error)
        case Rule.CONNECTING:
            found = _most_specific(error, depth, "connection")
            # The other side ended an established connection.
            broken_off = any(_name(type(one)) in BROKEN_OFF for one in chain(error, depth + 1))
            is_tls = found == "connection" and broken_off and not _is_plain(error)
            return "tls" if is_tls else found
        case Rule.RETRIES:
            return _by_retries(error)
        case Rule.CERTIFICATE:
            return "tls_untrusted" if getattr(error, "verify_code", 0) in UNTRUSTED else "tls"
        case Rule.ERRNO:
            number = getattr(error, "errno", None) or 0
            return _ERRNOS.get(number) or _known_cause(error, depth)


def _by_retries(error: BaseException) -> ErrorName:
    """Return why urllib3 gave up: too many redirects, or too many responses with one status."""
    text = str(error)
    if "redirect" in text:
        return "redirect"
    statuses = [int(word) for word in text.split() if word.isdigit()]
    return evidence.of_status(statuses[0]) if statuses else "server_error"


def _most_specific(error: BaseException, depth: int, otherwise: ErrorName) -> ErrorName:
    """Search the causes of a connection error for a more specific one."""
    for inner in _wrapped(error):
        found = _known(inner, depth)
        if found is not None and found not in _SAY_LITTLE:
            return found
    return otherwise


def _is_plain(error: BaseException) -> bool:
    """Whether a library says that the connection was to be one without TLS."""
    key, request = (getattr(error, name, None) for name in ("_conn_key", "_request"))
    if getattr(key, "is_ssl", None) is False:  # aiohttp
        return True
    return getattr(getattr(request, "url", None), "scheme", None) == "http"  # httpx


def _of_group(group: BaseExceptionGroup[BaseException], depth: int) -> ErrorName | None:
    """Return the type of the first error of a group that is not a mere cancellation."""
    found = [_known(error, depth) for error in group.exceptions[:16]]
    return next((kind for kind in found if kind != "cancelled"), "cancelled")

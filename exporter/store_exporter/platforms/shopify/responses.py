"""Reading responses: data, typed errors and what the query cost. No I/O.

Shopify answers HTTP 200 to most failures; what happened stands in `errors[].extensions.code`, and
in `userErrors` inside the payload of a mutation. Most Admin answers tell the state of the rate
limit, so no limit is hard-coded here. A filter that Shopify's search does not know is ignored, and
`extensions.search` says so: what was found is then not what was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ...contract import Response
from ...errors import StoreError
from ...net import documents
from ...net.plans import retry_after
from ..kit.bucket import Cost, ThrottledError, TooDearError
from ..kit.fields import Fields
from .marks import MARKS

_MOST_COST = 1000.0
_LARGEST = 1e12
_MOST_ERRORS = 250

# extensions.code of a GraphQL error, as documented by Shopify and seen in its schemas' tools.
CODES: Mapping[str, str] = {
    "THROTTLED": "rate_limited",
    "ACCESS_DENIED": "forbidden",
    "FORBIDDEN": "forbidden",
    "UNAUTHORIZED": "unauthorized",
    "UNAUTHENTICATED": "unauthorized",
    "SHOP_INACTIVE": "maintenance",
    "INTERNAL_SERVER_ERROR": "server_error",
    "TIMEOUT": "timeout",
    "RESOURCE_NOT_FOUND": "not_found",
}

# HTTP statuses with a meaning of their own; others are judged as on every platform.
STATUSES: Mapping[int, tuple[str, str]] = {
    401: ("unauthorized", "Shopify does not accept the access token"),
    402: ("maintenance", "the shop is frozen because it has not been paid for"),
    403: ("forbidden", "the access token lacks a scope, or the shop is closed to this app"),
    404: ("api_not_found", "there is no such shop, or no such API version"),
    423: ("maintenance", "the shop is locked, by too many requests or for its account's sake"),
    429: ("rate_limited", "Shopify asks to slow down"),
    430: ("blocked", "Shopify's protection refuses this client's requests"),
}


@dataclass(frozen=True, slots=True)
class GraphqlResult:
    """What an answer says.

    Attributes:
        data: of the query.
        cost: where the API tells it.
        errors: beside partial data.
        ignored: why a filter of a search was ignored, by the root field that was searched.
    """

    data: Mapping[str, Any]
    cost: Cost | None
    errors: tuple[StoreError, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)


def read_cost(body: Mapping[str, Any]) -> Cost | None:
    """Return what the answer says of cost, or None where it says nothing or nothing sensible."""
    cost = _mapping(_mapping(body.get("extensions")).get("cost"))
    status = _mapping(cost.get("throttleStatus"))
    requested, maximum = _number(cost, "requestedQueryCost"), _number(status, "maximumAvailable")
    available, rate = _number(status, "currentlyAvailable"), _number(status, "restoreRate")
    if requested is None or not maximum or available is None or not rate:
        return None
    return Cost(requested, _number(cost, "actualQueryCost"), maximum, available, rate)


def _number(fields: Mapping[str, Any], name: str) -> float | None:
    """Return a number from zero on, None for anything else."""
    value = fields.get(name)
    return 0.0 if value == 0 and not isinstance(value, bool) else _positive(value)


def read(response: Response, now: float) -> GraphqlResult:
    """Turn a response into the result of its query.

    Args:
        response: any response.
        now: Unix time, for a date in Retry-After.

    Raises:
        StoreError: as `read_body` and `documents.document` do, or by HTTP status.
    """
    status = response.status
    if status == 429:
        asked = retry_after(response, now) or 0.0
        raise ThrottledError(STATUSES[status][1], asked=asked, status=status)
    words = _own_words(response) if status >= 400 else ""
    if status in (401, 403) and not words:
        # Shopify says why in JSON; whoever stands before it does not.
        raise documents.no_document(response, documents.text(response), MARKS)
    if status in STATUSES:
        kind, message = STATUSES[status]
        raise StoreError(kind, f"{message}{words}", status=status)
    body = documents.document(response, MARKS)
    if status >= 500:
        raise StoreError("server_error", f"Shopify answered with HTTP {status}", status=status)
    if status >= 400:
        message = f"Shopify refuses the request with HTTP {status}{words}"
        raise StoreError("invalid_request", message, status=status)
    return read_body(body)


def _own_words(response: Response) -> str:
    """Return what the answer itself says of an error status, after a colon; "" for nothing."""
    try:
        body = documents.parse(documents.text(response))
    except (StoreError, ValueError):
        return ""
    errors = _errors(_mapping(body).get("errors"))
    return f": {errors[0].message}" if errors else ""


def read_body(body: Any) -> GraphqlResult:
    """Turn the JSON of an answer with HTTP status 200 into its result.

    Errors beside data are part of the result: the caller decides whether the part that it needs
    is there.

    Raises:
        ThrottledError: the bucket is too empty for the query.
        TooDearError: the query costs more than a single one may.
        StoreError: forbidden, unauthorized, not_found, server_error, timeout, maintenance,
            invalid_request, or invalid_response when it is not a GraphQL answer.
    """
    if not isinstance(body, Mapping):
        raise StoreError("invalid_response", "the answer is not a GraphQL object")
    cost = read_cost(body)
    errors = _errors(body.get("errors"))
    for error in errors:
        if error.code == "THROTTLED":
            raise ThrottledError("Shopify asks to slow down", cost, code="THROTTLED")
    _refuse_too_dear(body.get("errors"))
    data = body.get("data")
    ignored = _ignored(body)
    if isinstance(data, Mapping) and any(value is not None for value in data.values()):
        return GraphqlResult(data, cost, errors, ignored)
    if errors:
        raise errors[0]
    if not isinstance(data, Mapping):
        raise StoreError("invalid_response", "the answer has neither data nor errors")
    return GraphqlResult(data, cost, ignored=ignored)


def _ignored(body: Mapping[str, Any]) -> dict[str, str]:
    """Read which searches left a filter out, and what Shopify says of it."""
    found = _mapping(body.get("extensions")).get("search")
    ignored = {}
    for search in found if isinstance(found, list) else ():
        path, warnings = _mapping(search).get("path"), _mapping(search).get("warnings")
        if warnings:
            first = _mapping(warnings[0]) if isinstance(warnings, list) else {}
            words = f"{first.get('field')}: {first.get('message')}"
            root = str(path[0]) if isinstance(path, list) and path else ""
            ignored[root] = MARKS.redact.line(words, 120).rstrip(".")
    return ignored


def _errors(found: Any) -> tuple[StoreError, ...]:
    """Classify the top-level errors; a string in their place is how Shopify refuses a token."""
    if not found:
        return ()
    if isinstance(found, Mapping):
        # Of the HTTP in which the query came, with a reason for each of its parameters.
        words = "; ".join(f"{name}: {reason}" for name, reason in list(found.items())[:5])
        return (StoreError("invalid_request", MARKS.redact.line(words)),)
    if isinstance(found, str):
        refused = "token" in found.lower() or "unauthorized" in found.lower()
        kind = "unauthorized" if refused else "invalid_response"
        return (StoreError(kind, MARKS.redact.line(found)),)
    if not isinstance(found, list):
        return (StoreError("invalid_response", "errors is not a list"),)
    return tuple(_error(entry) for entry in found[:_MOST_ERRORS])


def _error(entry: Any) -> StoreError:
    entry = _mapping(entry)
    message = MARKS.redact.line(str(entry.get("message") or "no message"))
    code = str(_mapping(entry.get("extensions")).get("code") or "")
    if not code and message == "Throttled":
        code = "THROTTLED"
    # Without a code of the list it is the query that Shopify does not understand: a field that
    # this API version lacks, an argument of the wrong type.
    return StoreError(CODES.get(code, "invalid_request"), message, code=code or None)


def _refuse_too_dear(errors: Any) -> None:
    """Raise the error that says so, if there is one.

    Raises:
        TooDearError: the query costs more than a single one may.
    """
    for entry in errors if isinstance(errors, list) else ():
        extensions = _mapping(_mapping(entry).get("extensions"))
        if extensions.get("code") == "MAX_COST_EXCEEDED":
            raise _too_dear(extensions)


def _too_dear(extensions: Mapping[str, Any]) -> TooDearError:
    """Read by how much a query is too dear; its maximum for one query is 1000 points otherwise."""
    points = _positive(extensions.get("cost")) or _MOST_COST + 1.0
    return TooDearError("the query", points, _positive(extensions.get("maxCost")) or _MOST_COST)


def _positive(value: Any) -> float | None:
    """Return a number above zero, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    number = float(value)
    return number if 0 < number < _LARGEST else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def data_of(result: GraphqlResult, name: str, beside: list[StoreError] | None = None) -> Fields:
    """Return the data; an error beside it fails the operation, as part of the data is missing.

    Args:
        result: of the query.
        name: of its document.
        beside: takes such errors, where the caller sees for itself what is missing.

    Raises:
        IgnoredFilterError: what was found is not what was asked for.
    """
    if beside is not None:
        beside += result.errors
    elif result.errors:
        raise result.errors[0]
    if result.ignored:
        raise IgnoredFilterError(result, name)
    return Fields(result.data, name)


class IgnoredFilterError(StoreError):
    """Shopify's search left out a filter, so that what it found is more than was asked for.

    Attributes:
        fields: the root fields that were searched so.
        rest: the data of the others.
    """

    def __init__(self, result: GraphqlResult, name: str) -> None:
        why = "; ".join(sorted(set(result.ignored.values())))
        super().__init__("invalid_response", f"Shopify ignores a search filter of {name}: {why}")
        self.fields = frozenset(result.ignored)
        data = {key: value for key, value in result.data.items() if key not in self.fields}
        self.rest = Fields(data, name)

"""Reading responses: data, typed errors and what the query cost. No I/O.

Shopify answers HTTP 200 to most failures; what happened stands in `errors[].extensions.code`, and
in `userErrors` inside the payload of a mutation. Every Admin answer tells the state of the rate
limit, so no limit is hard-coded here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...contract import Response
from ...errors import StoreError
from ...net import documents
from ..kit.bucket import Cost, ThrottledError, TooDearError
from .marks import MARKS

_MOST_COST = 1000.0
_LARGEST = 1e12

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
    423: ("maintenance", "the shop is locked"),
    429: ("rate_limited", "Shopify asks to slow down"),
    430: ("blocked", "Shopify's protection refuses this client's requests"),
}


@dataclass(frozen=True, slots=True)
class GraphqlResult:
    """The data of an answer, its cost where the API tells it, and errors beside partial data."""

    data: Mapping[str, Any]
    cost: Cost | None
    errors: tuple[StoreError, ...] = ()


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


def read(response: Response) -> GraphqlResult:
    """Turn a response into the result of its query.

    Raises:
        StoreError: as `read_body` and `documents.document` do, or by HTTP status.
    """
    if response.status in STATUSES and response.status != 200:
        kind, message = STATUSES[response.status]
        raise StoreError(kind, message, status=response.status)
    body = documents.document(response, MARKS)
    if response.status >= 500:
        message = f"Shopify answered with HTTP {response.status}"
        raise StoreError("server_error", message, status=response.status)
    if response.status >= 400:
        message = f"Shopify refuses the request with HTTP {response.status}"
        raise StoreError("invalid_request", message, status=response.status)
    return read_body(body)


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
        if isinstance(error, TooDearError):
            raise error
    data = body.get("data")
    if isinstance(data, Mapping) and any(value is not None for value in data.values()):
        return GraphqlResult(data, cost, errors)
    if errors:
        raise errors[0]
    if not isinstance(data, Mapping):
        raise StoreError("invalid_response", "the answer has neither data nor errors")
    return GraphqlResult(data, cost)


def _errors(found: Any) -> tuple[StoreError, ...]:
    """Classify the top-level errors; a string in their place is how Shopify refuses a token."""
    if not found:
        return ()
    if isinstance(found, str):
        refused = "token" in found.lower() or "unauthorized" in found.lower()
        kind = "unauthorized" if refused else "invalid_response"
        return (StoreError(kind, MARKS.redact.line(found)),)
    if not isinstance(found, list):
        return (StoreError("invalid_response", "errors is not a list"),)
    return tuple(_error(entry) for entry in found[:20])


def _error(entry: Any) -> StoreError:
    entry = _mapping(entry)
    extensions = _mapping(entry.get("extensions"))
    code = str(extensions.get("code") or "")
    message = MARKS.redact.line(str(entry.get("message") or "no message"))
    if code == "MAX_COST_EXCEEDED":
        return _too_dear(extensions)
    # Without a code of the list it is the query that Shopify does not understand: a field that
    # this API version lacks, an argument of the wrong type.
    return StoreError(CODES.get(code, "invalid_request"), message, code=code or None)


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

"""Reads Shopify's responses: data, errors, costs and warnings. No I/O.

Most Admin responses have the state of the rate limit, so no limit is hard-coded here. Shopify's
search ignores a filter that it does not know, and says so in `extensions.search`: then the result
is not what was requested.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from ...contract import Response
from ...errors import ErrorName, StoreError
from ..kit.graphql.bucket import Cost, QueryCostError
from ..kit.graphql.responses import GraphqlReader, GraphqlResult, mapping
from ..kit.reading.fields import Fields
from .marks import MARKS

LOCKED = "CHANNEL_LOCKED"
"""Our code of the error that a shop behind its password sends."""
_UNCODED = (
    ("throttled", "THROTTLED"),
    ("query cost is", "MAX_COST_EXCEEDED"),
    ("timeout", "TIMEOUT"),
    ("internal error", "INTERNAL_SERVER_ERROR"),
    ("cannot return null for non-nullable", "INTERNAL_SERVER_ERROR"),
    ("unavailable shop", "SHOP_INACTIVE"),
    ("online store channel is locked", LOCKED),
    ("access denied for", "ACCESS_DENIED"),
    ("this app is not approved", "ACCESS_DENIED"),
)
"""Beginnings, in lower case, of messages that may lack their code, and this code."""


class IgnoredFilterError(StoreError):
    """Shopify's search ignored a filter, so that it found more than was requested.

    Attributes:
        fields: the root fields that were searched without it.
        rest: the data of the other root fields.
    """

    def __init__(self, name: str, ignored: Mapping[str, str], data: Mapping[str, Any]) -> None:
        why = "; ".join(sorted(set(ignored.values())))
        super().__init__("invalid_response", f"Shopify ignores a search filter of {name}: {why}")
        self.fields = frozenset(ignored)
        rest = {key: value for key, value in data.items() if key not in self.fields}
        self.rest = Fields(rest, name)


class Reader(GraphqlReader):
    """Reads responses of both APIs."""

    title = "Shopify"
    marks = MARKS
    # As in Shopify's own engine, which leaves the data whole.
    cut_short = "error limit reached"
    # As documented by Shopify and seen in its schemas' tools.
    codes: ClassVar = {
        "THROTTLED": "rate_limited",
        "ACCESS_DENIED": "forbidden",
        "FORBIDDEN": "forbidden",
        "UNAUTHORIZED": "unauthorized",
        "UNAUTHENTICATED": "unauthorized",
        "TOO_MANY_REQUESTS": "rate_limited",
        "SHOP_INACTIVE": "maintenance",
        "SHOP_FROZEN": "maintenance",
        LOCKED: "maintenance",
        "INTERNAL_SERVER_ERROR": "server_error",
        "INTERNAL_ERROR": "server_error",
        "SERVICE_UNAVAILABLE": "server_error",
        "TIMEOUT": "timeout",
        "RESOURCE_NOT_FOUND": "not_found",
        "NOT_FOUND": "not_found",
    }
    statuses: ClassVar = {
        401: ("unauthorized", "Shopify does not accept the access token"),
        402: (
            "maintenance",
            "the shop is unavailable: frozen, usually for an unpaid bill, or only for some time",
        ),
        403: ("forbidden", "the access token lacks a scope, or the shop is closed to this app"),
        404: (
            "api_not_found",
            "there is no such shop, or no such API version; url must be its myshopify.com address",
        ),
        423: ("maintenance", "the shop is locked, by too many requests or for its account's sake"),
        429: ("rate_limited", "Shopify asks to slow down"),
        430: ("blocked", "Shopify's protection refuses this client's requests for now"),
    }

    def document(self, response: Response, now: float) -> Any:
        """Return the JSON of a response, as on every platform.

        The server of a shop's public domain refuses the Admin API with a word and no JSON:
        https://github.com/Shopify/shopify-api-ruby/issues/1383.
        """
        try:
            return super().document(response, now)
        except StoreError as error:
            if response.status == 400 and error.error_type == "invalid_response":
                message = f"{error.message}: url must be the shop's myshopify.com address"
                raise StoreError("api_not_found", message, status=400) from error
            raise

    def cost(self, extensions: Mapping[str, Any]) -> Cost | None:
        """Read what the query cost and how full the bucket is."""
        cost = mapping(extensions.get("cost"))
        status = mapping(cost.get("throttleStatus"))
        requested, actual = (_number(cost.get(f"{n}QueryCost")) for n in ("requested", "actual"))
        maximum, rate = _number(status.get("maximumAvailable")), _number(status.get("restoreRate"))
        available = _number(status.get("currentlyAvailable"))
        if requested is None or not maximum or available is None or not rate:
            return None
        return Cost(requested, actual, maximum, available, rate)

    def errors(self, found: Any, cost: Cost | None = None) -> tuple[StoreError, ...]:
        """Classify the errors; to refuse a token, Shopify sends a string in their place."""
        if isinstance(found, Mapping) and found:
            # Errors about the HTTP request itself, with a reason for each of its parameters.
            words = "; ".join(f"{name}: {reason}" for name, reason in list(found.items())[:5])
            return (StoreError("invalid_request", MARKS.redact.line(words)),)
        if found == "Throttled":
            found = [found]
        if isinstance(found, str) and found:
            refused = "token" in found.lower() or "unauthorized" in found.lower()
            code = _code_of(found)
            error_type: ErrorName = (
                "unauthorized" if refused else self.codes.get(code, "invalid_response")
            )
            return (StoreError(error_type, MARKS.redact.line(found), code=code or None),)
        return super().errors(found, cost)

    def error(self, entry: Mapping[str, Any], cost: Cost | None) -> StoreError:
        """Classify an error; one of them says how much a query costs above the limit."""
        extensions = mapping(entry.get("extensions"))
        if code := _code_of(str(entry.get("message"))):
            extensions = {**extensions, "code": code}
        if extensions.get("code") == "MAX_COST_EXCEEDED":
            most = _number(extensions.get("maxCost")) or 1000.0
            # If no cost is reported, half as much is requested next.
            points = _number(extensions.get("cost")) or 2.0 * most
            return QueryCostError("the query", points, most)
        return super().error({**entry, "extensions": extensions}, cost)

    def data_of(
        self, result: GraphqlResult, name: str, beside: list[StoreError] | None = None
    ) -> Fields:
        """Return the data, as on every platform.

        Raises:
            IgnoredFilterError: a filter was ignored, so the result is not what was requested.
        """
        data = super().data_of(result, name, beside)
        ignored = _ignored(result.extensions)
        if ignored:
            raise IgnoredFilterError(name, ignored, result.data)
        return data


READER = Reader()


def _code_of(message: str) -> str:
    return next((code for words, code in _UNCODED if message.lower().startswith(words)), "")


def _ignored(extensions: Mapping[str, Any]) -> dict[str, str]:
    """Read which searches ignored a filter: Shopify's warning by root field."""
    found = extensions.get("search")
    ignored = {}
    for search in found if isinstance(found, list) else ():
        path, warnings = mapping(search).get("path"), mapping(search).get("warnings")
        if warnings:
            first = mapping(warnings[0]) if isinstance(warnings, list) else {}
            words = f"{first.get('field')}: {first.get('message')}"
            root = str(path[0]) if isinstance(path, list) and path else ""
            ignored[root] = MARKS.redact.line(words, 120).rstrip(".")
    return ignored


def _number(value: Any) -> float | None:
    """Return a number that is zero or more; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    number = float(value)
    return number if 0 <= number < 1e12 else None

"""Shared by the endpoints for applications: parameters, stores, responses and errors as JSON."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from ..probing.state.storage import StateUnavailableError
from ..stores.model import Store
from .exporter import Exporter
from .places import FullError, Places

log = logging.getLogger(__name__)

MAX_LIMIT = 1000
"""Maximum of the parameter `limit` of endpoints that return lists."""


class ApiError(Exception):
    """The error response to a request.

    Args:
        message: one sentence that says what is wrong.
        more: further members of the document.
    """

    def __init__(
        self,
        status: int,
        message: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.more = more or {}


Endpoint = Callable[[web.Request], Awaitable[dict[str, Any]]]


def json_endpoint(respond: Endpoint) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make a handler of a function that returns a document or raises `ApiError`."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await respond(request))
        except ApiError as error:
            document = {"error": str(error), **error.more}
            return web.json_response(document, status=error.status, headers=error.headers)

    return handle


def json_object(body: bytes, expected: str) -> dict[str, Any]:
    """Read the JSON document of a request.

    Raises:
        ApiError: 400, it is not JSON, or not an object, about which the message is `expected`.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError(400, "the body must be a JSON document") from None
    if not isinstance(document, dict):
        raise ApiError(400, expected)
    return document


@contextmanager
def place_of(org: str, places: Places) -> Iterator[None]:
    """Occupy a place for a request of an org until the block ends.

    Raises:
        ApiError: 429 if the org, or 503 if all orgs together have too many requests.
    """
    try:
        with places.occupied(org):
            yield
    except FullError as error:
        status, whose = (429, " of this org") if error.own else (503, "")
        message = f"too many requests{whose} at the same time"
        raise ApiError(status, message, {"Retry-After": "1"}) from None


@contextmanager
def needing_state(effect: str) -> Iterator[None]:
    """Log the reason if the exporter's own state fails in the block.

    The reason may name the operator's files, hosts and users, which an org must not see; `effect`
    is what the failure means to the org.

    Raises:
        ApiError: 503, it failed.
    """
    try:
        yield
    except StateUnavailableError as error:
        log.warning("a request failed: %s: %s", effect, error)
        message = f"{effect}: the state of the exporter cannot be used now"
        raise ApiError(503, message) from None


def limit(request: web.Request) -> int:
    """Return how many entries of a list are requested, as `number` does; 100 by default.

    Raises:
        ApiError: it is not a whole number from 1 to `MAX_LIMIT`.
    """
    return number(request, "limit", 100, MAX_LIMIT)


def number(request: web.Request, name: str, default: int, highest: int) -> int:
    """Return the whole number in a parameter.

    Raises:
        ApiError: it is not a whole number from 1 to `highest`.
    """
    text = request.query.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= highest:
        raise ApiError(400, f"{name} must be a whole number from 1 to {highest}")
    return int(text)


def store_of(exporter: Exporter, org: str, domain: str) -> Store:
    """Return an org's store of a domain.

    Raises:
        ApiError: 404, the org has no such store; another org's store is treated as absent. 503, its
            source has not responded yet.
    """
    store = exporter.inventory.find(org, domain)
    if store is None and exporter.awaits(org, domain.lower()):
        message = "the source that named this store has not responded yet"
        raise ApiError(503, message, {"Retry-After": "5"})
    if store is None:
        raise ApiError(404, "there is no store of this domain")
    return store


def stores_of(exporter: Exporter, org: str, request: web.Request) -> list[Store]:
    """Return the org's store that the parameter `domain` names, as `store_of` does, or else all.

    Raises:
        ApiError: as `store_of`.
    """
    domain = request.query.get("domain")
    return [store_of(exporter, org, domain)] if domain else exporter.inventory.of(org)


def watched_store(exporter: Exporter, org: str, domain: str) -> Store:
    """Return an org's store of a domain, which this process watches.

    Raises:
        ApiError: 404, the org has no such store; 421, another process watches it.
    """
    store = store_of(exporter, org, domain)
    if not exporter.watching.watches(store):
        raise ApiError(421, "another exporter watches this store at the moment; ask that one")
    return store

"""Requests to BigCommerce's management API as plans, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net import documents
from store_exporter.net.plans import Plan, Request
from store_exporter.platforms.kit import connection
from store_exporter.platforms.kit.connection import Connection, Send
from store_exporter.platforms.kit.fields import Fields

from .marks import MARKS

STATUSES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "invalid_state",
    422: "invalid_request",
    429: "rate_limited",
}
"""Error type by status; from 500 on it is server_error."""


class Api(connection.Api):
    """The store's API for the time of one operation or run.

    Args:
        connection: the store.
        send: sends each request.
        deadline: seconds from now on in which all of it has to be done.
        base: address of the API with the store's hash.
    """

    def __init__(
        self, connection: Connection[Any], send: Send, *, deadline: float, base: str
    ) -> None:
        super().__init__(connection, send, deadline=deadline)
        self.base = base

    def ask(self, path: str, params: Mapping[str, str] | None = None) -> Plan[tuple[Any, Response]]:
        """GET one resource; return its JSON and the answer that it came in."""
        request = Request("GET", self.base + path, params or {}, idempotent=True)
        response = yield from self.exchange(request)
        return read(response), response

    def data(self, path: str, params: Mapping[str, str] | None = None) -> Plan[Any]:
        """GET a resource of version 3 and return what stands under `data`."""
        body, _ = yield from self.ask(path, params)
        return Fields(body, path).raw("data")

    def currency(self) -> Plan[str]:
        """Return the code of the store's currency, asked for once an hour."""
        return self.facts.get("currency", self._currency)

    def _currency(self) -> Plan[str]:
        body, _ = yield from self.ask("/v2/store")
        return Fields(body, "the store").currency("currency")


def read(response: Response) -> Any:
    """Return the JSON of a successful answer.

    Raises:
        StoreError: by `STATUSES`, or what `documents.document` finds where it is no JSON.
    """
    body = documents.document(response, MARKS)
    status = response.status
    if status < 400:
        return body
    # Version 2 answers with a list of errors, version 3 with one that has a title.
    first = body[0] if isinstance(body, list) and body else body
    said = [first.get(name) for name in ("title", "message")] if isinstance(first, dict) else []
    text = next((text for text in said if isinstance(text, str)), "")
    message = MARKS.redact.line(text) or f"the store answered with HTTP {status}"
    kind = "server_error" if status >= 500 else STATUSES.get(status, "invalid_response")
    raise StoreError(kind, message, status=status)

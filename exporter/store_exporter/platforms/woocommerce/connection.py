"""One WooCommerce store: its REST API key, and what rarely changes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from ...contract import Response
from ...errors import StoreError
from ...net.plans import Request, asked_to_wait
from ...stores.model import Secret, Store, Unreadable
from ..kit import connection
from ..kit.connection import Clocks, Send, revealed
from .api import Api
from .auth import Credentials, needs_key
from .place import Place


class Connection(connection.Connection[Api]):
    """A store and the key to it.

    Args:
        url: the store's address.
        consumer_key: of a REST API key, `ck_…`; without one only the shoppers' API can be asked.
        consumer_secret: of the same key, `cs_…`.
        currency: code of the shop's currency, which is otherwise asked for, once an hour.
        credentials_in_query: send the key in the query, for hosts that strip the Authorization
            header.
        clocks: `monotonic` and `now`.
    """

    platform = "woocommerce"

    def __init__(
        self,
        url: str,
        consumer_key: str | Secret | Unreadable | None,
        consumer_secret: str | Secret | Unreadable | None,
        *,
        currency: str | None = None,
        credentials_in_query: bool = False,
        **clocks: Unpack[Clocks],
    ) -> None:
        super().__init__(url, **clocks)
        self.place = Place(self.url)
        if currency is not None:
            self.facts.fix("currency", currency)
        self._key, self._secret = consumer_key, consumer_secret
        self._in_query = credentials_in_query

    def sign(self, request: Request) -> Request:
        """Add the key, or a signature made with it, where it is asked for.

        Raises:
            StoreError: unauthorized, there is no key, or it cannot be read.
        """
        if not needs_key(request.url):
            return request
        if self._key is None or self._secret is None:
            message = f"the configuration has no consumer_key and consumer_secret for {self.host}"
            raise StoreError("unauthorized", message)
        url = self.place.as_signed(request.url)
        credentials = Credentials(
            revealed(self._key), revealed(self._secret), in_query=self._in_query, now=self.now
        )
        params, headers = credentials.authorize(request.method, url, request.params)
        return replace(request, params=params, headers={**request.headers, **headers})

    def api(self, send: Send, *, deadline: float) -> Api:
        """Return the store's REST API."""
        return Api(self, send, deadline=deadline)

    def asked_to_wait(self, response: Response, now: float) -> float | None:
        """Return for how many seconds an answer asks to wait, the Store API's own way included.

        Its rate limit answers 400 with `RateLimit-Retry-After`, not 429.
        """
        if response.status == 400 and b"rate_limit_exceeded" in response.body[:500]:
            raw = response.headers.get("ratelimit-retry-after", "")
            return float(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0.0
        return asked_to_wait(response, now)


def connection_of(store: Store, **clocks: Unpack[Clocks]) -> Connection:
    """Return the connection that a store's configuration describes.

    Args:
        store: of this platform.
        clocks: `monotonic` and `now`, the machine's own unless given.
    """
    credentials: dict[str, Any] = dict(store.credentials)
    return Connection(
        store.url,
        credentials.get("consumer_key"),
        credentials.get("consumer_secret"),
        credentials_in_query=bool(store.settings.get("credentials_in_query", False)),
        **clocks,
    )

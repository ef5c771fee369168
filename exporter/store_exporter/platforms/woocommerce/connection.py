"""The connection to a WooCommerce store: its REST API key, and what rarely changes in the store."""

from __future__ import annotations

from functools import cached_property

from ...contract import Response
from ...errors import StoreError
from ...net.plans import Request, requested_wait
from ..kit import connection
from ..kit.connection import reveal
from .api import Api
from .api_location import ApiLocation
from .auth import Credentials, needs_key
from .local_dates import ChangeTimes
from .marks import MARKS


class Connection(connection.Connection[Api]):
    """A store and the key to it; without one only the shoppers' API can be used."""

    platform = "woocommerce"
    marks = MARKS
    api_type = Api

    def prepare(self) -> None:
        """Start with the API where pretty permalinks put it, and with no known responses."""
        self.location = ApiLocation(self.url)
        self.change_times = ChangeTimes(self.monotonic)
        self.seen: dict[str, tuple[str, float]] = {}

    def sign(self, request: Request) -> Request:
        """Add the key, or a signature made with it, where the request needs it.

        Raises:
            StoreError: unauthorized, there is no key, or it cannot be read.
        """
        if not needs_key(request.url):
            return request
        url = self.location.address_to_sign(request.url)
        params, headers = self._key.authorize(request.method, url, request.params)
        return request.carrying(params, {**request.headers, **headers})

    @cached_property
    def _key(self) -> Credentials:
        names = ("consumer_key", "consumer_secret")
        if None in map(self.credentials.get, names):
            message = f"the configuration has no consumer_key and consumer_secret for {self.host}"
            raise StoreError("unauthorized", message)
        key, secret = (reveal(self.credentials[name], name) for name in names)
        in_query = bool(self.settings.get("credentials_in_query"))
        return Credentials(key, secret, in_query=in_query, now=self.now)

    def requested_wait(self, response: Response, now: float) -> float | None:
        """Return the seconds to wait; the Store API asks for them with status 400, not 429."""
        if response.status == 400 and b"rate_limit_exceeded" in response.body[:500]:
            raw = response.headers.get("ratelimit-retry-after", "")
            return float(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0.0
        return requested_wait(response, now)

"""One BigCommerce store: its hash and the token of an API account."""

from __future__ import annotations

from dataclasses import replace

from store_exporter.contract import Response
from store_exporter.net.plans import Request, requested_wait
from store_exporter.net.url import normal
from store_exporter.platforms.kit import connection
from store_exporter.platforms.kit.connection import reveal

from .api import Api

API = "https://api.bigcommerce.com"


class Connection(connection.Connection[Api]):
    """A store and the token for it."""

    platform = "bigcommerce"
    api_type = Api

    def prepare(self) -> None:
        """Learn where the store's API is."""
        settings = self.settings
        self.base = f"{normal(str(settings['api_url']))}/stores/{settings['store_hash']}"
        self._token = self.credentials["access_token"]

    def sign(self, request: Request) -> Request:
        """Add the token to what goes to the API; the shop's own pages are not shown it."""
        if not request.url.startswith(f"{self.base}/"):
            return request
        token = {"X-Auth-Token": reveal(self._token), "Accept": "application/json"}
        return replace(request, headers={**request.headers, **token})

    def requested_wait(self, response: Response, now: float) -> float | None:
        """Return for how many seconds an answer asks to wait; a 429 says it in milliseconds."""
        left = response.headers.get("x-rate-limit-time-reset-ms", "")
        if response.status == 429 and left.isascii() and left.isdigit() and len(left) < 10:
            return int(left) / 1000
        return requested_wait(response, now)

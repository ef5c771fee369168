"""Which token proves to which API who is asking. No I/O."""

from __future__ import annotations

from dataclasses import replace

from ...errors import StoreError
from ...stores.model import Secret
from ..plans import Request

_PRIVATE = "shpat_"


class Tokens:
    """The tokens of one app in one shop.

    Args:
        url: the shop's base address without a trailing slash; no other host is given a token.
        admin: the Admin API's access token.
        storefront: the Storefront API's token, public or private; None if there is none.
    """

    def __init__(self, url: str, admin: str | Secret, storefront: str | Secret | None) -> None:
        self._url = url
        self._admin = _revealed(admin)
        self._storefront = None if storefront is None else _revealed(storefront)

    def headers(self, url: str) -> dict[str, str]:
        """Return the header for a request to an address.

        Raises:
            StoreError: unauthorized, there is no token for that API.
        """
        if url.startswith(f"{self._url}/admin/api/"):
            return {"X-Shopify-Access-Token": self._admin}
        if not url.startswith(f"{self._url}/api/"):
            return {}
        if self._storefront is None:
            message = "the configuration has no storefront_token, which searches and carts need"
            raise StoreError("unauthorized", message)
        # A private token names the server that uses it; a public one may stand in a web page.
        private = self._storefront.startswith(_PRIVATE)
        name = (
            "Shopify-Storefront-Private-Token" if private else "X-Shopify-Storefront-Access-Token"
        )
        return {name: self._storefront}

    def sign(self, request: Request) -> Request:
        """Add the token to a request."""
        return replace(request, headers={**request.headers, **self.headers(request.url)})


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value

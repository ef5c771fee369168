"""One Shopify shop: its tokens, the state of its rate limit, and what rarely changes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack
from urllib.parse import urlsplit

from ...net.plans import Request
from ...stores.model import Secret, Store, Unreadable
from ..kit import connection
from ..kit.bucket import Bucket
from ..kit.connection import Clocks, Send
from .api import Api, api_of
from .auth import App, Tokens, access
from .versions import DEFAULT

DEFAULT_SHARE = 0.25
"""Part of the rate limit that monitoring may use, unless configured."""


class Connection(connection.Connection[Api]):
    """A shop and the tokens for it.

    Args:
        url: the shop's own address.
        admin: the Admin API's access token, or the app that is given one.
        storefront: the Storefront API's token, public or private; None if there is none.
        version: of both APIs.
        share: of the Admin API's rate limit that may be used, from above 0 to 1.
        clocks: `monotonic` and `now`.
    """

    platform = "shopify"
    example = "https://shop.myshopify.com"

    def __init__(
        self,
        url: str,
        admin: str | Secret | Unreadable | App,
        storefront: str | Secret | Unreadable | None,
        *,
        version: str = DEFAULT,
        share: float = 1.0,
        **clocks: Unpack[Clocks],
    ) -> None:
        super().__init__(url, **clocks)
        self.version = version
        self.bucket = Bucket(self.monotonic, share)
        self.tokens = Tokens(admin, storefront, self.monotonic)

    def sign(self, request: Request) -> Request:
        """Add the token of the API that is asked.

        Raises:
            StoreError: unauthorized, there is no token for that API.
        """
        api = api_of(urlsplit(request.url).path)
        if api is None:
            return request
        return replace(request, headers={**request.headers, **self.tokens.headers(api)})

    def api(self, send: Send, *, deadline: float) -> Api:
        """Return the shop's APIs; waiting for the rate limit ends with the deadline."""
        return Api(self, send, deadline=deadline)


def connection_of(
    store: Store, *, share: float | None = None, **clocks: Unpack[Clocks]
) -> Connection:
    """Return the connection that a shop's configuration describes.

    Args:
        store: of this platform.
        share: of the rate limit; the share that is configured for monitoring unless given.
        clocks: `monotonic` and `now`, the machine's own unless given.

    Raises:
        KeyError: the credentials are incomplete.
    """
    settings = store.settings
    return Connection(
        store.url,
        access(store.credentials),
        store.credentials.get("storefront_token"),
        version=str(settings.get("api_version") or DEFAULT),
        share=share or float(settings.get("budget_share") or DEFAULT_SHARE),
        **clocks,
    )

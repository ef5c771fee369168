"""One Shopify shop: its tokens, the state of its rate limit, and what rarely changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Unpack
from urllib.parse import urlsplit

from ...net.plans import Request
from ..kit import connection
from ..kit.bucket import Bucket
from ..kit.connection import Clocks, Credential, Send
from .api import Api, api_of
from .auth import Tokens
from .versions import DEFAULT

DEFAULT_SHARE = 0.25
"""Part of the rate limit that monitoring may use, unless configured."""


class Connection(connection.Connection[Api]):
    """A shop and the tokens for it."""

    platform = "shopify"
    example = "https://shop.myshopify.com"

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, Credential],
        settings: Mapping[str, Any],
        **clocks: Unpack[Clocks],
    ) -> None:
        super().__init__(url, credentials, settings, **clocks)
        self.version = str(settings.get("api_version") or DEFAULT)
        share = float(settings.get("budget_share") or DEFAULT_SHARE)
        self.bucket = Bucket(self.monotonic, share)
        self.tokens = Tokens(credentials, self.monotonic)

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

"""The connection to a Shopify shop: its tokens, its rate limit, and what rarely changes in it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from ...net.plans import Request
from ..kit import connection
from ..kit.graphql.bucket import Bucket
from .api import Api, api_of
from .auth import Tokens
from .marks import MARKS
from .versions import DEFAULT

DEFAULT_SHARE = 0.25
"""Share of the rate limit that monitoring may use unless another is configured."""


class Connection(connection.Connection[Api]):
    """A shop and the tokens for it."""

    platform = "shopify"
    marks = MARKS
    example = "https://shop.myshopify.com"
    api_type = Api

    def prepare(self) -> None:
        """Start with a full share of the rate limit, and with the configured tokens."""
        self.version = str(self.settings.get("api_version") or DEFAULT)
        share = float(self.settings.get("budget_share") or DEFAULT_SHARE)
        self.bucket = Bucket(self.monotonic, share)
        self.tokens = Tokens(self.credentials, self.monotonic)
        self.deprecated = ""

    def sign(self, request: Request) -> Request:
        """Add the token of the API that the request is for, or the signature for pages.

        Raises:
            StoreError: unauthorized, there is no token for that API.
        """
        api = api_of(urlsplit(request.url).path)
        return replace(request, headers={**request.headers, **self.tokens.headers(api)})

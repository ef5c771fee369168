"""The clients that applications use: the same operations, blocking and asynchronous."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Unpack

import httpx

from ...spec.sessions import CartSession
from ...stores.model import Secret
from ..kit.client import clients
from ..kit.client.clients import AsyncClient, BlockingClient, Client, SleptT, TransportT
from ..kit.connection import Credential
from .api import Api
from .auth import App
from .connection import Connection
from .operations import PLANS

__all__ = ["App", "AsyncShopify", "CartSession", "Shopify"]


class Options(clients.Options[TransportT, SleptT], total=False):
    """Keyword arguments of both clients; `org` is required."""

    api_version: str
    """Version of both APIs, such as 2026-10."""


class _Shop(Client[Api, TransportT, SleptT]):
    options = Options

    def __init__(
        self,
        url: str,
        admin: str | Secret | App,
        storefront_token: str | Secret | None = None,
        **options: Unpack[Options[TransportT, SleptT]],
    ) -> None:
        credentials: dict[str, Credential] = {"storefront_token": storefront_token}
        if isinstance(admin, App):
            credentials |= {"client_id": admin.client_id, "client_secret": admin.client_secret}
        else:
            credentials["admin_token"] = admin
        settings = {"api_version": options.get("api_version"), "budget_share": 1.0}
        connection = Connection(url, credentials, settings, **clients.clocks(options))
        super().__init__(connection, PLANS, options)


class Shopify(_Shop[httpx.BaseTransport, None], BlockingClient[Api]):
    """A Shopify shop, for blocking code. One client serves all threads of an application.

    Args:
        url: the shop's own address, such as `https://shop.myshopify.com`.
        admin: an `App` of the Dev Dashboard, or an Admin API access token, `shpat_…`.
        storefront_token: a token of the Storefront API, public or private (`shpat_…`); without
            one, searching, paying and carts are not available.
        options: `Options` has them; `org` is required.

    Raises:
        ValueError: `url` is no http or https address.
        TypeError: an option is unknown, or `org` is missing.
    """


class AsyncShopify(_Shop[httpx.AsyncBaseTransport, Awaitable[None]], AsyncClient[Api]):
    """A Shopify shop, for asyncio: arguments and methods are those of `Shopify`.

    Its methods must be awaited, and its `sleep` returns an awaitable.
    """

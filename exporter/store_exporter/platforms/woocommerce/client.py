"""The clients that applications use: the same operations, blocking and asynchronous."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Unpack

import httpx

from ...spec.sessions import CartSession
from ...stores.model import Secret
from ..kit.client import clients
from ..kit.client.clients import AsyncClient, BlockingClient, Client, SleptT, TransportT
from . import facts
from .api import Api
from .connection import Connection
from .operations import PLANS

__all__ = ["AsyncWooCommerce", "CartSession", "WooCommerce"]


class Options(clients.Options[TransportT, SleptT], total=False):
    """Keyword arguments of both clients; `org` is required."""

    currency: str | None
    """Code of the shop's currency, which is otherwise requested, once an hour."""
    credentials_in_query: bool
    """For hosts that strip the Authorization header; the key is then in their logs."""


class _Store(Client[Api, TransportT, SleptT]):
    options = Options

    def __init__(
        self,
        url: str,
        consumer_key: str | Secret,
        consumer_secret: str | Secret,
        **options: Unpack[Options[TransportT, SleptT]],
    ) -> None:
        credentials = {"consumer_key": consumer_key, "consumer_secret": consumer_secret}
        connection = Connection(url, credentials, options, **clients.clocks(options))
        if (currency := options.get("currency")) is not None:
            connection.facts.fix(facts.currency, currency)
        super().__init__(connection, PLANS, options)


class WooCommerce(_Store[httpx.BaseTransport, None], BlockingClient[Api]):
    """A WooCommerce store, for blocking code. One client serves all threads of an application.

    Args:
        url: the store's address, such as `https://shop.example.com`. Over https the key travels as
            basic authentication, over http requests are signed with OAuth 1.0a.
        consumer_key: of a REST API key, `ck_…`.
        consumer_secret: of the same key, `cs_…`.
        options: `Options` has them; `org` is required.

    Raises:
        ValueError: `url` is no http or https address.
        TypeError: an option is unknown, or `org` is missing.
    """


class AsyncWooCommerce(_Store[httpx.AsyncBaseTransport, Awaitable[None]], AsyncClient[Api]):
    """A WooCommerce store, for asyncio: arguments and methods are those of `WooCommerce`.

    Its methods must be awaited, and its `sleep` returns an awaitable.
    """

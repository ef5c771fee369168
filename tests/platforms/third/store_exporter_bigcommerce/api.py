"""Requests to BigCommerce's management API as plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.connection import Send
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.kit.rest import api

from .responses import READER

if TYPE_CHECKING:
    from .connection import Connection


class Api(api.Api):
    """The store's API for the time of one operation or run."""

    reader = READER

    def __init__(self, connection: Connection, send: Send, *, deadline: float) -> None:
        super().__init__(connection, send, deadline=deadline)
        self._base = connection.base

    def address(self, path: str) -> str:
        """Return the address of a path, which is below that of the store's API."""
        return self._base + path

    def data(self, path: str, params: Mapping[str, str] | None = None) -> Plan[Any]:
        """GET a resource of version 3 and return what stands under `data`."""
        return Fields((yield from self.get(path, params)), path).raw("data")

    def currency(self) -> Plan[str]:
        """Return the code of the store's currency, asked for once an hour."""
        return self.facts.get("currency", self._currency)

    def _currency(self) -> Plan[str]:
        return Fields((yield from self.get("/v2/store")), "the store").currency("currency")

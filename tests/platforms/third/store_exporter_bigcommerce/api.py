"""Requests to BigCommerce's management API as plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.connection import Send, fact
from store_exporter.platforms.kit.rest import api
from store_exporter.platforms.kit.rest.wrapping import Wrapping

from .responses import READER

if TYPE_CHECKING:
    from .connection import Connection


class Api(api.Api):
    """The store's API for the time of one operation or run."""

    page_size = 250
    most_pages = 10
    size_name = "limit"
    ids_name = "id:in"
    # Version 2 sends lists and resources as they are.
    wrappings: ClassVar = {
        "/v3/": Wrapping(
            items="data",
            resource="data",
            total=("meta", "pagination", "total"),
            pages=("meta", "pagination", "total_pages"),
        )
    }
    reader = READER

    def __init__(self, connection: Connection, send: Send, *, deadline: float) -> None:
        super().__init__(connection, send, deadline=deadline)
        self._base = connection.base

    def address(self, path: str) -> str:
        """Return the address of a path, which is below that of the store's API."""
        return self._base + path

    @fact
    def currency(self) -> Plan[str]:
        """Return the code of the store's currency, requested once an hour."""
        return (yield from self.get_object("/v2/store", "the store")).currency("currency")

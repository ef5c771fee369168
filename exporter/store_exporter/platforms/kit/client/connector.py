"""The client for a store of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ....net.proxy import address_of, proxy_for
from ....stores.model import Store
from ..connection import ApiT, Connection
from ..operations.plans import Plans

if TYPE_CHECKING:
    from .clients import BlockingClient, Options


def connector(
    connection: type[Connection[ApiT]], plans: Plans, **settings: Any
) -> Callable[[Store], BlockingClient[ApiT]]:
    """Return a function that creates the blocking client for a store of the configuration.

    `settings` are values for operations that differ from those for monitoring.
    """

    def connect(store: Store) -> BlockingClient[ApiT]:
        # Imported here: httpx takes longer than all the rest, and few commands connect to a store.
        from .clients import BlockingClient

        options: Options[Any, None] = {
            "org": store.org,
            "domain": store.domain,
            "max_body_bytes": store.max_body_bytes,
            "ca_file": store.ca_file,
        }
        if store.proxy is not None:
            proxy = proxy_for(store, store.url)
            options["proxy_url"] = "" if proxy is None else address_of(proxy)
        known = connection(store.url, store.credentials, {**store.settings, **settings})
        return BlockingClient(known, plans, options)

    return connect

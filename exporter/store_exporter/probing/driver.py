"""The driver that runs plans for monitoring.

Operations, probes, collectors and diagnosis are plans over the same API of a platform. This module
and `StoreHttp` do what is specific to monitoring. Each request is sent once, because a repetition
would hide what a probe must see; the exception is a kept connection that the store had closed.
Requests use the store's budget and slots, and are timed by phase. A pause may last as long as the
run has time; one for the store's rate limit that would last longer ends the run at once.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

from ..contract import Resolve, Response, Run
from ..errors import StoreError
from ..net.failures import transport_error
from ..net.names import Names
from ..net.plans import Pause, Request, drive, once
from ..platforms.kit.connection import Connection
from .exchange import StaleConnectionError

T = TypeVar("T")


class Http(Protocol):
    """What sends requests, credentials included; a `StoreHttp`, or a stand-in."""

    async def send(self, request: Request) -> Response:
        """Send one request and return the response, whatever it is; see `StoreHttp.send`."""
        ...


class Driver:
    """Runs the plans of one run against one store.

    Args:
        http: sends the requests.
        connection: the connection to the store.
        pause: waits between requests, see `StoreHttp.pause`.
        between: awaited before each request, for work that is due during a long plan.
    """

    def __init__(
        self,
        http: Http,
        connection: Connection[Any],
        *,
        pause: Callable[[Pause], Awaitable[None]],
        between: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._between = between
        self._http = http
        self._connection = connection
        self._pause = pause

    async def run(self, check: Callable[[Any, Run], Generator[Any, Any, T]], run: Run) -> T:
        """Run the plan that a check makes to its end and return its result.

        Raises:
            StoreError: as the plan does.
        """
        return await drive(check(self._connection.api(once, deadline=math.inf), run), self._perform)

    async def _perform(self, step: Request | Pause | Resolve) -> Any:
        if isinstance(step, Request):
            if self._between is not None:
                await self._between()
            try:
                return await self._http.send(self._connection.sign(step))
            except StaleConnectionError:
                if not step.idempotent:
                    raise
                return await self._http.send(self._connection.sign(step))
        if isinstance(step, Pause):
            return await self._pause(step)
        try:
            found = await Names().addresses(step.host, step.port)
        except (OSError, UnicodeError) as error:
            failure = transport_error(error, step.host, sent=False)
            message = f"the name {step.host} does not resolve"
            raise failure or StoreError("dns", message) from error
        return [address.host for address in found]

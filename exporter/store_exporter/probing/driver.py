"""The driver that runs plans for monitoring.

Operations, probes, collectors and diagnosis are plans over the same API of a platform. What sets
monitoring apart is said here and in `StoreHttp`: each request is sent once, for a repetition would
hide what a probe is there to see, unless the store had closed a connection that was kept; it goes
through the store's budget and slots, and is timed by phase; a pause may last as long as the run has
time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

from ..contract import Resolve, Response, Run
from ..errors import StoreError
from ..net.failures import transport_error
from ..net.names import Names
from ..net.plans import Pause, Request, once
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
        connection: what is known of the store.
        sleep: waits for seconds.
        between: awaited before each request, for what is to be done while a long plan goes on.
    """

    def __init__(
        self,
        http: Http,
        connection: Connection[Any],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        between: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._between = between
        self._http = http
        self._connection = connection
        self._sleep = sleep

    async def run(self, check: Callable[[Any, Run], Generator[Any, Any, T]], run: Run) -> T:
        """Run the plan that a check makes to its end and return its result.

        Raises:
            StoreError: as the plan does.
        """
        plan = check(self._connection.api(once, deadline=math.inf), run)
        try:
            step = next(plan)
            while True:
                try:
                    found = await self._take(step)
                except StoreError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(found)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            plan.close()

    async def _take(self, step: Request | Pause | Resolve) -> Any:
        """Do what a plan requests and return what to send into it."""
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
            return await self._sleep(step.seconds)
        try:
            found = await Names().addresses(step.host, step.port)
        except (OSError, UnicodeError) as error:
            failure = transport_error(error, step.host, sent=False)
            message = f"the name {step.host} does not resolve"
            raise failure or StoreError("dns", message) from error
        return [address.host for address in found]

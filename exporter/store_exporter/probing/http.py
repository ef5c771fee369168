"""The HTTP client of one run of a probe or collector, with all its limits."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

from ..contract import Response
from ..errors import ErrorName, StoreError
from ..net import reach, redirects
from ..net.plans import Pause, Request, encoded
from ..net.proxy import proxy_for
from ..platforms import base
from ..platforms.kit.client.http_spans import HttpSpan
from ..stores.model import Store
from .access import Access, Journal
from .budget import BudgetSpentError, Priority
from .exchange import REQUEST_SECONDS, Exchange, Outgoing, Sender, StaleConnectionError

T = TypeVar("T")
_UNREACHABLE: tuple[ErrorName, ...] = ("timeout", "dns", "connection", "tls", "tls_untrusted")
_GRACE = 0.25
"""Seconds after a run's deadline until it is interrupted, if its request did not time out."""
_KEPT_FOR = re.compile(r"\btimeout=(\d{1,9})\b").search
_NOTABLE_WAIT = 0.001
"""Shorter waits are caused by the event loop, not by another run."""


class StoreHttp:
    """Bounded HTTP to one store for one run: time, size, redirects, budget and slots.

    Requests go to the store's own addresses only, see `Access.check`. No cookie is kept.

    Args:
        store: its addresses and limits apply.
        sender: sends the requests.
        access: the store's budget and slots, shared by all runs; new ones if None.
        timeout: seconds for the whole run, without waits for a slot.
        priority: order of its requests.
        liveness: whether the run is the liveness probe, which has a separate slot, so that it never
            waits for a collector's slow request.
        idle: seconds for which a connection must be kept to serve the next run; None if each run
            opens a new one.
        now: Unix time, for dates in Retry-After.
        sleep: waits for seconds.

    Attributes:
        journal: the requests so far and their outcomes.
        deadline: the end of the run at the latest, by the event loop's clock; extended by waits for
            a slot.
    """

    def __init__(
        self,
        store: Store,
        sender: Sender,
        access: Access | None = None,
        *,
        timeout: float = 10.0,
        priority: Priority = Priority.PROBE,
        liveness: bool = False,
        idle: float | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.journal = Journal()
        self._store = store
        self._marks = base.load(store.platform).marks
        self._sender = sender
        self._access = access or Access(store)
        self._priority = priority
        self._slots = self._access.liveness_slot if liveness else self._access.slots
        self._idle = idle if self._access.lasting else None
        self._anew = False
        self._now = now
        self._sleep = sleep
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self.deadline = self._loop.time() + timeout
        self._limit: asyncio.Timeout | None = None

    async def within_deadline(self, running: Awaitable[T]) -> T:
        """Wait for a run to end, until its deadline, which is extended by waits for a slot.

        The run may connect only to the addresses that its store may have, see `reach.permitted`.

        Raises:
            StoreError: timeout; or whatever the run raises.
        """
        reach.limit_to(self._store.networks)
        try:
            async with asyncio.timeout_at(self.deadline + _GRACE) as self._limit:
                return await running
        except TimeoutError as error:
            if self._limit is None or not self._limit.expired():
                raise
            raise StoreError("timeout", f"it did not end within {self._timeout:g} s") from error

    async def apart(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do work within a run, without counting its time as the store's."""
        began = self._loop.time()
        if self._limit is not None:
            self._limit.reschedule(None)
        await work()
        self._move(self._loop.time() - began)

    async def pause(self, pause: Pause) -> None:
        """Wait between requests.

        Raises:
            StoreError: the pause's own, if the run would end meanwhile.
        """
        if pause.too_long is not None and self._loop.time() + pause.seconds >= self.deadline:
            raise pause.too_long
        await self._sleep(pause.seconds)

    async def send(self, request: Request) -> Response:
        """Send one request and return the response, also one with an error status.

        The request goes to an address of the store, or to a path below its url, and is
        authenticated.

        Raises:
            StoreError: timeout, dns, connection, tls, tls_untrusted, redirect, response_too_large,
                invalid_response for a body that cannot be decompressed, rate_limited when the
                hourly budget is spent, or invalid_request for an address that is not the store's.
        """
        outgoing = self._outgoing(request)
        trail = redirects.Trail(outgoing.method, outgoing.url, self._marks)
        response = await self._send(outgoing)
        while (target := trail.next(response)) is not None:
            outgoing = outgoing._replace(url=target, proxy=proxy_for(self._store, target))
            try:
                response = await self._follow(outgoing)
            except StoreError as error:
                where = urlsplit(target)
                error.message += f", after a redirect to {where.scheme}://{where.netloc}"
                error.args = (error.message,)
                raise
        return response

    async def _follow(self, outgoing: Outgoing) -> Response:
        try:
            return await self._send(outgoing)
        except StaleConnectionError:
            # Some servers end a connection after a redirect without a word. A trail is followed to
            # read only, and from its beginning it would be met by the same.
            return await self._send(outgoing._replace(lasting=False, anew=True))

    def _outgoing(self, request: Request) -> Outgoing:
        url = self._store.url + request.url if request.url.startswith("/") else request.url
        self._access.check(self._store, url)
        url, headers, data = encoded(request, url)
        store = self._store
        return Outgoing(
            request.method,
            url,
            self.deadline,
            store.max_body_bytes,
            headers,
            data,
            store.ca_file,
            proxy_for(store, url),
            self._idle is not None,
            self._anew,
        )

    async def _send(self, outgoing: Outgoing) -> Response:
        await self._afford()
        since = self._loop.time()
        waits = self._slots.busy
        if waits and self._limit is not None:
            # The time of another run does not count.
            self._limit.reschedule(None)
        await self._slots.acquire(self._priority)
        try:
            begins = self._loop.time()
            if waits or begins - since >= _NOTABLE_WAIT:
                self._move(begins - since)
            deadline = min(self.deadline, begins + REQUEST_SECONDS)
            if deadline != outgoing.deadline:
                outgoing = outgoing._replace(deadline=deadline)
            return await self._exchange(outgoing)
        finally:
            self._slots.release()

    async def _afford(self) -> None:
        """Spend a request; a collector waits for the budget if its deadline allows."""
        budget = self._access.budget
        while not budget.spend(self._priority):
            wait = budget.wait(self._priority)
            patient = self._priority is Priority.COLLECTOR
            if not patient or self._loop.time() + wait >= self.deadline:
                raise BudgetSpentError(budget.per_hour, wait)
            self.journal.waited += wait
            await self._sleep(wait)
        self._access.keep()

    def _move(self, seconds: float) -> None:
        """Postpone the deadline by the time spent waiting for another run."""
        if seconds >= _NOTABLE_WAIT:
            self.journal.waited += seconds
            self.deadline += seconds
        if self._limit is not None:
            self._limit.reschedule(self.deadline + _GRACE)

    async def _exchange(self, outgoing: Outgoing) -> Response:
        secure = outgoing.url.startswith("https:")
        exchange = Exchange(self._access.expiry(outgoing.url) if secure else None)
        self.journal.requests += 1
        outcome, began = "interrupted", self._loop.time()
        span = HttpSpan(outgoing.method, outgoing.url)
        try:
            response = await self._sender.send(outgoing, exchange)
            span.responded(response.status)
            outcome = f"HTTP {response.status}, {len(response.body)} bytes"
        except StoreError as error:
            outcome = f"{error.error_type}: {error.message}"
            span.failed(error.error_type)
            self._learn_from(error, outgoing, exchange, began)
            raise
        finally:
            # A request without a response and without a failure was interrupted.
            span.failed("cancelled")
            self.journal.record(outgoing, exchange, outcome)
            self._access.keep()
            if exchange.certificate_expiry is not None:
                # Also of a response that cannot be read: its connection may be kept.
                self._access.learn_expiry(outgoing.url, exchange.certificate_expiry)
        if exchange.kept and outgoing.lasting:
            self._access.reused(responded=True)
        if self._idle is not None and self._idle >= _kept_for(response):
            # The server closes it too early, and it may occupy one of few processes there.
            self._connect_anew()
        if self._access.judge(response, self._now()):
            self.journal.throttled += 1
        return response

    def _learn_from(
        self, error: StoreError, outgoing: Outgoing, exchange: Exchange, began: float
    ) -> None:
        """Note what a failed request says about the store and its connections.

        Raises:
            StaleConnectionError: the connection was kept, and may have been lost.
        """
        if error.error_type not in ("tls", "tls_untrusted"):
            error.certificate_expiry = exchange.certificate_expiry
        if isinstance(error, StaleConnectionError):
            # Another kept one may have ended as well: this run goes on over new ones.
            self._idle, self._anew = None, True
            if outgoing.lasting:
                self._access.reused(responded=False)
            return
        if exchange.kept and outgoing.lasting:
            self._connect_anew()
            if exchange.status is None:
                # A firewall may have dropped the idle connection; the store has not failed.
                self._move(self._loop.time() - began)
                raise StaleConnectionError(error.error_type, error.message) from error
        if error.error_type in _UNREACHABLE:
            self._access.budget.failed()

    def _connect_anew(self) -> None:
        """Make this run, and the runs of the next day, open new connections."""
        self._idle, self._anew = None, True
        self._access.connect_anew()


def _kept_for(response: Response) -> float:
    """Return the seconds for which the server announces to keep the connection."""
    announced = _KEPT_FOR(response.headers.get("keep-alive", ""))
    return float(announced[1]) if announced else math.inf

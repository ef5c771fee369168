"""What all runs against one store share, and the journal of one run for the runner to record."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..contract import Response
from ..errors import StoreError
from ..net import plans, redirects
from ..net.redactor import Redactor
from ..platforms import base
from ..platforms.kit.connection import Connection
from ..stores.model import Store
from .budget import Budget, Slots
from .exchange import Exchange, Outgoing
from .state.budgets import Budgets, key_of

_JOURNAL_LINES = 50
_DAY = 86_400.0


class Access:
    """The budget and the slots of one store, kept for as long as it is watched.

    Args:
        store: the store.
        budgets: saves the budget; None if it is not saved.
        monotonic: seconds of a monotonic clock.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        store: Store,
        *,
        budgets: Budgets | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self._now = now
        self._connection: tuple[Store, Any, Connection[Any]] | None = None
        self._redactor: tuple[Store, Redactor] | None = None
        self._key = key_of(store)
        self._budgets = budgets
        self._restored = budgets is None
        self.budget = Budget(store.requests_per_hour, monotonic=monotonic)
        self.slots = Slots(store.concurrency)
        self.liveness_slot = Slots(1)
        self.saved: tuple[str, ...] = ()
        """The collectors whose documents were saved at the end of a run."""
        self._expiries: dict[str, float] = {}
        self._anew_until = -math.inf
        self._ended_early = 0
        self._origins = (store, origins(store))

    def update(self, store: Store) -> None:
        """Apply a changed configuration; spent requests stay spent."""
        self._key = key_of(store)
        self.budget.limit(store.requests_per_hour)
        self.slots.size = store.concurrency

    async def restore(self) -> None:
        """Restore the saved budget of the store."""
        if not self._restored and self._budgets is not None:
            self._restored = await self._budgets.restore(self._key, self.budget)

    def keep(self) -> None:
        """Save the budget, but not before it was restored: spent requests would be lost."""
        if self._restored and self._budgets is not None:
            self._budgets.changed(self._key, self.budget)

    def connection(self, store: Store) -> Connection[Any]:
        """Return the connection to the store, with state such as its rate limit.

        It is replaced when the configuration has other credentials or settings.

        Raises:
            KeyError, ValueError: the credentials are incomplete, or the url is invalid.
        """
        known = self._connection
        if known is not None and known[0] is store:
            return known[2]
        key = (store.url, store.credentials, store.settings)
        if known is None or known[1] != key:
            connect = base.load(store.platform).connection
            connection = connect(store, monotonic=self._monotonic, now=self._now)
        else:
            connection = known[2]
        self._connection = store, key, connection
        return connection

    def redactor(self, store: Store) -> Redactor:
        """Return what masks the store's secrets."""
        known = self._redactor
        if known is None or known[0] is not store:
            known = self._redactor = store, base.redactor_of(store)
        return known[1]

    def check(self, store: Store, url: str) -> None:
        """Refuse an address that the configuration does not assign to the store.

        Raises:
            StoreError: invalid_request.
        """
        if url.startswith(f"{store.url}/"):
            return
        if self._origins[0] is not store:
            # The configuration has changed, or a run with the old one continues.
            self._origins = (store, origins(store))
        scheme, host, port = wanted = redirects.origin(url)
        if wanted not in self._origins[1]:
            message = f"{scheme}://{host}:{port} is not an address of {store.domain}"
            raise StoreError("invalid_request", message)

    def expiry(self, url: str) -> float | None:
        """Return the expiry of the last certificate of a host."""
        return self._expiries.get(url.split("/", 3)[2])

    def learn_expiry(self, url: str, expiry: float) -> None:
        """Store the expiry of a host's certificate."""
        self._expiries[url.split("/", 3)[2]] = expiry

    @property
    def lasting(self) -> bool:
        """Whether connections may serve further runs."""
        return self._monotonic() >= self._anew_until

    def connect_anew(self) -> None:
        """Make each run open a new connection for a day, because a kept one failed."""
        self._anew_until = self._monotonic() + _DAY

    def reused(self, *, responded: bool) -> None:
        """Record a request over a connection that was kept between runs.

        One that the server has ended proves nothing, as it may have been restarted. If the next one
        is ended as well, none is kept for a day: each would cost a request that fails.

        Args:
            responded: whether the server did, rather than end the connection.
        """
        self._ended_early = 0 if responded else self._ended_early + 1
        if self._ended_early > 1:
            self.connect_anew()

    def judge(self, response: Response, now: float) -> bool:
        """Back off if a response requires it, and return whether it requires slowing down.

        A response requires it by 429, 503, or the platform's own way. After any other 5xx the
        exporter backs off as well, so that collectors do not add load to a failing store, but the
        store did not request it. `now` is Unix time, for dates in Retry-After.
        """
        known = self._connection
        requested_wait = plans.requested_wait if known is None else known[2].requested_wait
        requested = requested_wait(response, now)
        limited = requested is not None or response.status == 503
        if response.status >= 500:
            # WordPress announces 600 s for an update of 30 s: a valid response ends this back-off.
            self.budget.failed(requested or None)
        elif limited:
            self.budget.refused(requested or None)
        else:
            self.budget.responded()
        return limited


def origins(store: Store) -> frozenset[redirects.Origin]:
    """Return the origins of a store: its url, its domain over https, and the URLs in its settings.

    Invalid URLs are ignored, so they cannot be reached.
    """
    settings = (value for value in store.settings.values() if isinstance(value, str))
    urls = [value for value in settings if value.startswith(("https://", "http://"))]
    found = set()
    for url in (store.url, f"https://{store.domain}", *urls):
        with suppress(StoreError):
            found.add(redirects.origin(url))
    return frozenset(found)


@dataclass(slots=True)
class Journal:
    """The requests of one run.

    Attributes:
        requests: requests sent.
        throttled: responses that required slowing down.
        waited: seconds of waiting for a slot of this exporter, not for the store.
        status: HTTP status of the last response.
        phases: of the last request, in seconds.
        certificate_expiry: of the last certificate seen, in Unix time.
        kept: whether the last request went over a connection that was kept.
        exchanges: method, address without its query, outcome and seconds of each request; bounded.
    """

    requests: int = 0
    throttled: int = 0
    waited: float = 0.0
    status: int | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    certificate_expiry: float | None = None
    kept: bool = False
    exchanges: list[tuple[str, str, str, float]] = field(default_factory=list)

    def record(self, outgoing: Outgoing, exchange: Exchange, outcome: str) -> None:
        """Record one exchange and its outcome."""
        self.status = exchange.status
        self.phases = exchange.phases
        self.kept = exchange.kept
        if exchange.certificate_expiry is not None:
            self.certificate_expiry = exchange.certificate_expiry
        if len(self.exchanges) < _JOURNAL_LINES:
            took = sum(exchange.phases.values())
            address = outgoing.url.partition("?")[0]  # a query may hold a signature
            self.exchanges.append((outgoing.method, address, outcome, took))

    def lines(self) -> Iterator[str]:
        """Yield a line for each request."""
        for method, url, outcome, took in self.exchanges:
            path = urlsplit(url).path[:200] or "/"
            yield f"{method} {path}: {outcome} in {took:.3f} s"

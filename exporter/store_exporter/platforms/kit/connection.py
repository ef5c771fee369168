"""All that is known of one store between requests, and nothing of how they travel."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, ClassVar, Generic, Self, TypedDict, TypeVar, Unpack
from urllib.parse import urlsplit

from ...contract import Response
from ...errors import StoreError
from ...net.caches import PathCache
from ...net.marks import GENERIC, Marks
from ...net.page_sizes import PageSizes
from ...net.plans import Plan, Request, requested_wait
from ...net.url import normal
from ...stores.model import Secret, Store, Unreadable

ApiT = TypeVar("ApiT")
T = TypeVar("T")
_LIFETIME = 3600.0
_LATEST = 2**33
"""A Unix time in the year 2242."""
Send = Callable[[Request], Plan[Response]]
"""Sends a request and returns the response: a `Retrier`'s, or one without repetitions."""


Credential = str | Secret | Unreadable | None
"""One of a store's secrets."""


class Clocks(TypedDict, total=False):
    """The clocks; by default the machine's own."""

    monotonic: Callable[[], float]
    """Seconds of a clock that never jumps; for tests."""
    now: Callable[[], float]
    """Unix time in seconds; for tests."""


class StoreClock:
    """The clock of one store: ours, until a response shows the store's own.

    Dates of a store are by its clock, so that their age is to be judged by it.

    Args:
        now: our clock, Unix time in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ahead = 0.0

    def note(self, shown: float | None) -> None:
        """Take over the Unix time that a response showed just now; None where it showed none."""
        if shown is not None and 0 <= shown < _LATEST:
            self._ahead = shown - self._now()

    def __call__(self) -> float:
        """Return what the store's clock shows now, Unix time in seconds."""
        return self._now() + self._ahead


class Facts:
    """What is remembered of a store for an hour. Racing threads at worst send it twice.

    Args:
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[object, tuple[float, Any]] = {}

    def fix(self, known: Callable[..., Plan[T]], value: T) -> None:
        """Remember for good what a `fact` would request."""
        self._known[known] = (math.inf, value)

    def forget(self, known: Callable[..., Plan[Any]]) -> None:
        """Forget what is remembered of a `fact`, so that it is requested when it is needed next."""
        self._known.pop(known, None)

    def get(self, known: Callable[..., Plan[T]], request: Callable[[], Plan[T]]) -> Plan[T]:
        """Return what is remembered of a `fact`, requesting it where that is an hour ago."""
        ends, value = self._known.get(known, (-math.inf, None))
        if ends < self._monotonic():
            value = yield from request()
            self._known[known] = (self._monotonic() + _LIFETIME, value)
        found: T = value
        return found


def fact(request: Callable[[ApiT], Plan[T]]) -> Callable[[ApiT], Plan[T]]:
    """Make a plan that requests something from an API one that remembers it for an hour.

    What is remembered belongs to the store; all its operations, probes and collectors share it.
    """

    @wraps(request)
    def remembered(api: Any) -> Plan[T]:
        known: Plan[T] = api.facts.get(remembered, partial(request, api))
        return known

    return remembered


class Connection(ABC, Generic[ApiT]):
    """One store: its address, its credentials, and what is remembered between requests.

    A client keeps one for its life, monitoring one for each store. Safe to share between threads.

    Args:
        url: the store's address.
        credentials: by the names that they have in a store's configuration.
        settings: the platform's other settings, by their names there.
        clocks: `monotonic` and `now`.

    Raises:
        KeyError: credentials or settings are missing.
        ValueError: `url` is no http or https address.
    """

    platform: ClassVar[str]
    """Value of the label `platform`."""
    marks: ClassVar[Marks] = GENERIC
    """Of the platform, and of what may respond in its place."""
    example: ClassVar[str] = "https://shop.example.com"
    """An address as the platform's stores have one."""
    api_type: ClassVar[Callable[..., Any]]
    """The platform's `ApiT`, which is made like `Api`."""

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, Credential],
        settings: Mapping[str, Any],
        **clocks: Unpack[Clocks],
    ) -> None:
        try:
            self.url = normal(url)
        except ValueError:
            raise ValueError(f"url is not like {self.example}") from None
        self.host = urlsplit(self.url).hostname or ""
        self.monotonic = clocks.get("monotonic", time.monotonic)
        self.now = clocks.get("now", time.time)
        self.store_now = StoreClock(self.now)
        self.facts = Facts(self.monotonic)
        self.shown: dict[str, Any] = {}
        self.path_cache = PathCache(self.monotonic)
        self.page_sizes = PageSizes(self.monotonic)
        self.credentials = credentials
        self.settings = settings
        self.prepare()

    @classmethod
    def of(cls, store: Store, **clocks: Unpack[Clocks]) -> Self:
        """Return the connection that a store's configuration describes."""
        return cls(store.url, store.credentials, store.settings, **clocks)

    def prepare(self) -> None:
        """Make what the platform keeps of a store besides; nothing where it keeps nothing.

        Raises:
            KeyError: credentials or settings are missing.
        """

    @abstractmethod
    def sign(self, request: Request) -> Request:
        """Add what proves who sends it; called by a driver for each attempt anew.

        Raises:
            StoreError: unauthorized, there is nothing that proves it.
        """

    def api(self, send: Send, *, deadline: float) -> ApiT:
        """Return the platform's API for the time of one operation or run.

        Args:
            send: sends each request.
            deadline: seconds from now on in which all of it has to be done.
        """
        made: ApiT = self.api_type(self, send, deadline=deadline)
        return made

    def requested_wait(self, response: Response, now: float) -> float | None:
        """Return the seconds to wait that a response requests; None without such a request.

        Args:
            response: any response.
            now: Unix time in seconds.
        """
        return requested_wait(response, now)


class Api:
    """What an API of any platform has, for the time of one operation or run.

    Args:
        connection: the store.
        send: sends each request.
        deadline: seconds from now on in which all of it has to be done.

    Attributes:
        url: the store's base address without a trailing slash.
        monotonic: seconds of a clock that never jumps.
        now: Unix time in seconds.
        store_now: the same by the store's clock, as far as responses showed it.
        ends: when the deadline is, by `monotonic`.
        facts: what is remembered of the store.
        shown: what counters stood at when they were last reported, by collector or probe.
        path_cache: whether responses come out of a cache that goes by the path alone.
        page_sizes: how large pages of its lists may be.
        exchange: sends a request.
    """

    def __init__(self, connection: Connection[Any], send: Send, *, deadline: float) -> None:
        self.url = connection.url
        self.monotonic = connection.monotonic
        self.now = connection.now
        self.store_now = connection.store_now
        self.ends = connection.monotonic() + deadline
        self.facts = connection.facts
        self.shown = connection.shown
        self.path_cache = connection.path_cache
        self.page_sizes = connection.page_sizes
        self.exchange = send

    def left(self) -> float:
        """Return how many seconds are left until the deadline."""
        return self.ends - self.monotonic()


def reveal(value: Credential) -> str:
    """Return a credential as it is sent.

    Raises:
        StoreError: unauthorized, there is none, or it is unusable.
    """
    if value is None:
        raise StoreError("unauthorized", "a credential is missing")
    if isinstance(value, Unreadable):
        raise StoreError("unauthorized", f"the store's secret is unusable: {value.problem}")
    return value.reveal() if isinstance(value, Secret) else value
